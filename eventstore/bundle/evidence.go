package bundle

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/go-json-experiment/json"
)

// checkFiles checks that every evidence file in the bundle is one that an entry
// names by its SHA-256. Those that are named and not here are counted.
func (v *verifier) checkFiles() error {
	files, data := v.under("evidence", "")
	named := map[string]bool{}
	for _, e := range v.entries {
		for _, ev := range e.Events {
			for _, sum := range ev.files() {
				named[sum] = true
			}
		}
	}
	if len(files) == 0 && len(named) == 0 {
		return nil
	}
	err := func() error {
		for _, name := range files {
			sum := sha256.Sum256(data(name))
			switch {
			case hex.EncodeToString(sum[:]) != name:
				return fmt.Errorf("the evidence file %s has the SHA-256 %x", name, sum)
			case !named[name]:
				return fmt.Errorf("no entry names the evidence file %s", name)
			}
		}
		return nil
	}()
	return v.judge("evidence files", err, "%d files have the SHA-256 that the entries name; %d more are named and not here: withheld, erased, or kept elsewhere", len(files), len(named)-len(files))
}

// files gives the SHA-256 of the files that an event names, in hexadecimal: of
// every member of what stands open that has one.
func (e event) files() []string {
	var open map[string]any
	if json.Unmarshal(e.Open, &open) != nil {
		return nil
	}
	var out []string
	for _, member := range open {
		file, _ := member.(map[string]any)
		if sum, ok := file["sha256"].(string); ok {
			out = append(out, sum)
		}
	}
	return out
}

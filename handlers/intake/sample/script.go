package sample

import (
	"bytes"
	"embed"
	"fmt"
	"maps"
	"time"

	"github.com/goccy/go-yaml"

	"incidentledger/domain"
)

//go:embed case.yaml together.yaml
var files embed.FS

// A script is a case as it is written.
type script struct {
	Present time.Time          `yaml:"present"` // the script's own now
	People  map[string]someone `yaml:"people"`
	Cases   []story            `yaml:"cases"`
}

// someone acts in the script.
type someone struct {
	Role domain.Code `yaml:"role"`
}

// A story is one incident, or what a register says.
type story struct {
	Name  string `yaml:"name"`
	Org   string `yaml:"org"` // whose ledger; empty: the first's
	Steps []step `yaml:"steps"`
}

// A step is one order.
type step struct {
	At        string           `yaml:"at"` // RFC 3339; moved with the present
	Who       string           `yaml:"who"`
	Role      domain.Code      `yaml:"role"` // other than who's own
	By        *said            `yaml:"by"`
	Kind      domain.KindName  `yaml:"kind"` // of aggregate; empty: incident
	Of        string           `yaml:"of"`   // code of the aggregate, of another kind than incident
	Do        string           `yaml:"do"`   // the command
	As        string           `yaml:"as"`   // under which later steps name it
	Precision domain.Precision `yaml:"precision"`
	Happened  string           `yaml:"happened"`
	Anonymous bool             `yaml:"anonymous"`
	With      map[string]any   `yaml:"with"` // the command's members
}

// said is on whose word.
type said struct {
	Medium domain.Code `yaml:"medium"`
	Text   string      `yaml:"text"`
	Person string      `yaml:"person"`
}

// read gives both scripts as one.
func read() (*script, error) {
	var all script
	for _, name := range []string{"case.yaml", "together.yaml"} {
		b, err := files.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("sample: %w", err)
		}
		var s script
		if err := yaml.NewDecoder(bytes.NewReader(b), yaml.Strict()).Decode(&s); err != nil {
			return nil, fmt.Errorf("sample: %s: %w", name, err)
		}
		if all.People == nil {
			all = s
			continue
		}
		maps.Copy(all.People, s.People)
		all.Cases = append(all.Cases, s.Cases...)
	}
	return &all, nil
}

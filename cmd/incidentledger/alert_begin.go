package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"incidentledger/domain"
)

// begins tells of a place in the stream of events which entry was the last when
// that place came into use: of it and those before nothing is told there. For a
// place that is new that is the last entry now. It is kept beside the ledger and
// not in the stream, which may be made anew, and is durable before it is given.
func (h *house) begins(o *office) func(place string) (domain.Seq, error) {
	dir, last := h.store.Dir(o.org), o.ledger.Last()
	return func(place string) (domain.Seq, error) {
		path := filepath.Join(dir, place+".begin")
		b, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return last, writeDurably(path, strconv.AppendUint(nil, uint64(last), 10))
		} else if err != nil {
			return 0, err
		}
		n, err := strconv.ParseUint(string(b), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("%s holds no number of an entry", path)
		}
		return domain.Seq(n), nil
	}
}

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

// begins gives the last entry there was when alerts asked about a place in the
// stream for the first time: of it and those before it that place tells nothing.
// It lies beside the ledger and not in the stream, which may be made anew, and is
// durable before it is given.
func (o *office) begins(orgDir, place string) (domain.Seq, error) {
	path := filepath.Join(orgDir, place+".begin")
	switch b, err := os.ReadFile(path); {
	case errors.Is(err, fs.ErrNotExist):
		last := o.ledger.Last()
		return last, writeDurably(path, strconv.AppendUint(nil, uint64(last), 10))
	case err != nil:
		return 0, err
	default:
		n, err := strconv.ParseUint(string(b), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("%s holds no number of an entry", path)
		}
		return domain.Seq(n), nil
	}
}

package bundle

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"
)

// readProof reads a c2sp.org/tlog-proof as this program writes it: without extra
// data, and in no other bytes.
func readProof(b []byte) (index int64, p tlog.RecordProof, checkpoint []byte, err error) {
	head, checkpoint, found := bytes.Cut(b, []byte("\n\n"))
	lines := strings.Split(string(head), "\n")
	if !found || len(lines) < 2 {
		return 0, nil, nil, errors.New("it is no proof of c2sp.org/tlog-proof@v1")
	}
	if index, err = strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64); err != nil || index < 0 {
		return 0, nil, nil, fmt.Errorf("its index is %q", lines[1])
	}
	if p, err = readHashes(lines[2:]); err != nil {
		return 0, nil, nil, err
	}
	if !bytes.Equal(torchwood.FormatProof(index, p, checkpoint), b) {
		return 0, nil, nil, errors.New("its bytes are not those of a proof")
	}
	return index, p, checkpoint, nil
}

func readHashes(lines []string) ([]tlog.Hash, error) {
	var out []tlog.Hash
	for _, line := range lines {
		h, err := base64.StdEncoding.Strict().DecodeString(line)
		if err != nil || len(h) != tlog.HashSize {
			return nil, fmt.Errorf("%q is no hash in base64", line)
		}
		out = append(out, tlog.Hash(h))
	}
	return out, nil
}

func writeHashes(hashes []tlog.Hash) []byte {
	var out []byte
	for _, h := range hashes {
		out = append(base64.StdEncoding.AppendEncode(out, h[:]), '\n')
	}
	return out
}

// readCheckpoint reads the text of a signed checkpoint without checking who
// signed it.
func readCheckpoint(signed []byte) (torchwood.Checkpoint, error) {
	text, _, found := bytes.Cut(signed, []byte("\n\n"))
	if !found {
		return torchwood.Checkpoint{}, errors.New("it is no signed note")
	}
	c, err := torchwood.ParseCheckpoint(string(text) + "\n")
	if err == nil && c.Extension != "" {
		err = errors.New("it has more than three lines")
	}
	return c, err
}

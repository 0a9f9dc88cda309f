package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"

	"incidentledger/domain"
	"incidentledger/domain/incident"
)

// filesMax is how many bytes of evidence files a bundle holds where its export
// says nothing else.
const filesMax = 256 << 20

// withheldFiles is what --withhold calls evidence files.
const withheldFiles domain.Code = "file"

// files gives the content of the incident's stored files, by its SHA-256, in the
// order of their entries and as far as the export lets them in. Erased ones are
// left out; a damaged one is an error, for a bundle holds what was taken in or
// says that it is withheld.
func (c *cutting) files(ctx context.Context) (map[domain.Hash][]byte, error) {
	out := map[domain.Hash][]byte{}
	if slices.Contains(c.withhold, withheldFiles) {
		return out, nil
	}
	left := cmp.Or(c.maxFiles, filesMax)
	for _, seq := range slices.Sorted(maps.Keys(c.entries)) {
		en := c.entries[seq]
		if en.Ref() != c.prepared.Ref() {
			continue
		}
		for _, f := range namedFiles(en) {
			if _, have := out[f.SHA256]; have || f.Size > left {
				continue
			}
			var b bytes.Buffer
			b.Grow(int(f.Size))
			_, err := c.o.files.Copy(ctx, &b, f.Stored, nil)
			if errors.Is(err, domain.ErrErased) {
				continue
			}
			if err != nil {
				return nil, c.o.files.alarm(seq, f.evidence, f.Stored, err)
			}
			out[f.SHA256] = b.Bytes()
			left -= f.Size
		}
	}
	return out, nil
}

// exported takes up what an entry says of the export that it prepares.
func (c *cutting) exported(en *domain.Entry, e incident.ExportPrepared) {
	c.prepared, c.withhold, c.maxFiles = *en, e.Withhold, e.MaxFiles
}

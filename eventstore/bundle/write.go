package bundle

import (
	"fmt"
	"io"
	"strings"

	"filippo.io/torchwood"
	"github.com/go-json-experiment/json"
	"golang.org/x/mod/sumdb/tlog"

	"incidentledger/domain"
)

// A Content is what a bundle is made of. Nothing in it depends on when the bundle
// is written.
type Content struct {
	About    About
	Name     string // of the one folder, and of the file without its ending
	Exported string // day of the export, for bag-info.txt: 2006-01-02
	Entries  []Stored

	Checkpoint []byte // a signed checkpoint that covers all entries
	Size       domain.Seq
	Inclusion  func(seq, size domain.Seq) (tlog.RecordProof, error)
	Earlier    []Earlier
	Stamps     map[domain.Seq]map[string][]byte // timestamps over these checkpoints, by size and name of the TSA

	Policies map[domain.Hash][]byte // canonical policy sets
	Files    map[domain.Hash][]byte // evidence files, by the SHA-256 of their content
	Papers   map[string][]byte      // for human readers, and the second verifier, by name
}

// An Earlier checkpoint narrows down when entries were written.
type Earlier struct {
	Size  domain.Seq
	Note  []byte
	Proof tlog.TreeProof // to the tree of the bundle's checkpoint
}

// Write writes a bundle. The same content gives the same bytes.
func Write(w io.Writer, c Content) error {
	c.About.V = Format
	about, err := json.Marshal(c.About, json.Deterministic(true))
	if err != nil {
		return fmt.Errorf("bundle: %w", err)
	}
	files := map[string][]byte{payload + "bundle.json": append(about, '\n')}
	for _, e := range c.Entries {
		name := seqName(e.Seq)
		files[payload+"entries/"+name+".json"] = e.Bytes
		if len(e.Disclosures) > 0 {
			files[payload+"disclosures/"+name+".txt"] = []byte(strings.Join(e.Disclosures, "\n") + "\n")
		}
		p, err := c.Inclusion(e.Seq, c.Size)
		if err != nil {
			return fmt.Errorf("bundle: entry %d: %w", e.Seq, err)
		}
		files[payload+"proofs/"+name+".tlog-proof"] = torchwood.FormatProof(int64(e.Seq)-1, p, c.Checkpoint)
	}
	for _, e := range c.Earlier {
		name := fmt.Sprint(uint64(e.Size))
		files[payload+"checkpoints/"+name+".note"] = e.Note
		files[payload+"consistency/"+name+".txt"] = writeHashes(e.Proof)
	}
	for size, by := range c.Stamps {
		for tsa, stored := range by {
			files[stampName(size, tsa)] = stored
		}
	}
	for hash, set := range c.Policies {
		files[payload+"policies/"+hash.String()+".json"] = set
	}
	for hash, data := range c.Files {
		files[payload+"evidence/"+hash.String()] = data
	}
	for name, data := range c.Papers {
		files[payload+name] = data
	}
	size := 0
	for _, data := range files {
		size += len(data)
	}
	bag(files, fmt.Sprintf("Source-Organization: %s\nExternal-Identifier: %s\nBagging-Date: %s\nPayload-Oxum: %d.%d\n",
		c.About.Org, c.About.Incident, c.Exported, size, len(files)))
	wrapped := make(map[string][]byte, len(files))
	for name, data := range files {
		wrapped[c.Name+"/"+name] = data
	}
	return writeZip(w, wrapped)
}

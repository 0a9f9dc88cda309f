package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/eventstore"
	"incidentledger/eventstore/locker"
	"incidentledger/handlers/api"
)

// filing is the part of the configuration on evidence files.
type filing struct {
	MaxBytes int64 `yaml:"maxBytes"` // that one file may have
}

func (f filing) check() error {
	if f.MaxBytes < 0 {
		return errors.New("evidence: maxBytes is how many bytes a file may have; it is not below 0")
	}
	return nil
}

// filesDir is the folder of an organisation's evidence files.
func filesDir(orgDir string) string { return filepath.Join(orgDir, "evidence") }

// grace is how long a file stays that no entry names: whoever took it in may be
// about to give the order.
const grace = 24 * time.Hour

// files are an office's evidence files, and what the ledger says of them.
type files struct {
	*locker.Locker
	ledger *eventstore.Ledger
	log    *slog.Logger
	most   int64
}

// openFiles gives an office its evidence files.
func (h *house) openFiles(o *office) {
	most := cmp.Or(h.filing.MaxBytes, locker.DefaultMost)
	o.files = &files{ledger: o.ledger, log: h.log.With("org", o.org), most: most,
		Locker: locker.New(locker.Config{Dir: filesDir(h.store.Dir(o.org)), Org: o.org, Keys: o.vault, Most: most})}
}

// filed implements handlers.Config.Files: an order names no file that is not
// there, as what it is; and what is verified without a hash is hashed here.
func (f *files) filed(ctx context.Context, o domain.Order) (domain.Command, error) {
	if c, ok := o.Command.(domain.Filed); ok {
		for _, s := range c.StoredFiles() {
			if err := f.holds(s); err != nil {
				return nil, err
			}
		}
	}
	c, ok := o.Command.(*incident.VerifyEvidence)
	if !ok || o.Kind != incident.Name || !c.SHA256.IsZero() || !c.File.IsZero() || c.Altered {
		return o.Command, nil
	}
	collected, seq, err := f.collected(ctx, o.Key, c.Evidence)
	if err != nil || seq == 0 || collected.Stored.IsZero() {
		return o.Command, err
	}
	found, err := f.Copy(ctx, io.Discard, collected.Stored, nil)
	if err != nil {
		return nil, f.alarm(seq, c.Evidence, collected.Stored, err)
	}
	filled := *c
	filled.SHA256 = found.SHA256
	return &filled, nil
}

// holds refuses an order that names a file which is not there, or as another than
// it is.
func (f *files) holds(s domain.StoredFile) error {
	is, err := f.Hold(s.Stored, time.Now())
	var damaged *locker.DamageError
	switch {
	case errors.Is(err, domain.ErrNotFound), errors.Is(err, domain.ErrErased):
		return domain.Refuse(domain.CodeNotStored, "EVI-04", "no file %s was taken in; take it in first, with `do --file` or POST …/files, and name it as that answers", s.Stored)
	case errors.As(err, &damaged):
		f.log.Error("a file that was taken in is damaged", "alarm", true, "file", s.Stored, "err", err)
		return domain.Refuse(domain.CodeFileDamaged, "EVI-04", "%v; take it in again", err)
	case err != nil:
		return err
	}
	if s.SHA512 == "" {
		s.SHA512 = is.SHA512
	}
	if s != is {
		return domain.Refuse(domain.CodeNotStored, "EVI-04", "the stored file %s is another than the order says: give id, hashes and size as taking it in answered them", s.Stored)
	}
	return nil
}

// alarm says that the file of an item is damaged or gone, and what to do.
func (f *files) alarm(seq domain.Seq, evidence domain.Key, address domain.Hash, err error) error {
	var damaged *locker.DamageError
	switch {
	case errors.Is(err, domain.ErrErased):
		return domain.Refuse(domain.CodeNotStored, "EVI-03", "the file of the evidence %s was erased", evidence)
	case !errors.As(err, &damaged) && !errors.Is(err, domain.ErrNotFound):
		return err
	}
	what := namedFile{seq: seq, evidence: evidence}.what() + fmt.Sprintf(", named by entry %d,", seq)
	f.log.Error("an evidence file is not what was taken in", "alarm", true, "evidence", evidence, "entry", seq, "file", address, "err", err)
	r := domain.Refuse(domain.CodeFileDamaged, "EVI-03", "the file of %s is not what was taken in (%v). Leave it as it is, put %s back from a backup, "+
		"and look after the disk; what cannot be put back is recorded by VerifyEvidence with altered", what, err, address)
	r.Allowed = []string{"VerifyEvidence"}
	return r
}

// collected gives the file that an item was collected as, and by which entry; 0
// where there is no such item.
func (f *files) collected(ctx context.Context, key, evidence domain.Key) (incident.EvidenceFile, domain.Seq, error) {
	for en, err := range f.ledger.Load(ctx, domain.Ref{Kind: incident.Name, Key: key}, 0) {
		if err != nil {
			return incident.EvidenceFile{}, 0, err
		}
		for _, r := range en.Events {
			if e, ok := r.Event.(incident.EvidenceCollected); ok && e.Evidence == evidence {
				return e.File, en.Seq, nil
			}
		}
	}
	return incident.EvidenceFile{}, 0, nil
}

// Take implements api.Files.
func (f *files) Take(ctx context.Context, r io.Reader) (domain.StoredFile, error) {
	s, err := f.Locker.Take(ctx, r)
	if errors.Is(err, locker.ErrTooLarge) {
		return s, &http.MaxBytesError{Limit: f.most}
	}
	return s, err
}

// Give implements api.Files.
func (f *files) Give(ctx context.Context, w io.Writer, incident, evidence domain.Key) error {
	file, seq, err := f.collected(ctx, incident, evidence)
	if err != nil {
		return err
	}
	if _, err = f.Copy(ctx, w, file.Stored, nil); err != nil {
		return f.alarm(seq, evidence, file.Stored, err)
	}
	return nil
}

// Unnamed implements api.Files: what lies there and no entry names.
func (f *files) Unnamed(ctx context.Context) ([]api.LooseFile, error) {
	items, err := f.List()
	if err != nil || len(items) == 0 {
		return nil, err
	}
	named := map[domain.Hash]bool{}
	for en, err := range f.ledger.ReadAll(ctx, 0) {
		if err != nil {
			return nil, err
		}
		for _, s := range namedFiles(en) {
			named[s.Stored] = true
		}
	}
	return without(items, named), nil
}

// Discard implements api.Files.
func (f *files) Discard(ctx context.Context, name string) error {
	items, err := f.Unnamed(ctx)
	if err != nil {
		return err
	}
	for _, it := range items {
		if it.Name == name {
			err := f.Remove(name, time.Now().Add(-grace))
			if errors.Is(err, locker.ErrRecent) {
				return domain.Refuse(domain.CodeWrongState, "EVI-04", "the file %s came within a day: %v", name, locker.ErrRecent)
			}
			if err == nil {
				f.log.Warn("a file that no order names was removed", "file", name)
			}
			return err
		}
	}
	return fmt.Errorf("no file %s lies there without an order: %w", name, domain.ErrNotFound)
}

// without leaves out of a list what entries name.
func without(items []locker.Item, named map[domain.Hash]bool) []api.LooseFile {
	var out []api.LooseFile
	for _, it := range items {
		if it.Address.IsZero() || !named[it.Address] {
			out = append(out, api.LooseFile{Name: it.Name, Size: it.Size, Since: it.Since, Whole: !it.Address.IsZero()})
		}
	}
	return out
}

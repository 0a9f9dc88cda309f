package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/eventstore"
	"incidentledger/eventstore/locker"
	"incidentledger/eventstore/vault"
)

// A namedFile is a stored file that an entry names, as what.
type namedFile struct {
	domain.StoredFile
	seq      domain.Seq
	evidence domain.Key // zero: it is a receipt
}

func (f namedFile) what() string {
	if f.evidence.IsZero() {
		return "a receipt"
	}
	return "the evidence " + f.evidence.String()
}

// namedFiles gives the stored files that an entry names.
func namedFiles(en *domain.Entry) []namedFile {
	var out []namedFile
	for _, r := range en.Events {
		var evidence domain.Key
		if e, ok := r.Event.(incident.EvidenceCollected); ok {
			evidence = e.Evidence
		}
		if e, ok := r.Event.(domain.Filed); ok {
			for _, s := range e.StoredFiles() {
				out = append(out, namedFile{s, en.Seq, evidence})
			}
		}
	}
	return out
}

// verifyFiles hashes every stored file that an entry names: as it is stored, and,
// with the vault, its content.
func (a *app) verifyFiles(ctx context.Context, v *verification, org domain.OrgID, named []namedFile) error {
	if len(named) == 0 {
		return nil
	}
	c := locker.Config{Dir: filesDir(eventstore.OrgDir(a.data, org)), Org: org}
	keys, closed := a.readVault(org)
	if closed == nil {
		defer keys.Close()
		c.Keys = keys
	}
	l := locker.New(c)
	var bad []eventstore.Finding
	seen := map[domain.Hash]bool{}
	var sum, of int64
	for _, f := range named {
		of += f.Size
	}
	bar := a.bar("evidence files " + string(org))
	defer bar.done()
	whole, erased := 0, 0
	for _, f := range named {
		if seen[f.Stored] {
			continue
		}
		seen[f.Stored] = true
		told := func(done int64) { bar.at(min(sum+done, of), of) }
		content, err := true, error(nil)
		if c.Keys == nil {
			content, err = false, l.Check(ctx, f.Stored, told)
		} else {
			content, err = f.read(ctx, l, told)
		}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			bad = append(bad, eventstore.Finding{Seq: f.seq, What: fmt.Sprintf("%s, named by entry %d: %v; put the file back from a backup", f.what(), f.seq, err)})
		case content:
			whole++
		case c.Keys != nil:
			erased++
		}
		sum += f.Size
	}
	v.found(string(org)+" evidence files", bad, "%d files that entries name are stored as they were taken in; the contents of %d were hashed, %d are erased", len(seen), whole, erased)
	if closed != nil {
		v.add(string(org)+" contents of evidence files", notProven, "only what is stored was hashed, for the vault was not opened: %v", closed)
	}
	return nil
}

// read hashes a file as it is stored, and its content where its key is there.
func (f namedFile) read(ctx context.Context, l *locker.Locker, told func(int64)) (content bool, err error) {
	is, err := l.Copy(ctx, io.Discard, f.Stored, told)
	if errors.Is(err, domain.ErrErased) {
		return false, l.Check(ctx, f.Stored, told)
	}
	if err == nil && (is.ID != f.ID || is.SHA256 != f.SHA256 || is.Size != f.Size) {
		err = fmt.Errorf("the stored file %s has the SHA-256 %s, the entry says %s", f.Stored, is.SHA256, f.SHA256)
	}
	return true, err
}

// readVault opens an organisation's vault for reading, or says why it cannot.
func (a *app) readVault(org domain.OrgID) (*vault.Vault, error) {
	master, err := vault.ReadMasterKey(a.master)
	if err != nil {
		return nil, err
	}
	h := &house{dir: a.data}
	keys, err := vault.OpenVault(vault.Config{Dir: h.vaultDir(org), Org: org, Master: master, ReadOnly: true})
	if err == nil && keys.Damage() != nil {
		err = errors.Join(keys.Damage(), keys.Close())
	}
	return keys, err
}

// filesNow tells the doctor which evidence files lie there without an order; files
// that an order names and that are gone are an error.
func (a *app) filesNow(ctx context.Context, o *eventstore.Offline, org domain.OrgID) (string, error) {
	items, err := locker.New(locker.Config{Dir: filesDir(eventstore.OrgDir(a.data, org)), Org: org}).List()
	if err != nil {
		return "", err
	}
	there, named := map[domain.Hash]bool{}, map[domain.Hash]bool{}
	for _, it := range items {
		there[it.Address] = true
	}
	var gone []namedFile
	for en, err := range o.ReadAll(ctx, 0) {
		if err != nil {
			return "", err
		}
		for _, f := range namedFiles(en) {
			named[f.Stored] = true
			if !there[f.Stored] {
				gone = append(gone, f)
			}
		}
	}
	if len(gone) > 0 {
		f := gone[0]
		return "", fmt.Errorf("%d files that entries name are not there; put them back from a backup. The first: %s of %s, named by entry %d", len(gone), f.Stored, f.what(), f.seq)
	}
	loose, size := without(items, named), int64(0)
	for _, f := range loose {
		size += f.Size
	}
	if len(loose) == 0 {
		return fmt.Sprintf("%d, each named by an order", len(items)), nil
	}
	return fmt.Sprintf("%d files (%d bytes) lie there that no order names, of orders that were refused or never given: `incidentledger evidence --unnamed` lists them, --discard removes one after a day",
		len(loose), size), nil
}

package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"slices"
	"strings"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/domain/person"
	"incidentledger/domain/policy"
	"incidentledger/eventstore"
	"incidentledger/eventstore/bundle"
	"incidentledger/eventstore/seal"
	"incidentledger/handlers/catalogue"
	"incidentledger/handlers/report"
)

// A cutting is an incident's evidence bundle being cut at an entry ExportPrepared.
type cutting struct {
	o        *office
	key      domain.Key
	at       domain.Seq
	prepared domain.Entry
	withhold []domain.Code
	maxFiles int64

	entries map[domain.Seq]*domain.Entry
}

// cut gives the bundle of an incident as it was prepared by the entry at, under
// its name. What it holds depends on the entries up to that one, and on the first
// checkpoint over them that the witnesses cosigned, or, where none are asked, that
// the log signed. at 0 is the last one. domain.ErrNotFound: no export of it was
// prepared there.
func (o *office) cut(ctx context.Context, key domain.Key, at domain.Seq) (name string, data []byte, err error) {
	c := &cutting{o: o, key: key, at: at, entries: map[domain.Seq]*domain.Entry{}}
	if err := c.begin(ctx); err != nil {
		return "", nil, err
	}
	head, err := o.covering(ctx, c.at)
	if err != nil {
		return "", nil, err
	}
	genesis := o.law.genesis()
	name = strings.Join([]string{"incident", cmp.Or(o.number(ctx, key, c.at), key.String()), fmt.Sprint(c.at)}, "-")
	content := bundle.Content{
		About: bundle.About{Org: o.org, Origin: string(genesis.Origin), Incident: key, Export: c.at}, Name: name,
		Exported: c.prepared.Recorded.Format(time.DateOnly), Checkpoint: head.Note, Size: head.Size, Inclusion: o.seal.Inclusion,
	}
	if err := c.gather(ctx); err != nil {
		return "", nil, err
	}
	if content.Entries, err = c.stored(); err != nil {
		return "", nil, err
	}
	if content.Earlier, err = c.earlier(head); err != nil {
		return "", nil, err
	}
	notes := map[domain.Seq][]byte{head.Size: head.Note}
	for _, e := range content.Earlier {
		notes[e.Size] = e.Note
	}
	if content.Stamps, err = o.stampedFor(ctx, head, notes); err != nil {
		return "", nil, err
	}
	if content.Policies, err = c.policies(); err != nil {
		return "", nil, err
	}
	if content.Files, err = c.files(ctx); err != nil {
		return "", nil, err
	}
	if content.Papers, err = c.papers(ctx); err != nil {
		return "", nil, err
	}
	var b bytes.Buffer
	err = bundle.Write(&b, content)
	return name, b.Bytes(), err
}

// begin finds the entry that prepares the export: the one named, else the last.
func (c *cutting) begin(ctx context.Context) error {
	found := domain.Seq(0)
	for en, err := range c.o.ledger.Load(ctx, domain.Ref{Kind: incident.Name, Key: c.key}, 0) {
		if err != nil {
			return err
		}
		for _, r := range en.Events {
			if e, ok := r.Event.(incident.ExportPrepared); ok && (c.at == 0 || c.at == en.Seq) {
				c.exported(en, e)
				found = en.Seq
			}
		}
	}
	if found == 0 {
		return fmt.Errorf("incident %s: no export of it was prepared there (PrepareExport): %w", c.key, domain.ErrNotFound)
	}
	c.at = found
	return nil
}

// covering gives the head that a bundle's proofs are to.
func (o *office) covering(ctx context.Context, seq domain.Seq) (seal.Head, error) {
	if _, err := o.seal.WaitFor(ctx, seq); err != nil {
		return seal.Head{}, err
	}
	circle := o.circle.Load()
	if circle == nil {
		return o.seal.Covering(seq)
	}
	head, err := circle.Covering(seq)
	if errors.Is(err, seal.ErrNotSealed) {
		if _, rerr := circle.Round(ctx); rerr != nil {
			err = fmt.Errorf("no head over entry %d is cosigned yet, try again later: %w: %w", seq, domain.ErrUnavailable, rerr)
		} else {
			head, err = circle.Covering(seq)
		}
	}
	return head, err
}

// gather takes up the incident's entries, with what its decisions read and who
// acted, and what these rest on in turn.
func (c *cutting) gather(ctx context.Context) error {
	type upTo struct {
		ref domain.Ref
		seq domain.Seq
	}
	for queue := []upTo{{c.prepared.Ref(), c.at}}; len(queue) > 0; queue = queue[1:] {
		for en, err := range c.o.ledger.Load(ctx, queue[0].ref, 0) {
			if err != nil {
				return err
			}
			if en.Seq > queue[0].seq {
				break
			}
			if c.entries[en.Seq] != nil {
				continue
			}
			c.entries[en.Seq] = en
			for _, b := range en.Basis {
				queue = append(queue, upTo{domain.Ref{Kind: b.Kind, Key: b.Key}, b.Seq})
			}
			for _, p := range []domain.PersonID{en.Actor.ID, wordOf(en)} {
				if ref := (domain.Ref{Kind: person.Name, Key: domain.Key(p)}); !p.IsZero() && c.o.ledger.Head(ref) > 0 {
					queue = append(queue, upTo{ref, c.at})
				}
			}
		}
	}
	return nil
}

// wordOf gives the person on whose word an order was given; zero for none.
func wordOf(en *domain.Entry) domain.PersonID {
	if en.By == nil {
		return domain.PersonID{}
	}
	return en.By.Person
}

// stored gives the entries as they are stored, with what is disclosed of each: of
// the incident all that is not withheld, of the others what they are called.
func (c *cutting) stored() ([]bundle.Stored, error) {
	var out []bundle.Stored
	for seq, en := range c.entries {
		stored, err := c.o.ledger.Stored(seq)
		if err != nil {
			return nil, err
		}
		_, disclosures, err := c.o.vault.OpenSome(en, c.shown(en))
		if err != nil {
			return nil, err
		}
		out = append(out, bundle.Stored{Seq: seq, Bytes: stored, Disclosures: disclosures})
	}
	slices.SortFunc(out, func(a, b bundle.Stored) int { return cmp.Compare(a.Seq, b.Seq) })
	return out, nil
}

// shown tells which texts of an entry are disclosed, by their paths.
func (c *cutting) shown(en *domain.Entry) func(path string) bool {
	if en.Ref() != c.prepared.Ref() {
		return func(path string) bool { return path == "name" || path == "title" }
	}
	return func(path string) bool {
		field, _, _ := strings.Cut(path, ".")
		return !slices.Contains(c.withhold, domain.Code(path)) && !slices.Contains(c.withhold, domain.Code(field))
	}
}

// earlier gives the checkpoints that narrow down when each entry was written: the
// last one without it that witnesses cosigned, and the first one with it; and the
// first one with it that was stamped with the time.
func (c *cutting) earlier(head seal.Head) ([]bundle.Earlier, error) {
	sizes := map[domain.Seq]seal.Head{}
	var finds []func(domain.Seq) (seal.Head, error)
	if circle := c.o.circle.Load(); circle != nil {
		finds = append(finds, circle.Covering, circle.Before)
	}
	if k := c.o.clock.Load(); k != nil {
		finds = append(finds, k.Covering)
	}
	for seq := range c.entries {
		for _, find := range finds {
			h, err := find(seq)
			if errors.Is(err, seal.ErrNotSealed) {
				continue
			}
			if err != nil {
				return nil, err
			}
			if _, known := sizes[h.Size]; !known && h.Size < head.Size {
				sizes[h.Size] = h
			}
		}
	}
	var out []bundle.Earlier
	for size, h := range sizes {
		p, err := c.o.seal.Consistency(size, head.Size)
		if err != nil {
			return nil, err
		}
		out = append(out, bundle.Earlier{Size: size, Note: h.Note, Proof: p})
	}
	return out, nil
}

// policies gives the policy sets that the entries speak of, as they are kept.
func (c *cutting) policies() (map[domain.Hash][]byte, error) {
	out := map[domain.Hash][]byte{}
	add := func(h domain.Hash) error {
		if h.IsZero() || out[h] != nil {
			return nil
		}
		b, err := os.ReadFile(policyPath(c.o.law.dir, h))
		out[h] = b
		return err
	}
	for _, en := range c.entries {
		for _, b := range en.Basis {
			if b.Kind == policy.AdoptionKind {
				if err := add(b.Hash); err != nil {
					return nil, err
				}
			}
		}
		for _, r := range en.Events {
			if e, ok := r.Event.(policy.PolicyApproved); ok {
				if err := add(e.Policy); err != nil {
					return nil, err
				}
			}
		}
	}
	return out, nil
}

// papers are the report and the explanation for human readers, in each language,
// and the second verifier.
func (c *cutting) papers(ctx context.Context) (map[string][]byte, error) {
	out := map[string][]byte{"verify.py": bundle.Verifier}
	for _, lang := range catalogue.Languages() {
		readme, err := bundle.Readme(lang)
		if err != nil {
			return nil, err
		}
		out["README."+lang+".txt"] = readme
		w, err := catalogue.In(lang)
		if err != nil {
			return nil, err
		}
		e, err := c.source().Evaluate(ctx, c.key, c.prepared.Recorded)
		if err != nil {
			return nil, err
		}
		if out["report."+lang+".html"], err = e.Document(w).HTML(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// source is what the report is made of: the entries up to the export, without
// what is withheld.
func (c *cutting) source() *report.Source {
	o := c.o
	return &report.Source{Org: o.org, Name: o.name, Zone: o.zone, Desk: o.desk, Log: upTo{o.ledger, c.at}, Opener: c, Law: o.law.current, Who: o.who,
		Number: func(key domain.Key) string { return o.number(context.Background(), key, c.at) }}
}

// Open implements handlers.Opener: nothing that is withheld is opened.
func (c *cutting) Open(en *domain.Entry) ([]domain.Event, string, int, error) {
	out, _, err := c.o.vault.OpenSome(en, c.shown(en))
	return out.Events, out.By, out.Erased, err
}

// upTo is a ledger that ends at an entry.
type upTo struct {
	*eventstore.Ledger
	last domain.Seq
}

func (u upTo) Last() domain.Seq { return u.last }

func (u upTo) Load(ctx context.Context, ref domain.Ref, after domain.Seq) iter.Seq2[*domain.Entry, error] {
	return func(yield func(*domain.Entry, error) bool) {
		for en, err := range u.Ledger.Load(ctx, ref, after) {
			if err == nil && en.Seq > u.last || !yield(en, err) {
				return
			}
		}
	}
}

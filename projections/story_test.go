package projections_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"incidentledger/domain"
	"incidentledger/domain/contact"
	"incidentledger/domain/improvement"
	"incidentledger/domain/incident"
	"incidentledger/domain/policy"
	"incidentledger/domain/service"
	"incidentledger/domain/supplier"
	"incidentledger/eventstore"
	"incidentledger/eventstore/vault"
	"incidentledger/handlers"
	"incidentledger/handlers/intake/sample"
	"incidentledger/handlers/policyfile"
	"incidentledger/projections"
)

// storyNow is when the story is told: every entry is recorded then.
var storyNow = time.Date(2026, 11, 21, 9, 30, 0, 0, time.UTC)

const storyOrg = domain.OrgID("nuth")

// A teller gives orders to a real desk, and keeps the ledger.
type teller struct {
	t      *testing.T
	desk   *handlers.Desk
	ledger *eventstore.Ledger
	cases  map[string]domain.Key // of the sample
	orders int
}

// tellStory plays the sample case, and what happened in the registers beside it.
func tellStory(t *testing.T) *teller {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	set, err := policyfile.Shipped()
	must(err)
	law := func() incident.Basis {
		return incident.Basis{Basis: policy.Basis{Current: set, Profile: map[policy.Path]domain.Code{policy.OrgCountry: "NL"}},
			Refs: []domain.Basis{{Kind: "policy", Seq: 1, Hash: set.Hash()}}}
	}
	lists := func() (domain.Codes, []domain.Basis) { return set, nil }
	kinds := []domain.Kind{incident.Kind(law), supplier.Kind(lists, nil), service.Kind(lists, nil), contact.Kind(lists), improvement.Kind(lists)}
	dir := t.TempDir()
	store, err := eventstore.Open(context.Background(), eventstore.Config{Dir: dir, Kinds: kinds})
	must(err)
	t.Cleanup(func() { must(store.Close()) })
	s := &teller{t: t}
	s.ledger, err = store.Found(context.Background(), storyOrg)
	must(err)
	master, err := vault.NewMasterKey(filepath.Join(t.TempDir(), "master"))
	must(err)
	v, err := vault.Create(vault.Config{Dir: filepath.Join(dir, "vault"), Org: storyOrg, Master: master})
	must(err)
	t.Cleanup(func() { must(v.Close()) })
	s.desk = handlers.NewDesk(handlers.Config{Org: storyOrg, Log: s.ledger, Sealer: v, Kinds: kinds, Version: store.Codec().Version,
		Now: func() time.Time { return storyNow }})
	s.cases, err = sample.Play(context.Background(), map[string]sample.Desk{"": s.desk}, storyNow, nil)
	must(err)
	return s
}

// give gives one order; ago says how long before now it happened.
func (s *teller) give(kind domain.KindName, key domain.Key, role domain.Code, ago time.Duration, name, body string) domain.Receipt {
	s.t.Helper()
	return s.giveAs(domain.PersonID{UUID: id('p', 1)}, kind, key, role, ago, name, body)
}

// giveAs gives one order as a person.
func (s *teller) giveAs(who domain.PersonID, kind domain.KindName, key domain.Key, role domain.Code, ago time.Duration, name, body string) domain.Receipt {
	s.t.Helper()
	k, ok := s.desk.Kind(kind)
	if !ok {
		s.t.Fatalf("no kind %s", kind)
	}
	c, err := handlers.DecodeCommand(k, name, []byte(body), nil)
	if err != nil {
		s.t.Fatalf("%s: %v", name, err)
	}
	s.orders++
	r, err := s.desk.Give(context.Background(), domain.Order{ID: domain.OrderIDFor(storyOrg, domain.PersonID{}, fmt.Sprint(s.orders)), Org: storyOrg, Kind: kind, Key: key, Command: c,
		Actor:    domain.Actor{ID: who, Role: role, For: storyOrg, Door: "cli", Proof: "stated"},
		Occurred: domain.Moment{Time: storyNow.Add(-ago), Precision: domain.PrecisionMinute}})
	if err != nil {
		s.t.Fatalf("%s %s: %v", name, body, err)
	}
	return r
}

// snapshot shows what some views make of the ledger.
func (s *teller) snapshot(views ...projections.View) *projections.Snapshot {
	s.t.Helper()
	db := open(s.t, projections.Config{}, views...)
	catchUp(s.t, db, s.ledger, int(s.ledger.Last()))
	snap, err := db.Snapshot()
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		if err := snap.Close(); err != nil {
			s.t.Error(err)
		}
		if err := db.Close(); err != nil {
			s.t.Error(err)
		}
	})
	return snap
}

// reader reads one view of the story.
func (s *teller) reader(v *projections.Things) *projections.ThingReader {
	s.t.Helper()
	r, err := v.In(s.snapshot(v), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

// name gives the case that a key stands for.
func (s *teller) name(key string) string {
	for name, k := range s.cases {
		key = strings.ReplaceAll(key, k.String(), name)
	}
	return key
}

// golden compares rows, one a line, with a file.
func golden[R any](s *teller, name string, r *projections.ThingReader, rows iter.Seq[R]) {
	s.t.Helper()
	var out bytes.Buffer
	for row := range rows {
		b, err := json.Marshal(row)
		if err != nil {
			s.t.Fatal(err)
		}
		fmt.Fprintf(&out, "%s\n", s.name(string(b)))
	}
	if r.Err() != nil {
		s.t.Fatal(r.Err())
	}
	file := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(file, out.Bytes(), 0o644); err != nil {
			s.t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		s.t.Fatal(err)
	}
	if !bytes.Equal(out.Bytes(), want) {
		s.t.Errorf("differs from %s; -update writes it anew:\n%s", file, out.String())
	}
}

// However the story is cut into batches, every view ends with the same rows.
//
// requirements: ARC-02
func TestStoryViewsDoNotDependOnBatching(t *testing.T) {
	s := tellStory(t)
	n := int(s.ledger.Last())
	db := open(t, projections.Config{}, views()...)
	catchUp(t, db, s.ledger, n)
	want := digests(t, db)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	var entries list
	for en, err := range s.ledger.ReadAll(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, en)
	}
	rapid.Check(t, func(rt *rapid.T) {
		fs := vfs.NewMem()
		last := 0
		for _, at := range append(rapid.SliceOfNDistinct(rapid.IntRange(1, n-1), 0, 4, rapid.ID[int]).Draw(rt, "stops"), n) {
			if at < last {
				continue
			}
			last = at
			db := open(t, projections.Config{Dir: "views", FS: fs}, views()...)
			catchUp(t, db, entries[:at], at)
			if at == n {
				if got := digests(t, db); got != want {
					rt.Fatalf("%swant\n%s", got, want)
				}
			}
			if err := db.Close(); err != nil {
				rt.Fatal(err)
			}
		}
	})
}

// reported gives the entry that reports an incident.
func (s *teller) reported(key domain.Key) domain.Seq {
	s.t.Helper()
	for en, err := range s.ledger.ReadAll(s.t.Context(), 0) {
		if err != nil {
			s.t.Fatal(err)
		}
		if en.Key == key {
			return en.Seq
		}
	}
	s.t.Fatalf("no entry of %s", key)
	return 0
}

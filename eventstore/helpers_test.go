package eventstore

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"incidentledger/domain"
)

// A note is the small kind of aggregate these tests keep: texts of any length
// are stood for by a code, since nothing here is sealed.
type noted struct {
	Word domain.Code `json:"word"`
	N    int         `json:"n"`
}

func (noted) EventName() string { return "Noted" }

// notedV1 is a retired shape: the word had another name and there was no number.
type notedV1 struct {
	Text domain.Code `json:"text"`
}

type closed struct{}

func (closed) EventName() string { return "NoteClosed" }

func testKinds() []domain.Kind {
	return []domain.Kind{{Name: "note", Events: []domain.EventType{
		domain.Retired(1, func(o notedV1) noted { return noted{Word: o.Text} }),
		domain.Shape[noted](2),
		domain.Shape[closed](1),
	}}}
}

var epoch = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

func key(n int) domain.Key {
	return domain.Key{UUID: uuid.NewSHA1(uuid.NameSpaceOID, fmt.Append(nil, n))}
}

var orders atomic.Uint64

// entry makes an entry of the note n behind its entry prev.
func entry(n int, prev *domain.Entry, word string) *domain.Entry {
	en := &domain.Entry{
		ID:  domain.OrderID{UUID: uuid.NewSHA1(uuid.NameSpaceURL, fmt.Append(nil, orders.Add(1)))},
		Org: "nuth", Kind: "note", Key: key(n), Command: "Note",
		Actor:    domain.Actor{Role: "security-officer", For: "nuth", Door: "cli", Proof: "stated"},
		Occurred: domain.Moment{Time: epoch, Precision: domain.PrecisionMinute}, Recorded: epoch,
		Events: []domain.Record{{Type: "Noted", V: 2, Event: noted{Word: domain.Code(word), N: n}}},
	}
	if prev != nil {
		en.Prev, en.PrevHash = prev.Seq, prev.Hash
	}
	return en
}

func ref(n int) domain.Ref { return domain.Ref{Kind: "note", Key: key(n)} }

func open(t testing.TB, dir string) *Store {
	t.Helper()
	s, err := tryOpen(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func tryOpen(t testing.TB, dir string) (*Store, error) {
	t.Helper()
	return Open(context.Background(), Config{Dir: dir, Kinds: testKinds(), SegmentSize: 1 << 20})
}

// found opens a data folder with a ledger that has one entry.
func found(t testing.TB, dir string) (*Store, *Ledger) {
	t.Helper()
	s := open(t, dir)
	l, err := s.Found(context.Background(), "nuth")
	if err != nil {
		t.Fatal(err)
	}
	add(t, l, entry(0, nil, "genesis"))
	if err := s.Founded("nuth"); err != nil {
		t.Fatal(err)
	}
	return s, l
}

func add(t testing.TB, l *Ledger, en *domain.Entry) *domain.Entry {
	t.Helper()
	if err := l.Append(context.Background(), en); err != nil {
		t.Fatal(err)
	}
	return en
}

func mustClose(t testing.TB, s *Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// words gives what a note says, entry by entry.
func words(t testing.TB, l *Ledger, n int) string {
	t.Helper()
	var out []string
	for en, err := range l.Load(context.Background(), ref(n), 0) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(en.Events[0].Event.(noted).Word))
	}
	return strings.Join(out, " ")
}

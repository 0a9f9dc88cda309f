package projections

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"incidentledger/domain"
)

// said tells of one thing; mended corrects what was said of it.
type said struct {
	Thing domain.Code `json:"thing"`
	Level int         `json:"level"`
	Note  domain.Text `json:"note,omitzero" seal:"aggregate"`
}

type mended struct {
	Seq   domain.Seq `json:"seq"`
	Level int        `json:"level"` // 0: taken back
}

func (said) EventName() string   { return "said" }
func (mended) EventName() string { return "mended" }

func (e mended) Correction() domain.Correction {
	c := domain.Correction{Seq: e.Seq, Event: "said", Fields: map[domain.Code][]byte{"level": nil}}
	if e.Level != 0 {
		c.Fields["level"] = fmt.Append(nil, e.Level)
	}
	return c
}

func sayings() *Things {
	return &Things{
		Called: "sayings", Number: 1, Shapes: []domain.EventType{domain.Shape[said](1)},
		Of: func(_ *domain.Entry, e domain.Event) []string {
			if s, ok := e.(said); ok {
				return []string{string(s.Thing)}
			}
			return nil
		},
		Index: func(t *Thing) [][]byte { return [][]byte{KeyUint32(nil, uint32(last(t).Level))} },
	}
}

func last(t *Thing) said { return t.Told[len(t.Told)-1].Event.(said) }

// book is a ledger of given entries.
type book []*domain.Entry

func (b book) ReadAll(_ context.Context, after domain.Seq) iter.Seq2[*domain.Entry, error] {
	return func(yield func(*domain.Entry, error) bool) {
		for _, en := range b[min(int(after), len(b)):] {
			if !yield(en, nil) {
				return
			}
		}
	}
}

func (b book) Follow(ctx context.Context, after domain.Seq) iter.Seq2[*domain.Entry, error] {
	return func(yield func(*domain.Entry, error) bool) {
		for en := range b.ReadAll(ctx, after) {
			if !yield(en, nil) {
				return
			}
		}
		<-ctx.Done()
	}
}

// Whatever is said and corrected, a thing holds what was said of it as it must be
// read, and is found under its present index key alone.
func TestThingsHoldWhatWasToldAndMended(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		type place struct {
			key   domain.Key
			thing domain.Code
		}
		want := map[place][]int{}
		at := map[domain.Seq]place{}
		place0 := map[domain.Seq]int{}
		var b book
		for n := range rapid.IntRange(1, 40).Draw(rt, "entries") {
			seq := domain.Seq(n + 1)
			en := &domain.Entry{Seq: seq, Kind: "talk", Key: domain.Key{UUID: uuid.NewSHA1(uuid.Nil, fmt.Append(nil, rapid.IntRange(1, 3).Draw(rt, "aggregate")))}}
			if len(at) > 0 && rapid.Bool().Draw(rt, "mend") {
				of := rapid.SampledFrom(slices.Sorted(maps.Keys(at))).Draw(rt, "of")
				en.Key = at[of].key
				level := rapid.IntRange(0, 5).Draw(rt, "level")
				en.Events = []domain.Record{{Type: "mended", V: 1, Event: mended{of, level}}}
				want[at[of]][place0[of]] = level
			} else {
				p := place{en.Key, rapid.SampledFrom([]domain.Code{"a", "b"}).Draw(rt, "thing")}
				level := rapid.IntRange(0, 5).Draw(rt, "level")
				en.Events = []domain.Record{{Type: "said", V: 1, Event: said{p.thing, level, "sealed"}}}
				at[seq], place0[seq] = p, len(want[p])
				want[p] = append(want[p], level)
			}
			b = append(b, en)
		}
		v := sayings()
		db := openMem(t, vfs.NewMem(), v)
		defer mustClose(t, db)
		defer start(t, db, b)()
		reach(t, db, "sayings", domain.Seq(len(b)))
		snap, err := db.Snapshot()
		if err != nil {
			rt.Fatal(err)
		}
		defer snap.Close()
		r, err := v.In(snap, nil)
		if err != nil {
			rt.Fatal(err)
		}
		have := map[place][]int{}
		for thing := range r.All("talk") {
			for _, told := range thing.Told {
				have[place{thing.Ref.Key, domain.Code(thing.ID)}] = append(have[place{thing.Ref.Key, domain.Code(thing.ID)}], told.Event.(said).Level)
				if told.Event.(said).Note != "" {
					rt.Fatal("a text stands open in a view")
				}
			}
		}
		if !reflect.DeepEqual(have, want) {
			rt.Fatalf("have %v\nwant %v", have, want)
		}
		for level := range 6 {
			found := 0
			for thing := range r.Found(KeyUint32(nil, uint32(level)), nil) {
				found++
				if last(thing).Level != level {
					rt.Fatalf("under level %d stands a thing of level %d", level, last(thing).Level)
				}
			}
			count := 0
			for _, levels := range want {
				if levels[len(levels)-1] == level {
					count++
				}
			}
			if found != count || r.Err() != nil {
				rt.Fatalf("%d things under level %d, want %d (%v)", found, level, count, r.Err())
			}
		}
	})
}

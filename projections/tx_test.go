package projections

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"incidentledger/domain"
)

// A transaction reads as a plain map does, whatever was written, forgotten,
// committed or undone in between.
func TestTxReadsLikeAMap(t *testing.T) {
	db := openMem(t, vfs.NewMem(), &tally{name: "tally", shape: 1})
	defer mustClose(t, db)
	line := db.head.lines[0]
	defer line.tx.leave() // the last read may follow the last commit
	seq := domain.Seq(0)
	rapid.Check(t, func(rt *rapid.T) {
		tx, model := line.tx, map[string]string{}
		for k := range tx.Scan(nil, nil) {
			model[string(k)] = ""
		}
		for k := range model { // start from nothing
			tx.Delete([]byte(k))
		}
		clear(model)
		saved := map[string]string{}
		key := rapid.SampledFrom([]string{"a", "ab", "b", "b\x00", "c", "d"})
		commit := func(rt *rapid.T) {
			seq++
			line.gen.seq, db.head.entries = seq, 1
			if err := db.head.commit(t.Context(), nil); err != nil {
				rt.Fatal(err)
			}
			tx.begin()
			saved = map[string]string{}
			for k, v := range model {
				saved[k] = v
			}
		}
		commit(rt)
		rt.Repeat(map[string]func(*rapid.T){
			"set": func(rt *rapid.T) {
				k, v := key.Draw(rt, "k"), rapid.String().Draw(rt, "v")
				tx.Set([]byte(k), []byte(v))
				model[k] = v
			},
			"delete": func(rt *rapid.T) {
				k := key.Draw(rt, "k")
				tx.Delete([]byte(k))
				delete(model, k)
			},
			"get": func(rt *rapid.T) {
				k := key.Draw(rt, "k")
				v, found := tx.Get([]byte(k))
				if want, there := model[k]; found != there || string(v) != want {
					rt.Fatalf("%q is %q, %v; want %q, %v", k, v, found, want, there)
				}
			},
			"scan": func(rt *rapid.T) {
				lo, hi := key.Draw(rt, "lo"), key.Draw(rt, "hi")
				var got, want []string
				for k, v := range tx.Scan([]byte(lo), []byte(hi)) {
					got = append(got, fmt.Sprintf("%q=%q", k, v))
				}
				for k, v := range model {
					if k >= lo && k < hi {
						want = append(want, fmt.Sprintf("%q=%q", k, v))
					}
				}
				slices.Sort(want)
				slices.Sort(got)
				if !slices.Equal(got, want) {
					rt.Fatalf("%q to %q: %v, want %v", lo, hi, got, want)
				}
			},
			"commit": commit,
			"grow old": func(rt *rapid.T) {
				commit(rt)
				tx.known, tx.old = tx.old, tx.known
				tx.known.reset()
			},
			"undo": func(rt *rapid.T) { // as far as the last commit
				tx.undo()
				model = map[string]string{}
				for k, v := range saved {
					model[k] = v
				}
				commit(rt)
			},
		})
		if tx.err != nil {
			rt.Fatal(tx.err)
		}
	})
}

// A view that is stopped and tried again in the same process reads what is
// stored, not what its failed attempt left.
func TestFailedAttemptLeavesNothing(t *testing.T) {
	l := newShelf(2)
	fails := true
	v := &blind{fail: func() bool { return fails }}
	db := openMem(t, vfs.NewMem(), v, &tally{name: "tally", shape: 1})
	defer mustClose(t, db)
	stop := start(t, db, l)
	reach(t, db, "tally", 2)
	stop()
	fails = false
	l.add(1)
	stop = start(t, db, l)
	reach(t, db, "tally", 3) // so the second run has begun
	reach(t, db, "blind", 3)
	stop()
	if want := []string{"1", "2"}; !slices.Equal(v.read, want) {
		t.Errorf("read %q after the failure, want %q", v.read, want)
	}
}

// Added rows are written with the next commit, wherever their keys lie among the
// others, and those of a failed entry are not.
func TestAddedRowsAreWrittenOrUndone(t *testing.T) {
	db := openMem(t, vfs.NewMem(), &tally{name: "tally", shape: 1})
	defer mustClose(t, db)
	line := db.head.lines[0]
	tx, want := line.tx, []string{"a=1", "b=2", "b\x00=3", "c=4", "longer than a head=5"}
	for range 2 { // the second time over what is stored
		tx.begin()
		tx.Add([]byte("longer than a head"), []byte("5"))
		tx.Set([]byte("c"), []byte("4"))
		tx.Add([]byte("b\x00"), []byte("3"))
		tx.Add([]byte("b"), []byte("2"))
		tx.begin()
		tx.Set([]byte("c"), []byte("half"))
		tx.Add([]byte("bb"), []byte("half"))
		tx.undo()
		tx.begin()
		tx.Set([]byte("a"), []byte("1"))
		line.gen.seq, db.head.entries = line.gen.seq+1, 1
		if err := db.head.commit(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		var got []string
		for k, v := range tx.Scan(nil, nil) {
			got = append(got, fmt.Sprintf("%s=%s", k, v))
		}
		if !slices.Equal(got, want) {
			t.Fatalf("rows are %q, want %q", got, want)
		}
	}
}

// blind overwrites a row without reading it and then fails; when it does not
// fail it reads it first.
type blind struct {
	fail func() bool
	read []string
}

func (*blind) Name() string  { return "blind" }
func (*blind) Shape() uint32 { return 1 }

func (b *blind) Apply(tx *Tx, en *domain.Entry) error {
	if en.Seq == 2 && b.fail() {
		tx.Set([]byte("row"), []byte("half"))
		return errors.New("fails")
	}
	if v, found := tx.Get([]byte("row")); found {
		b.read = append(b.read, string(v))
	}
	tx.Set([]byte("row"), fmt.Append(nil, en.Seq))
	return nil
}

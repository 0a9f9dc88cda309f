package eventstore

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"incidentledger/domain"
)

// image copies the data folder of a running ledger: what a killed process
// leaves, with the synced mark set by hand.
func image(t *testing.T, mark domain.Seq) (string, [][]byte) {
	t.Helper()
	live := t.TempDir()
	s, l := found(t, live)
	for i := range notes {
		add(t, l, entry(1+i, nil, fmt.Sprintf("word-%d", i)))
	}
	all := stored(t, l)
	dir := filepath.Join(t.TempDir(), "image")
	copyTree(t, live, dir)
	mustClose(t, s)
	if err := writeMark(filepath.Join(dir, "orgs/nuth"), mark); err != nil {
		t.Fatal(err)
	}
	return dir, all
}

// lastRecord gives where the last n records of a segment begin.
func lastRecords(t *testing.T, path string, n int) int64 {
	t.Helper()
	sc, err := scanJournal(filepath.Dir(path), nil)
	if err != nil {
		t.Fatal(err)
	}
	s := sc.segs[len(sc.segs)-1]
	return int64(s.offsets[len(s.offsets)-n])
}

// dropStreamTail cuts the last n messages off the last block.
func dropStreamTail(t *testing.T, dir string, n int) {
	t.Helper()
	blks := blocksOf(t, dir)
	path := blks[len(blks)-1]
	var offs []int64
	if _, err := scanBlock("LEDGER_nuth", blockFile{len(blks), path}, func(_ blkRecord, off int) error {
		offs = append(offs, int64(off))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	truncate(t, path, offs[len(offs)-n])
}

// TestWhatACrashLeavesIsHealed: above the synced mark either copy may lack its
// tail or hold it half written; the next start fills it from the other.
func TestWhatACrashLeavesIsHealed(t *testing.T) {
	for name, crash := range map[string]func(t *testing.T, dir string){
		"nothing at all": func(*testing.T, string) {},
		"the stream lacks its tail": func(t *testing.T, dir string) {
			dropStreamTail(t, dir, 7)
		},
		"the stream lacks its tail and has a stale index": func(t *testing.T, dir string) {
			s := open(t, dir) // an orderly start and stop leave an index of the whole
			mustClose(t, s)
			remove(t, filepath.Join(dir, "orgs/nuth/clean"))
			if err := writeMark(filepath.Join(dir, "orgs/nuth"), 10); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(filepath.Join(streamFolder(dir), "msgs", streamState)); err != nil {
				t.Fatal("there is no index to be stale:", err)
			}
			dropStreamTail(t, dir, 7)
		},
		"the stream's last message is torn": func(t *testing.T, dir string) {
			b := blocksOf(t, dir)
			truncate(t, b[len(b)-1], size(t, b[len(b)-1])-5)
		},
		"pages of the stream are zero": func(t *testing.T, dir string) {
			b := blocksOf(t, dir)
			zero(t, b[len(b)-1], size(t, b[len(b)-1])-9000, 4096)
		},
		"the stream's last block is empty": func(t *testing.T, dir string) {
			b := blocksOf(t, dir)
			truncate(t, b[len(b)-1], size(t, b[len(b)-1])/2)
		},
		"the journal lacks entries that the stream has": func(t *testing.T, dir string) {
			j := journalFiles(t, dir)
			j0 := j[len(j)-1]
			off := lastRecords(t, j0, 3)
			zero(t, j0, off, size(t, j0)-off)
		},
		"the journal's last record is torn": func(t *testing.T, dir string) {
			j := journalFiles(t, dir)
			j0 := j[len(j)-1]
			off := lastRecords(t, j0, 1)
			zero(t, j0, off+100, size(t, j0)-off-100)
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir, want := image(t, 10)
			crash(t, dir)
			l, err := open(t, dir).Ledger("nuth")
			if err != nil {
				t.Fatal(err)
			}
			if got := stored(t, l); !slices.EqualFunc(got, want, func(a, b []byte) bool { return string(a) == string(b) }) {
				t.Fatalf("%d entries, want the %d that were acknowledged", len(got), len(want))
			}
			add(t, l, entry(9000, nil, "and it goes on"))
		})
	}
}

// TestWhatACrashDoesNotLeaveIsRefused: the same damage at or below the synced
// mark, or where a later record says that it was durable, is no crash's doing.
func TestWhatACrashDoesNotLeaveIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		mark  domain.Seq
		touch func(t *testing.T, dir string)
	}{
		"the stream lacks what was synced": {notes, func(t *testing.T, dir string) { dropStreamTail(t, dir, 7) }},
		"a synced message is torn": {notes - 20, func(t *testing.T, dir string) {
			b := blocksOf(t, dir)
			flip(t, b[0], size(t, b[0])/2, 1)
		}},
		"an acknowledged record of the journal is damaged, with later ones behind it": {10, func(t *testing.T, dir string) {
			j := journalFiles(t, dir)
			flip(t, j[0], used(t, j[0])/2, 1)
		}},
		"the journal lacks what was synced": {notes, func(t *testing.T, dir string) {
			j := journalFiles(t, dir)
			j0 := j[len(j)-1]
			off := lastRecords(t, j0, 20)
			zero(t, j0, off, size(t, j0)-off)
		}},
		"the stream's folder is gone": {10, func(t *testing.T, dir string) { remove(t, streamFolder(dir)) }},
		"the stream holds another entry": {10, func(t *testing.T, dir string) {
			// An intact stream of another history in its place.
			other, _ := image(t, 10)
			remove(t, streamFolder(dir))
			copyTree(t, streamFolder(other), streamFolder(dir))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			dir, _ := image(t, c.mark)
			c.touch(t, dir)
			_, err := tryOpen(t, dir)
			var unsound *UnsoundError
			if !errors.As(err, &unsound) {
				t.Fatalf("opened with %v", err)
			}
			t.Log(err)
		})
	}
}

package eventstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"incidentledger/domain"
)

const notes = 300

// stopped gives a data folder with a ledger of 1+notes entries after an orderly
// stop, and its stored bytes in order.
func stopped(t *testing.T) (string, [][]byte) {
	t.Helper()
	dir := t.TempDir()
	s, l := found(t, dir)
	var last *domain.Entry
	for i := range notes {
		if i%10 == 0 {
			last = nil
		}
		last = add(t, l, entry(1+i/10, last, fmt.Sprintf("word-%d", i)))
	}
	all := stored(t, l)
	mustClose(t, s)
	return dir, all
}

func stored(t *testing.T, l *Ledger) [][]byte {
	t.Helper()
	var out [][]byte
	for seq := domain.Seq(1); seq <= l.Last(); seq++ {
		b, err := l.Stored(seq)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, b)
	}
	return out
}

// files below the data folder that hold entries.
func journalFiles(t *testing.T, dir string) []string {
	paths, err := filepath.Glob(filepath.Join(dir, "orgs/nuth/journal/*.journal"))
	if err != nil || len(paths) == 0 {
		t.Fatal(paths, err)
	}
	return paths
}

func streamFolder(dir string) string {
	return filepath.Join(dir, "stream/jetstream/LEDGER/streams/LEDGER_nuth")
}

func blocksOf(t *testing.T, dir string) []string {
	paths, err := filepath.Glob(filepath.Join(streamFolder(dir), "msgs/*.blk"))
	if err != nil || len(paths) == 0 {
		t.Fatal(paths, err)
	}
	return paths
}

func flip(t *testing.T, path string, off int64, mask byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var b [1]byte
	if _, err := f.ReadAt(b[:], off); err != nil {
		t.Fatal(err)
	}
	b[0] ^= mask
	if _, err := f.WriteAt(b[:], off); err != nil {
		t.Fatal(err)
	}
}

func size(t *testing.T, path string) int64 {
	t.Helper()
	st, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return st.Size()
}

// used is how many bytes of a preallocated segment hold records.
func used(t *testing.T, path string) int64 {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return int64(len(strings.TrimRight(string(b), "\x00")))
}

// copyTree copies a data folder, so that one can be put in the other's place.
func copyTree(t *testing.T, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil && !errors.Is(err, fs.ErrExist) {
		t.Fatal(err)
	}
}

// damages are what may befall a stopped ledger's files.
func damages(t *testing.T) map[string]func(t *testing.T, dir string) {
	t.Helper()
	return map[string]func(*testing.T, string){
		"a bit flipped in a block": func(t *testing.T, dir string) {
			b := blocksOf(t, dir)[0]
			flip(t, b, size(t, b)/3, 0x10)
		},
		"a bit flipped in a block's last record": func(t *testing.T, dir string) {
			b := blocksOf(t, dir)
			flip(t, b[len(b)-1], size(t, b[len(b)-1])-20, 0x01)
		},
		"a subject length flipped, which JetStream's checksum does not cover": func(t *testing.T, dir string) {
			flip(t, blocksOf(t, dir)[0], 20, 0x01)
		},
		"a truncated block": func(t *testing.T, dir string) {
			b := blocksOf(t, dir)
			truncate(t, b[len(b)-1], size(t, b[len(b)-1])/2)
		},
		"a deleted block":         func(t *testing.T, dir string) { remove(t, blocksOf(t, dir)[0]) },
		"a deleted stream folder": func(t *testing.T, dir string) { remove(t, streamFolder(dir)) },
		"a bit flipped in a journal segment": func(t *testing.T, dir string) {
			j := journalFiles(t, dir)[0]
			flip(t, j, used(t, j)/2, 0x04)
		},
		"a bit flipped in the journal's last record": func(t *testing.T, dir string) {
			j := journalFiles(t, dir)
			flip(t, j[len(j)-1], used(t, j[len(j)-1])-1, 0x80)
		},
		"a bit flipped behind the journal's last record": func(t *testing.T, dir string) {
			j := journalFiles(t, dir)
			flip(t, j[len(j)-1], used(t, j[len(j)-1])+100, 0x01)
		},
		"a truncated journal segment": func(t *testing.T, dir string) {
			j := journalFiles(t, dir)
			truncate(t, j[len(j)-1], used(t, j[len(j)-1])-700)
		},
		"a deleted journal":  func(t *testing.T, dir string) { remove(t, filepath.Join(dir, "orgs/nuth/journal")) },
		"zeros in a journal": func(t *testing.T, dir string) { zero(t, journalFiles(t, dir)[0], 40000, 4096) },
	}
}

func truncate(t *testing.T, path string, size int64) {
	t.Helper()
	if err := os.Truncate(path, size); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
}

func zero(t *testing.T, path string, off, n int64) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(make([]byte, n), off); err != nil {
		t.Fatal(err)
	}
}

// TestDamageAfterACleanStop is the promise that a ledger whose files were
// touched while it was stopped stays shut, says so, and comes back from
// restore-log with the same sequences and bytes.
func TestDamageAfterACleanStop(t *testing.T) {
	for name, damage := range damages(t) {
		t.Run(name, func(t *testing.T) {
			dir, want := stopped(t)
			damage(t, dir)
			before := fingerprint(t, dir)
			_, err := tryOpen(t, dir)
			var unsound *UnsoundError
			if !errors.As(err, &unsound) {
				t.Fatalf("opened with %v", err)
			}
			if unsound.Org != "nuth" || len(unsound.What) == 0 || !strings.Contains(unsound.Help, "restore-log") {
				t.Errorf("the error does not say what, where and what helps: %v", err)
			}
			if after := fingerprint(t, dir); after != before {
				t.Errorf("the refused start changed files:\n%s\n---\n%s", before, after)
			}
			r, err := RestoreLog(context.Background(), Config{Dir: dir, Kinds: testKinds(), SegmentSize: 1 << 20}, "nuth", nil)
			if err != nil {
				t.Fatal(err)
			}
			if r.Last != domain.Seq(len(want)) || len(r.Lost) > 0 {
				t.Errorf("restored %+v", r)
			}
			l, err := open(t, dir).Ledger("nuth")
			if err != nil {
				t.Fatal(err)
			}
			if got := stored(t, l); !slices.EqualFunc(got, want, func(a, b []byte) bool { return string(a) == string(b) }) {
				t.Errorf("the restored bytes are not those that were stored")
			}
			add(t, l, entry(9000, nil, "and it goes on"))
		})
	}
}

// fingerprint lists files and sizes below the organisation's and the stream's folder.
func fingerprint(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, "/lock") {
			return err
		}
		fmt.Fprintf(&b, "%s %d\n", strings.TrimPrefix(path, dir), size(t, path))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestAnOlderCopyOfStreamOrJournal(t *testing.T) {
	for _, part := range []string{"orgs/nuth/journal", "stream"} {
		t.Run(part, func(t *testing.T) {
			dir, _ := stopped(t)
			old := t.TempDir()
			copyTree(t, filepath.Join(dir, part), filepath.Join(old, "copy"))
			s := open(t, dir)
			l, err := s.Ledger("nuth")
			if err != nil {
				t.Fatal(err)
			}
			add(t, l, entry(7777, nil, "later"))
			mustClose(t, s)
			remove(t, filepath.Join(dir, part))
			copyTree(t, filepath.Join(old, "copy"), filepath.Join(dir, part))
			_, err = tryOpen(t, dir)
			var unsound *UnsoundError
			if !errors.As(err, &unsound) {
				t.Fatalf("opened with %v", err)
			}
		})
	}
}

// TestLostEverywhere damages the same entries in both copies: they are lost, and
// only they; their sequences stay, marked.
func TestLostEverywhere(t *testing.T) {
	dir, want := stopped(t)
	const gone = 103
	for _, path := range []string{journalFiles(t, dir)[0], blocksOf(t, dir)[0]} {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		off := strings.Index(string(b), string(want[gone-1]))
		if off < 0 {
			t.Fatalf("entry %d is not in %s", gone, path)
		}
		flip(t, path, int64(off)+50, 0x02)
	}
	if _, err := tryOpen(t, dir); err == nil {
		t.Fatal("opened")
	}
	r, err := RestoreLog(context.Background(), Config{Dir: dir, Kinds: testKinds(), SegmentSize: 1 << 20}, "nuth", nil)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(r.Lost, []domain.Seq{gone}) || r.Last != domain.Seq(len(want)) {
		t.Fatalf("restored %+v", r)
	}
	l, err := open(t, dir).Ledger("nuth")
	if err != nil {
		t.Fatal(err)
	}
	for i, b := range stored(t, l) {
		if i+1 != gone && string(b) != string(want[i]) {
			t.Fatalf("entry %d is not what was stored", i+1)
		}
	}
	_, err = l.Entry(gone)
	var lost *LostError
	if !errors.As(err, &lost) || lost.Leaf != domain.LeafHash(want[gone-1]) {
		t.Errorf("entry %d: %v; its leaf hash is known from the entry behind it", gone, err)
	}
}

func TestDataOfANewerProgram(t *testing.T) {
	dir, _ := stopped(t)
	sf, err := openShapes(filepath.Join(dir, "orgs/nuth"))
	if err != nil {
		t.Fatal(err)
	}
	sf.known[shapeKey{"note", shapeID{"NoteTranslated", 1}}] = true
	if err := sf.write(sf.known); err != nil {
		t.Fatal(err)
	}
	_, err = tryOpen(t, dir)
	if err == nil || !strings.Contains(err.Error(), "note/NoteTranslated/1") {
		t.Errorf("opened with %v", err)
	}
}

// TestALostListOfShapesIsMadeAnew: what an older program must be able to see is
// learned again from the entries themselves.
func TestALostListOfShapesIsMadeAnew(t *testing.T) {
	for name, spoil := range map[string]func(path string){
		"deleted": func(path string) { remove(t, path) },
		"emptied": func(path string) { truncate(t, path, 0) },
		"cut":     func(path string) { truncate(t, path, size(t, path)/2) },
		"flipped": func(path string) { flip(t, path, 3, 1) },
	} {
		t.Run(name, func(t *testing.T) {
			dir, _ := stopped(t)
			path := filepath.Join(dir, "orgs/nuth/shapes")
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			spoil(path)
			mustClose(t, open(t, dir))
			if got, err := os.ReadFile(path); err != nil || string(got) != string(want) {
				t.Errorf("%s (%v), want %s", got, err, want)
			}
		})
	}
}

// TestAnOrganisationsFolderIsGone: the stream says that the ledger existed.
func TestAnOrganisationsFolderIsGone(t *testing.T) {
	dir, want := stopped(t)
	remove(t, filepath.Join(dir, "orgs/nuth"))
	_, err := tryOpen(t, dir)
	var unsound *UnsoundError
	if !errors.As(err, &unsound) {
		t.Fatalf("opened with %v", err)
	}
	if _, err := RestoreLog(context.Background(), Config{Dir: dir, Kinds: testKinds(), SegmentSize: 1 << 20}, "nuth", nil); err != nil {
		t.Fatal(err)
	}
	l, err := open(t, dir).Ledger("nuth")
	if err != nil {
		t.Fatal(err)
	}
	if got := stored(t, l); len(got) != len(want) || string(got[len(got)-1]) != string(want[len(want)-1]) {
		t.Errorf("%d entries of %d", len(got), len(want))
	}
}

func TestTheFolderHasOneOwner(t *testing.T) {
	dir := t.TempDir()
	s, _ := found(t, dir)
	if _, err := tryOpen(t, dir); !errors.Is(err, ErrTaken) {
		t.Errorf("opened twice: %v", err)
	}
	if _, err := s.Found(context.Background(), "nuth"); !errors.Is(err, ErrExists) {
		t.Errorf("founded twice: %v", err)
	}
}

func TestAnUnfinishedFoundingLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	l, err := s.Found(context.Background(), "nuth")
	if err != nil {
		t.Fatal(err)
	}
	add(t, l, entry(0, nil, "genesis"))
	mustClose(t, s) // without Founded
	s = open(t, dir)
	if got := s.Orgs(); len(got) != 0 {
		t.Errorf("organisations %v", got)
	}
	if _, err := s.Found(context.Background(), "nuth"); err != nil {
		t.Errorf("founding again: %v", err)
	}
}

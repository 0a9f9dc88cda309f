package seal

import (
	"crypto/ed25519"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"

	"incidentledger/domain"
)

// Whoever has the log's key and nothing of ours reads the head.
func TestAHeadIsASignedCheckpoint(t *testing.T) {
	t.Parallel()
	e := newEntries(1000)
	head := seal(t, open(t, t.TempDir(), e))
	if head.Size != 1000 || head.Root != e.root(t, 1000) {
		t.Fatalf("the head has %d entries and the root %s; want that of all, %s", head.Size, head.Root, e.root(t, 1000))
	}
	vkey, err := VerifierKey(origin, ed25519.NewKeyFromSeed(seed()).Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	v, err := note.NewVerifier(vkey)
	if err != nil {
		t.Fatal(err)
	}
	policy := torchwood.ThresholdPolicy(2, torchwood.OriginPolicy(origin), torchwood.SingleVerifierPolicy(v))
	c, _, err := torchwood.VerifyCheckpoint(head.Note, policy)
	if err != nil || c.N != 1000 || domain.Hash(c.Hash) != head.Root {
		t.Errorf("torchwood reads %+v, %v", c, err)
	}
}

// Every proof of every small tree convinces another implementation.
func TestProofsConvinceAnotherImplementation(t *testing.T) {
	t.Parallel()
	const n = 300
	e := newEntries(n)
	l := open(t, t.TempDir(), e)
	seal(t, l)
	h := rfc6962.DefaultHasher
	roots := make([][]byte, n+1)
	for size := 1; size <= n; size++ {
		r := e.root(t, size)
		roots[size] = r[:]
	}
	for size := domain.Seq(1); size <= n; size++ {
		for seq := domain.Seq(1); seq <= size; seq++ {
			p, err := l.Inclusion(seq, size)
			if err == nil {
				leaf := domain.LeafHash([]byte(e.bytes[seq-1]))
				err = proof.VerifyInclusion(h, uint64(seq-1), uint64(size), leaf[:], slicesOf(p), roots[size])
			}
			if err != nil {
				t.Fatalf("entry %d of %d: %v", seq, size, err)
			}
			c, err := l.Consistency(seq, size)
			if err == nil {
				err = proof.VerifyConsistency(h, uint64(seq), uint64(size), slicesOf(c), roots[seq], roots[size])
			}
			if err != nil {
				t.Fatalf("%d to %d: %v", seq, size, err)
			}
		}
	}
}

func slicesOf(p []tlog.Hash) [][]byte {
	var out [][]byte
	for _, h := range p {
		out = append(out, h[:])
	}
	return out
}

// What public tools read of a log is enough to prove all of it.
func TestTilesAreThoseOfTheSpecification(t *testing.T) {
	t.Parallel()
	e := newEntries(70_000) // three levels of tiles
	l := open(t, t.TempDir(), e)
	head := seal(t, l)
	tree := tlog.Tree{N: int64(head.Size), Hash: tlog.Hash(head.Root)}
	r := tlog.TileHashReader(tree, tiles{l})
	for _, seq := range []domain.Seq{1, 256, 257, 65_536, 65_537, 69_999, 70_000} {
		p, err := tlog.ProveRecord(tree.N, int64(seq)-1, r)
		if err == nil {
			err = tlog.CheckRecord(p, tree.N, tree.Hash, int64(seq)-1, tlog.RecordHash([]byte(e.bytes[seq-1])))
		}
		if err != nil {
			t.Errorf("entry %d: %v", seq, err)
		}
	}
	for _, path := range []string{"tile/0/273.p/113", "tile/1/001.p/18", "tile/2/000.p/2", "tile/3/000.p/1", "tile/8/000"} {
		tile, err := torchwood.ParseTilePath(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.Tile(tile); !errors.Is(err, ErrNotSealed) {
			t.Errorf("%s, which the head does not cover: %v", path, err)
		}
	}
}

// tiles reads tiles as a client does.
type tiles struct{ *Log }

func (tiles) Height() int                     { return tileHeight }
func (tiles) SaveTiles([]tlog.Tile, [][]byte) {}
func (l tiles) ReadTiles(want []tlog.Tile) (out [][]byte, err error) {
	for _, t := range want {
		b, err := l.Tile(t)
		if err != nil {
			return nil, err
		}
		out = append(out, b)
	}
	return out, nil
}

// A log goes on where it was, whatever became of what follows from the entries.
func TestALogGoesOn(t *testing.T) {
	t.Parallel()
	for name, harm := range map[string]func(t *testing.T, dir string){
		"as it was":               func(*testing.T, string) {},
		"all hashes are gone":     func(t *testing.T, dir string) { remove(t, levelPath(dir, 0), levelPath(dir, 1)) },
		"a bit of a leaf flipped": func(t *testing.T, dir string) { flip(t, levelPath(dir, 0), 599*32) },
		"a bit of a root flipped": func(t *testing.T, dir string) { flip(t, levelPath(dir, 1), 3) },
		"the last hash is torn": func(t *testing.T, dir string) {
			if err := os.Truncate(levelPath(dir, 0), 600*32-5); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, e := t.TempDir(), newEntries(600)
			l := open(t, dir, e)
			first := seal(t, l)
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			harm(t, dir)
			l = open(t, dir, e)
			if head := l.Head(); string(head.Note) != string(first.Note) || !head.At.Equal(first.At) {
				t.Fatalf("the head is %+v, and was %+v", head, first)
			}
			e.add(1000)
			head := seal(t, l)
			if head.Root != e.root(t, 1600) {
				t.Errorf("the new head has another root")
			}
			was, err := l.Covering(600)
			if err != nil || string(was.Note) != string(first.Note) {
				t.Errorf("the checkpoint of 600 entries is now %+v, %v", was, err)
			}
			p, err := l.Consistency(600, 1600)
			if err == nil {
				err = tlog.CheckTree(p, 1600, tlog.Hash(head.Root), 600, tlog.Hash(first.Root))
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
}

// Nothing is opened, and so nothing signed, over entries that were changed, or
// are fewer than were signed.
func TestEntriesThatContradictTheHead(t *testing.T) {
	t.Parallel()
	for name, harm := range map[string]func(e *entries){
		"fewer":             func(e *entries) { e.bytes = e.bytes[:599] },
		"the last changed":  func(e *entries) { e.bytes[599] += "!" },
		"one added between": func(e *entries) { e.bytes = append([]string{"new"}, e.bytes...) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, e := t.TempDir(), newEntries(600)
			l := open(t, dir, e)
			seal(t, l)
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			harm(e)
			l, err := Open(Config{Dir: dir, Origin: origin, Seed: seed(), Leaves: e})
			if !errors.Is(err, ErrContradicted) {
				t.Errorf("opened with %v", err)
			}
			if l != nil {
				l.Close()
			}
		})
	}
}

// While a log is open its entries cannot shrink unnoticed either, nor its kept
// hashes change.
func TestAHeadNeverGoesBack(t *testing.T) {
	t.Parallel()
	dir, e := t.TempDir(), newEntries(600)
	l := open(t, dir, e)
	seal(t, l)
	flip(t, levelPath(dir, 0), 599*32)
	e.add(1)
	if head, err := l.Seal(); !errors.Is(err, ErrContradicted) {
		t.Errorf("signed %+v over changed hashes, %v", head, err)
	}
	e.bytes = e.bytes[:10]
	if head, err := l.Seal(); !errors.Is(err, ErrContradicted) {
		t.Errorf("signed %+v after 600 entries, %v", head, err)
	}
	if head := l.Head(); head.Size != 600 {
		t.Errorf("the head moved to %d", head.Size)
	}
}

// A note of another log, or under another key, is not taken for ours.
func TestForeignCheckpointsAreRefused(t *testing.T) {
	t.Parallel()
	dir, e := t.TempDir(), newEntries(5)
	l := open(t, dir, e)
	seal(t, l)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	other := seed()
	other[0]++
	for name, c := range map[string]Config{
		"another key":    {Dir: dir, Origin: origin, Seed: other, Leaves: e},
		"another origin": {Dir: dir, Origin: strings.ToUpper(origin), Seed: seed(), Leaves: e},
	} {
		if _, err := Open(c); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: opened with %v", name, err)
		}
	}
}

func remove(t *testing.T, paths ...string) {
	t.Helper()
	for _, p := range paths {
		if err := os.Remove(p); err != nil {
			t.Fatal(err)
		}
	}
}

func flip(t *testing.T, path string, at int) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[at] ^= 1
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func pointsIn(t *testing.T, dir string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, signedFile))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

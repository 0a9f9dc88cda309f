package eventstore

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"incidentledger/domain"
)

// readMark gives the synced mark of a ledger's folder, 0 where there is none.
func readMark(dir string) (domain.Seq, error) {
	b, err := os.ReadFile(filepath.Join(dir, "synced"))
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseUint(strings.TrimSpace(string(b)), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", filepath.Join(dir, "synced"), err)
	}
	return domain.Seq(n), nil
}

func writeMark(dir string, seq domain.Seq) error {
	return writeFileSync(filepath.Join(dir, "synced"), fmt.Appendf(nil, "%d\n", seq))
}

// cleanMark is what an orderly stop leaves.
type cleanMark struct {
	last domain.Seq
	leaf domain.Hash
}

func readClean(dir string) (*cleanMark, error) {
	path := filepath.Join(dir, "clean")
	b, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var m cleanMark
	var leaf string
	if _, err := fmt.Sscanf(string(b), "%d %s\n", &m.last, &leaf); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if err := m.leaf.UnmarshalText([]byte(leaf)); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &m, nil
}

// markClean fsyncs the stream's files, which the stopped server no longer
// touches, and then says that the stop was orderly.
func (c Config) markClean(l *Ledger) error {
	if err := syncTree(c.jetstreamDir()); err != nil {
		return fmt.Errorf("eventstore: ledger %s: %w", l.org, err)
	}
	last := l.Last()
	var leaf domain.Hash
	if last > 0 {
		stored, err := l.journal.read(last)
		if err != nil {
			return fmt.Errorf("eventstore: ledger %s: %w", l.org, err)
		}
		leaf = domain.LeafHash(stored)
	}
	if err := writeMark(l.dir, last); err != nil {
		return err
	}
	return writeFileSync(filepath.Join(l.dir, "clean"), fmt.Appendf(nil, "%d %s\n", last, leaf))
}

// removeClean is the first thing a start changes.
func removeClean(dir string) error {
	err := os.Remove(filepath.Join(dir, "clean"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return errors.Join(err, syncDir(dir))
}

// A shapeFile lists every event shape that was ever stored in a ledger. A shape
// is in the file, durably, before the first entry that uses it is published, so
// an older program sees at its start that it cannot read what is there.
type shapeFile struct {
	mu    sync.RWMutex
	path  string
	known map[shapeKey]bool
}

type shapeKey struct {
	kind domain.KindName
	shapeID
}

func (k shapeKey) String() string { return fmt.Sprintf("%s/%s/%d", k.kind, k.name, k.v) }

// errShapes says that the file of shapes is not whole: its last line must be the
// SHA-256 of those before it.
var errShapes = errors.New("the list of event shapes is damaged")

func openShapes(dir string) (*shapeFile, error) {
	s := &shapeFile{path: filepath.Join(dir, "shapes"), known: map[shapeKey]bool{}}
	b, err := os.ReadFile(s.path)
	if errors.Is(err, os.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, err
	}
	body, sum, ok := strings.Cut(string(b), shapesEnd)
	if !ok || sum != sumOf(body)+"\n" {
		return s, errShapes
	}
	for line := range strings.Lines(body) {
		f := strings.Split(strings.TrimSpace(line), "/")
		if len(f) != 3 {
			return s, errShapes
		}
		v, err := strconv.Atoi(f[2])
		if err != nil {
			return s, errShapes
		}
		s.known[shapeKey{domain.KindName(f[0]), shapeID{f[1], v}}] = true
	}
	return s, nil
}

const shapesEnd = "sha256 "

func sumOf(s string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(s))) }

// relearn makes the list anew from every entry of the journal. An entry whose
// shape is unknown is an error.
func (s *shapeFile) relearn(c *Codec, sc *journalScan) error {
	known := map[shapeKey]bool{}
	cur := newCursor(sc)
	defer cur.close()
	for seq := domain.Seq(1); seq <= sc.last; seq++ {
		stored, _, err := cur.next()
		if err != nil {
			return err
		}
		en, err := c.Decode(seq, stored)
		var lost *LostError
		if errors.As(err, &lost) {
			continue
		}
		if err != nil {
			return err
		}
		for _, r := range en.Events {
			known[shapeKey{en.Kind, shapeID{r.Type, r.V}}] = true
		}
	}
	return s.write(known)
}

// unknown gives a shape in the file that the codec does not know, or nothing.
func (s *shapeFile) unknown(c *Codec) string {
	for k := range s.known {
		if _, ok := c.byKind[k.kind][k.shapeID]; !ok {
			return k.String()
		}
	}
	return ""
}

// use makes sure that the shapes of an entry are in the file, which is replaced
// whole: a crash leaves the old one or the new one.
func (s *shapeFile) use(en *domain.Entry) error {
	if s.has(en) {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	next := maps.Clone(s.known)
	for _, r := range en.Events {
		next[shapeKey{en.Kind, shapeID{r.Type, r.V}}] = true
	}
	return s.write(next)
}

// write replaces the file; the caller holds the lock or is alone.
func (s *shapeFile) write(next map[shapeKey]bool) error {
	var lines []string
	for k := range next {
		lines = append(lines, k.String()+"\n")
	}
	slices.Sort(lines)
	body := strings.Join(lines, "")
	if err := writeFileSync(s.path, []byte(body+shapesEnd+sumOf(body)+"\n")); err != nil {
		return fmt.Errorf("%w: event shapes: %w", domain.ErrUnavailable, err)
	}
	s.known = next
	return nil
}

func (s *shapeFile) has(en *domain.Entry) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, r := range en.Events {
		if !s.known[shapeKey{en.Kind, shapeID{r.Type, r.V}}] {
			return false
		}
	}
	return true
}

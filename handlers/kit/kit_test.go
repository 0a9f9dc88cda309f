package kit

import (
	"context"
	"errors"
	"io"
	"iter"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"incidentledger/domain"
)

// A ledger of which only the kinds of new entries matter.
type ledger chan domain.KindName

func (l ledger) Follow(ctx context.Context, _ domain.Seq) iter.Seq2[*domain.Entry, error] {
	return func(yield func(*domain.Entry, error) bool) {
		for {
			select {
			case <-ctx.Done():
				return
			case kind := <-l:
				if kind == "" {
					yield(nil, errors.New("the ledger has stopped"))
					return
				}
				if !yield(&domain.Entry{Kind: kind}, nil) {
					return
				}
			}
		}
	}
}

// A maker notes when kits are made, and fails or breaks while it is told to.
type maker struct {
	mu    sync.Mutex
	made  []time.Time
	wrong error
	panic bool
}

func (m *maker) make(_ context.Context, now time.Time) (domain.Seq, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.made = append(m.made, now)
	if m.panic {
		panic("a font is missing")
	}
	return domain.Seq(len(m.made)), m.wrong
}

func (m *maker) times() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.made)
}

func (m *maker) set(wrong error, breaks bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.wrong, m.panic = wrong, breaks
}

func started(t *testing.T, m *maker) (ledger, *Health, chan error) {
	l, h, ended := make(ledger), new(Health), make(chan error, 1)
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	go func() {
		ended <- Run(ctx, Config{Ledger: l, Changes: func(k domain.KindName) bool { return k != "incident" }, Make: m.make, Zone: time.UTC, Health: h,
			Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	}()
	synctest.Wait()
	return l, h, ended
}

// pass lets time go by on the clock of the bubble: nobody waits for it.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// It is made at the start, once for changes that follow each other, not for what
// does not concern it, at the latest soon while changes never end, and each night.
func TestAKitIsMadeAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := new(maker)
		l, h, _ := started(t, m)
		if m.times() != 1 || h.Get().Seq != 1 || h.Get().Error != "" {
			t.Fatalf("at the start it was made %d times: %+v", m.times(), h.Get())
		}
		for range 5 {
			l <- "contact"
			pass(settle / 2)
		}
		if m.times() != 1 {
			t.Errorf("made %d times before the changes settled", m.times())
		}
		if pass(settle); m.times() != 2 {
			t.Errorf("made %d times when they had settled", m.times())
		}
		l <- "incident"
		if pass(longestSettle); m.times() != 2 {
			t.Errorf("an incident made it anew")
		}
		for begun := time.Now(); time.Since(begun) < longestSettle+settle; pass(settle / 2) {
			l <- "supplier"
		}
		if m.times() != 3 {
			t.Errorf("made %d times while changes never end", m.times())
		}
		pass(24 * time.Hour)
		if last := m.made[len(m.made)-1]; m.times() < 4 || last.Hour() != nightly || last.Minute() != 0 {
			t.Errorf("made at %v", m.made)
		}
	})
}

// A kit that cannot be made is said to be so until it is made again; a panic in
// the making ends nothing.
func TestAFailureEndsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := new(maker)
		m.set(errors.New("no space left"), false)
		l, h, ended := started(t, m)
		if st := h.Get(); st.Error != "no space left" || !st.Made.IsZero() {
			t.Errorf("%+v", st)
		}
		m.set(nil, true)
		pass(firstPause)
		if st := h.Get(); m.times() != 2 || !strings.Contains(st.Error, "font") {
			t.Errorf("made %d times: %+v", m.times(), st)
		}
		m.set(nil, false)
		l <- "contact"
		pass(settle)
		if st := h.Get(); st.Error != "" || st.Made.IsZero() {
			t.Errorf("%+v", st)
		}
		l <- "" // the ledger stops: that is for whoever runs the room
		if err := <-ended; err == nil {
			t.Error("it goes on without a ledger")
		}
	})
}

// The old kit gives way whole; nothing else does, nor is anything written then.
func TestNothingElseIsWrittenOver(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "nuth")
	page := func(data string) File { return File{"kit.html", []byte(data), "<html>", "kit/1"} }
	paper := func(data string) File { return File{"kit.pdf", []byte(data), "%PDF", "kit/1"} }
	holds := func(name, want string) {
		t.Helper()
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || string(b) != want {
			t.Errorf("%s is %q, %v", name, b, err)
		}
	}
	if err := Write(dir, page("<html>kit/1 old"), paper("%PDF kit/1 old")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"kit.html", "kit.pdf"} {
		if st, err := os.Stat(filepath.Join(dir, name)); err != nil || st.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, st.Mode(), err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, ".kit.html.new"), []byte("what a crash left"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := Write(dir, page("<html>kit/1 new"), paper("%PDF kit/1 new")); err != nil {
		t.Fatal(err)
	}
	holds("kit.html", "<html>kit/1 new")
	for _, other := range []string{"%PDF an invoice", "kit/1 %PDF", ""} {
		if err := os.WriteFile(filepath.Join(dir, "kit.pdf"), []byte(other), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := Write(dir, page("<html>kit/1 newer"), paper("%PDF kit/1 newer")); err == nil || !strings.Contains(err.Error(), "no offline kit") {
			t.Errorf("over %q: %v", other, err)
		}
		holds("kit.pdf", other)
		holds("kit.html", "<html>kit/1 new")
	}
	if err := errors.Join(os.Remove(filepath.Join(dir, "kit.pdf")), os.Symlink("kit.html", filepath.Join(dir, "kit.pdf"))); err != nil {
		t.Fatal(err)
	}
	if err := Write(dir, page("<html>kit/1 newer"), paper("%PDF kit/1 newer")); err == nil {
		t.Error("a link is followed")
	}
	names, err := filepath.Glob(filepath.Join(dir, ".*"))
	if err != nil || slices.ContainsFunc(names, func(n string) bool { return strings.HasSuffix(n, ".new") }) {
		t.Errorf("left behind: %v, %v", names, err)
	}
}

// The night is the local one, also over a change of the clock.
func TestTheNightIsTheLocalOne(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Amsterdam")
	if err != nil {
		t.Fatal(err)
	}
	for now, want := range map[string]string{
		"2026-11-25T14:00:00+01:00": "2026-11-26T03:00:00+01:00", "2026-11-26T02:59:00+01:00": "2026-11-26T03:00:00+01:00",
		"2026-11-26T03:00:00+01:00": "2026-11-27T03:00:00+01:00", "2026-10-24T12:00:00+02:00": "2026-10-25T03:00:00+01:00",
	} {
		at, err := time.Parse(time.RFC3339, now)
		if err != nil {
			t.Fatal(err)
		}
		if got := night(at.In(zone)).Format(time.RFC3339); got != want {
			t.Errorf("after %s the night is %s, not %s", now, got, want)
		}
	}
}

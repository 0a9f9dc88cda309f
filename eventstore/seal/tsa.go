package seal

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"github.com/notaryproject/tspclient-go"

	"incidentledger/domain"
)

// A TSA is a timestamping authority that a log asks (RFC 3161).
type TSA struct {
	Name  string // what this organisation calls it: [a-z0-9-], for ever
	URL   string
	Roots *Roots        // by which its timestamps are judged
	Every time.Duration // how often it is asked
}

// ClockConfig says which authorities a log asks for timestamps.
type ClockConfig struct {
	Log    *Log
	Circle *Circle // whose heads are stamped; nil: those of the log
	TSAs   []TSA
	Client *http.Client // its timeout bounds one question

	// Report is told of every question of Run, and of every other one that failed:
	// how often the authority has failed since it answered last, as far as known.
	// [ErrToken] and [ErrUntrusted] say that its answer was refused. nil: nobody is.
	Report func(tsa string, s Stamp, failures int, err error)
}

// A Clock has the heads of a log stamped with the time by timestamping
// authorities, and keeps what they say: one timestamp a head and authority, each
// after it was judged by the roots of the configuration. Nothing waits for it.
// Its methods may be called by any number of goroutines.
type Clock struct {
	cfg    ClockConfig
	asking map[string]*sync.Mutex // by the name of the authority

	mu   sync.RWMutex
	kept *stamps
}

// OpenClock opens what is kept of a log's timestamps.
func OpenClock(c ClockConfig) (*Clock, error) {
	k := &Clock{cfg: c, asking: map[string]*sync.Mutex{}}
	for _, t := range c.TSAs {
		if !goodTSA.MatchString(t.Name) || k.asking[t.Name] != nil {
			return nil, fmt.Errorf("seal: a timestamping authority cannot be called %q, or two are", t.Name)
		}
		k.asking[t.Name] = &sync.Mutex{}
	}
	var err error
	if k.kept, err = openStamps(filepath.Join(c.Log.cfg.Dir, stampedFile)); err != nil {
		return nil, fmt.Errorf("seal: log %s: %w", c.Log.cfg.Origin, err)
	}
	return k, nil
}

// Close closes what is kept. No authority may be asked meanwhile.
func (k *Clock) Close() error { return k.kept.f.Close() }

// How long to wait after an authority failed, at first and at most.
const (
	retryFirst = time.Minute
	retryLast  = time.Hour
)

// Run asks every authority for a timestamp over the newest head, as often as each
// is to be asked and the head has moved, until the context ends.
func (k *Clock) Run(ctx context.Context) error {
	var all sync.WaitGroup
	for _, t := range k.cfg.TSAs {
		all.Go(func() { k.run(ctx, t) })
	}
	all.Wait()
	return ctx.Err()
}

func (k *Clock) run(ctx context.Context, t TSA) {
	wait := time.Duration(0)
	if last, ok := k.last(t.Name); ok {
		wait = time.Until(last.At.Add(t.Every))
	}
	for failures := 0; ; {
		if pause(ctx, wait) != nil {
			return
		}
		next := k.cfg.Log.Next()
		head, err := k.head()
		if last, ok := k.last(t.Name); err == nil && (head.Size == 0 || ok && last.Size >= head.Size) {
			wait = 0
			select {
			case <-next:
			case <-ctx.Done():
				return
			}
			continue
		}
		var s Stamp
		if err == nil {
			s, err = k.stamp(ctx, t, head)
		}
		if ctx.Err() != nil {
			return
		}
		if wait = t.Every; err != nil {
			failures++
			wait = min(retryFirst<<min(failures-1, 6), retryLast, t.Every)
		} else {
			failures = 0
		}
		k.report(t.Name, s, failures, err)
	}
}

func (k *Clock) report(tsa string, s Stamp, failures int, err error) {
	if k.cfg.Report != nil {
		k.cfg.Report(tsa, s, failures, err)
	}
}

// last gives the newest timestamp of an authority.
func (k *Clock) last(tsa string) (last Stamp, ok bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	for _, at := range k.kept.index {
		if at.TSA == tsa && (!ok || at.At.After(last.At)) {
			last, ok = at.Stamp, true
		}
	}
	return last, ok
}

// head gives the newest head that may be stamped.
func (k *Clock) head() (Head, error) {
	if k.cfg.Circle != nil {
		return k.cfg.Circle.Head()
	}
	return k.cfg.Log.Head(), nil
}

// Ask asks every authority that has not stamped a head yet, all at once, and waits
// for them as long as the context lasts. The error joins what went wrong.
func (k *Clock) Ask(ctx context.Context, head Head) error {
	errs := make([]error, len(k.cfg.TSAs))
	var all sync.WaitGroup
	for i, t := range k.cfg.TSAs {
		all.Go(func() {
			if _, err := k.stamp(ctx, t, head); err != nil {
				k.report(t.Name, Stamp{}, 1, err)
				errs[i] = fmt.Errorf("timestamping authority %s: %w", t.Name, err)
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// stamp gives the timestamp of an authority over a head: that which is kept, else
// a new one, which is judged before it is kept.
func (k *Clock) stamp(ctx context.Context, t TSA, head Head) (Stamp, error) {
	one := k.asking[t.Name]
	one.Lock()
	defer one.Unlock()
	for _, at := range k.over(head.Note) {
		if at.TSA == t.Name {
			return at.Stamp, nil
		}
	}
	stored, err := k.ask(ctx, t, head.Note)
	if err != nil {
		return Stamp{}, err
	}
	s, err := CheckStamp(stored, head.Note, t.Roots, time.Now())
	if err == nil && s.At.Before(head.At.Add(-skew)) {
		err = fmt.Errorf("%w: it tells %s, and the checkpoint was signed at %s", ErrToken, s.At.Format(time.RFC3339), head.At.Format(time.RFC3339))
	}
	if err != nil {
		return Stamp{}, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	kept, err := k.kept.append(t.Name, head.Size, stored, time.Now())
	return kept.Stamp, err
}

// ask asks an authority for a timestamp, with a nonce and its certificate, and
// gives it as it is stored.
func (k *Clock) ask(ctx context.Context, t TSA, note []byte) ([]byte, error) {
	authority, err := tspclient.NewHTTPTimestamper(k.cfg.Client, t.URL)
	if err != nil {
		return nil, err
	}
	req, err := tspclient.NewRequest(tspclient.RequestOptions{Content: note, HashAlgorithm: crypto.SHA256})
	if err != nil {
		return nil, err
	}
	res, err := authority.Timestamp(ctx, req)
	if bad := new(tspclient.InvalidResponseError); errors.As(err, &bad) { // another imprint or nonce, a refusal
		return nil, fmt.Errorf("%w: %w", ErrToken, err)
	}
	if err != nil {
		return nil, err
	}
	return response(res.TimestampToken.FullBytes), nil
}

// over gives what is kept over a note, the first of each authority.
func (k *Clock) over(note []byte) (out []stamped) {
	imprint := sha256.Sum256(note)
	k.mu.RLock()
	defer k.mu.RUnlock()
	for _, at := range k.kept.index {
		if at.imprint == string(imprint[:]) {
			out = append(out, at)
		}
	}
	return out
}

// Over gives the timestamps over a note as they are stored, by authority.
func (k *Clock) Over(note []byte) (map[string][]byte, error) {
	out := map[string][]byte{}
	for _, at := range k.over(note) {
		b := make([]byte, at.len)
		if _, err := k.kept.f.ReadAt(b, at.off); err != nil {
			return nil, fmt.Errorf("%s: offset %d: %w", k.kept.f.Name(), at.off, err)
		}
		if out[at.TSA] == nil {
			out[at.TSA] = b
		}
	}
	return out, nil
}

// Covering gives the head by whose timestamp an entry was there at the earliest
// instant; [ErrNotSealed] where there is none.
func (k *Clock) Covering(seq domain.Seq) (Head, error) {
	k.mu.RLock()
	at, ok := earliest(k.kept.index, seq)
	k.mu.RUnlock()
	if !ok {
		return Head{}, fmt.Errorf("log %s: no timestamp covers entry %d: %w", k.cfg.Log.cfg.Origin, seq, ErrNotSealed)
	}
	find := []func(domain.Seq) (Head, error){k.cfg.Log.Covering}
	if k.cfg.Circle != nil {
		find = append(find, k.cfg.Circle.Covering)
	}
	for _, f := range find {
		head, err := f(at.Size)
		if sum := sha256.Sum256(head.Note); err == nil && bytes.Equal(sum[:], []byte(at.imprint)) {
			return head, nil
		}
	}
	return Head{}, fmt.Errorf("log %s: the checkpoint that was stamped over %d entries: %w", k.cfg.Log.cfg.Origin, at.Size, ErrNotSealed)
}

// Ageing gives the newest timestamp where it is time to have its entries stamped
// anew: its certificate, and that of any other one of these days, ages out within
// 90 days.
func (k *Clock) Ageing(now time.Time) (Stamp, bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return ageing(k.kept.index, now)
}

package seal

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"

	"incidentledger/domain"
)

var (
	// ErrBehind says that a checkpoint exists, signed with the log's own key, of
	// more entries than there are: the ledger is an older copy of itself. Nothing
	// may be signed.
	ErrBehind = errors.New("more entries were signed than there are")

	// ErrForked says that a checkpoint exists, signed with the log's own key, of
	// other entries. Nothing may be signed.
	ErrForked = errors.New("other entries were signed than there are")
)

// A Contradiction is a checkpoint of the log that its entries contradict, as a
// witness showed it. It wraps [ErrBehind] or [ErrForked].
type Contradiction struct {
	Err        error
	Checkpoint []byte // signed with the log's own key
}

func (e *Contradiction) Error() string { return e.Err.Error() }
func (e *Contradiction) Unwrap() error { return e.Err }

// CircleConfig says which witnesses a log asks.
type CircleConfig struct {
	Log    *Log
	Policy *Policy
	Client *http.Client // how it reaches them; its timeout bounds one question

	// Report is told of every round. After a *Contradiction nothing may be signed.
	Report func(Head, error)
}

// A Circle has the heads of a log cosigned by the witnesses of a policy, and
// keeps those that enough of them cosigned.
type Circle struct {
	cfg CircleConfig

	round sync.Mutex
	known map[string]domain.Seq // what each witness cosigned last, by its key

	mu   sync.RWMutex
	kept *points
}

// OpenCircle opens what is kept of a log's cosigned heads.
func OpenCircle(c CircleConfig) (*Circle, error) {
	ci := &Circle{cfg: c, known: map[string]domain.Seq{}}
	var err error
	ci.kept, err = openPoints(filepath.Join(c.Log.cfg.Dir, cosignedFile), c.Log.read)
	if err != nil {
		return nil, fmt.Errorf("seal: log %s: %w", c.Log.cfg.Origin, err)
	}
	return ci, nil
}

// Close closes what is kept. No round may be under way.
func (c *Circle) Close() error { return c.kept.f.Close() }

// Head gives the newest cosigned head; the zero Head while there is none.
func (c *Circle) Head() (Head, error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if n := len(c.kept.index); n > 0 {
		return c.kept.head(c.kept.index[n-1], c.cfg.Log.read)
	}
	return Head{}, nil
}

// every is how long a round waits for more heads after the one before.
const every = time.Minute

// Run has the newest head cosigned, at most once a minute, until the context
// ends. What goes wrong is told to Report, and tried again.
func (c *Circle) Run(ctx context.Context) error {
	for {
		next := c.cfg.Log.Next()
		if c.cfg.Log.Head().Size > 0 {
			c.cfg.Report(c.Round(ctx))
			if err := pause(ctx, every); err != nil {
				return err
			}
		}
		select {
		case <-next:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Covering gives the first cosigned head that covers an entry, or
// [ErrNotSealed].
func (c *Circle) Covering(seq domain.Seq) (Head, error) { return c.find(seq, (*points).covering) }

// Before gives the last cosigned head that does not cover an entry, or
// [ErrNotSealed].
func (c *Circle) Before(seq domain.Seq) (Head, error) { return c.find(seq, (*points).before) }

func (c *Circle) find(seq domain.Seq, which func(*points, domain.Seq) (point, bool)) (Head, error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	p, ok := which(c.kept, seq)
	if !ok {
		return Head{}, fmt.Errorf("log %s: entry %d: %w", c.cfg.Log.cfg.Origin, seq, ErrNotSealed)
	}
	return c.kept.head(p, c.cfg.Log.read)
}

// Round asks every witness to cosign the newest head and keeps it where enough
// did. The error joins what went wrong with each; [ErrQuorum] where they are too
// few, a [*Contradiction] where a witness shows one.
func (c *Circle) Round(ctx context.Context) (Head, error) {
	c.round.Lock()
	defer c.round.Unlock()
	head := c.cfg.Log.Head()
	if head.Size == 0 {
		return head, nil
	}
	signed := head.Note
	var errs []error
	for _, w := range c.cfg.Policy.Witnesses {
		if w.URL == "" {
			continue
		}
		line, err := c.ask(ctx, w, head)
		if err != nil {
			errs = append(errs, fmt.Errorf("witness %s: %w", w.Name, err))
			continue
		}
		signed = append(bytes.Clone(signed), line...)
	}
	cosigned, err := c.cfg.Policy.Check(signed, head.At, time.Now())
	if err != nil {
		return head, errors.Join(append(errs, err)...)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return cosigned, errors.Join(append(errs, c.kept.append(head, signed, time.Now()))...)
}

// ask has a witness cosign a head, and gives its line. A witness that remembers
// another size says so, and is asked again from there. Its word alone, that it
// remembers more or something else, counts for nothing: it has to show what the
// log signed.
func (c *Circle) ask(ctx context.Context, w Party, head Head) (line []byte, err error) {
	for range 2 {
		old := c.known[w.Key]
		if old > head.Size {
			break
		}
		line, err = c.post(ctx, w, old, head)
		var no *Declined
		switch {
		case err == nil:
			c.known[w.Key] = head.Size
			return line, nil
		case !errors.As(err, &no):
			return nil, err
		case no.Status == http.StatusConflict && no.Size != old:
			c.known[w.Key] = no.Size
		case no.Status == http.StatusUnprocessableEntity:
			return nil, errors.Join(c.contradiction(ctx, w), err)
		default:
			return nil, err
		}
	}
	return nil, errors.Join(c.contradiction(ctx, w), fmt.Errorf("it says that it cosigned %d entries, and there are %d", c.known[w.Key], head.Size))
}

// contradiction asks a witness for the checkpoint that it remembers, and gives it
// where the log's own key signed it and the log's entries contradict it.
func (c *Circle) contradiction(ctx context.Context, w Party) error {
	status, signed, err := c.do(ctx, http.MethodGet, w, "/"+nameOf(c.cfg.Log.cfg.Origin)+"/checkpoint", nil)
	if err != nil || status != http.StatusOK {
		return err
	}
	theirs, err := c.cfg.Log.read(signed)
	if err != nil {
		return err
	}
	if mine := c.cfg.Log.Head(); theirs.Size > mine.Size {
		return &Contradiction{fmt.Errorf("%w: %d were, and there are %d", ErrBehind, theirs.Size, mine.Size), signed}
	}
	tree, err := c.cfg.Log.levels.root(int64(theirs.Size))
	if err == nil && domain.Hash(tree.Hash) != theirs.Root {
		err = &Contradiction{fmt.Errorf("%w: the first %d have the root %s, signed was %s", ErrForked, theirs.Size, domain.Hash(tree.Hash), theirs.Root), signed}
	}
	return err
}

func (c *Circle) post(ctx context.Context, w Party, old domain.Seq, head Head) ([]byte, error) {
	body := fmt.Appendf(nil, "old %d\n", old)
	if old > 0 && old < head.Size {
		proof, err := c.cfg.Log.Consistency(old, head.Size)
		if err != nil {
			return nil, err
		}
		for _, h := range proof {
			body = append(base64.StdEncoding.AppendEncode(body, h[:]), '\n')
		}
	}
	body = append(append(body, '\n'), head.Note...)
	status, answer, err := c.do(ctx, http.MethodPost, w, "/add-checkpoint", body)
	if err != nil {
		return nil, err
	}
	if status == http.StatusOK {
		return cosignature(w.Key, head.Note, answer)
	}
	no := &Declined{Status: status, Why: fmt.Sprintf("it answers %d: %.200q", status, answer)}
	if status == http.StatusConflict {
		n, err := strconv.ParseUint(strings.TrimSuffix(string(answer), "\n"), 10, 63)
		if err != nil {
			return nil, fmt.Errorf("it answers 409 with %.40q instead of a size", answer)
		}
		no.Size = domain.Seq(n)
	}
	return nil, no
}

// do asks a witness something and gives its answer.
func (c *Circle) do(ctx context.Context, method string, w Party, path string, body []byte) (status int, answer []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(w.URL, "/")+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	res, err := c.cfg.Client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	const most = 64 << 10
	answer, err = io.ReadAll(io.LimitReader(res.Body, most))
	return res.StatusCode, answer, err
}

// cosignature picks from a witness's answer the line under the key that the
// policy knows, and checks it. Lines under other keys are ignored.
func cosignature(vkey string, signed, answer []byte) ([]byte, error) {
	v, err := torchwood.NewCosignatureVerifier(vkey)
	if err != nil {
		return nil, err
	}
	n, err := note.Open(append(bytes.Clone(signed), answer...), note.VerifierList(v))
	if err != nil {
		return nil, fmt.Errorf("its cosignature: %w", err)
	}
	sig := n.Sigs[0]
	return fmt.Appendf(nil, "— %s %s\n", sig.Name, sig.Base64), nil
}

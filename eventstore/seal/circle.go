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
	// ErrBehind says that a witness remembers more entries of this log than there
	// are: the ledger is an older copy of itself. Nothing may be signed.
	ErrBehind = errors.New("a witness remembers more entries than there are")

	// ErrForked says that a witness remembers other entries of this log. Nothing
	// may be signed.
	ErrForked = errors.New("a witness remembers other entries")
)

// CircleConfig says which witnesses a log asks.
type CircleConfig struct {
	Log    *Log
	Policy *Policy
	Client *http.Client // how it reaches them; its timeout bounds one question
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

// Covering gives the first cosigned head that covers an entry, or
// [ErrNotSealed].
func (c *Circle) Covering(seq domain.Seq) (Head, error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	p, ok := c.kept.covering(seq)
	if !ok {
		return Head{}, fmt.Errorf("log %s: entry %d: %w", c.cfg.Log.cfg.Origin, seq, ErrNotSealed)
	}
	signed, err := c.kept.note(p)
	if err != nil {
		return Head{}, err
	}
	head, err := c.cfg.Log.read(signed)
	head.At = p.at
	return head, err
}

// Round asks every witness to cosign the newest head and keeps it where enough
// did. The error joins what went wrong with each; [ErrQuorum] where they are too
// few, [ErrBehind] and [ErrForked] where a witness contradicts the log.
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
// another size says so, and is asked again from there.
func (c *Circle) ask(ctx context.Context, w Party, head Head) ([]byte, error) {
	for range 2 {
		old := c.known[w.Key]
		if old > head.Size {
			return nil, fmt.Errorf("%w: it cosigned %d, and the head has %d", ErrBehind, old, head.Size)
		}
		line, err := c.post(ctx, w, old, head)
		var no *Declined
		if errors.As(err, &no) && no.Status == http.StatusConflict && no.Size != old {
			c.known[w.Key] = no.Size
			continue
		}
		if no != nil && no.Status == http.StatusUnprocessableEntity {
			err = fmt.Errorf("%w: %w", ErrForked, err)
		}
		if err == nil {
			c.known[w.Key] = head.Size
		}
		return line, err
	}
	return nil, fmt.Errorf("%w: it cosigned %d, and the head has %d", ErrBehind, c.known[w.Key], head.Size)
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
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(w.URL, "/")+"/add-checkpoint", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	res, err := c.cfg.Client.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	const most = 64 << 10
	answer, err := io.ReadAll(io.LimitReader(res.Body, most))
	if err != nil {
		return nil, err
	}
	if res.StatusCode == http.StatusOK {
		return cosignature(w.Key, head.Note, answer)
	}
	no := &Declined{Status: res.StatusCode, Why: fmt.Sprintf("it answers %s: %.200q", res.Status, answer)}
	if res.StatusCode == http.StatusConflict {
		n, err := strconv.ParseUint(strings.TrimSuffix(string(answer), "\n"), 10, 63)
		if err != nil {
			return nil, fmt.Errorf("it answers 409 with %.40q instead of a size", answer)
		}
		no.Size = domain.Seq(n)
	}
	return nil, no
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

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"time"

	"incidentledger/domain"
	"incidentledger/eventstore"
	"incidentledger/eventstore/seal"
	"incidentledger/handlers/api"
)

// An authority stamps the heads of an organisation's log with the time (RFC 3161).
type authority struct {
	Name  string        `yaml:"name"`  // what it is called here, for ever
	URL   string        `yaml:"url"`   // where it is asked
	Roots string        `yaml:"roots"` // file of certificates (PEM) by which its timestamps are judged
	Every time.Duration `yaml:"every"` // 0: an hour
}

func checkAuthorities(list []authority) error {
	names := map[string]bool{}
	for _, a := range list {
		u, err := url.Parse(a.URL)
		switch {
		case !seal.GoodTSA(a.Name) || names[a.Name]:
			return fmt.Errorf("timestamps: an authority has a name of its own, of small letters, digits and hyphens; %q is none", a.Name)
		case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
			return fmt.Errorf("timestamps: %s: %q is no address of HTTP", a.Name, a.URL)
		case a.Roots == "":
			return fmt.Errorf("timestamps: %s: roots names the file of certificates by which it is judged", a.Name)
		case a.Every != 0 && a.Every < time.Minute:
			return fmt.Errorf("timestamps: %s: it is asked every minute at most", a.Name)
		}
		names[a.Name] = true
	}
	return nil
}

// roots reads by what each authority is judged.
func (p proofing) roots() (map[string]*seal.Roots, error) {
	out := map[string]*seal.Roots{}
	for _, a := range p.Timestamps {
		text, err := os.ReadFile(a.Roots)
		if err == nil {
			out[a.Name], err = seal.ParseRoots(text)
		}
		if err != nil {
			return nil, usage("roots of %s: %v", a.Name, err)
		}
	}
	return out, nil
}

// patience is how long one question to an authority may take, and how long an
// export waits for all of them.
const patience = 10 * time.Second

// timed has an office's heads stamped with the time until the context ends.
// Nothing waits for it. What is kept of timestamps counts also where nobody is
// asked any more.
func (s *serving) timed(ctx context.Context, o *office) error {
	conf := s.app.conf.Proof[o.org]
	roots, err := conf.roots()
	if err != nil {
		return err
	}
	c := seal.ClockConfig{Log: o.seal, Circle: o.circle.Load(), Client: &http.Client{Timeout: patience}, Report: func(tsa string, st seal.Stamp, failures int, err error) {
		s.stamped(o, tsa, st, failures, err)
	}}
	for _, a := range conf.Timestamps {
		if a.Every == 0 {
			a.Every = time.Hour
		}
		c.TSAs = append(c.TSAs, seal.TSA{Name: a.Name, URL: a.URL, Roots: roots[a.Name], Every: a.Every})
	}
	k, err := seal.OpenClock(c)
	if errors.Is(err, seal.ErrDamaged) {
		s.log.Error("the kept timestamps are damaged; no others are asked for until the file is put back from a copy", "org", o.org, "alarm", true, "err", err)
		return nil
	}
	if err != nil {
		return err
	}
	o.clock.Store(k)
	s.ageing(o, k)
	s.room(ctx, o.org, "timestamps", func(ctx context.Context) error {
		err := k.Run(ctx)
		<-ctx.Done()
		o.clock.Store(nil)
		return errors.Join(err, k.Close())
	})
	return nil
}

// stamped tells of a question to an authority. One that does not answer is an
// alarm the second time; an answer that was refused is one at once.
func (s *serving) stamped(o *office, tsa string, st seal.Stamp, failures int, err error) {
	switch {
	case err == nil:
		s.log.Info("stamped with the time", "org", o.org, "authority", tsa, "entries", st.Size, "at", st.At)
		if k := o.clock.Load(); k != nil {
			s.ageing(o, k)
		}
	case errors.Is(err, seal.ErrToken), errors.Is(err, seal.ErrUntrusted):
		s.log.Error("a timestamp was refused", "org", o.org, "alarm", true, "authority", tsa, "err", err)
	case failures > 1:
		s.log.Error("a timestamping authority does not answer; the entries are stamped once it does", "org", o.org, "alarm", true, "authority", tsa, "failures", failures, "err", err)
	default:
		s.log.Warn("a timestamping authority does not answer", "org", o.org, "authority", tsa, "err", err)
	}
}

// ageing tells when timestamps are to be renewed.
func (s *serving) ageing(o *office, k *seal.Clock) {
	if st, due := k.Ageing(time.Now()); due {
		s.log.Warn(agesOut(st), "org", o.org)
	}
}

func agesOut(st seal.Stamp) string {
	return fmt.Sprintf("the certificate of the newest timestamp (%s, %s) ages out on %s; have an authority stamp the entries before, whose certificate lasts longer", st.TSA, st.Subject, st.Expires.Format(time.DateOnly))
}

// trust tells when an entry reached each level of trust.
func (o *office) trust(seq domain.Seq) api.Trust {
	return api.Trust(seal.TrustOf(seq, o.seal, o.circle.Load(), o.clock.Load()))
}

// stampedFor has a head of a bundle stamped, as far as the authorities answer in
// time, and gives the timestamps over the notes of a bundle.
func (o *office) stampedFor(ctx context.Context, head seal.Head, notes map[domain.Seq][]byte) (map[domain.Seq]map[string][]byte, error) {
	k := o.clock.Load()
	if k == nil {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_ = k.Ask(ctx, head) // what failed was reported, and a bundle without one says so when it is verified
	out := map[domain.Seq]map[string][]byte{}
	for size, note := range notes {
		over, err := k.Over(note)
		if err != nil {
			return nil, err
		}
		out[size] = over
	}
	return out, nil
}

// timestamps tells where an organisation's timestamps stand, from its files. That
// none are configured is no fault.
func (a *app) timestamps(org domain.OrgID, orgDir string) (string, error) {
	t, err := seal.ReadTimestamps(sealDir(orgDir), time.Now())
	asked := len(a.conf.Proof[org].Timestamps)
	switch {
	case err != nil:
		return "", err
	case t.Ages:
		return "", errors.New(agesOut(t.Newest))
	case t.Count == 0 && asked == 0:
		return "no timestamping authority is configured; proof.ORG.timestamps in the configuration file names them", nil
	case t.Count == 0 && eventstore.InUse(a.data):
		return "", fmt.Errorf("%d are asked for timestamps, and none has come; the log of the process that serves says why", asked)
	case t.Count == 0:
		return fmt.Sprintf("%d are configured; they are asked while a process serves", asked), nil
	}
	return fmt.Sprintf("%d are kept; the newest, by %s, covers the first %d entries as of %s, and its certificate lasts until %s", t.Count, t.Newest.TSA, t.Newest.Size,
		t.Newest.At.Format(time.RFC3339), t.Newest.Expires.Format(time.DateOnly)), nil
}

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/go-json-experiment/json"

	"incidentledger/domain"
)

// startPatience is how long a served ledger may take to become ready before the
// bench gives up.
const startPatience = 5 * time.Minute

// A served ledger is this program in a process of its own.
type served struct {
	cmd    *exec.Cmd
	data   string
	begun  time.Time
	ended  chan struct{} // closed when the process has
	err    error         // how it ended
	stderr *bytes.Buffer // read only after ended
	http   *http.Client
}

// serveLarge starts the program on the large ledger, with the settings that
// everybody gets.
func (b *bench) serveLarge(l *benchLedger) (*served, error) {
	socket := (&app{data: l.data}).socketPath()
	args := append(b.self[1:len(b.self):len(b.self)], "--data", l.data, "--master-key", l.master, "serve", "--listen", "127.0.0.1:0")
	s := &served{
		cmd: exec.Command(b.self[0], args...), data: l.data, stderr: new(bytes.Buffer), ended: make(chan struct{}), begun: time.Now(),
		http: &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				var d net.Dialer
				return d.DialContext(ctx, "unix", socket)
			}}},
	}
	s.cmd.Stderr = s.stderr
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		s.err = s.cmd.Wait()
		close(s.ended)
	}()
	return s, nil
}

// readiness is what of /readyz counts here.
type readiness struct {
	Ready         bool `json:"ready"`
	Organisations []struct {
		Views []struct {
			Behind uint64 `json:"behind"`
		} `json:"views"`
	} `json:"organisations"`
}

// shown reports whether every view knows every entry.
func (r readiness) shown() bool {
	for _, o := range r.Organisations {
		for _, v := range o.Views {
			if v.Behind > 0 {
				return false
			}
		}
	}
	return r.Ready && len(r.Organisations) > 0
}

// until waits until the program says of itself what is asked, and tells how long
// after its start that was.
func (s *served) until(ctx context.Context, good func(readiness) bool) (time.Duration, error) {
	ctx, stop := context.WithTimeout(ctx, startPatience)
	defer stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if r, ok := s.readyz(ctx); ok && good(r) {
			return time.Since(s.begun), nil
		}
		select {
		case <-tick.C:
		case <-s.ended:
			return 0, fmt.Errorf("the served ledger ended: %w: %s", s.err, strings.TrimSpace(s.stderr.String()))
		case <-ctx.Done():
			return 0, fmt.Errorf("the served ledger is not ready: %w", ctx.Err())
		}
	}
}

// readyz asks once; not ok means that nobody answers yet.
func (s *served) readyz(ctx context.Context) (r readiness, ok bool) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://localhost/readyz", nil)
	if err != nil {
		return r, false
	}
	res, err := s.http.Do(req)
	if err != nil {
		return r, false
	}
	defer res.Body.Close()
	return r, json.UnmarshalRead(res.Body, &r) == nil
}

// kill ends the program as a power cut of the process would; stop in good order.
func (s *served) kill() error { return s.end(syscall.SIGKILL, false) }
func (s *served) stop() error { return s.end(syscall.SIGTERM, true) }

func (s *served) end(sig os.Signal, clean bool) error {
	s.http.CloseIdleConnections()
	if err := s.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-s.ended
	if clean && s.err != nil {
		return fmt.Errorf("the served ledger did not stop in good order: %w: %s", s.err, strings.TrimSpace(s.stderr.String()))
	}
	return nil
}

// memory measures the program itself after it built all views anew. It does all
// that serve does meanwhile: the ledger's integration events, too, are published
// for the first time.
func (b *bench) memory(ctx context.Context) error {
	l, err := b.large(ctx)
	if err != nil {
		return err
	}
	if err := os.RemoveAll(l.viewsDir()); err != nil {
		return err
	}
	l.shown = false
	b.say("memory: the program builds all views")
	s, err := b.serveLarge(l)
	if err != nil {
		return err
	}
	took, err := s.until(ctx, readiness.shown)
	if err != nil {
		return errors.Join(err, s.kill())
	}
	rss, peak, err := memoryOf(s.cmd.Process.Pid)
	if err = errors.Join(err, s.stop()); err != nil {
		return err
	}
	l.shown = true
	b.add(benchRow{Name: "memory", What: fmt.Sprintf("RSS of serve after it built all views from %d entries", l.last), Unit: "MiB", Value: rss, Rounds: 1,
		Note: fmt.Sprintf("peak %s MiB; start to caught up %.1f s, while it publishes its integration events, too", figure(peak), took.Seconds())}.valueBelow(600))
	return nil
}

// memoryOf gives a process's resident memory now and at its highest, in MiB.
func memoryOf(pid int) (now, peak float64, err error) {
	raw, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(string(raw)) {
		f := strings.Fields(line)
		if len(f) < 2 || f[0] != "VmRSS:" && f[0] != "VmHWM:" {
			continue
		}
		kib, err := strconv.ParseFloat(f[1], 64)
		if err != nil {
			return 0, 0, fmt.Errorf("memory of process %d: %q", pid, line)
		}
		if f[0] == "VmRSS:" {
			now = kib / 1024
		} else {
			peak = kib / 1024
		}
	}
	return now, peak, nil
}

// start measures from starting the program until it is ready, after a clean stop
// and after a kill, in turns. A start after a kill is let come to rest before it
// is stopped.
func (b *bench) start(ctx context.Context) error {
	l, err := b.largeShown(ctx)
	if err != nil {
		return err
	}
	most := min(b.rounds, 3)
	var clean, killed []float64
	for round := range most {
		b.say("start: round %d of %d", round+1, most)
		a, err := b.startOnce(ctx, l, (*served).kill)
		if err != nil {
			return fmt.Errorf("after a clean stop: %w", err)
		}
		k, err := b.startOnce(ctx, l, (*served).stop)
		if err != nil {
			return fmt.Errorf("after kill -9: %w", err)
		}
		clean, killed = append(clean, a.Seconds()), append(killed, k.Seconds())
	}
	for _, r := range []benchRow{
		{What: "start to ready after a clean stop", Value: median(clean)},
		{What: "start to ready after kill -9", Value: median(killed)},
	} {
		r.Name, r.Unit, r.Rounds, r.What = "start", "s", most, fmt.Sprintf("%s, %d entries", r.What, l.last)
		b.add(r.valueBelow(10))
	}
	return nil
}

// startOnce starts the program, waits until it is ready, gives it an order, so
// that there is something to stop in, and ends it.
func (b *bench) startOnce(ctx context.Context, l *benchLedger, end func(*served) error) (time.Duration, error) {
	s, err := b.serveLarge(l)
	if err != nil {
		return 0, err
	}
	took, err := s.until(ctx, func(r readiness) bool { return r.Ready })
	if err == nil {
		err = s.report(ctx)
	}
	if err != nil {
		return 0, errors.Join(err, s.kill())
	}
	return took, end(s)
}

// report gives the program an order, as any client would.
func (s *served) report(ctx context.Context) (err error) {
	c, err := (&app{data: s.data, org: string(benchOrg)}).connect(ctx)
	if err != nil {
		return err
	}
	_, err = apiDesk{c}.Give(ctx, benchOrder(1, "employee", domain.Key{}, benchReport(1)))
	return errors.Join(err, c.close())
}

package main

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"

	"incidentledger/domain"
)

// A kit that cannot be made is an alarm in the log and stands in the state of the
// program, whose readiness it does not touch; orders are taken all the same, and
// the file that stood in its way stays.
func TestAKitThatCannotBeMade(t *testing.T) {
	t.Parallel()
	th := openTownHall(t, t.TempDir())
	dir := t.TempDir()
	invoice := filepath.Join(dir, string(childOrg), "kit.pdf")
	if err := os.MkdirAll(filepath.Dir(invoice), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(invoice, []byte("An invoice."), 0o600); err != nil {
		t.Fatal(err)
	}
	r, w := io.Pipe()
	a := &app{std: stdio{nil, io.Discard, io.Discard}, quiet: true}
	a.conf.Kit = kitConfig{Dir: dir}
	s := &serving{app: a, house: th.h, log: slog.New(slog.NewTextHandler(w, nil)), doing: map[domain.OrgID]bool{}}
	ctx, stop := context.WithCancel(t.Context())
	th.ends = func() { stop(); s.wg.Wait() }
	t.Cleanup(th.ends)
	if err := s.work(ctx, childOrg); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(r)
	for lines.Scan() && !strings.Contains(lines.Text(), "the offline kit could not be made") {
	}
	go io.Copy(io.Discard, r)
	if !strings.Contains(lines.Text(), "alarm=true") || !strings.Contains(lines.Text(), "kit.pdf is no offline kit") {
		t.Errorf("the log says %s", lines.Text())
	}
	rec := httptest.NewRecorder()
	th.api.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), "GET", "http://localhost/readyz", nil))
	if rec.Code != 200 || !strings.Contains(rec.Body.String(), "kit.pdf is no offline kit") {
		t.Errorf("/readyz answers %d %s", rec.Code, rec.Body)
	}
	c := &client{http: &http.Client{Transport: &inProcess{h: th.api}}, base: "http://localhost/api/v1"}
	if _, err := c.kit(t.Context(), childOrg); err == nil || !strings.Contains(err.Error(), "could not be made since the program began") {
		t.Errorf("doctor says %v", err)
	}
	th.mustGive("report", domain.Key{})
	if b, err := os.ReadFile(invoice); err != nil || string(b) != "An invoice." {
		t.Errorf("the invoice is %q, %v", b, err)
	}
}

// holds waits until all of some texts stand in a file: it looks each time when
// something was put into its folder.
func holds(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: holds FILE TEXT…")
	}
	path := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(filepath.Dir(path), 0o700))
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC)
	ts.Check(err)
	defer unix.Close(fd)
	_, err = unix.InotifyAddWatch(fd, filepath.Dir(path), unix.IN_MOVED_TO)
	ts.Check(err)
	events := make([]byte, 64<<10)
	for late := time.Now().Add(30 * time.Second); ; {
		b, err := os.ReadFile(path)
		if err == nil && !slices.ContainsFunc(args[1:], func(text string) bool { return !strings.Contains(string(b), text) }) {
			return
		}
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, max(0, int(time.Until(late).Milliseconds())))
		if err == unix.EINTR {
			continue
		}
		ts.Check(err)
		if n == 0 {
			ts.Fatalf("%s does not hold %q", path, args[1:])
		}
		_, err = unix.Read(fd, events)
		ts.Check(err)
	}
}

// A kit that a stopped server left is a finding once a night has passed without a
// newer one.
func TestAKitThatIsLeftGrowsOld(t *testing.T) {
	t.Parallel()
	k := kitConfig{Dir: t.TempDir()}
	path := filepath.Join(k.Dir, "nuth", "kit.html")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	st, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	for age, fresh := range map[time.Duration]bool{time.Minute: true, 24 * time.Hour: true, 26 * time.Hour: false} {
		if said, err := k.left("nuth", st.ModTime().Add(age)); fresh != (err == nil) {
			t.Errorf("after %s: %s, %v", age, said, err)
		}
	}
	if _, err := k.left("elsewhere", st.ModTime()); err == nil {
		t.Error("a kit that is not there is none")
	}
}

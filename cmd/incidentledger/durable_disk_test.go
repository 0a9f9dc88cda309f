package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"incidentledger/domain"
	"incidentledger/handlers"
)

// A small disk of its own for a data folder, which a test may fill or write-protect.
const smallDisk = 256 << 20

// It is a mount, which the kernel grants to root alone, and in a container not even
// to root: without it there is no disk that a test may fill, and the test is skipped.
func newSmallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	switch err := unix.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d", smallDisk)); {
	case errors.Is(err, unix.EPERM):
		t.Skip("this process may mount no disk to fill:", err)
	case err != nil:
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	return dir
}

// fillDisk takes all room on a disk but leave bytes, or a little more where
// others write to it meanwhile and are quicker.
func fillDisk(t *testing.T, disk string, leave int64) (free func()) {
	t.Helper()
	path := filepath.Join(disk, "ballast")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for {
		var st unix.Statfs_t
		if err := unix.Statfs(disk, &st); err != nil {
			t.Fatal(err)
		}
		err := unix.Fallocate(int(f.Fd()), 0, 0, int64(st.Bavail)*st.Bsize-leave)
		if err == nil {
			break
		}
		if !errors.Is(err, unix.ENOSPC) {
			t.Fatal(err)
		}
		leave += 256 << 10
	}
	f.Close()
	return func() {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

// townHall is a house with its desk and its API, as serve opens it.
type townHall struct {
	t   *testing.T
	dir string
	h   *house
	o   *office
	api http.Handler
	log bytes.Buffer

	ends func() // stops its rooms, where they were started
}

func openTownHall(t *testing.T, dir string) *townHall {
	t.Helper()
	th := &townHall{t: t, dir: dir}
	var err error
	if th.h, err = durableHouse(t.Context(), dir, &th.log); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { th.h.close() })
	if len(th.h.orgs()) == 0 {
		if err := th.h.found(t.Context(), founding{Org: childOrg, Name: "Gemeente Nuth", Country: "NL", Zone: "Europe/Amsterdam"}); err != nil {
			t.Fatal(err)
		}
	}
	if th.o, err = th.h.office(childOrg); err != nil {
		t.Fatal(err)
	}
	if th.api, err = th.h.api(); err != nil {
		t.Fatal(err)
	}
	return th
}

func (th *townHall) give(what string, key domain.Key) (domain.Receipt, domain.Order, error) {
	o := orderOf(what, handlers.NewOrderID(), key)
	r, err := th.o.desk.Give(th.t.Context(), o)
	return r, o, err
}

func (th *townHall) mustGive(what string, key domain.Key) domain.Receipt {
	th.t.Helper()
	r, _, err := th.give(what, key)
	if err != nil {
		th.t.Fatalf("%v\n%s", err, th.log.String())
	}
	return r
}

// ask sends a request to the API and gives its status and body.
func (th *townHall) ask(method, path, body string) (int, string) {
	req := httptest.NewRequestWithContext(th.t.Context(), method, "http://localhost/api/v1/organisations/nuth"+path, strings.NewReader(body))
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	rec := httptest.NewRecorder()
	th.api.ServeHTTP(rec, req)
	b, _ := io.ReadAll(rec.Body)
	return rec.Code, string(b)
}

// oneLine is the body of an order that adds a line to a logbook.
const oneLine = `{"order":{"actor":{"role":"security-officer"}},"text":"Called the railway."}`

// refusesAndReads is how a ledger behaves that cannot write: every order is put
// off, by desk and API alike, nothing is added, and reading goes on.
func (th *townHall) refusesAndReads(key domain.Key) (putOff domain.Order) {
	th.t.Helper()
	before := th.o.ledger.Last()
	for _, what := range []string{"log", "report"} {
		k := key
		if what == "report" {
			k = domain.Key{}
		}
		_, o, err := th.give(what, k)
		if !errors.Is(err, domain.ErrUnavailable) {
			th.t.Fatalf("%s: %v", what, err)
		}
		putOff = o
	}
	if code, body := th.ask("POST", "/incidents/"+key.String()+"/commands/add-log-entry", oneLine); code != http.StatusServiceUnavailable {
		th.t.Fatalf("the API answers %d %s", code, body)
	}
	if code, body := th.ask("GET", "/incidents/"+key.String(), ""); code != http.StatusOK {
		th.t.Fatalf("reading: %d %s", code, body)
	}
	if now := th.o.ledger.Last(); now != before || th.o.ledger.Err() != nil {
		th.t.Fatalf("the ledger went from entry %d to %d, %v", before, now, th.o.ledger.Err())
	}
	return putOff
}

// worksOn gives an order that was put off again, and more, and checks the whole
// after a stop and a start.
func (th *townHall) worksOn(key domain.Key, putOff domain.Order) {
	th.t.Helper()
	if r, err := th.o.desk.Give(th.t.Context(), putOff); err != nil || r.Repeated {
		th.t.Fatalf("the order that was put off: %+v, %v", r, err)
	}
	if code, body := th.ask("POST", "/incidents/"+key.String()+"/commands/add-log-entry", oneLine); code != http.StatusCreated {
		th.t.Fatalf("the API answers %d %s", code, body)
	}
	th.mustGive("report", domain.Key{})
	last := th.o.ledger.Last()
	if err := th.h.close(); err != nil {
		th.t.Fatal(err)
	}
	if err := verifyLedger(th.t, th.dir); err != nil {
		th.t.Fatal(err)
	}
	again := openTownHall(th.t, th.dir)
	if again.o.ledger.Last() != last {
		th.t.Fatalf("%d entries before the restart, %d after it", last, again.o.ledger.Last())
	}
	for en, err := range again.o.ledger.ReadAll(th.t.Context(), 0) {
		if err == nil && en.ID != (domain.OrderID{}) && strings.HasPrefix(string(en.Actor.Door), "cli") {
			err = checkText(again.o, en)
		}
		if err != nil {
			th.t.Fatal(err)
		}
	}
	again.mustGive("log", key)
	if err := again.h.close(); err != nil {
		th.t.Fatal(err)
	}
}

// TestFullDisk: a full disk is a clear refusal, with nothing half-written; what
// is there can be read; when there is room everything works again.
func TestFullDisk(t *testing.T) {
	for name, leave := range map[string]int64{"to the last page": 0, "but for a megabyte": 1 << 20, "but for the reserve": 31 << 20} {
		t.Run(name, func(t *testing.T) {
			disk := newSmallDisk(t)
			th := openTownHall(t, disk)
			key := th.mustGive("report", domain.Key{}).Key
			if err := th.o.views.WaitFor(t.Context(), "register", th.o.ledger.Last()); err != nil {
				t.Fatal(err)
			}
			free := fillDisk(t, disk, leave)
			putOff := th.refusesAndReads(key)
			free()
			th.worksOn(key, putOff)
		})
	}
}

// TestStartOnAFullDisk: a ledger that was stopped when its disk was full opens,
// or says why not, and is sound when there is room.
func TestStartOnAFullDisk(t *testing.T) {
	disk := newSmallDisk(t)
	th := openTownHall(t, disk)
	key := th.mustGive("report", domain.Key{}).Key
	if err := th.h.close(); err != nil {
		t.Fatal(err)
	}
	free := fillDisk(t, disk, 0)
	h, err := durableHouse(t.Context(), disk, io.Discard)
	if err == nil {
		err = errors.Join(errors.New("it opened"), h.close())
	}
	t.Log("on a full disk:", err)
	free()
	th = openTownHall(t, disk)
	th.mustGive("log", key)
	if err := th.h.close(); err != nil {
		t.Fatal(err)
	}
	if err := verifyLedger(t, disk); err != nil {
		t.Fatal(err)
	}
}

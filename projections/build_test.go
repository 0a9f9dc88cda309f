package projections

import (
	"errors"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"incidentledger/domain"
)

// While a view is rebuilt its live rows are served and follow the ledger; the
// exchange is seen by new readers, and not by those who read already.
func TestRebuildBesideTheLiveRows(t *testing.T) {
	l := newShelf(50)
	building := make(chan struct{})
	gate := make(chan struct{})
	second := false // the second time entry 20 comes by, it is the rebuild
	v := &tally{name: "tally", shape: 1}
	v.at = func(en *domain.Entry) error {
		if en.Seq == 20 && second {
			close(building)
			<-gate
		}
		return nil
	}
	db := openMem(t, vfs.NewMem(), v)
	defer mustClose(t, db)
	stop := start(t, db, l)
	defer stop()
	reach(t, db, "tally", 50)
	second = true
	done := make(chan error, 1)
	var told []domain.Seq
	go func() {
		done <- db.Rebuild(t.Context(), l, "tally", func(s domain.Seq) { told = append(told, s) })
	}()
	<-building
	l.add(10)
	reach(t, db, "tally", 60)
	if st := db.Status()[0]; st.Building == nil || st.Building.Shape != 1 {
		t.Errorf("status while it is built: %+v", st)
	}
	if err := db.Rebuild(t.Context(), l, "tally", nil); err == nil {
		t.Error("a second rebuild at once was not refused")
	}
	before, err := db.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	gone := db.slots[0].live.id
	close(gate)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if db.slots[0].live.id == gone || db.Status()[0].Building != nil {
		t.Error("the generations were not exchanged")
	}
	r, err := before.Read("tally", 1)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for range r.Scan(nil, nil) {
		n++
	}
	if n == 0 || r.Seq() != 60 || r.Err() != nil {
		t.Errorf("the older snapshot has %d rows at %d: %v", n, r.Seq(), r.Err())
	}
	if err := before.Close(); err != nil {
		t.Error(err)
	}
	onlyLive(t, db)
	second = false
	l.add(5)
	reach(t, db, "tally", 65)
	if got, want := digest(t, db, "tally"), reference(t, 1, l, 65)[65]; got != want {
		t.Errorf("rebuilt: %v, want %v", got, want)
	}
	if len(told) == 0 || told[len(told)-1] < 50 {
		t.Errorf("progress was told as %v", told)
	}
}

func TestRebuildWithoutRun(t *testing.T) {
	l := newShelf(45)
	db := openMem(t, vfs.NewMem(), &tally{name: "tally", shape: 1}, &tally{name: "other", shape: 1})
	defer mustClose(t, db)
	if err := db.Rebuild(t.Context(), l, "tally", nil); err != nil {
		t.Fatal(err)
	}
	want := reference(t, 1, l, 45)[45]
	if got := digest(t, db, "tally"); got != want {
		t.Errorf("%v, want %v", got, want)
	}
	stop := start(t, db, l)
	defer stop()
	reach(t, db, "other", 45)
	l.add(1)
	reach(t, db, "other", 46)
	reach(t, db, "tally", 46)
}

// A raised shape is built beside the old rows, which stay until it is done;
// readers of the new shape wait for it.
func TestRaisedShape(t *testing.T) {
	l, fs := newShelf(50), vfs.NewMem()
	db := openMem(t, fs, &tally{name: "tally", shape: 1})
	stop := start(t, db, l)
	reach(t, db, "tally", 50)
	stop()
	mustClose(t, db)

	held, gate := make(chan struct{}), make(chan struct{})
	db = openMem(t, fs, &tally{name: "tally", shape: 2, at: func(en *domain.Entry) error {
		if en.Seq == 30 {
			close(held)
			<-gate
		}
		return nil
	}})
	defer mustClose(t, db)
	stop = start(t, db, l)
	defer stop()
	<-held
	snap, err := db.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := snap.Read("tally", 2); !errors.Is(err, ErrNotBuilt) {
		t.Errorf("reading the new shape too early: %v", err)
	}
	if r, err := snap.Read("tally", 1); err != nil || r.Seq() != 50 {
		t.Errorf("the old rows are gone: %v", err)
	}
	if err := snap.Close(); err != nil {
		t.Error(err)
	}
	close(gate)
	reach(t, db, "tally", 50)
	if got, want := digest(t, db, "tally"), reference(t, 2, l, 50)[50]; got != want {
		t.Errorf("%v, want %v", got, want)
	}
	onlyLive(t, db)
}

// A build that fails leaves the live rows as they are, and nothing of itself.
func TestFailingRebuildChangesNothing(t *testing.T) {
	l := newShelf(50)
	v := &tally{name: "tally", shape: 1}
	db := openMem(t, vfs.NewMem(), v)
	defer mustClose(t, db)
	stop := start(t, db, l)
	reach(t, db, "tally", 50)
	stop()
	before := digest(t, db, "tally")
	v.at = func(en *domain.Entry) error {
		if en.Seq == 25 {
			return errors.New("no longer understood")
		}
		return nil
	}
	if err := db.Rebuild(t.Context(), l, "tally", nil); err == nil || !strings.Contains(err.Error(), "no longer understood") {
		t.Errorf("rebuild: %v", err)
	}
	if got := digest(t, db, "tally"); got != before {
		t.Errorf("live rows changed: %v, were %v", got, before)
	}
	if st := db.Status()[0]; st.Building != nil || st.Err != nil {
		t.Errorf("status %+v", st)
	}
	onlyLive(t, db)
}

// Check finds rows that are not what the entries make, also in a store that is
// open for reading only, and changes nothing.
func TestCheck(t *testing.T) {
	l, fs := newShelf(60), vfs.NewMem()
	db := openMem(t, fs, &tally{name: "tally", shape: 1})
	stop := start(t, db, l)
	reach(t, db, "tally", 60)
	stop()
	mustClose(t, db)
	l.add(7) // entries that the store does not know of do not count

	ro, err := Open(Config{Dir: "views", FS: fs, ReadOnly: true, Logger: quiet}, &tally{name: "tally", shape: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := ro.Run(t.Context(), l); err == nil {
		t.Error("a store open for reading only runs")
	}
	live, rebuilt, err := ro.Check(t.Context(), l, "tally", nil)
	if err != nil || live != rebuilt || live.Seq != 60 {
		t.Errorf("check: %v, %v, %v", live, rebuilt, err)
	}
	mustClose(t, ro)

	lying := &tally{name: "tally", shape: 1}
	db = openMem(t, fs, lying)
	defer mustClose(t, db)
	db.head.lines[0].tx.Set([]byte("c-forged"), []byte("1"))
	db.head.entries = 1
	if err := db.head.commit(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	live, rebuilt, err = db.Check(t.Context(), l, "tally", nil)
	if err != nil || live.Sum == rebuilt.Sum || live.Seq != rebuilt.Seq {
		t.Errorf("a forged row was not found: %v, %v, %v", live, rebuilt, err)
	}
	if left, err := fs.List("views-check"); err != nil || len(left) != 0 {
		t.Errorf("the scratch folder still holds %v (%v)", left, err)
	}
}

package main

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/handlers"
)

// TestEightWritersOnOneIncident: people write in one logbook at the same time, at
// two desks that know nothing of each other. Every line is there once, in one
// unbroken chain; where a desk gave up on a conflict it said so, and wrote nothing.
func TestEightWritersOnOneIncident(t *testing.T) {
	const writers, lines = 8, 25
	th := openTownHall(t, t.TempDir())
	second := handlers.NewDesk(handlers.Config{
		Org: th.o.org, Log: th.o.ledger, Sealer: th.o.vault, Kinds: kinds(th.o.law), Version: th.h.store.Codec().Version,
	})
	key := th.mustGive("report", domain.Key{}).Key
	var mu sync.Mutex
	accepted := map[domain.OrderID]domain.Seq{}
	conflicts := 0
	var wg sync.WaitGroup
	for w := range writers {
		desk := []*handlers.Desk{th.o.desk, second}[w%2]
		wg.Go(func() {
			for range lines {
				o := orderOf("log", handlers.NewOrderID(), key)
				r, err := desk.Give(t.Context(), o)
				var no *domain.Refusal
				mu.Lock()
				switch {
				case err == nil:
					accepted[o.ID] = r.Seq
				case errors.As(err, &no) && no.Code == domain.CodeConflict:
					conflicts++
				default:
					t.Errorf("an order was answered with %v", err)
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	stored := 0
	for en, err := range th.o.ledger.Load(t.Context(), domain.Ref{Kind: incident.Name, Key: key}, 0) {
		if err != nil {
			t.Fatal(err)
		}
		if en.Prev == 0 {
			continue
		}
		stored++
		if seq, ok := accepted[en.ID]; !ok || seq != en.Seq {
			t.Errorf("entry %d: its caller was told %d (%v)", en.Seq, seq, ok)
		}
	}
	if stored != len(accepted) || stored+conflicts != writers*lines {
		t.Fatalf("%d lines stored, %d accepted, %d conflicts, of %d", stored, len(accepted), conflicts, writers*lines)
	}
	t.Logf("%d accepted, %d conflicts reported", stored, conflicts)
}

// TestTheSameOrdersFromEightCallers: five orders, each sent by eight callers at
// once, at two desks: each has one entry, and every caller the same receipt. The
// same id with other content is refused.
func TestTheSameOrdersFromEightCallers(t *testing.T) {
	th := openTownHall(t, t.TempDir())
	second := handlers.NewDesk(handlers.Config{
		Org: th.o.org, Log: th.o.ledger, Sealer: th.o.vault, Kinds: kinds(th.o.law), Version: th.h.store.Codec().Version,
	})
	key := th.mustGive("report", domain.Key{}).Key
	var orders []domain.Order
	for i := range 5 {
		what, k := "log", key
		if i < 2 {
			what, k = "report", domain.Key{}
		}
		orders = append(orders, orderOf(what, handlers.NewOrderID(), k))
	}
	before := th.o.ledger.Last()
	var fresh atomic.Int64
	seqs := make([]sync.Map, len(orders))
	start := make(chan struct{})
	var wg sync.WaitGroup
	for c := range 8 {
		desk := []*handlers.Desk{th.o.desk, second}[c%2]
		wg.Go(func() {
			<-start
			for n := range orders {
				i := (n + c) % len(orders)
				r, err := desk.Give(t.Context(), orders[i])
				if err != nil {
					t.Errorf("order %d: %v", i, err)
					continue
				}
				if !r.Repeated {
					fresh.Add(1)
				}
				seqs[i].Store(fmt.Sprint(r.Seq, r.Key), true)
			}
		})
	}
	close(start)
	wg.Wait()
	for i := range seqs {
		var got []string
		seqs[i].Range(func(k, _ any) bool { got = append(got, k.(string)); return true })
		if len(got) != 1 {
			t.Errorf("order %d has the receipts %q", i, got)
		}
	}
	if added := th.o.ledger.Last() - before; added != 5 || fresh.Load() != 5 {
		t.Errorf("five orders made %d entries and %d first receipts", added, fresh.Load())
	}
	other := orders[4]
	other.Command = &incident.AddLogEntry{Text: "Something else."}
	var no *domain.Refusal
	if _, err := th.o.desk.Give(t.Context(), other); !errors.As(err, &no) || no.Code != domain.CodeReused {
		t.Errorf("the same id with other content: %v", err)
	}
}

// TestUnderLoadWithoutRoom: while callers press on, the disk fills and is emptied
// again. Each order is accepted, or put off with 503: there is no other answer,
// reading goes on, and every accepted one is there after the restart.
func TestUnderLoadWithoutRoom(t *testing.T) {
	disk := newSmallDisk(t)
	th := openTownHall(t, disk)
	key := th.mustGive("report", domain.Key{}).Key
	path := "/incidents/" + key.String() + "/commands/add-log-entry"
	before := th.o.ledger.Last()
	var accepted, putOff atomic.Int64
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				body := strings.Replace(oneLine, "Called", handlers.NewOrderID().String(), 1)
				switch code, text := th.ask("POST", path, body); code {
				case http.StatusCreated:
					accepted.Add(1)
				case http.StatusServiceUnavailable:
					putOff.Add(1)
				default:
					t.Errorf("the API answers %d %s", code, text)
					return
				}
			}
		})
	}
	// Each step waits until callers have felt the one before.
	until := func(n *atomic.Int64, more int64) {
		for from := n.Load(); n.Load() < from+more && !t.Failed(); {
			if code, text := th.ask("GET", "/incidents/"+key.String(), ""); code != http.StatusOK {
				t.Errorf("reading: %d %s", code, text)
			}
		}
	}
	until(&accepted, 50)
	free := fillDisk(t, disk, 1<<20)
	until(&putOff, 50)
	free()
	until(&accepted, 50)
	close(stop)
	wg.Wait()
	if err := th.h.close(); err != nil {
		t.Error(err)
	}
	if err := verifyLedger(t, disk); err != nil {
		t.Fatal(err)
	}
	again := openTownHall(t, disk)
	if got := int64(again.o.ledger.Last() - before); got != accepted.Load() {
		t.Errorf("%d orders were accepted, %d entries are there", accepted.Load(), got)
	}
	t.Logf("%d accepted, %d put off", accepted.Load(), putOff.Load())
}

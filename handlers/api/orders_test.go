package api

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

// A report gets its receipt with number, key and clocks, and is at once to be
// seen by whoever asks with its sequence.
func TestAReportIsReceivedAndSeen(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	key, a := h.report()
	if a.str("number") != "2026-0001" {
		t.Errorf("number %q", a.str("number"))
	}
	if len(a.at("clocks").([]any)) == 0 {
		t.Error("a suspected leak armed no clock")
	}
	if duties := a.at("duties").([]any); len(duties) != 1 || duties[0] != gdpr {
		t.Errorf("the duties are %v, want %s alone: the golden hour is no duty towards others", duties, gdpr)
	}
	for name, want := range map[string]string{
		"Ledger-Seq": "2", "Etag": `"2"`, "Location": base + "/incidents/" + key, "Api-Version": "0.1.0", "Content-Type": "application/json",
	} {
		if got := a.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	show := h.get(base+"/incidents/2026-0001", "Ledger-Seq", a.Header.Get("Ledger-Seq")).must(t, 200)
	if show.str("key") != key || show.str("state") != "registered" || show.str("report", "title") != "Laptop left on the train" {
		t.Errorf("shown: %s", show.raw)
	}
	list := h.get(base+"/incidents?q=2026-0001", "Ledger-Seq", "2").must(t, 200)
	if len(list.items()) != 1 || list.str("items", 0, "key") != key {
		t.Errorf("listed: %s", list.raw)
	}
	if strings.Contains(string(list.raw), "Laptop") {
		t.Error("the register shows sealed text")
	}
}

// A dry run tells number, events and clocks, and writes nothing.
func TestADryRunWritesNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, path := range []string{base + "/incidents?dryRun=true", base + "/incidents"} {
		body := laptop("")
		if !strings.Contains(path, "?") {
			body = strings.Replace(body, `"order":{`, `"order":{"dryRun":true,`, 1)
		}
		a := h.ask("POST", path, body).must(t, 200)
		if a.str("number") != "2026-0001" || a.num("seq") != 0 || a.at("dryRun") != true || a.Header.Get("Ledger-Seq") != "" {
			t.Errorf("%s: %s", path, a.raw)
		}
	}
	if last := h.ledger.Last(); last != 1 {
		t.Errorf("the ledger has %d entries", last)
	}
}

// An order is repeated under its key without harm, and refused under it with
// other content.
func TestAnIdempotencyKeyMakesOneOrder(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	_, first := h.report("Idempotency-Key", "paper-17")
	again := h.ask("POST", base+"/incidents", laptop(""), "Idempotency-Key", "paper-17").must(t, 200)
	if again.str("key") != first.str("key") || again.at("repeated") != true || again.str("number") != first.str("number") {
		t.Errorf("repeated: %s", again.raw)
	}
	other := strings.Replace(laptop(""), "train", "bus", 1)
	p := h.ask("POST", base+"/incidents", other, "Idempotency-Key", "paper-17").must(t, 409)
	if p.str("code") != "order_id_reused" {
		t.Errorf("problem %s", p.raw)
	}
	both := strings.Replace(laptop(""), `"order":{`, `"order":{"id":"0198c2a4-7c1e-7a30-9b54-3d1f0a6b2c99",`, 1)
	if p := h.ask("POST", base+"/incidents", both, "Idempotency-Key", "x").must(t, 400); p.str("field") != "Idempotency-Key" {
		t.Errorf("problem %s", p.raw)
	}
	if last := h.ledger.Last(); last != 2 {
		t.Errorf("the ledger has %d entries", last)
	}
}

// If-Match refuses an order to an incident that has moved on.
func TestIfMatchRefusesWhatIsStale(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	key, a := h.report()
	tag := a.Header.Get("ETag")
	next := h.give(key, "acknowledge-incident", "", "If-Match", tag).must(t, 201)
	if p := h.give(key, "add-log-entry", `"text":"Called."`, "If-Match", tag).must(t, 412); p.str("code") != "stale" {
		t.Errorf("problem %s", p.raw)
	}
	h.give(key, "add-log-entry", `"text":"Called."`, "If-Match", next.Header.Get("ETag")).must(t, 201)
	h.give(key, "add-log-entry", `"text":"Called."`, "If-Match", "*").must(t, 201)
	for _, bad := range []string{"3", `W/"3"`, `"x"`, `"1","2"`} {
		if p := h.give(key, "add-log-entry", `"text":"Called."`, "If-Match", bad).must(t, 400); p.str("field") != "If-Match" {
			t.Errorf("%s: %s", bad, p.raw)
		}
	}
}

// Eight callers send the same five orders at once: each is accepted once, and
// everybody hears of the same entry.
func TestEightCallersSendTheSameFiveOrders(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	key, _ := h.report()
	var mu sync.Mutex
	fresh, seqs := map[int]int{}, map[int]map[int]bool{}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for n := range 5 {
				a, err := h.tryAsk("POST", base+"/incidents/"+key+"/commands/add-log-entry",
					fmt.Sprintf(`{"text":"Line %d.",%s}`, n, order()), "Idempotency-Key", fmt.Sprint("line-", n))
				if err != nil || a.StatusCode != 200 && a.StatusCode != 201 {
					t.Errorf("order %d: %v %s", n, err, a.raw)
					continue
				}
				mu.Lock()
				if a.StatusCode == 201 {
					fresh[n]++
				}
				if seqs[n] == nil {
					seqs[n] = map[int]bool{}
				}
				seqs[n][a.num("seq")] = true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	for n := range 5 {
		if fresh[n] != 1 || len(seqs[n]) != 1 {
			t.Errorf("order %d was accepted %d times, at %v", n, fresh[n], seqs[n])
		}
	}
	if last := h.ledger.Last(); last != 7 {
		t.Errorf("the ledger has %d entries, want 7", last)
	}
}

// Eight writers on one incident all get through, or hear of a conflict.
//
// requirements: ARC-01
func TestEightWritersOnOneIncident(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	key, _ := h.report()
	var mu sync.Mutex
	accepted := 0
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for n := range 5 {
				a, err := h.tryAsk("POST", base+"/incidents/"+key+"/commands/add-log-entry", fmt.Sprintf(`{"text":"%d.%d",%s}`, w, n, order()))
				switch {
				case err != nil:
					t.Error(err)
				case a.StatusCode == 201:
					mu.Lock()
					accepted++
					mu.Unlock()
				case a.StatusCode != 409:
					t.Errorf("status %d: %s", a.StatusCode, a.raw)
				}
			}
		})
	}
	wg.Wait()
	book := h.get(base+"/incidents/"+key+"/logbook", "Ledger-Seq", fmt.Sprint(h.ledger.Last())).must(t, 200)
	if got := len(book.items()); got != accepted+1 {
		t.Errorf("%d accepted, but the logbook has %d lines", accepted, got)
	}
}

// Every refusal has the status of its kind, and says what would be allowed.
func TestRefusalsHaveTheirStatus(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	key, _ := h.report()
	for _, c := range []struct {
		name, command, members, order string
		status                        int
		code                          string
	}{
		{"a role that may not", "close-incident", "", `"order":{"actor":{"role":"employee"}}`, 403, "denied"},
		{"a command for the program only", "mark-overdue", `"clock":"gdpr-33/ap/initial/1"`, order(), 403, "denied"},
		{"a rule", "reopen-incident", `"reason":"Again."`, order(), 422, "wrong_state"},
		{"a code that is none", "escalate", `"to":"mayor-of-nowhere","kind":"functional","level":1,"because":"manual","reason":"x"`, order(), 422, "invalid"},
		{"no command of an incident", "make-coffee", "", order(), 404, "not_found"},
		{"no role", "add-log-entry", `"text":"x"`, `"order":{}`, 400, "malformed"},
		{"no order", "add-log-entry", `"text":"x"`, `"order":null`, 400, "malformed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			body := c.members
			if body != "" {
				body += ","
			}
			p := h.ask("POST", base+"/incidents/"+key+"/commands/"+c.command, "{"+body+c.order+"}").must(t, c.status)
			if p.str("code") != c.code || p.str("detail") == "" || p.str("requestId") == "" || p.str("type") == "" || p.num("status") != c.status {
				t.Errorf("problem %s", p.raw)
			}
		})
	}
	for _, missing := range []string{"2026-0099", "0198c2a4-7c1e-7a30-9b54-3d1f0a6b2c00", "nonsense"} {
		h.give(missing, "add-log-entry", `"text":"x"`).must(t, 404)
		h.get(base+"/incidents/"+missing).must(t, 404)
	}
}

// Orders to other kinds go by the general address; an incident takes them there
// too.
func TestOrdersToAnyKind(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	a := h.ask("POST", base+"/aggregates/incident/commands/report-incident", laptop("")).must(t, 201)
	h.ask("POST", base+"/aggregates/incident/"+a.str("number")+"/commands/add-log-entry", `{"text":"x",`+order()+`}`).must(t, 201)
	h.ask("POST", base+"/aggregates/teapot/commands/report-incident", laptop("")).must(t, 404)
	p := h.ask("POST", base+"/aggregates/ledger/commands/found-ledger", `{"origin":"a","logKey":"b","country":"NL","zone":"UTC","formats":["c"],"name":"d",`+order()+`}`)
	if p.StatusCode < 400 || p.StatusCode >= 500 {
		t.Errorf("founding a ledger from outside: %d %s", p.StatusCode, p.raw)
	}
}

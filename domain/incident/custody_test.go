package incident

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"incidentledger/domain"

	"pgregory.net/rapid"
)

// Whoever offers, accepts or refuses in whatever order: without a deviation the
// holder changes only by acceptance, from the holder of before to the one offered
// to; the holder alone can release the item (EVI-06); and no measure that could
// destroy evidence passes the gate (EVI-02).
func TestCustodyIsUnbroken(t *testing.T) {
	set := storyPolicy(t)
	roles := []domain.Code{"expert", "security-officer", "ict"}
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t, set)
		role := func() domain.Code { return rapid.SampledFrom(roles).Draw(t, "role") }
		give := func(by domain.Code, name, args string) (domain.Decision, error) {
			w.now = w.now.Add(time.Minute)
			return w.give(w.order(by, decode(t, name, args)))
		}
		if _, err := give("employee", "ReportIncident", `{"kind":"incident","title":"T","description":"D","category":"outage","channel":"phone"}`); err != nil {
			t.Fatalf("%v", err)
		}
		first := role()
		d, err := give(first, "CollectEvidence", `{"form":"physical","item":"I","place":"P","purpose":"analysis"}`)
		if err != nil {
			t.Fatalf("%v", err)
		}
		item, holder, offered := strconv.Quote(d.IDs["evidence"]), actor(first).ID, domain.PersonID{}
		for range rapid.IntRange(5, 30).Draw(t, "orders") {
			by := role()
			switch rapid.IntRange(0, 5).Draw(t, "what") {
			case 0:
				to := actor(role()).ID
				if _, err := give(by, "OfferCustody", fmt.Sprintf(`{"evidence":%s,"to":%q,"place":"P","purpose":"storage"}`, item, to)); err == nil {
					if actor(by).ID != holder {
						t.Fatalf("%s offered what %s holds", by, holder)
					}
					offered = to
				}
			case 1:
				if _, err := give(by, "AcceptCustody", fmt.Sprintf(`{"evidence":%s}`, item)); err == nil {
					if actor(by).ID != offered {
						t.Fatalf("%s accepted what was offered to %s", by, offered)
					}
					holder, offered = offered, domain.PersonID{}
				}
			case 2:
				_, _ = give(by, "VerifyEvidence", fmt.Sprintf(`{"evidence":%s,"altered":%t}`, item, rapid.Bool().Draw(t, "altered")))
			case 3:
				_, _ = give(by, "DecideEvidence", rapid.SampledFrom([]string{`{"reason":"R"}`, `{"needed":true,"purposes":["analysis"],"reason":"R"}`}).Draw(t, "needed"))
			case 4:
				_, _ = give(by, "DecideDeferral", fmt.Sprintf(`{"canWait":%t,"reason":"R"}`, rapid.Bool().Draw(t, "wait")))
			case 5:
				ev := w.s.Evidence
				safe := ev.Decided && (!ev.Needed || ev.Items[0].Verified || ev.Deferral && !ev.CanWait)
				if _, err := give(by, "ExecuteMeasure", byName["ExecuteMeasure"].Example); (err == nil) != safe {
					t.Fatalf("a measure while the evidence stands as %+v: %v", ev, err)
				}
			}
			if got := w.s.Evidence.Items[0].Holder.Person; got != holder {
				t.Fatalf("%s holds the item, not %s", got, holder)
			}
		}
		by := role()
		if slices.Contains(directing, by) {
			_, err := give(by, "ReleaseEvidence", fmt.Sprintf(`{"evidence":%s,"disposition":"destroyed","ground":"G"}`, item))
			if (err == nil) != (actor(by).ID == holder) {
				t.Fatalf("%s releases what %s holds: %v", by, holder, err)
			}
		}
	})
}

// A file is verified by its hash alone, also where a correction takes the hash away;
// a thing by looking at it; and that something changed needs no hash (EVI-03).
func TestWhatIsDigitalIsVerifiedByItsHash(t *testing.T) {
	w := newWorld(t, storyPolicy(t))
	give := func(name, args string) (domain.Decision, error) {
		return w.give(w.order("security-officer", decode(t, name, args)))
	}
	const hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
	collect := func(args string) (verify func(more string) error) {
		d, err := give("CollectEvidence", args)
		if err != nil {
			t.Fatal(err)
		}
		return func(more string) error {
			_, err := give("VerifyEvidence", fmt.Sprintf(`{"evidence":%q%s}`, d.IDs["evidence"], more))
			return err
		}
	}
	verified := func(i int) bool { return w.s.Evidence.Items[i].Verified }
	if _, err := give("ReportIncident", `{"kind":"incident","title":"T","description":"D","category":"outage","channel":"phone"}`); err != nil {
		t.Fatal(err)
	}
	file := collect(`{"form":"digital","item":"I","file":{"name":"i","sha256":"` + hash + `"},"place":"P","purpose":"analysis"}`)
	thing := collect(`{"form":"physical","item":"I","place":"P","purpose":"analysis"}`)
	if err := thing(""); err != nil || !verified(1) {
		t.Errorf("a thing that was looked at: %v", err)
	}
	if err := file(""); err == nil || verified(0) {
		t.Error("a file counts as verified without its hash")
	}
	if err := file(`,"altered":true`); err != nil || verified(0) {
		t.Errorf("a file that changed: %v", err)
	}
	if err := file(`,"sha256":"` + hash + `"`); err != nil || !verified(0) {
		t.Errorf("a file by its hash: %v", err)
	}
	if _, err := give("CorrectFact", fmt.Sprintf(`{"corrects":%d,"fields":{"sha256":null},"reason":"It was that of another file."}`, w.s.Seq)); err != nil || verified(0) {
		t.Errorf("a file whose hash was taken back: %v", err)
	}
}

package api

import (
	"strings"
	"testing"
)

// What is owed for a leak, the register of breaches and who was told: each row
// says who told it, when it happened and when it was recorded; words are opened
// where one incident is asked for; each list can be had for a spreadsheet.
//
// requirements: DBR-06 REG-08 COM-01
func TestWhatIsOwedIsListed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	key, _ := h.report()
	h.give(key, "assess-breach", `"processing":"youth-care","role":"controller","personalData":"confirmed","nature":["confidentiality"],"risk":"high-risk",`+
		`"measuresTaken":"Wiped from afar.","consequences":"Others may read it.","reasons":"It was not encrypted."`).must(t, 201)
	h.give(key, "inform-party", `"party":{"role":"board"},"medium":"phone","at":"2026-11-21T08:50:00Z","content":"A laptop is gone.","tlp":"amber"`).must(t, 201)
	last := h.give(key, "notify-authority", `"authority":"ap","regime":"gdpr","stage":"initial","submitted":"2026-11-21T09:00:00Z","channels":[{"kind":"webform","at":"2026-11-21T09:00:00Z","outcome":"failed"}]`).
		must(t, 201).Header.Get("Ledger-Seq")

	open := h.get(base+"/duties?open=true&authority=ap", "Ledger-Seq", last).must(t, 200)
	if len(open.items()) != 1 || open.str("items", 0, "number") != "2026-0001" || open.at("items", 0, "overdue") != false ||
		open.at("items", 0, "missingChannels", 0) != "webform" || open.str("items", 0, "sent", 0, "authorRole") == "" || open.str("items", 0, "recorded") == "" {
		t.Errorf("%s", open.raw)
	}
	h.setClock(h.clock().AddDate(0, 0, 5))
	if late := h.get(base+"/duties?overdue=true&key=2026-0001").must(t, 200); len(late.items()) == 0 || late.at("items", 0, "overdue") != true {
		t.Errorf("%s", late.raw)
	}
	all, one := h.get(base+"/breaches?notified=false", "Ledger-Seq", last).must(t, 200), h.get(base+"/breaches?key=2026-0001").must(t, 200)
	if len(all.items()) != 1 || all.str("items", 0, "processing") != "youth-care" || strings.Contains(string(all.raw), "Wiped") {
		t.Errorf("%s", all.raw)
	}
	if one.str("items", 0, "measuresTaken") != "Wiped from afar." || one.str("items", 0, "reasons") != "It was not encrypted." {
		t.Errorf("%s", one.raw)
	}
	told := h.get(base+"/informed?key="+key+"&who=party", "Ledger-Seq", last).must(t, 200)
	if len(told.items()) != 1 || told.str("items", 0, "content") != "A laptop is gone." || told.str("items", 0, "code") != "board" {
		t.Errorf("%s", told.raw)
	}
	first := h.get(base+"/informed?limit=1").must(t, 200)
	rest := h.get(base+"/informed?cursor="+first.str("next")).must(t, 200)
	if len(first.items()) != 1 || len(rest.items()) != 1 || first.str("items", 0, "what") == rest.str("items", 0, "what") {
		t.Errorf("%s\n%s", first.raw, rest.raw)
	}
	h.get(base+"/informed?key=2026-0099").must(t, 404)
	for list, column := range map[string]string{"duties": "authorRole", "breaches": "recorded", "informed": "occurred"} {
		if csv := string(h.get(base+"/"+list+"?format=csv").must(t, 200).raw); strings.Count(csv, "\n") < 2 || !strings.Contains(strings.SplitN(csv, "\n", 2)[0], column) {
			t.Errorf("%s: %s", list, csv)
		}
	}
}

// What was practised stands beside what is real only where both are asked for, and
// is marked; the register of breaches holds what is real.
//
// requirements: BCM-09 DBR-06
func TestExercisesStandApart(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, exercise := range []string{"false", "true"} {
		key := h.ask("POST", base+"/incidents", laptop(`"exercise":`+exercise+`,`)).must(t, 201).str("key")
		h.give(key, "inform-party", `"party":{"role":"board"},"medium":"phone","at":"2026-11-21T08:50:00Z","content":"A laptop is gone.","tlp":"amber"`).must(t, 201)
		h.give(key, "record-downtime", `"service":"mail","from":"2026-11-21T08:00:00Z"`).must(t, 201)
		last := h.give(key, "collect-evidence", `"form":"physical","item":"The broken lock.","place":"The car.","purpose":"breach-or-offence"`).must(t, 201).Header.Get("Ledger-Seq")
		for _, list := range []string{"duties", "breaches", "informed", "evidence", "obligations", "deadlines", "worklist"} {
			if exercise == "false" {
				break
			}
			of := func(query string) (rows, practised int) {
				items := h.get(base+"/"+list+query, "Ledger-Seq", last).must(t, 200).items()
				for _, it := range items {
					if it.(map[string]any)["exercise"] == true {
						practised++
					}
				}
				return len(items), practised
			}
			plain, drilled := of("")
			if register := list == "breaches"; plain == 0 || (drilled > 0) == register {
				t.Errorf("%s: %d rows, %d of exercises", list, plain, drilled)
			}
			both, drills := of("?exercises=with")
			without, none := of("?exercises=without")
			only, all := of("?exercises=only")
			if both != without+only || drills != all || none != 0 || only == 0 || only != all {
				t.Errorf("%s: with %d, of exercises %d; without %d, %d; only %d, %d", list, both, drills, without, none, only, all)
			}
			if csv := string(h.get(base+"/"+list+"?format=csv").must(t, 200).raw); !strings.Contains(strings.SplitN(csv, "\n", 2)[0], ",exercise") {
				t.Errorf("%s: %s", list, csv)
			}
		}
		if one := h.get(base+"/breaches?key="+key, "Ledger-Seq", last).must(t, 200); len(one.items()) != 1 {
			t.Errorf("the breaches of one incident: %s", one.raw)
		}
	}
}

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

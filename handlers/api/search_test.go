package api

import (
	"context"
	"net/url"
	"slices"
	"testing"

	"incidentledger/domain"
)

// The register is searched by the texts of incidents, both numbers of the chain
// among them, together with every other filter (CHN-05).
func TestTheRegisterIsSearchedByTexts(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	first, _ := h.report()
	second, _ := h.report()
	h.give(first, "reclassify", `"chain":"suwi","reason":"Others cannot work either."`).must(t, 201)
	h.give(first, "report-to-chain", `"desk":"suwidesk","ownReference":"OWN-1","causeDomain":"other","channels":[{"kind":"email","at":"2026-11-21T08:59:00Z","outcome":"delivered"}]`).must(t, 201)
	h.give(first, "record-chain-reference", `"chainReference":"SD-1","chainPriority":1`).must(t, 201)
	h.give(second, "add-log-entry", `"text":"De coördinator kreeg SD-12, niet data-leak."`).must(t, 201)
	last := h.give(first, "add-log-entry", `"text":"Zie 2026-0002 van de chef."`).must(t, 201).Header.Get("Ledger-Seq")
	seen := func(query string) []string {
		t.Helper()
		a := h.get(base+"/incidents?"+query, "Ledger-Seq", last).must(t, 200)
		var out []string
		for i := range a.items() {
			out = append(out, a.str("items", i, "key"))
		}
		if n, ok := a.at("total").(float64); !ok || int(n) < len(out) || a.body["unsearched"] != nil {
			t.Errorf("%s: %s", query, a.raw)
		}
		return out
	}
	q := func(text string) string { return "q=" + url.QueryEscape(text) }
	for query, want := range map[string][]string{
		q("own-1"):                              {first},
		q("SD-1"):                               {first, second},
		q("SD-12"):                              {second},
		q("COORDINATOR kre"):                    {second},
		q("coördinator chef"):                   nil,
		q("laptop train"):                       {first, second},
		q("laptop") + "&limit=1":                {first},
		q("laptop") + "&sort=number&order=desc": {second, first},
		q("laptop") + "&since=2027-01-01T00:00:00Z": nil,
		q("laptop") + "&state=closed":               nil,
		q("2026-0002"):                              {first, second},
		q("2026-0001"):                              {first},
		q("data-leak") + "&order=asc":               {first, second},
		q(first):                                    {first},
		q(first) + "&state=closed":                  nil,
		q("teapot"):                                 nil,
		q(" "):                                      nil,
	} {
		if got := seen(query); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", query, got, want)
		}
	}
}

// As long as texts are not read to the ledger's end, the answer says so.
func TestASearchSaysWhatItDidNotSearch(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	_, a := h.report()
	last := a.Header.Get("Ledger-Seq")
	h.get(base+"/incidents", "Ledger-Seq", last).must(t, 200)
	h.office.Find = func() Finder { return late{} }
	if a := h.get(base+"/incidents?q=laptop").must(t, 200); a.at("unsearched") != float64(1) || len(a.items()) != 0 {
		t.Errorf("%s", a.raw)
	}
	for _, list := range []string{"contacts", "suppliers", "improvements"} {
		if a := h.get(base+"/"+list+"?q=laptop").must(t, 200); a.at("unsearched") != float64(1) {
			t.Errorf("%s: %s", list, a.raw)
		}
	}
	if a := h.get(base+"/incidents?q=laptop", "Ledger-Seq", last).must(t, 503); a.str("code") != "not_yet" {
		t.Errorf("%s", a.raw)
	}
}

// late is an index that has one entry to read yet.
type late struct{}

func (late) Search(domain.KindName, string, domain.Seq) ([]domain.Key, uint64) { return nil, 1 }

func (late) WaitFor(ctx context.Context, seq domain.Seq) error {
	if seq == 0 {
		return nil
	}
	return context.DeadlineExceeded
}

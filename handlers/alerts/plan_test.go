package alerts

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/handlers/catalogue"
)

// Whatever fails and whenever the program stops: the ways are tried in order,
// each at most as often as there are pauses and once more, never before its pause
// is over and never after somebody was reached. When all have failed, none that
// refused is tried again, and every other as often as there are later rounds.
func TestARouteIsWalkedInOrder(t *testing.T) {
	pauses, later := []time.Duration{time.Minute, 5 * time.Minute}, []time.Duration{time.Hour, 2 * time.Hour}
	rapid.Check(t, func(t *rapid.T) {
		var rs []Receiver
		for i := range rapid.IntRange(0, 4).Draw(t, "receivers") {
			rs = append(rs, byMail(domain.Code("r"+strconv.Itoa(i))))
		}
		route := hops(append(rs, rs...)) // who stands in it twice is tried once
		if len(route) != len(rs) {
			t.Fatalf("%d ways to %d receivers", len(route), len(rs))
		}
		trials := map[domain.Code]incident.Trial{}
		refused := map[domain.Code]bool{}
		now := time.Now()
		at := 0
		for {
			m := next(route, func(ch domain.Code) incident.Trial { return trials[ch] }, pauses, later, now)
			switch {
			case m.lost:
				for _, h := range route {
					if tr := trials[h.code]; tr.Delivered || !refused[h.code] && tr.Attempts != len(pauses)+1+len(later) {
						t.Fatalf("given up while %s stands at %+v", h.code, tr)
					}
				}
				return
			case m.hop == nil && m.wait.IsZero():
				if !slices.ContainsFunc(route, func(h hop) bool { return trials[h.code].Delivered }) {
					t.Fatal("done, and nobody was reached")
				}
				return
			case m.hop == nil:
				if !m.wait.After(now) {
					t.Fatalf("it waits for %s, which is past", m.wait)
				}
				if rapid.Bool().Draw(t, "looked at early") {
					now = now.Add(time.Second)
				}
				now = now.Add(max(m.wait.Sub(now), 0))
				continue
			}
			tr := trials[m.hop.code]
			i := slices.IndexFunc(route, func(h hop) bool { return h.code == m.hop.code })
			if refused[m.hop.code] || m.attempt != tr.Attempts+1 || m.last != (m.attempt == len(pauses)+1) {
				t.Fatalf("attempt %d by way %d, last %v, after %+v", m.attempt, i, m.last, tr)
			}
			if m.attempt <= len(pauses)+1 && (i < at || m.attempt > 1 && now.Before(tr.Last.Add(pauses[m.attempt-2]))) ||
				m.attempt > len(pauses)+1 && now.Before(tr.Last.Add(later[m.attempt-len(pauses)-2])) {
				t.Fatalf("attempt %d by way %d at %s is too early after %+v", m.attempt, i, now, tr)
			}
			at = i
			outcome := rapid.SampledFrom([]string{"failed", "failed", "failed", "refused", "delivered"}).Draw(t, "outcome")
			refused[m.hop.code] = outcome == "refused" && m.attempt <= len(pauses)
			trials[m.hop.code] = incident.Trial{Attempts: m.attempt, Last: now, Delivered: outcome == "delivered", GivenUp: tr.GivenUp || outcome == "refused" || m.last && outcome == "failed"}
		}
	})
}

// requirements: ARC-05
func TestQuietHoursThroughANight(t *testing.T) {
	p := People{Directory: &book{}, Quiet: Window{From: 22 * 60, To: 7 * 60}.End}
	p, err := p.complete()
	if err != nil {
		t.Fatal(err)
	}
	id := domain.Key{UUID: handlersID()}
	s := &incident.Incident{}
	s.Escalations = []incident.Escalation{{ID: id, Level: 1}}
	var tl told
	tl.Type, tl.Event.Escalation, tl.Event.Level = escalated, id, 1
	midnight := time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)
	for h := range 24 {
		tl.time = midnight.Add(time.Duration(h) * time.Hour)
		want := tl.time
		switch {
		case h < 7:
			want = midnight.Add(7 * time.Hour)
		case h >= 22:
			want = midnight.Add(31 * time.Hour)
		}
		if o, ok := p.occasion(tl, s); !ok || !o.from.Equal(want) {
			t.Errorf("what is recorded at %s is told from %s on, want %s", tl.time, o.from, want)
		}
		s.Overridden = 1
		if o, _ := p.occasion(tl, s); !o.from.Equal(tl.time) {
			t.Errorf("priority 1 at %s waits until %s", tl.time, o.from)
		}
		s.Overridden = 0
	}
}

func TestPeopleThatCannotBeReachedAreNoConfiguration(t *testing.T) {
	for name, p := range map[string]People{
		"no directory":         {},
		"no host":              {Directory: &book{}, Mail: &Mail{From: "a@example.org"}},
		"no sender":            {Directory: &book{}, Mail: &Mail{Host: "localhost", From: "nobody"}},
		"unknown encryption":   {Directory: &book{}, Mail: &Mail{Host: "localhost", From: "a@example.org", Encryption: "rot13"}},
		"in the clear, abroad": {Directory: &book{}, Mail: &Mail{Host: "example.org", From: "a@example.org", Encryption: NoTLS}},
	} {
		if _, err := (Config{Org: org, People: &p}).complete(); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestATestMessageGoesEverywhereAndTellsNothing(t *testing.T) {
	p := serveMail(t, NoTLS)
	good, bad := listen(t, always(204)), listen(t, always(500))
	els, piet := byMail("els", "security-officer"), byMail("piet", "board")
	piet.Channels = append(piet.Channels, bad.channel())
	c := Config{Org: org, AllowPrivate: true, Endpoints: []Endpoint{good.endpoint()}, Health: &Health{}, Log: quiet(),
		People: &People{Directory: &book{onCall: map[domain.Code][]Receiver{"security-officer": {els}, "board": {piet, els}}}, Mail: p.server(NoTLS)}}
	got, err := Try(t.Context(), c, nil)
	want := []Outcome{
		{"desk", "webhook:desk", true, 204, ""}, {"els", "mail:els", true, 250, ""}, {"piet", "mail:piet", true, 250, ""}, {"piet", "webhook:piet", false, 500, "status 500"},
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	for _, m := range p.messages(2) {
		if m.head.Get("Subject") != "Proefbericht: er is niets gebeurd" {
			t.Errorf("it came as\n%s", m.raw)
		}
	}
	got, err = Try(t.Context(), c, func(r Receiver) bool { return slices.Contains(r.Roles, "security-officer") })
	if err != nil || len(got) != 1 || got[0].Channel != "mail:els" {
		t.Errorf("%+v, %v", got, err)
	}
	if last := c.Health.Conditions(); len(last) != 4 || last[3].Delivered {
		t.Errorf("health knows %+v", last)
	}
}

// The words of every occasion are there in every language, and a calamity wakes
// whom it must.
func TestEveryOccasionHasWordsAndACalamityDoesNotWait(t *testing.T) {
	p, err := (&People{Directory: &book{}, Quiet: Window{}.End}).complete()
	if err != nil {
		t.Fatal(err)
	}
	for about := range Roles() {
		for _, lang := range catalogue.Languages() {
			w, err := catalogue.In(lang)
			if err != nil || !w.Has("alerts.subject."+string(about)) || !w.Has("alerts.about."+string(about)) {
				t.Errorf("%s has no words in %s (%v)", about, lang, err)
			}
		}
	}
	tl, err := read([]byte(`{"specversion":"1.0","id":"7-0","source":"urn:incidentledger:nuth","type":"nl.incidentledger.incident.calamity-declared","time":"2026-11-25T03:00:00Z",
		"data":{"seq":7,"index":0,"org":"nuth","kind":"incident","key":"0198c2a4-7c1e-7a30-9b54-3d1f0a6b2c11","order":"0198c2a4-7c1e-7a30-9b54-3d1f0a6b2c12","type":"CalamityDeclared","v":1,"event":{"at":"2026-11-25T03:00:00Z"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	o, ok := p.occasion(tl, &incident.Incident{})
	if !ok || o.about != AboutCalamity || len(o.targets) != 2 || !o.from.Equal(tl.time) {
		t.Errorf("the occasion is %+v, %v", o, ok)
	}
	for _, data := range []string{`{}`, `[]`, `{"specversion":"1.0","id":"7-0","source":"a","type":"b","data":{"org":"nuth"}}`} {
		if _, err := read([]byte(data)); err == nil {
			t.Errorf("%s was read as an integration event of an incident", data)
		}
	}
}

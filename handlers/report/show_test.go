package report

import (
	"slices"
	"testing"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/handlers/catalogue"
)

// Codes are said in the words of their own list, lists as one, and what people chose
// themselves as they wrote it.
func TestFactsInWords(t *testing.T) {
	w, err := catalogue.In("nl")
	if err != nil {
		t.Fatal(err)
	}
	var person domain.PersonID
	person.UUID[0] = 1
	src := &Source{Who: func(domain.PersonID) string { return "Jan" }}
	at := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		event domain.Event
		want  []string
	}{
		{incident.IncidentReported{Kind: "incident", Category: "outage", Department: "ict", Affected: []domain.Code{"website", "phone"}, Track: "integrity"},
			[]string{"soort: incident", "categorie: uitval", "afdeling: ict", "geraakte dienst: website, phone", "spoor: integriteit"}},
		{incident.AuthorityNotified{Authority: "ap", Stage: "initial", Duties: []domain.Code{"gdpr-33/ap/initial/1"},
			Channels: []incident.Channel{{Kind: "phone", Outcome: "no-answer"}}, Answers: map[domain.Code]incident.Given{"nature": {Text: "Verloren"}}},
			[]string{"autoriteit: Autoriteit Persoonsgegevens (AP)", "stap: eerste melding",
				"meldplicht: melding van het datalek aan de toezichthouder (AVG, art. 33) (gdpr-33/ap/initial/1)",
				"kanaal 1, soort: telefoon", "kanaal 1, uitkomst: geen gehoor", "antwoord, aard van de inbreuk: Verloren"}},
		{incident.BreachAssessed{Role: "controller", From: at, To: at.Add(time.Hour)},
			[]string{"rol: verwerkingsverantwoordelijke", "van: 20 november 2026, 09:00:00 (+00:00)", "tot: 20 november 2026, 10:00:00 (+00:00)"}},
		{incident.ChecklistItemCompleted{Checklist: "reviews", Item: "1"}, []string{"checklist: afgesproken overleg", "item: 1"}},
		{incident.OwnerAssigned{Person: person}, []string{"persoon: Jan"}},
		{incident.IncidentClosed{Open: []domain.Code{"evaluation", "escalation/3", "gdpr-33/ap/initial/1"}},
			[]string{"stond open: evaluatie, onbevestigde escalatie (3), melding van het datalek aan de toezichthouder (AVG, art. 33) (gdpr-33/ap/initial/1)"}},
	} {
		s := shower{w, time.UTC}
		var got []string
		for _, p := range s.pairs(src.named(factsOf(c.event))) {
			got = append(got, s.says(p[0], p[1]))
		}
		for _, line := range c.want {
			if !slices.Contains(got, line) {
				t.Errorf("%s says\n%q\nwithout %q", c.event.EventName(), got, line)
			}
		}
	}
}

// A correction is said in the words of the event that it corrects.
func TestCorrectionsInWords(t *testing.T) {
	w, err := catalogue.In("fr")
	if err != nil {
		t.Fatal(err)
	}
	var category, suspected incident.Value
	if err := category.UnmarshalJSON([]byte(`"outage"`)); err != nil {
		t.Fatal(err)
	}
	if err := suspected.UnmarshalJSON([]byte(`false`)); err != nil {
		t.Fatal(err)
	}
	b := &book{opened: []openedEvent{{3, incident.IncidentReported{}}}}
	s := shower{w, time.UTC}
	got := s.pairs(b.told(incident.FactCorrected{Corrects: 3, Event: "IncidentReported",
		Fields: map[domain.Code]incident.Value{"category": category, "suspected": suspected, "started": {}}}))
	for _, want := range [][2]string{
		{"événement", "Signalé"}, {"données, catégorie", "panne"}, {"données, soupçon", "non"}, {"données, commencé", "retiré"},
	} {
		if !slices.Contains(got, want) {
			t.Errorf("%q without %q", got, want)
		}
	}
}

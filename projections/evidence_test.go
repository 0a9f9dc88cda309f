package projections_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/projections/evidence"
)

// The evidence of the story, each item with every hand that it went through.
//
// requirements: EVI-06
func TestEvidenceOfTheStory(t *testing.T) {
	s := tellStory(t)
	r := s.reader(evidence.New())
	golden(s, "evidence", r, evidence.Find(r, evidence.Query{}))
}

// An item goes from hand to hand, is looked at and released; each link says who
// told it. A correction of its form shows.
func TestEvidenceGoesFromHandToHand(t *testing.T) {
	s := tellStory(t)
	key := s.cases["lost-tablet"]
	find := func(q evidence.Query) (out []evidence.Item) {
		r := s.reader(evidence.New())
		for it := range evidence.Find(r, q) {
			if it.Key == key {
				out = append(out, it)
			}
		}
		return out
	}
	got := s.give(incident.Name, key, "security-officer", 9*time.Minute, "CollectEvidence", `{"form":"physical","item":"A cover.","place":"The tram.","purpose":"analysis"}`)
	item := find(evidence.Query{})[0]
	if item.Holder.IsZero() || item.Form != "physical" || item.Seq != got.Seq || len(item.Chain) != 1 {
		t.Fatalf("%+v", item)
	}
	other := domain.PersonID{UUID: id('p', 2)}
	s.give(incident.Name, key, "security-officer", 8*time.Minute, "OfferCustody", fmt.Sprintf(`{"evidence":%q,"to":{"person":%q},"place":"The safe.","purpose":"storage"}`, item.Evidence, other))
	if it := find(evidence.Query{Incident: key})[0]; !it.Offered || it.Chain[1].Person != other {
		t.Fatalf("%+v", it)
	}
	s.giveAs(other, incident.Name, key, "expert", 7*time.Minute, "AcceptCustody", fmt.Sprintf(`{"evidence":%q}`, item.Evidence))
	if it := find(evidence.Query{Holder: other})[0]; it.Offered || it.Holder != other || it.Chain[2].Author != other {
		t.Fatalf("%+v", it)
	}
	s.give(incident.Name, key, "security-officer", 0, "CorrectFact", fmt.Sprintf(`{"corrects":%d,"fields":{"purpose":"damages"},"reason":"It is for the insurer."}`, got.Seq))
	s.giveAs(other, incident.Name, key, "security-officer", 0, "ReleaseEvidence", fmt.Sprintf(`{"evidence":%q,"disposition":"returned","ground":"The owner asked."}`, item.Evidence))
	if it := find(evidence.Query{})[0]; it.Released != "returned" || it.Purpose != "damages" || !slices.Equal(whats(it), []domain.Code{"collected", "offered", "accepted", "released"}) {
		t.Fatalf("%+v", it)
	}
	if len(find(evidence.Query{Kept: true})) != 0 {
		t.Error("what is released counts as kept")
	}
}

func whats(it evidence.Item) (out []domain.Code) {
	for _, l := range it.Chain {
		out = append(out, l.What)
	}
	return out
}

package incident

import (
	"encoding/json"
	"fmt"

	"incidentledger/domain"
)

// Classify gives what an event changes in the class of its incident; nil where
// it tells nothing of it. seq is the entry that holds the event. A correction
// changes nothing that a later entry has set since.
func Classify(seq domain.Seq, e domain.Event) func(*domain.Class) error {
	switch e := e.(type) {
	case IncidentReported:
		return func(c *domain.Class) error {
			*c = domain.Class{Track: e.Track, Withheld: domain.NeedOf(e.WithholdFrom)}
			return nil
		}
	case ConfidentialitySet:
		return func(c *domain.Class) error {
			c.Track, c.TLP, c.Need, c.Set = e.Track, e.TLP, domain.NeedOf(e.NeedToKnow), seq
			return nil
		}
	case FactCorrected:
		switch e.Event {
		case "IncidentReported":
			return e.reclassReport
		case "ConfidentialitySet":
			return e.reclassSetting
		}
	}
	return nil
}

func (e FactCorrected) reclassReport(c *domain.Class) error {
	if err := e.persons("withholdFrom", &c.Withheld); err != nil || c.Set != 0 {
		return err
	}
	return e.take("track", &c.Track)
}

func (e FactCorrected) reclassSetting(c *domain.Class) error {
	if e.Corrects != c.Set {
		return nil
	}
	for field, into := range map[domain.Code]*domain.Code{"tlp": &c.TLP, "track": &c.Track} {
		if err := e.take(field, into); err != nil {
			return err
		}
	}
	return e.persons("needToKnow", &c.Need)
}

func (e FactCorrected) persons(field domain.Code, into *domain.Hash) error {
	if _, given := e.Fields[field]; !given {
		return nil
	}
	var persons []domain.PersonID
	if err := e.take(field, &persons); err != nil {
		return err
	}
	*into = domain.NeedOf(persons)
	return nil
}

// take reads a corrected field, where the correction has it.
func (e FactCorrected) take(field domain.Code, into any) error {
	v, given := e.Fields[field]
	if !given {
		return nil
	}
	if err := json.Unmarshal([]byte(v.String()), into); err != nil {
		return fmt.Errorf("correction of %s.%s: %w", e.Event, field, err)
	}
	return nil
}

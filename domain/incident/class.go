package incident

import (
	"encoding/json"
	"fmt"

	"incidentledger/domain"
)

// Classify folds an event into the class of its incident, and reports whether it
// tells of it at all. seq is the entry that holds the event. What a later entry
// has set, no correction of an earlier one changes.
func Classify(c *domain.Class, seq domain.Seq, e domain.Event) (bool, error) {
	switch e := e.(type) {
	case IncidentReported:
		*c = domain.Class{Track: e.Track, Withheld: domain.NeedOf(e.WithholdFrom)}
	case ConfidentialitySet:
		c.Track, c.TLP, c.Need, c.Set = e.Track, e.TLP, domain.NeedOf(e.NeedToKnow), seq
	case FactCorrected:
		switch {
		case e.Event == "IncidentReported":
			if err := correctPersons(&c.Withheld, e, "withholdFrom"); err != nil {
				return true, err
			}
			if c.Set == 0 {
				return true, correctCode(&c.Track, e, "track")
			}
		case e.Event == "ConfidentialitySet" && e.Corrects == c.Set:
			if err := correctPersons(&c.Need, e, "needToKnow"); err != nil {
				return true, err
			}
			if err := correctCode(&c.TLP, e, "tlp"); err != nil {
				return true, err
			}
			return true, correctCode(&c.Track, e, "track")
		default:
			return false, nil
		}
	default:
		return false, nil
	}
	return true, nil
}

func correctCode(into *domain.Code, e FactCorrected, field domain.Code) error {
	_, err := corrected(into, e, field)
	return err
}

func correctPersons(into *domain.Hash, e FactCorrected, field domain.Code) error {
	var persons []domain.PersonID
	given, err := corrected(&persons, e, field)
	if given && err == nil {
		*into = domain.NeedOf(persons)
	}
	return err
}

// corrected reads a field of a correction, where it has that field.
func corrected[T any](into *T, e FactCorrected, field domain.Code) (bool, error) {
	v, ok := e.Fields[field]
	if !ok {
		return false, nil
	}
	if err := json.Unmarshal([]byte(v.String()), into); err != nil {
		return true, fmt.Errorf("correction of %s.%s: %w", e.Event, field, err)
	}
	return true, nil
}

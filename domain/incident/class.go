package incident

import "incidentledger/domain"

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
			return func(c *domain.Class) error { return reclassReport(c, e) }
		case "ConfidentialitySet":
			return func(c *domain.Class) error { return reclassSetting(c, e) }
		}
	}
	return nil
}

func reclassReport(c *domain.Class, e FactCorrected) error {
	if err := takePersons(e, "withholdFrom", &c.Withheld); err != nil || c.Set != 0 {
		return err
	}
	return e.Take("track", &c.Track)
}

func reclassSetting(c *domain.Class, e FactCorrected) error {
	if e.Corrects != c.Set {
		return nil
	}
	for field, into := range map[domain.Code]*domain.Code{"tlp": &c.TLP, "track": &c.Track} {
		if err := e.Take(field, into); err != nil {
			return err
		}
	}
	return takePersons(e, "needToKnow", &c.Need)
}

func takePersons(e FactCorrected, field domain.Code, into *domain.Hash) error {
	if _, given := e.Fields[field]; !given {
		return nil
	}
	var persons []domain.PersonID
	if err := e.Take(field, &persons); err != nil {
		return err
	}
	*into = domain.NeedOf(persons)
	return nil
}

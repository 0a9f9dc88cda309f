package incident

import (
	"fmt"
	"slices"

	"incidentledger/domain"
)

// An Enisa is how grave a breach is by the method of ENISA: the context of the
// data times how easily somebody is recognised in them, and what makes it worse
// . It is advice: the risk and the severity are decided by people.
type Enisa struct {
	// Context weighs the data in their context, from 1 for simple to 4 for sensitive.
	Context int `json:"context,omitzero" rule:"min=1,max=4"`
	// Identification tells how easily a person is recognised in the data.
	Identification domain.Code `json:"identification,omitzero" rule:"oneof=negligible|limited|significant|maximal"`
	// Confidentiality tells to whom the data went: to recipients who are known, or to anybody.
	Confidentiality domain.Code `json:"confidentiality,omitzero" rule:"oneof=known-recipients|anybody"`
	// Integrity tells what became of altered data: it can be put right, or not.
	Integrity domain.Code `json:"integrity,omitzero" rule:"oneof=recoverable|lost"`
	// Availability tells what became of missing data: it can be put right, or not.
	Availability domain.Code `json:"availability,omitzero" rule:"oneof=recoverable|lost"`
	// Malicious says that it was done on purpose.
	Malicious bool `json:"malicious,omitzero"`
}

// IsZero reports whether nobody weighed it so.
func (e Enisa) IsZero() bool { return e == Enisa{} }

// weigh fills in the score and its level, or refuses what lacks a factor.
func (e *BreachAssessed) weigh(under string) error {
	e.EnisaScore, e.EnisaLevel = 0, ""
	w := &e.Enisa
	switch {
	case w.IsZero():
		return nil
	case w.Context == 0:
		return malformed(under+".context", "%s.context is required: the method begins with the context of the data", under)
	case w.Identification == "":
		return malformed(under+".identification", "%s.identification is required: the method multiplies by how easily somebody is recognised", under)
	}
	quarters := int64(w.Context) * (1 + int64(slices.Index([]domain.Code{"negligible", "limited", "significant", "maximal"}, w.Identification)))
	for _, c := range []domain.Code{w.Confidentiality, w.Integrity, w.Availability} {
		switch c {
		case "known-recipients", "recoverable":
			quarters++
		case "anybody", "lost":
			quarters += 2
		}
	}
	if w.Malicious {
		quarters += 2
	}
	e.EnisaScore = 25 * quarters
	e.EnisaLevel = []domain.Code{"low", "medium", "high", "very-high"}[max(0, min(quarters/4-1, 3))]
	return nil
}

// advise tells what the method says of a breach, and what it wants to be told
// beside the number.
func (d *deciding) advise(e *BreachAssessed) {
	if e.Enisa.IsZero() {
		return
	}
	text := fmt.Sprintf("by the method of ENISA this breach weighs %d.%02d: %s", e.EnisaScore/100, e.EnisaScore%100, e.EnisaLevel)
	if n := e.SubjectsMax; n != nil && *n > 100 {
		text += "; more than 100 people are concerned"
	}
	if slices.Contains(e.MeasuresBefore, "encrypted") {
		text += "; the data are unintelligible to others"
	}
	d.warn("enisa_advice", "X-08", "%s. The risk stays %s, as decided for the reasons given", text, e.Risk)
}

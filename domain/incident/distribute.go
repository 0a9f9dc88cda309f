package incident

import (
	"slices"
	"time"

	"incidentledger/domain"
)

var distributeCommands = []commandRow{
	{CommandType: domain.CommandType{New: blank[DistributeEvaluation], Roles: directing, States: inKept,
		Events: []string{"EvaluationDistributed"}, Example: `{"to":["department-head","controller",` + person + `]}`}},
	{CommandType: domain.CommandType{New: blank[ConfirmReading], States: inKept,
		Events: []string{"ReadingConfirmed"}, Example: `{}`}},
}

var distributeEvents = []eventRow{
	told[EvaluationDistributed](1),
	told[ReadingConfirmed](1),
}

// EvaluationDistributed says to whom the evaluation went.
type EvaluationDistributed struct {
	To []Named `json:"to" rule:"required"`
}

// ReadingConfirmed says who has read the evaluation.
type ReadingConfirmed struct {
	By Named     `json:"by"`
	At time.Time `json:"at" rule:"required,past"`
}

func (EvaluationDistributed) EventName() string { return "EvaluationDistributed" }
func (ReadingConfirmed) EventName() string      { return "ReadingConfirmed" }

// DistributeEvaluation brings the evaluation to the notice of those involved and
// responsible, external parties among them (EVA-03). Each confirms that they
// have read it.
type DistributeEvaluation struct {
	// To are ids of persons, roles, or names of outsiders.
	To []Someone `json:"to" rule:"required"`
}

// ConfirmReading says that whoever gives it has read the evaluation (EVA-03).
type ConfirmReading struct{}

func (DistributeEvaluation) CommandName() string { return "DistributeEvaluation" }
func (ConfirmReading) CommandName() string       { return "ConfirmReading" }

func (c DistributeEvaluation) decide(d *deciding) error {
	to, err := d.each("to", c.To)
	if err != nil {
		return err
	}
	if d.s.Evaluation.Approved.IsZero() {
		r := domain.Refuse(RefusedEvaluation, "EVA-03", "the evaluation is not approved, so it goes to nobody yet")
		r.Allowed = []string{"ApproveEvaluation"}
		return r
	}
	d.emit(EvaluationDistributed{To: to})
	return nil
}

func (ConfirmReading) decide(d *deciding) error {
	ev := &d.s.Evaluation
	by := d.actor()
	if !slices.ContainsFunc(ev.To, d.acts) {
		return domain.Refuse(RefusedEvaluation, "EVA-03", "the evaluation was not distributed to you, so there is nothing to confirm")
	}
	if slices.Contains(ev.Read, by) {
		return noChange("EVA-03", "you confirmed it before")
	}
	d.emit(ReadingConfirmed{By: by, At: d.at})
	return nil
}

func (e EvaluationDistributed) evolve(s *Incident, _ *posting) {
	ev := &s.Evaluation
	ev.To = slices.Clip(ev.To)
	for _, n := range e.To {
		if o := n.open(); !n.outsider() && !slices.Contains(ev.To, o) {
			ev.To = append(ev.To, o)
		}
	}
}

func (e ReadingConfirmed) evolve(s *Incident, _ *posting) {
	s.Evaluation.Read = append(slices.Clip(s.Evaluation.Read), e.By.open())
}

// rederive implements rederiver. Who read stands in the entry.
func (e ReadingConfirmed) rederive(_ *deciding, was domain.Event) (domain.Event, error) {
	e.By = was.(ReadingConfirmed).By
	return e, nil
}

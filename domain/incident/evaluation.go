package incident

import (
	"slices"
	"strings"
	"time"

	"incidentledger/domain"
)

var (
	evaluating = append(slices.Clip(handling), "expert", "board", "supplier")
	approving  = []domain.Code{"secretary", "department-head", "security-officer", "acib", "vcib", "controller", "dpo", "board", "representative"}
)

var evaluationCommands = []commandRow{
	{fact: true, CommandType: domain.CommandType{New: blank[StartEvaluation], Roles: directing, States: []domain.Code{PhaseRegistered, PhaseOnHold, PhaseResolved},
		Events:  []string{"EvaluationStarted"},
		Example: `{"participants":[` + person + `,"controller"]}`}},
	{fact: true, CommandType: domain.CommandType{New: blank[RecordFinding], Roles: evaluating, States: inLive,
		Events: []string{"FindingRecorded"}, Example: `{"text":"The mail was opened two hours before anybody reported it."}`}},
	{fact: true, CommandType: domain.CommandType{New: blank[RecordLesson], Roles: evaluating, States: inLive,
		Events: []string{"LessonRecorded"}, Example: `{"text":"Macros of mail attachments are blocked from now on; the playbook says whom to call."}`}},
	{fact: true, CommandType: domain.CommandType{New: blank[SubmitEvaluation], Roles: directing, States: inLive,
		Events: []string{"EvaluationSubmitted"}, Example: `{"summary":"Well contained; reported late."}`}},
	{fact: true, CommandType: domain.CommandType{New: blank[ApproveEvaluation], Roles: approving, States: inLive,
		Events: []string{"EvaluationApproved"}, Example: `{}`}},
}

var evaluationEvents = []eventRow{
	told[EvaluationStarted](1),
	told[FindingRecorded](1),
	told[LessonRecorded](1),
	told[EvaluationSubmitted](1),
	told[EvaluationApproved](1),
}

// Refusals on the way of an evaluation.
const (
	RefusedEvaluation domain.Code = "evaluation_order" // a step before the one it rests on
	RefusedSamePerson domain.Code = "same_person"      // who submitted cannot approve
)

// EvaluationStarted says who evaluates the incident together. Missing are
// persons who had a part in it and are not among them.
type EvaluationStarted struct {
	Participants []Named           `json:"participants" rule:"required"`
	Missing      []domain.PersonID `json:"missing,omitempty"`
}

// FindingRecorded is something that the evaluation found.
type FindingRecorded struct {
	Text domain.Text `json:"text,omitzero" seal:"aggregate"`
}

// LessonRecorded is something to do otherwise from now on.
type LessonRecorded struct {
	Text domain.Text `json:"text,omitzero" seal:"aggregate"`
}

// EvaluationSubmitted says that the evaluation is laid before whoever approves
// it. By is who did, since somebody else must approve.
type EvaluationSubmitted struct {
	Summary domain.Text `json:"summary,omitzero" seal:"aggregate"`
	By      Named       `json:"by"`
}

// EvaluationApproved says that somebody else than who submitted the evaluation
// approved it.
type EvaluationApproved struct {
	By Named     `json:"by"`
	At time.Time `json:"at" rule:"required,past"`
}

func (EvaluationStarted) EventName() string   { return "EvaluationStarted" }
func (FindingRecorded) EventName() string     { return "FindingRecorded" }
func (LessonRecorded) EventName() string      { return "LessonRecorded" }
func (EvaluationSubmitted) EventName() string { return "EvaluationSubmitted" }
func (EvaluationApproved) EventName() string  { return "EvaluationApproved" }

// StartEvaluation says who looks back on the incident together: everybody who
// had a part in it (EVA-01). Given again it replaces the participants.
type StartEvaluation struct {
	// Participants are ids of persons, roles, or names of outsiders.
	Participants []Someone `json:"participants" rule:"required"`
}

// RecordFinding writes down what the evaluation found, from the logbook (EVA-01).
type RecordFinding struct {
	// Text is the finding. It blames nobody (REG-13).
	Text domain.Text `json:"text" rule:"required"`
}

// RecordLesson writes down what is to be done otherwise, and in which procedure,
// playbook or checklist it goes (EVA-02, EVA-04). Where nothing is to be learnt,
// that is recorded, with the reason: no evaluation is without a lesson. An
// improvement that somebody must carry out is proposed by itself (EVA-05).
type RecordLesson struct {
	// Text is the lesson.
	Text domain.Text `json:"text" rule:"required"`
}

// SubmitEvaluation lays the evaluation before whoever approves it (EVA-02).
type SubmitEvaluation struct {
	// Summary is what it comes down to.
	Summary domain.Text `json:"summary" rule:"required"`
}

// ApproveEvaluation approves the evaluation as it was submitted. Somebody else
// than who submitted it does (EVA-02, EVA-07).
type ApproveEvaluation struct{}

func (StartEvaluation) CommandName() string   { return "StartEvaluation" }
func (RecordFinding) CommandName() string     { return "RecordFinding" }
func (RecordLesson) CommandName() string      { return "RecordLesson" }
func (SubmitEvaluation) CommandName() string  { return "SubmitEvaluation" }
func (ApproveEvaluation) CommandName() string { return "ApproveEvaluation" }

func (c StartEvaluation) decide(d *deciding) error {
	list, err := d.each("participants", c.Participants)
	if err != nil {
		return err
	}
	e := EvaluationStarted{Participants: list, Missing: d.s.missingAmong(list)}
	d.emit(e)
	if len(e.Missing) > 0 {
		ids := make([]string, len(e.Missing))
		for i, p := range e.Missing {
			ids[i] = p.String()
		}
		d.warn("not_all_invited", "EVA-01", "everybody who had a part in it evaluates it; these persons are not among the participants: %s. StartEvaluation again with all of them", strings.Join(ids, ", "))
	}
	return nil
}

// missingAmong lists who had a part in the incident and is not among those named.
func (s *Incident) missingAmong(list []Named) []domain.PersonID {
	var out []domain.PersonID
	for _, p := range append(s.acting(), s.Team.Taken...) {
		named := slices.ContainsFunc(list, func(n Named) bool { return n.Person == p })
		if !p.IsZero() && !named && !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out
}

func (c RecordFinding) decide(d *deciding) error { return d.evaluate(FindingRecorded(c)) }

func (c RecordLesson) decide(d *deciding) error { return d.evaluate(LessonRecorded(c)) }

// evaluate emits what belongs to an evaluation that was started.
func (d *deciding) evaluate(e domain.Event) error {
	if !d.s.Evaluation.Started {
		r := domain.Refuse(RefusedEvaluation, "EVA-01", "the evaluation was not started; say first who takes part in it")
		r.Allowed = []string{"StartEvaluation"}
		return r
	}
	d.emit(e)
	return nil
}

func (c SubmitEvaluation) decide(d *deciding) error {
	if err := d.evaluate(EvaluationSubmitted{Summary: c.Summary, By: d.actor()}); err != nil {
		return err
	}
	if !d.s.Evaluation.Lessons {
		d.warn("no_lesson", "EVA-02", "the evaluation holds no lesson (RecordLesson)")
	}
	return nil
}

func (ApproveEvaluation) decide(d *deciding) error {
	ev := &d.s.Evaluation
	switch by := d.actor(); {
	case !ev.Approved.IsZero():
		return noChange("EVA-02", "the evaluation was approved at %s", stamp(ev.Approved))
	case !ev.Submitted:
		r := domain.Refuse(RefusedEvaluation, "EVA-02", "there is no evaluation to approve; it must be submitted first")
		r.Allowed = []string{"SubmitEvaluation"}
		return r
	case by == ev.By:
		return domain.Refuse(RefusedSamePerson, "EVA-02", "who submitted the evaluation does not approve it; somebody else does (%s)", orList(approving))
	default:
		d.emit(EvaluationApproved{By: by, At: d.at})
	}
	return nil
}

// An Evaluation is how far the looking back has come.
type Evaluation struct {
	Started   bool
	Lessons   bool // at least one was recorded
	Submitted bool
	By        Named // who submitted it
	Approved  time.Time
	To        []Named // never changed in place
	Read      []Named // never changed in place
}

func (e EvaluationStarted) evolve(s *Incident, _ *posting) { s.Evaluation.Started = true }

func (FindingRecorded) evolve(*Incident, *posting) {}

func (LessonRecorded) evolve(s *Incident, _ *posting) { s.Evaluation.Lessons = true }

func (e EvaluationSubmitted) evolve(s *Incident, _ *posting) {
	s.Evaluation.Submitted, s.Evaluation.By, s.Evaluation.Approved = true, e.By.open(), time.Time{}
}

func (e EvaluationApproved) evolve(s *Incident, _ *posting) { s.Evaluation.Approved = e.At }

// rederive implements rederiver.
func (e EvaluationStarted) rederive(d *deciding, _ domain.Event) (domain.Event, error) {
	e.Missing = d.s.missingAmong(e.Participants)
	return e, nil
}

// rederive implements rederiver. Who submitted stands in the entry.
func (e EvaluationSubmitted) rederive(_ *deciding, was domain.Event) (domain.Event, error) {
	e.By = was.(EvaluationSubmitted).By
	return e, nil
}

// rederive implements rederiver. Who approved stands in the entry.
func (e EvaluationApproved) rederive(_ *deciding, was domain.Event) (domain.Event, error) {
	e.By = was.(EvaluationApproved).By
	return e, nil
}

// acting lists who owns the incident, speaks for it or has a role in it.
func (t *Told) acting() []domain.PersonID {
	out := []domain.PersonID{t.Owner, t.ContactPoint}
	for _, r := range t.Acting {
		out = append(out, r.Person)
	}
	return out
}

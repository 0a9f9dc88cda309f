package incident

import "incidentledger/domain"

var reporterCommands = []commandRow{
	{CommandType: domain.CommandType{New: blank[AskReporter], Roles: handling, States: inKept,
		Events: []string{"ReporterAsked"}, Example: `{"text":"Which drawer was open when you came in?"}`}},
	{CommandType: domain.CommandType{New: blank[AnswerReporter], States: inKept,
		Events: []string{"ReporterAnswered"}, Example: `{"text":"The upper one, with the passports."}`}},
}

var reporterEvents = []eventRow{
	kept[ReporterAsked](1),
	kept[ReporterAnswered](1),
}

// ReporterAsked is a question to whoever reported.
type ReporterAsked struct {
	Text domain.Text `json:"text,omitzero" seal:"aggregate"`
}

// ReporterAnswered is what the reporter said to it.
type ReporterAnswered struct {
	Text domain.Text `json:"text,omitzero" seal:"aggregate"`
}

func (ReporterAsked) EventName() string    { return "ReporterAsked" }
func (ReporterAnswered) EventName() string { return "ReporterAnswered" }

// AskReporter puts a question to whoever reported. Who did so anonymously reads
// it by the key on the receipt of the report (INT-06).
type AskReporter struct {
	// Text is the question.
	Text domain.Text `json:"text" rule:"required"`
}

// AnswerReporter is the reporter's answer. To an anonymous report it is given
// without a name, by the key on its receipt (INT-06).
type AnswerReporter struct {
	// Text is the answer.
	Text domain.Text `json:"text" rule:"required"`
}

func (AskReporter) CommandName() string    { return "AskReporter" }
func (AnswerReporter) CommandName() string { return "AnswerReporter" }

func (c AskReporter) decide(d *deciding) error {
	d.emit(ReporterAsked(c))
	return nil
}

// decide refuses a named answer to an anonymous report: the answer would say who
// reported.
func (c AnswerReporter) decide(d *deciding) error {
	if d.s.Report.Anonymous && d.o.Actor.Proof != "anonymous" {
		return domain.Refuse(RefusedAnonymous, "INT-06", "an answer to an anonymous report names nobody: give it without actor, by the key on the receipt of the report; AddLogEntry takes what somebody else knows")
	}
	d.emit(ReporterAnswered(c))
	return nil
}

// answers reports whether a command is a reporter's answer.
func answers(c domain.Command) bool {
	switch c.(type) {
	case AnswerReporter, *AnswerReporter:
		return true
	}
	return false
}

func (ReporterAsked) evolve(*Incident, *posting)    {}
func (ReporterAnswered) evolve(*Incident, *posting) {}

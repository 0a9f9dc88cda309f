package incident

import (
	"slices"

	"incidentledger/domain"
)

var logCommands = []commandRow{
	{CommandType: domain.CommandType{New: blank[AddLogEntry],
		Events: []string{"LogEntryAdded"}, Example: `{"text":"Called the railway's lost property office; nothing found yet."}`}},
	{CommandType: domain.CommandType{New: blank[CorrectEntry],
		Events: []string{"EntryCorrected"}, Example: `{"corrects":12,"text":"The call was at 18:10, not 17:10.","reason":"Typing error."}`}},
}

var logEvents = []eventRow{
	kept[LogEntryAdded](1),
	kept[EntryCorrected](1),
}

// LogEntryAdded is a line of the logbook, in the words of whoever acted or saw.
type LogEntryAdded struct {
	Text domain.Text `json:"text,omitzero" seal:"aggregate"`
}

// EntryCorrected says how a line of the logbook must be read. The first text
// stays and both are shown.
type EntryCorrected struct {
	Corrects domain.Seq  `json:"corrects" rule:"required"`
	Text     domain.Text `json:"text,omitzero" seal:"aggregate"`
	Reason   domain.Text `json:"reason,omitzero" seal:"aggregate"`
}

func (LogEntryAdded) EventName() string  { return "LogEntryAdded" }
func (EntryCorrected) EventName() string { return "EntryCorrected" }

// AddLogEntry adds a line to the logbook: what was done, seen or said. All who
// are involved write in it (LOG-01).
type AddLogEntry struct {
	// Text is the line.
	Text domain.Text `json:"text" rule:"required"`
}

// CorrectEntry says how an earlier line of the logbook must be read. Both stay
// (ARC-03).
type CorrectEntry struct {
	// Corrects is the sequence number of the entry with the line.
	Corrects domain.Seq `json:"corrects" rule:"required"`
	// Text is how the line must be read.
	Text domain.Text `json:"text" rule:"required"`
	// Reason says what was wrong.
	Reason domain.Text `json:"reason" rule:"required"`
}

func (AddLogEntry) CommandName() string  { return "AddLogEntry" }
func (CorrectEntry) CommandName() string { return "CorrectEntry" }

func (c AddLogEntry) decide(d *deciding) error {
	d.emit(LogEntryAdded(c))
	return nil
}

func (c CorrectEntry) decide(d *deciding) error {
	i, ok := d.s.posting(c.Corrects)
	if !ok {
		return unknownEntry(c.Corrects)
	}
	line := func(e domain.Event) bool { _, ok := e.(LogEntryAdded); return ok }
	if !slices.ContainsFunc(d.s.log[i].events, line) {
		r := domain.Refuse(RefusedUnknownEntry, "contract 3", "entry %d holds no line of the logbook; CorrectFact corrects other events", c.Corrects)
		r.Field, r.Allowed = "corrects", []string{"CorrectFact"}
		return r
	}
	d.emit(EntryCorrected(c))
	return nil
}

func unknownEntry(seq domain.Seq) *domain.Refusal {
	r := domain.Refuse(RefusedUnknownEntry, "contract 3", "entry %d is none of this incident", seq)
	r.Field = "corrects"
	return r
}

func (LogEntryAdded) evolve(*Incident, *posting) {}

func (EntryCorrected) evolve(*Incident, *posting) {}

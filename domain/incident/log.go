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
	{CommandType: domain.CommandType{New: blank[MarkMisfiled], Roles: handling,
		Events: []string{"EntryMisfiled"}, Example: `{"seq":12,"belongsTo":` + person + `,"reason":"The call was about the other laptop."}`}},
}

var logEvents = []eventRow{
	kept[LogEntryAdded](1),
	kept[EntryCorrected](1),
	kept[EntryMisfiled](1),
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

// EntryMisfiled says that an entry belongs elsewhere. It stays where it is, and
// what it tells counts until that is corrected; services and suppliers are judged
// by it no more.
type EntryMisfiled struct {
	Seq       domain.Seq  `json:"seq" rule:"required"`
	BelongsTo domain.Key  `json:"belongsTo,omitzero"`
	Reason    domain.Text `json:"reason,omitzero" seal:"aggregate"`
}

func (LogEntryAdded) EventName() string  { return "LogEntryAdded" }
func (EntryCorrected) EventName() string { return "EntryCorrected" }
func (EntryMisfiled) EventName() string  { return "EntryMisfiled" }

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

// MarkMisfiled says that an entry was written to the wrong incident. Nothing is
// taken out of the ledger: the entry stays and bears the mark (ARC-03).
type MarkMisfiled struct {
	// Seq is the sequence number of the entry.
	Seq domain.Seq `json:"seq" rule:"required"`
	// BelongsTo is the incident to which it belongs, where there is one: its number or id.
	BelongsTo domain.Key `json:"belongsTo,omitzero" rule:"incident"`
	// Reason says what shows it.
	Reason domain.Text `json:"reason" rule:"required"`
}

func (AddLogEntry) CommandName() string  { return "AddLogEntry" }
func (CorrectEntry) CommandName() string { return "CorrectEntry" }
func (MarkMisfiled) CommandName() string { return "MarkMisfiled" }

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

func (c MarkMisfiled) decide(d *deciding) error {
	i, ok := d.s.posting(c.Seq)
	switch {
	case !ok:
		r := unknownEntry(c.Seq)
		r.Field = "seq"
		return r
	case i == 0:
		return malformed("seq", "entry %d is the report itself, without which there is no incident; MergeReport or WithdrawReport ends it", c.Seq)
	case c.BelongsTo == d.s.Key:
		return malformed("belongsTo", "belongsTo names the incident itself")
	case slices.Contains(d.s.Misfiled, c.Seq):
		return noChange("ARC-03", "entry %d already bears the mark", c.Seq)
	}
	for _, e := range d.s.log[i].events {
		if _, ok := events.Correctable(e.EventName()); ok {
			d.warn("still_counts", "ARC-03", "the %s of entry %d still counts for the clocks and duties of this incident: the mark changes no fact", e.EventName(), c.Seq)
		}
	}
	d.emit(EntryMisfiled(c))
	return nil
}

func unknownEntry(seq domain.Seq) *domain.Refusal {
	r := domain.Refuse(RefusedUnknownEntry, "contract 3", "entry %d is none of this incident", seq)
	r.Field = "corrects"
	return r
}

func (LogEntryAdded) evolve(*Incident, *posting) {}

func (EntryCorrected) evolve(*Incident, *posting) {}

func (e EntryMisfiled) evolve(s *Incident, _ *posting) {
	s.Misfiled = append(slices.Clip(s.Misfiled), e.Seq)
}

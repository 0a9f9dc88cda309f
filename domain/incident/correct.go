package incident

import (
	"fmt"
	"slices"

	"incidentledger/domain"
)

var correctCommands = []commandRow{
	{CommandType: domain.CommandType{New: blank[CorrectFact], Roles: append(slices.Clip(handling), "representative"),
		Events:  []string{"FactCorrected", "RecipientsDetermined", "IncidentRegistered", "CalamityDeclared", "IncidentEscalated"},
		Example: `{"corrects":10,"fields":{"discovered":"2026-11-20T16:40:00+01:00"},"reason":"The train left an hour earlier."}`}},
}

var correctEvents = []eventRow{
	kept[FactCorrected](1),
}

// FactCorrected is what a correction tells.
type FactCorrected = domain.FactCorrected

// A CorrectFact corrects any fact of the incident; the clocks are reckoned anew.
type CorrectFact domain.CorrectFact

// CommandName implements domain.Command.
func (CorrectFact) CommandName() string { return "CorrectFact" }

func (c CorrectFact) decide(d *deciding) error {
	i, ok := d.s.posting(c.Corrects)
	if !ok {
		return unknownEntry(c.Corrects)
	}
	by := domain.CorrectFact(c)
	order, known := byName[d.s.log[i].command]
	if known {
		var err error
		if by, err = by.Read(order.New()); err != nil {
			return err
		}
	}
	was, row, err := by.Choose(d.s.log[i].events, events)
	if err != nil {
		return err
	}
	given, err := by.Patch(was, row)
	if err != nil {
		return err
	}
	is := given
	if r, ok := given.(rederiver); ok {
		if is, err = r.rederive(d, was); err != nil {
			return err
		}
	}
	if err := row.Check(is, d.now, d.set); err != nil {
		return err
	}
	if known {
		if err := by.Keeps(order.New(), d.now, d.set); err != nil {
			return err
		}
	}
	e, err := by.Correct(d.o, was, given, is)
	if err != nil {
		return err
	}
	next := d.s.Clone()
	if err := next.correct(e); err != nil {
		return err
	}
	if err := next.holdsInOrder(d); err != nil {
		return err
	}
	if err := d.dropsLeak(next); err != nil {
		return err
	}
	d.emit(e)
	d.warnSubmitted(&e)
	return nil
}

// warnSubmitted tells that the instant of sending alone moves no term: what counts
// is when the channels delivered.
func (d *deciding) warnSubmitted(e *FactCorrected) {
	_, sent := e.Fields["submitted"]
	_, channels := e.Fields["channels"]
	if sent && !channels && (e.Event == "AuthorityNotified" || e.Event == "ControllerNotified") {
		d.warn("channels_count", "DBR-03", "submitted alone moves no term: what counts is when the channels delivered; correct channels, too, where their instants were wrong")
	}
}

// correct folds a correction: the log is mended where it belongs and told anew.
// The log of a clone is another's too, so it is copied before it changes.
func (s *Incident) correct(e FactCorrected) error {
	i, ok := s.posting(e.Corrects)
	if !ok {
		return fmt.Errorf("FactCorrected names entry %d, which is none of this incident", e.Corrects)
	}
	told, err := e.Mend(s.log[i].events, events)
	if err != nil {
		return err
	}
	s.log = slices.Clone(s.log)
	s.log[i].events = told
	s.refold()
	return nil
}

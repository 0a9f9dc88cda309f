package duties

import (
	"slices"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/projections"
)

// sent is a sending and what it answers.
type sent struct {
	Sending
	duties   []domain.Code // the duties it names
	told     domain.Code   // else: the recipient whose duties it meets
	channels []incident.Channel
	required []domain.Code
	answers  map[domain.Code]incident.Given
	foreign  bool
}

// sendings gives what was sent of an incident, in order.
func sendings(t *projections.Thing) []sent {
	var out []sent
	change := func(id domain.Key, f func(*sent)) {
		if i := slices.IndexFunc(out, func(s sent) bool { return s.Notification == id }); i >= 0 {
			f(&out[i])
		}
	}
	for i := range t.Told {
		stamp := t.Told[i].Stamp()
		switch e := t.Told[i].Event.(type) {
		case incident.AuthorityNotified:
			out = append(out, sent{
				Sending: Sending{Notification: e.Notification, To: e.Authority, Regime: e.Regime, Stage: e.Stage, Submitted: e.Submitted,
					LateReason: e.HasLateReason, lacks: e.MissingAnswers, Stamp: stamp},
				duties: e.Duties, channels: e.Channels, required: e.Required, answers: e.Answers, foreign: e.Foreign,
			})
		case incident.ControllerNotified:
			out = append(out, sent{Sending: Sending{To: e.Controller, Submitted: e.Submitted, Stamp: stamp}, told: "controller-of-processing", channels: e.Channels})
		case incident.DataSubjectsInformed:
			s := sent{Sending: Sending{To: e.Group, Submitted: e.At, Channels: []domain.Code{e.Medium}, Stamp: stamp}, told: "data-subjects"}
			if e.Complete {
				s.Complete = e.At
			}
			out = append(out, s)
		case incident.NotificationChannelAdded:
			change(e.Notification, func(s *sent) { s.channels = append(slices.Clip(s.channels), e.Channel) })
		case incident.NotificationWithdrawn:
			change(e.Notification, func(s *sent) { s.Withdrawn = true })
		case incident.NotificationReceiptRecorded:
			change(e.Notification, func(s *sent) { s.Receipt = e.At })
		}
	}
	for i := range out {
		s := &out[i]
		for _, c := range s.channels {
			s.Channels = append(s.Channels, c.Kind+":"+c.Outcome)
		}
		if s.channels != nil {
			n := incident.Notification{Channels: s.channels, Required: s.required}
			if at, missing := n.Complete(); len(missing) == 0 {
				s.Complete = at
			} else {
				s.missing = missing
			}
		}
		s.lacks = slices.DeleteFunc(slices.Clone(s.lacks), func(field domain.Code) bool { return answered(out[i+1:], s.To, field) })
	}
	return out
}

// answered reports whether a later sending gives an answer.
func answered(later []sent, to, field domain.Code) bool {
	return slices.ContainsFunc(later, func(s sent) bool {
		given, is := s.answers[field]
		return is && !given.Unknown && s.To == to && !s.Withdrawn
	})
}

// answeredBy takes up what was sent to meet the duty. What is missing is told of
// an open duty by the last that stands, and of answers by all.
func (d *Duty) answeredBy(all []sent) {
	for _, s := range all {
		if !slices.Contains(s.duties, domain.Code(d.ID)) && (s.told == "" || s.told != d.Recipient) {
			continue
		}
		d.Sent = append(d.Sent, s.Sending)
		if s.Withdrawn || s.foreign {
			continue
		}
		if d.Open() {
			d.MissingChannels = s.missing
		}
		for _, field := range s.lacks {
			if !slices.Contains(d.MissingAnswers, field) {
				d.MissingAnswers = append(d.MissingAnswers, field)
			}
		}
	}
}

package alerts

import (
	"context"
	"strconv"
	"strings"
	"time"
	"unicode"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/handlers/catalogue"
)

// A message is what a person reads.
type message struct {
	id       string // the same for the same alert and receiver, for ever
	at       time.Time
	language string
	subject  string
	text     string
}

// message tells of an occasion in the words of its receiver: codes, numbers and
// a link, and the title by a safe channel. Whoever gets it because the target it
// was meant for is missing is told so.
func (p *People) message(ctx context.Context, o *occasion, s *incident.Incident, h *hop, missing *target) message {
	w := p.words(h.Language)
	number := o.Key.String()[:8]
	if p.Number != nil {
		if n := p.Number(ctx, o.Key); n != "" {
			number = n
		}
	}
	what := string(o.Event.Clock)
	switch o.about {
	case AboutEscalate:
		what = strconv.Itoa(o.Event.Level)
	case AboutFailure:
		what = string(o.Event.Channel)
	}
	m := message{
		id: o.alert.String() + "." + string(h.ID), at: o.from, language: w.Lang,
		subject: clean("[" + number + "] " + w.Say("alerts.subject."+string(o.about), "what", what)),
	}
	var b strings.Builder
	line := func(s string) { b.WriteString(clean(s) + "\r\n") }
	line(w.Say("alerts.about." + string(o.about)))
	switch {
	case missing == nil:
	case missing.role != "":
		line(w.Say("alerts.nobody-on-call", "role", w.Code("roles", string(missing.role))))
	default:
		line(w.Say("alerts.no-way"))
	}
	line("")
	line(w.Say("alerts.incident", "number", number))
	if o.Event.Clock != "" {
		line(w.Say("alerts.term", "clock", o.Event.Clock))
	}
	if !o.clock.Due.IsZero() {
		line(w.Say("alerts.due", "due", w.Instant(o.clock.Due, p.Zone)))
	}
	if n := s.Priority(); n > 0 {
		line(w.Say("alerts.priority", "priority", n))
	}
	if h.Safe && p.Title != nil {
		if title := p.Title(ctx, o.Key); title != "" {
			line(w.Say("alerts.title", "title", title))
		}
	}
	if p.Link != nil {
		line("")
		line(p.Link(o.Key))
	}
	line("")
	line(w.Say("alerts.footer", "org", string(o.Org)))
	m.text = b.String()
	return m
}

// trial is the message by which a channel is tried. It tells of no incident.
func (p *People) trial(org domain.OrgID, id string, at time.Time, h *hop) message {
	w := p.words(h.Language)
	return message{
		id: id + "." + string(h.ID), at: at, language: w.Lang, subject: clean(w.Say("alerts.subject.test")),
		text: clean(w.Say("alerts.about.test")) + "\r\n\r\n" + clean(w.Say("alerts.footer", "org", string(org))) + "\r\n",
	}
}

// words are those of a receiver, or of the house where there are none.
func (p *People) words(language string) *catalogue.Words {
	for _, l := range []string{language, p.Language} {
		if w, err := catalogue.In(l); err == nil {
			return w
		}
	}
	w, err := catalogue.In("nl")
	if err != nil {
		panic(err) // the catalogue is part of the program
	}
	return w
}

// clean makes one line of a text: nothing in it can begin a header or a line of
// its own.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, s)
}

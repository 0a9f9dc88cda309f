package incident

import (
	"slices"

	"incidentledger/domain"
)

// RefusedMandatory: a recipient that no decision takes off the list.
const RefusedMandatory domain.Code = "mandatory_recipient"

var recipientCommands = []commandRow{
	{CommandType: domain.CommandType{New: blank[RouteReport], Roles: handling, States: inOpen,
		Events:  []string{"ReportRouted"},
		Example: `{"to":"help-desk","reason":"A fault of the network."}`}},
	{CommandType: domain.CommandType{New: blank[DecideRecipient], Roles: handling, States: inLive,
		Events:  []string{"RecipientDecided", "RecipientsDetermined"},
		Example: `{"recipient":"controller","needed":true,"reason":"The invoices of the department are part of it."}`}},
}

var recipientEvents = []eventRow{
	told[ReportRouted](1),
	told[RecipientDecided](1),
	kept[RecipientsDetermined](1),
}

// ReportRouted says to which role or group the handling went. By rule: nobody
// decided it, it follows from the report.
type ReportRouted struct {
	To     domain.Code `json:"to" rule:"required"`
	Reason domain.Text `json:"reason,omitzero" seal:"aggregate"`
	ByRule bool        `json:"byRule,omitzero"`
}

// RecipientDecided says that somebody must hear of the report, or need not,
// whatever its nature suggests.
type RecipientDecided struct {
	Recipient domain.Code `json:"recipient" rule:"required,codes=roles"`
	Needed    bool        `json:"needed"`
	Reason    domain.Text `json:"reason,omitzero" seal:"aggregate"`
}

// RecipientsDetermined says who must hear of the report, by role. It replaces an
// earlier list.
type RecipientsDetermined struct {
	Recipients []domain.Code `json:"recipients"`
}

func (ReportRouted) EventName() string         { return "ReportRouted" }
func (RecipientDecided) EventName() string     { return "RecipientDecided" }
func (RecipientsDetermined) EventName() string { return "RecipientsDetermined" }

// RouteReport gives the handling to a role or group. Without it ICT goes to the
// help desk, all else to the head of department (INT-07, INT-08).
type RouteReport struct {
	// To is the role or group that handles it from now on.
	To domain.Code `json:"to" rule:"required"`
	// Reason says why it goes there.
	Reason domain.Text `json:"reason,omitzero"`
}

// DecideRecipient says that a role must hear of the report, or need not: the
// list follows from its nature, and somebody weighs its extent (INT-10).
type DecideRecipient struct {
	// Recipient is the role in question.
	Recipient domain.Code `json:"recipient" rule:"required,codes=roles"`
	// Needed says whether it must hear of it.
	Needed bool `json:"needed"`
	// Reason says why.
	Reason domain.Text `json:"reason" rule:"required"`
}

func (RouteReport) CommandName() string     { return "RouteReport" }
func (DecideRecipient) CommandName() string { return "DecideRecipient" }

// routed gives where a report goes when nobody says otherwise (INT-07, INT-08).
func (e IncidentReported) routed() ReportRouted {
	if e.ICT {
		return ReportRouted{To: "help-desk", ByRule: true}
	}
	return ReportRouted{To: "department-head", ByRule: true}
}

func (c RouteReport) decide(d *deciding) error {
	if c.To == d.s.RoutedTo && !d.s.RoutedByRule {
		return noChange("INT-08", "the report already went to %s", c.To)
	}
	d.emit(ReportRouted{To: c.To, Reason: c.Reason})
	return nil
}

func (c DecideRecipient) decide(d *deciding) error {
	facts := Facts(d.s)
	if !c.Needed && slices.Contains(mandatory, c.Recipient) && slices.Contains(d.set.Hears(&facts, d.profile()), c.Recipient) {
		return domain.Refuse(RefusedMandatory, "INT-09", "%s always hears of such a report; this cannot be decided otherwise", c.Recipient)
	}
	i := slices.IndexFunc(d.s.RecipientsDecided, func(e RecipientDecided) bool { return e.Recipient == c.Recipient })
	if slices.Contains(d.s.Recipients, c.Recipient) == c.Needed && (i < 0 || d.s.RecipientsDecided[i].Needed == c.Needed) {
		return noChange("INT-10", "whether %s hears of the report already stands so", c.Recipient)
	}
	d.emit(RecipientDecided(c))
	return nil
}

// mandatory are the roles that no decision takes off the list once the rules put
// them on it: of every report (INT-09), of ICT (INT-07), of what is always told
// (INT-11).
var mandatory = []domain.Code{"department-head", "help-desk", "secretary"}

// recipients gives who must hear of the report, sorted: those who do by its
// nature, unless somebody decided otherwise (INT-10).
func (t *Told) recipients(hearers []domain.Code) []domain.Code {
	out := slices.Clone(hearers)
	for _, e := range t.RecipientsDecided {
		switch {
		case e.Needed:
			out = append(out, e.Recipient)
		case !slices.Contains(mandatory, e.Recipient):
			out = slices.DeleteFunc(out, func(c domain.Code) bool { return c == e.Recipient })
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (e ReportRouted) evolve(s *Incident, _ *posting) { s.RoutedTo, s.RoutedByRule = e.To, e.ByRule }

func (e RecipientDecided) evolve(s *Incident, _ *posting) {
	rest := slices.DeleteFunc(slices.Clone(s.RecipientsDecided), func(was RecipientDecided) bool { return was.Recipient == e.Recipient })
	s.RecipientsDecided = append(rest, e)
}

func (e RecipientsDetermined) evolve(s *Incident, _ *posting) { s.Recipients = e.Recipients }

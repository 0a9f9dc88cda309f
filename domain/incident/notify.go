package incident

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/policy"
)

var notifyCommands = []commandRow{
	{CommandType: domain.CommandType{New: blank[NotifyAuthority], Roles: statutory,
		Events:  []string{"AuthorityNotified"},
		Example: `{"authority":"ap","regime":"gdpr","stage":"initial","submitted":"2026-11-21T09:05:00+01:00","channels":[{"kind":"webform","at":"2026-11-21T09:05:00+01:00","outcome":"delivered","reference":"2026-118"}],"answers":{"subject-count":{"unknown":true,"expectedBy":"2026-11-24T12:00:00+01:00"}}}`}},
	{CommandType: domain.CommandType{New: blank[AddNotificationChannel], Roles: statutory,
		Events:  []string{"NotificationChannelAdded"},
		Example: `{"notification":` + person + `,"channel":{"kind":"phone","at":"2026-11-21T09:20:00+01:00","outcome":"delivered","person":"duty desk"}}`}},
	{CommandType: domain.CommandType{New: blank[WithdrawNotification], Roles: statutory,
		Events:  []string{"NotificationWithdrawn"},
		Example: `{"notification":` + person + `,"submitted":"2026-11-22T10:00:00+01:00","channels":[{"kind":"webform","at":"2026-11-22T10:00:00+01:00","outcome":"delivered"}],"reason":"The disk proved to be encrypted."}`}},
}

// RegimeGDPR is the regime of data leaks.
const RegimeGDPR domain.Code = "gdpr"

// NotifyAuthority says what was told to an authority and through which channels
// (NOT-04, NOT-05, DBR-03). Only what was delivered counts, and on time is
// judged by the last of the channels that the authority demands.
type NotifyAuthority struct {
	// Duties are the ids of the clocks it answers; without them those that are met by authority, regime and stage.
	Duties []domain.Code `json:"duties,omitempty"`
	// Authority is who was notified.
	Authority domain.Code `json:"authority" rule:"required,codes=authorities"`
	// Regime is the law or agreement under which.
	Regime domain.Code `json:"regime" rule:"required,codes=regimes"`
	// Stage is the step of the notification.
	Stage domain.Code `json:"stage" rule:"required,oneof=early-warning|initial|intermediate|supplement|progress|final"`
	// Via is the organisation that notified: it meets a duty here only where it notifies for this one (NOT-11, NOT-12).
	Via domain.Code `json:"via,omitzero"`
	// Submitted is when it was sent.
	Submitted time.Time `json:"submitted" rule:"required,past"`
	// Channels are the attempts, each with its outcome.
	Channels []Channel `json:"channels" rule:"required"`
	// Answers are the answers given, by field; one not known yet is {"unknown":true,"expectedBy":T}.
	Answers map[domain.Code]Answer `json:"answers,omitempty"`
	// LateReason says why it comes after the term.
	LateReason domain.Text `json:"lateReason,omitzero"`
}

// AddNotificationChannel adds an attempt to a notification, such as the call
// that must follow the mail (DBR-03).
type AddNotificationChannel struct {
	// Notification is the id that the receipt of NotifyAuthority gave.
	Notification domain.Key `json:"notification" rule:"required"`
	// Channel is the attempt.
	Channel Channel `json:"channel" rule:"required"`
}

// WithdrawNotification says that a notification was taken back at the authority.
// Everything is kept, and the duty is open again (REG-10, NOT-06).
type WithdrawNotification struct {
	// Notification is the id that the receipt of NotifyAuthority gave.
	Notification domain.Key `json:"notification" rule:"required"`
	// Submitted is when the withdrawal was sent.
	Submitted time.Time `json:"submitted" rule:"required,past"`
	// Channels are the attempts, each with its outcome.
	Channels []Channel `json:"channels" rule:"required"`
	// Reason says why it was taken back.
	Reason domain.Text `json:"reason" rule:"required"`
	// Reference is the authority's number of the withdrawal.
	Reference domain.Text `json:"reference,omitzero" rule:"max=200"`
}

func (NotifyAuthority) CommandName() string        { return "NotifyAuthority" }
func (AddNotificationChannel) CommandName() string { return "AddNotificationChannel" }
func (WithdrawNotification) CommandName() string   { return "WithdrawNotification" }

func (c NotifyAuthority) decide(d *deciding) error {
	e := AuthorityNotified{
		Duties: c.Duties, Authority: c.Authority, Regime: c.Regime, Stage: c.Stage, Via: c.Via,
		Submitted: c.Submitted, Channels: c.Channels, Answers: given(c.Answers), LateReason: c.LateReason, HasLateReason: c.LateReason != "",
	}
	for i, id := range c.Duties {
		if err := d.answers("duties."+strconv.Itoa(i), id, &e); err != nil {
			return err
		}
	}
	e.demand(d)
	late := e.judge(d, time.Time{})
	if late != "" && c.LateReason == "" {
		r := domain.Refuse(RefusedLate, "X-01", "%s has passed; a late notification gives its reasons in lateReason", late)
		r.Field = "lateReason"
		if err := d.rule(r); err != nil {
			return err
		}
	}
	e.Notification = d.made("notification")
	d.emit(e)
	if _, ok := d.set.AuthorityAt(c.Authority, c.Submitted); !ok {
		d.warn("authority_not_in_being", "NOT-14", "on %s there was no %s; see that the notification went to who takes it now", c.Submitted.Format(time.DateOnly), c.Authority)
	}
	if e.Foreign {
		d.warn("duty_open", "NOT-11", "what %s notifies meets its own duty; that of this organisation stays open", e.Via)
		return nil
	}
	d.warnIncomplete(e.Authority, e.MissingChannels)
	d.warnUnanswered(&e)
	open := func(id domain.Code) bool { return d.s.Clocks[policy.ClockID(id)].Running() }
	if !slices.ContainsFunc(e.Duties, open) {
		d.warn("no_duty", "NOT-11", "no duty towards %s is open in this incident; the notification is kept all the same", c.Authority)
	}
	return nil
}

func given(answers map[domain.Code]Answer) map[domain.Code]Given {
	if len(answers) == 0 {
		return nil
	}
	out := make(map[domain.Code]Given, len(answers))
	for field, a := range answers {
		out[field] = Given(a)
	}
	return out
}

// answers refuses a duty that the notification cannot meet.
func (d *deciding) answers(field string, id domain.Code, e *AuthorityNotified) error {
	c, ok := d.s.Clocks[policy.ClockID(id)]
	switch {
	case !ok || c.Recipient != e.Authority:
		return unknown(field, "nothing is owed to %s under %s", e.Authority, id)
	case !d.meets(e, c):
		return malformed(field, "a notification of stage %s under %s is not what %s asks for", e.Stage, e.Regime, id)
	}
	return nil
}

// meets reports whether a notification is what the rule of a clock asks for: the
// fact that it becomes is the one that meets the clock.
func (d *deciding) meets(e *AuthorityNotified, c policy.Clock) bool {
	if c.Recipient != e.Authority {
		return false
	}
	n := Notification{Authority: e.Authority, Regime: e.Regime, Stage: e.Stage}
	switch met := policy.Path(strings.ReplaceAll(string(d.ruleOf(c).Met), "{recipient}", string(c.Recipient))); met {
	case policy.Submitted(e.Regime, d.s.stageOf(e.Authority, e.Regime, e.Stage), e.Authority):
		return true
	case policy.Submitted(e.Regime, "final", e.Authority):
		return e.replacesFinal(c)
	case policy.BreachNotified(e.Authority):
		return ofBreach(e.Regime, e.Stage)
	case policy.SupplementGiven:
		return n.supplementing() && c.N <= len(d.s.Notifications) && d.s.Notifications[c.N-1].Regime == e.Regime
	case policy.RequestAnswered:
		return n.answering()
	}
	return false
}

// replacesFinal reports whether a progress report takes the place of a final one:
// where it says so, or once the first warning of that report has come. What
// comes earlier only tells how things stand.
func (e *AuthorityNotified) replacesFinal(c policy.Clock) bool {
	return e.Stage == "progress" && (slices.Contains(e.Duties, domain.Code(c.ID)) || len(c.Warn) > 0 && !e.Submitted.Before(c.Warn[0]))
}

// demand fills in what the authority demands and is owed: the duties named, else
// those that run; of a breach that was notified before, else those. What another
// organisation notifies counts here only where it notifies for this one (NOT-12).
func (e *AuthorityNotified) demand(d *deciding) {
	e.Required = nil
	if a, ok := d.set.AuthorityAt(e.Authority, e.Submitted); ok {
		e.Required = a.Mandatory()
	}
	if e.Foreign = e.Via != "" && e.Via != d.basis.Profile[policy.OrgNotifiesVia]; e.Foreign {
		e.Duties = nil
		return
	}
	var named, open, done []domain.Code
	for _, c := range d.s.Clocks {
		switch id := domain.Code(c.ID); {
		case c.Cancelled || !d.meets(e, c):
		case slices.Contains(e.Duties, id):
			named = append(named, id)
		case c.Running():
			open = append(open, id)
		case ofBreach(e.Regime, e.Stage):
			done = append(done, id)
		}
	}
	e.Duties = done
	if len(named) > 0 {
		e.Duties = named
	} else if len(open) > 0 {
		e.Duties = open
	}
	slices.Sort(e.Duties)
}

// judge fills in what follows from the channels, answers and terms: what is
// missing and whether it is on time. It gives the first clock that was missed;
// those that something else had met before miss nothing. A correction says when
// the notification itself stood complete so far.
func (e *AuthorityNotified) judge(d *deciding, sofar time.Time) (late domain.Code) {
	e.Channels = withReferences(e.Channels)
	n := Notification{Channels: e.Channels, Required: e.Required}
	at, missing := n.Complete()
	e.MissingChannels = missing
	if len(missing) > 0 {
		at = e.Submitted
		for _, c := range e.Channels {
			if c.At.After(at) {
				at = c.At
			}
		}
	}
	asked := map[domain.Code]bool{}
	for field := range e.Answers {
		asked[field] = true
	}
	for _, id := range e.Duties {
		c := d.s.Clocks[policy.ClockID(id)]
		rule := d.ruleOf(c)
		wanted := rule.Answers
		if e.Stage == "progress" { // what is not over cannot be told as if it were
			wanted = nil
		}
		open := c.Running() || c.Met.Equal(sofar)
		if open && c.Statutory && !c.Due.IsZero() && !c.Provisional && at.After(c.OverdueAt()) {
			if late == "" {
				late = id
			}
			if !e.HasLateReason {
				wanted = slices.Concat(wanted, rule.LateAnswers)
			}
		}
		for _, field := range wanted {
			asked[field] = true
		}
	}
	e.MissingAnswers = nil
	for _, field := range slices.Sorted(maps.Keys(asked)) {
		if a, ok := e.Answers[field]; !ok || a.Unknown {
			e.MissingAnswers = append(e.MissingAnswers, field)
		}
	}
	e.OnTime = len(missing) == 0 && late == ""
	return late
}

func (d *deciding) warnIncomplete(authority domain.Code, channels []domain.Code) {
	if len(channels) > 0 {
		d.warn("missing_channels", "DBR-03", "the notification to %s is incomplete until it is delivered by %s; its duty stays open", authority, andList(channels))
	}
}

// warnUnanswered tells what an authority is still owed of answers that are not
// known yet, and which answers were not written down at all.
func (d *deciding) warnUnanswered(e *AuthorityNotified) {
	var owed, left []domain.Code
	for _, field := range e.MissingAnswers {
		if e.Answers[field].Unknown {
			owed = append(owed, field)
		} else {
			left = append(left, field)
		}
	}
	if len(owed) > 0 {
		d.warn("missing_answers", "DBR-04", "a supplement stays owed to %s: %s", e.Authority, andList(owed))
	}
	if len(left) > 0 {
		d.warn("answers_left_out", "DBR-04", "the notification to %s leaves out %s; give that in a supplement", e.Authority, andList(left))
	}
}

// notification finds one that is not withdrawn, or refuses.
func (d *deciding) notification(id domain.Key) (*Notification, error) {
	for i := range d.s.Notifications {
		n := &d.s.Notifications[i]
		if n.ID != id {
			continue
		}
		if n.Withdrawn {
			return nil, domain.Refuse(RefusedWithdrawn, "REG-10", "the notification %s to %s was withdrawn; notify anew", id, n.Authority)
		}
		return n, nil
	}
	return nil, unknown("notification", "the incident has no notification %s", id)
}

func (c AddNotificationChannel) decide(d *deciding) error {
	n, err := d.notification(c.Notification)
	if err != nil {
		return err
	}
	for _, was := range n.Channels {
		if was.Kind == c.Channel.Kind && was.At.Equal(c.Channel.At) && was.Outcome == c.Channel.Outcome {
			return noChange("DBR-03", "that attempt by %s is already recorded", c.Channel.Kind)
		}
	}
	after := *n
	after.Channels = append(slices.Clip(n.Channels), c.Channel)
	_, missing := after.Complete()
	e := NotificationChannelAdded{Notification: c.Notification, Channel: withReferences([]Channel{c.Channel})[0], MissingChannels: missing}
	d.emit(e)
	d.warnIncomplete(n.Authority, missing)
	return nil
}

func (c WithdrawNotification) decide(d *deciding) error {
	n, err := d.notification(c.Notification)
	if err != nil {
		return err
	}
	d.emit(NotificationWithdrawn{
		Notification: c.Notification, Submitted: c.Submitted, Channels: withReferences(c.Channels),
		Reason: c.Reason, Reference: c.Reference, HasReference: c.Reference != "",
	})
	if !d.s.Dropped() && (!d.s.Leak.Withdrawn || d.s.Significance.is()) {
		d.warn("duty_open", "NOT-06", "the duty towards %s is open again unless another notification meets it", n.Authority)
	}
	return nil
}

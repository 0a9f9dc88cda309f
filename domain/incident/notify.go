package incident

import (
	"slices"
	"strconv"
	"time"

	"incidentledger/domain"
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
	// Answers are the answers given, by field; one not known yet is {"unknown":true,"expectedBy":T}. What is left out counts as not known yet.
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
	if err := d.sinceBegun("submitted", c.Submitted); err != nil {
		return err
	}
	for i, ch := range c.Channels {
		if err := d.sinceBegun("channels."+strconv.Itoa(i)+".at", ch.At); err != nil {
			return err
		}
	}
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
	if err := e.answerable(d, "answers", len(d.s.Notifications), nil); err != nil {
		return err
	}
	late := e.judge(d, len(d.s.Notifications), time.Time{})
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
	d.warnIdle(&e)
	return nil
}

// warnIdle tells of a notification that meets nothing: nothing is owed to the
// authority, or something else is. What tells more or again is not meant to.
func (d *deciding) warnIdle(e *AuthorityNotified) {
	var open []domain.Code
	for _, c := range d.s.duties() {
		switch id := domain.Code(c.ID); {
		case !c.Running() || c.Recipient != e.Authority:
		case slices.Contains(e.Duties, id):
			return
		default:
			open = append(open, id)
		}
	}
	n := e.notification()
	again := slices.ContainsFunc(d.s.Notifications, func(m Notification) bool {
		return m.Authority == n.Authority && m.Regime == n.Regime && n.repeats(&m)
	})
	switch {
	case len(open) == 0:
		d.warn("no_duty", "NOT-11", "no duty towards %s is open in this incident; the notification is kept all the same", e.Authority)
	case !again && !n.answering():
		d.warn("duty_open", "NOT-11", "that meets nothing of what is owed to %s: %s stays open", e.Authority, andList(open))
	}
}

func (d *deciding) warnIncomplete(authority domain.Code, channels []domain.Code) {
	if len(channels) > 0 {
		d.warn("missing_channels", "DBR-03", "the notification to %s is incomplete until it is delivered by %s; its duty stays open", authority, andList(channels))
	}
}

// warnUnanswered tells what an authority is still owed of answers, and which of
// them the order did not mention.
func (d *deciding) warnUnanswered(e *AuthorityNotified) {
	var owed, left []domain.Code
	for _, field := range e.MissingAnswers {
		if slices.Contains(e.LeftOut, field) {
			left = append(left, field)
		} else {
			owed = append(owed, field)
		}
	}
	if len(owed) > 0 {
		d.warn("missing_answers", "DBR-04", "a supplement stays owed to %s: %s", e.Authority, andList(owed))
	}
	if len(left) > 0 {
		d.warn("answers_left_out", "DBR-04", "the notification to %s leaves out %s; that counts as not known yet, and a supplement stays owed", e.Authority, andList(left))
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

package incident

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"incidentledger/domain"
)

var notificationEvents = []eventRow{
	told[AuthorityNotified](1),
	told[NotificationChannelAdded](1),
	told[NotificationWithdrawn](1),
}

// A Channel is one attempt to tell an authority something. Only delivered counts.
type Channel struct {
	// Kind is the way it went.
	Kind domain.Code `json:"kind" rule:"required,oneof=webform|email|phone|portal|letter"`
	// At is when.
	At time.Time `json:"at" rule:"required,past"`
	// Person is who told, or who took it.
	Person domain.Text `json:"person,omitzero" seal:"aggregate" rule:"max=300"`
	// Outcome tells whether it arrived.
	Outcome domain.Code `json:"outcome" rule:"required,oneof=delivered|no-answer|voicemail|failed"`
	// Reference is the number that the authority gave in return.
	Reference domain.Text `json:"reference,omitzero" seal:"aggregate" rule:"max=200"`
	// HasReference follows from reference; it need not be given.
	HasReference bool `json:"hasReference"`
}

// A Given is one answer to an authority's question.
type Given struct {
	Text       domain.Text `json:"text,omitzero" seal:"aggregate"`
	Unknown    bool        `json:"unknown,omitempty"`
	ExpectedBy time.Time   `json:"expectedBy,omitzero"`
}

// AuthorityNotified says what was told to an authority and through which
// channels. Required names the channels that must all deliver; LeftOut the answers
// that were asked and not mentioned, which count as not known yet; OnTime,
// MissingChannels and MissingAnswers tell how it stood when it was recorded.
type AuthorityNotified struct {
	Notification    domain.Key            `json:"notification"`
	Duties          []domain.Code         `json:"duties,omitempty"`
	Authority       domain.Code           `json:"authority" rule:"required,codes=authorities"`
	Regime          domain.Code           `json:"regime" rule:"required,codes=regimes"`
	Stage           domain.Code           `json:"stage" rule:"required,oneof=early-warning|initial|intermediate|supplement|progress|final"`
	Via             domain.Code           `json:"via,omitzero"`
	Foreign         bool                  `json:"foreign,omitzero"` // another party's own notification: it meets nothing here
	Submitted       time.Time             `json:"submitted" rule:"required,past"`
	Channels        []Channel             `json:"channels" rule:"required"`
	Required        []domain.Code         `json:"required,omitempty"`
	Answers         map[domain.Code]Given `json:"answers,omitempty"`
	LeftOut         []domain.Code         `json:"leftOut,omitempty"`
	OnTime          bool                  `json:"onTime"`
	MissingChannels []domain.Code         `json:"missingChannels,omitempty"`
	MissingAnswers  []domain.Code         `json:"missingAnswers,omitempty"`
	LateReason      domain.Text           `json:"lateReason,omitzero" seal:"aggregate"`
	HasLateReason   bool                  `json:"hasLateReason"`
}

// NotificationChannelAdded says that a notification went through one more
// channel.
type NotificationChannelAdded struct {
	Notification    domain.Key    `json:"notification" rule:"required"`
	Channel         Channel       `json:"channel"`
	MissingChannels []domain.Code `json:"missingChannels,omitempty"` // what is missing now
}

// NotificationWithdrawn says that a notification was taken back at the
// authority. What was notified stays in the ledger; the duty is open again.
type NotificationWithdrawn struct {
	Notification domain.Key  `json:"notification" rule:"required"`
	Submitted    time.Time   `json:"submitted" rule:"required,past"`
	Channels     []Channel   `json:"channels" rule:"required"`
	Reason       domain.Text `json:"reason,omitzero" seal:"aggregate"`
	Reference    domain.Text `json:"reference,omitzero" seal:"aggregate" rule:"max=200"`
	HasReference bool        `json:"hasReference"`
}

func (AuthorityNotified) EventName() string        { return "AuthorityNotified" }
func (NotificationChannelAdded) EventName() string { return "NotificationChannelAdded" }
func (NotificationWithdrawn) EventName() string    { return "NotificationWithdrawn" }

// A Notification is what an authority was told, as far as rules need it.
type Notification struct {
	ID        domain.Key
	Authority domain.Code
	Regime    domain.Code
	Stage     domain.Code
	Duties    []domain.Code // the clocks it answers
	Channels  []Channel     // never changed in place
	Required  []domain.Code // the channels that must all deliver; none: any one will do
	Withdrawn bool
	Foreign   bool // another party's own
	Known     []domain.Code
	Unknown   []Pending     // answers that it says are not known yet, by field
	LeftOut   []domain.Code // answers that it does not mention

	Acknowledged time.Time
}

// A Pending is an answer that an authority is still owed.
type Pending struct {
	Field      domain.Code
	ExpectedBy time.Time // zero: nobody said
}

// standing gives the instant at which a notification was complete; zero while it
// is not, once it is withdrawn, or where another party made it for itself.
func (n *Notification) standing() time.Time {
	if at, missing := n.Complete(); !n.Withdrawn && !n.Foreign && len(missing) == 0 {
		return at
	}
	return time.Time{}
}

// covers reports whether a notification of a breach is about the n-th
// processing: where it answers no duty, about what was suspected first.
func (n *Notification) covers(item int) bool {
	about := subjects(n.Duties)
	if len(about) == 0 {
		return item == 1
	}
	return slices.ContainsFunc(about, func(id domain.Code) bool {
		return strings.HasSuffix(string(id), "/"+strconv.Itoa(item))
	})
}

// subjects gives the duties that say what a notification is about: all but those
// to supplement and to answer, which are numbered by what was sent and asked.
func subjects(duties []domain.Code) []domain.Code {
	return slices.DeleteFunc(slices.Clone(duties), func(id domain.Code) bool {
		return strings.Contains(string(id), "/supplement/") || strings.Contains(string(id), "/answer/")
	})
}

// ofBreach reports whether a notification of a regime and stage is that of a
// breach of personal data to the authority.
func ofBreach(regime, stage domain.Code) bool { return regime == RegimeGDPR && stage == "initial" }

// replacesFinal reports whether a progress report stands in the place of a final
// one.
func (n *Notification) replacesFinal() bool {
	return n.Stage == "progress" && !n.standing().IsZero() &&
		slices.ContainsFunc(n.Duties, func(id domain.Code) bool { return strings.Contains(string(id), "/final/") })
}

// stageOf gives the stage as which a notification counts: a final report after a
// progress report in its place is the one owed once all is handled.
func (t *Told) stageOf(authority, regime, stage domain.Code) domain.Code {
	before := func(n Notification) bool { return n.Authority == authority && n.Regime == regime && n.replacesFinal() }
	if stage == "final" && slices.ContainsFunc(t.Notifications, before) {
		return "final-after-ongoing"
	}
	return stage
}

// answering reports whether the notification tells an authority how things
// stand, as it can ask for.
func (n *Notification) answering() bool {
	return n.Stage == "intermediate" || n.Stage == "progress" || n.Stage == "supplement"
}

// Complete gives the instant at which the notification had gone through every
// channel it must go through, and the kinds that still lack a delivery.
func (n *Notification) Complete() (at time.Time, missing []domain.Code) {
	if len(n.Required) == 0 {
		for _, c := range n.Channels {
			if c.Outcome == "delivered" && (at.IsZero() || c.At.Before(at)) {
				at = c.At
			}
			missing = append(missing, c.Kind)
		}
		if !at.IsZero() {
			return at, nil
		}
		slices.Sort(missing)
		return at, slices.Compact(missing)
	}
	for _, kind := range n.Required {
		var first time.Time
		for _, c := range n.Channels {
			if c.Kind == kind && c.Outcome == "delivered" && (first.IsZero() || c.At.Before(first)) {
				first = c.At
			}
		}
		if first.IsZero() {
			missing = append(missing, kind)
		} else if first.After(at) {
			at = first
		}
	}
	return at, missing
}

func withReferences(channels []Channel) []Channel {
	out := slices.Clone(channels)
	for i := range out {
		out[i].HasReference = out[i].HasReference || out[i].Reference != ""
	}
	return out
}

func (e AuthorityNotified) evolve(s *Incident, _ *posting) {
	s.Notifications = append(slices.Clip(s.Notifications), e.notification())
}

// notification is what rules need of it.
func (e *AuthorityNotified) notification() Notification {
	n := Notification{
		ID: e.Notification, Authority: e.Authority, Regime: e.Regime, Stage: e.Stage, Duties: e.Duties,
		Channels: e.Channels, Required: e.Required, Foreign: e.Foreign, LeftOut: e.LeftOut,
	}
	for _, field := range slices.Sorted(maps.Keys(e.Answers)) {
		if a := e.Answers[field]; a.Unknown {
			n.Unknown = append(n.Unknown, Pending{field, a.ExpectedBy})
		} else {
			n.Known = append(n.Known, field)
		}
	}
	return n
}

func (e NotificationChannelAdded) evolve(s *Incident, _ *posting) {
	s.notified(e.Notification, func(n *Notification) { n.Channels = append(slices.Clip(n.Channels), e.Channel) })
}

func (e NotificationWithdrawn) evolve(s *Incident, _ *posting) {
	s.notified(e.Notification, func(n *Notification) { n.Withdrawn = true })
}

func (t *Told) notified(id domain.Key, change func(*Notification)) {
	t.Notifications = slices.Clone(t.Notifications)
	for i := range t.Notifications {
		if t.Notifications[i].ID == id {
			change(&t.Notifications[i])
		}
	}
}

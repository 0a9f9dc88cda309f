package incident

import (
	"time"

	"incidentledger/domain"
)

// A Channel is one attempt to tell an authority something. Only delivered counts.
type Channel struct {
	Kind         domain.Code `json:"kind" rule:"required,oneof=webform|email|phone|portal|letter"`
	At           time.Time   `json:"at" rule:"required,past"`
	Person       domain.Text `json:"person,omitzero" seal:"aggregate" rule:"max=300"` // who told, or who took it
	Outcome      domain.Code `json:"outcome" rule:"required,oneof=delivered|no-answer|voicemail|failed"`
	Reference    domain.Text `json:"reference,omitzero" seal:"aggregate" rule:"max=200"` // what the authority gave in return
	HasReference bool        `json:"hasReference"`
}

// A Given is one answer to an authority's question.
type Given struct {
	Text       domain.Text `json:"text,omitzero" seal:"aggregate"`
	Unknown    bool        `json:"unknown,omitempty"`
	ExpectedBy time.Time   `json:"expectedBy,omitzero"`
}

// AuthorityNotified says what was told to an authority and through which
// channels. Required names the channels that must all deliver; OnTime,
// MissingChannels and MissingAnswers tell how it stood when it was recorded.
type AuthorityNotified struct {
	Notification    domain.Key            `json:"notification"`
	Duties          []domain.Code         `json:"duties,omitempty"`
	Authority       domain.Code           `json:"authority" rule:"required,codes=authorities"`
	Regime          domain.Code           `json:"regime" rule:"required,codes=regimes"`
	Stage           domain.Code           `json:"stage" rule:"required,oneof=early-warning|initial|intermediate|supplement|progress|final"`
	Via             domain.Code           `json:"via,omitzero"`
	Submitted       time.Time             `json:"submitted" rule:"required,past"`
	Channels        []Channel             `json:"channels" rule:"required"`
	Required        []domain.Code         `json:"required,omitempty"`
	Answers         map[domain.Code]Given `json:"answers,omitempty"`
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

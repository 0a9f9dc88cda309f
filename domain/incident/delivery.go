package incident

import "incidentledger/domain"

// AlertDelivered says that a message about the incident reached its receiver.
type AlertDelivered struct {
	Alert   domain.Key  `json:"alert" rule:"required"`
	Clock   domain.Code `json:"clock,omitzero"`
	Channel domain.Code `json:"channel" rule:"required"`
	Attempt int         `json:"attempt" rule:"required,min=1"`
	Status  int         `json:"status,omitzero"`
}

// AlertFailed says that an attempt to deliver a message did not succeed.
type AlertFailed struct {
	Alert   domain.Key  `json:"alert" rule:"required"`
	Clock   domain.Code `json:"clock,omitzero"`
	Channel domain.Code `json:"channel" rule:"required"`
	Attempt int         `json:"attempt" rule:"required,min=1"`
	Status  int         `json:"status,omitzero"`
}

func (AlertDelivered) EventName() string { return "AlertDelivered" }
func (AlertFailed) EventName() string    { return "AlertFailed" }

package incident

import (
	"slices"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/policy"
)

var messageCommands = []commandRow{
	{CommandType: domain.CommandType{New: blank[RecordReceipt], Roles: statutory,
		Events:  []string{"NotificationReceiptRecorded"},
		Example: `{"notification":` + person + `,"reference":"AP-2026-118","at":"2026-11-21T09:06:00+01:00"}`}},
	{CommandType: domain.CommandType{New: blank[RecordIntermediateReportRequest], Roles: statutory,
		Events:  []string{"IntermediateReportRequested"},
		Example: `{"authority":"ccb","received":"2026-11-22T10:00:00+01:00","answerBy":"2026-11-24T12:00:00+01:00"}`}},
	{CommandType: domain.CommandType{New: blank[RecordIncomingMessage], Roles: handling,
		Events:  []string{"MessageReceived"},
		Example: `{"from":"ibd","medium":"email","at":"2026-11-21T10:15:00+01:00","reference":"IBD-77","text":"Two other municipalities see the same address; please send the logs.","tlp":"amber","answerBy":"2026-11-21T17:00:00+01:00"}`}},
}

var messageEvents = []eventRow{
	told[NotificationReceiptRecorded](1),
	told[IntermediateReportRequested](1),
	told[MessageReceived](1),
}

// NotificationReceiptRecorded says that an authority acknowledged a
// notification.
type NotificationReceiptRecorded struct {
	Notification domain.Key  `json:"notification" rule:"required"`
	Reference    domain.Text `json:"reference,omitzero" seal:"aggregate" rule:"max=200"`
	HasReference bool        `json:"hasReference"`
	At           time.Time   `json:"at" rule:"required,past"`
	File         domain.Hash `json:"file,omitzero"`

	Acknowledgement EvidenceFile `json:"acknowledgement,omitzero"`
}

// IntermediateReportRequested says that an authority asked how things stand.
type IntermediateReportRequested struct {
	Authority domain.Code `json:"authority" rule:"required,codes=authorities"`
	Received  time.Time   `json:"received" rule:"required,past"`
	AnswerBy  time.Time   `json:"answerBy,omitzero"`
}

// MessageReceived says what somebody outside told about the incident.
type MessageReceived struct {
	From         Who         `json:"from"`
	Medium       domain.Code `json:"medium" rule:"required,codes=media"`
	At           time.Time   `json:"at" rule:"required,past"`
	Reference    domain.Text `json:"reference,omitzero" seal:"aggregate" rule:"max=200"`
	HasReference bool        `json:"hasReference"`
	Text         domain.Text `json:"text,omitzero" seal:"aggregate"`
	TLP          domain.Code `json:"tlp" rule:"required,codes=tlp"`
	AnswerBy     time.Time   `json:"answerBy,omitzero"`
}

func (NotificationReceiptRecorded) EventName() string { return "NotificationReceiptRecorded" }
func (IntermediateReportRequested) EventName() string { return "IntermediateReportRequested" }
func (MessageReceived) EventName() string             { return "MessageReceived" }

// RecordReceipt says that an authority acknowledged a notification, and under
// which number (COM-02).
type RecordReceipt struct {
	// Notification is the id that the receipt of NotifyAuthority gave.
	Notification domain.Key `json:"notification" rule:"required"`
	// Reference is the authority's number.
	Reference domain.Text `json:"reference" rule:"required,max=200"`
	// At is when it acknowledged.
	At time.Time `json:"at" rule:"required,past"`
	// File is the SHA-256 of the acknowledgement as a file; that of the acknowledgement where it is left out.
	File domain.Hash `json:"file,omitzero"`
	// Acknowledgement is that file: do --file takes it in.
	Acknowledgement EvidenceFile `json:"acknowledgement,omitzero"`
}

// RecordIntermediateReportRequest says that an authority asked how things stand
// . The law sets no term for the answer; the authority may.
type RecordIntermediateReportRequest struct {
	// Authority is who asked.
	Authority domain.Code `json:"authority" rule:"required,codes=authorities"`
	// Received is when the request came in.
	Received time.Time `json:"received" rule:"required,past"`
	// AnswerBy is the term that the authority set, where it set one.
	AnswerBy time.Time `json:"answerBy,omitzero"`
}

// RecordIncomingMessage says what somebody outside told about the incident
// (COM-01, COM-06). It answers for them, never for a duty of one's own
// (NOT-11).
type RecordIncomingMessage struct {
	// From is who told.
	From Party `json:"from" rule:"required"`
	// Medium is the way it came.
	Medium domain.Code `json:"medium" rule:"required,codes=media"`
	// At is when it came in.
	At time.Time `json:"at" rule:"required,past"`
	// Reference is the sender's own number.
	Reference domain.Text `json:"reference,omitzero" rule:"max=200"`
	// Text is what was told.
	Text domain.Text `json:"text" rule:"required"`
	// TLP tells to whom it may be passed on, by the Traffic Light Protocol.
	TLP domain.Code `json:"tlp" rule:"required,codes=tlp"`
	// AnswerBy is until when the sender asks for an answer, where they do.
	AnswerBy time.Time `json:"answerBy,omitzero"`
}

func (RecordReceipt) CommandName() string                   { return "RecordReceipt" }
func (RecordIntermediateReportRequest) CommandName() string { return "RecordIntermediateReportRequest" }
func (RecordIncomingMessage) CommandName() string           { return "RecordIncomingMessage" }

// A Message is what somebody outside told or asked, as far as rules need it.
type Message struct {
	From     domain.Code // empty: named by a text alone
	At       time.Time
	AnswerBy time.Time // zero: no answer is asked by a term
}

func (c RecordReceipt) decide(d *deciding) error {
	if _, err := d.notification(c.Notification); err != nil {
		return err
	}
	if err := c.Acknowledgement.whole("acknowledgement"); err != nil {
		return err
	}
	switch sum := c.Acknowledgement.SHA256; {
	case c.File.IsZero():
		c.File = sum
	case !sum.IsZero() && c.File != sum:
		return malformed("file", "file is not the hash of the acknowledgement given; leave one of them out")
	}
	d.emit(NotificationReceiptRecorded{Notification: c.Notification, Reference: c.Reference, HasReference: c.Reference != "", At: c.At, File: c.File,
		Acknowledgement: c.Acknowledgement})
	return nil
}

// StoredFiles implements domain.Filed.
func (c RecordReceipt) StoredFiles() []domain.StoredFile { return c.Acknowledgement.storedFiles() }

// AsGiven implements domain.Refiled.
func (c RecordReceipt) AsGiven() domain.Command {
	c.Acknowledgement = c.Acknowledgement.unplaced()
	return &c
}

// StoredFiles implements domain.Filed.
func (e NotificationReceiptRecorded) StoredFiles() []domain.StoredFile {
	return e.Acknowledgement.storedFiles()
}

// rederive implements rederiver.
func (e NotificationReceiptRecorded) rederive(_ *deciding, was domain.Event) (domain.Event, error) {
	old := was.(NotificationReceiptRecorded)
	e.Notification = old.Notification
	return e, e.Acknowledgement.corrected(old.Acknowledgement)
}

func (c RecordIntermediateReportRequest) decide(d *deciding) error {
	if err := after("answerBy", c.AnswerBy, c.Received); err != nil {
		return err
	}
	d.emit(IntermediateReportRequested(c))
	return nil
}

// rederive implements rederiver.
func (e IntermediateReportRequested) rederive(*deciding, domain.Event) (domain.Event, error) {
	return e, after("fields.answerBy", e.AnswerBy, e.Received)
}

func (c RecordIncomingMessage) decide(d *deciding) error {
	e := MessageReceived{
		From: Who(c.From), Medium: c.Medium, At: c.At, Reference: c.Reference, HasReference: c.Reference != "",
		Text: c.Text, TLP: c.TLP, AnswerBy: c.AnswerBy,
	}
	if err := e.From.one("from"); err != nil {
		return err
	}
	if err := after("answerBy", c.AnswerBy, c.At); err != nil {
		return err
	}
	d.emit(e)
	return nil
}

// rederive implements rederiver.
func (e MessageReceived) rederive(*deciding, domain.Event) (domain.Event, error) {
	return e, after("fields.answerBy", e.AnswerBy, e.At)
}

// after refuses a term that lies before that from which it runs.
func after(field string, by, from time.Time) error {
	if !by.IsZero() && by.Before(from) {
		return malformed(field, "an answer asked on %s cannot be wanted by %s", stamp(from), stamp(by))
	}
	return nil
}

// messages tells what was asked to be answered by a term, and when each party
// first answered what it was told.
func (s *Incident) messages(f *policy.Facts) {
	for i, m := range s.Messages {
		if m.From == "" {
			continue
		}
		path := policy.MessageReceived(m.From)
		if was, ok := f.At[path]; (!ok || m.At.Before(was)) && !m.At.Before(s.firstTold(m.From)) {
			f.At[path] = m.At
		}
		if m.AnswerBy.IsZero() {
			continue
		}
		it := policy.Item{
			N:    i + 1,
			At:   map[policy.Path]time.Time{policy.RequestReceived: m.At, policy.RequestAnswerBy: m.AnswerBy},
			Code: map[policy.Path]domain.Code{policy.RequestFrom: m.From},
		}
		if at := s.answered(m); !at.IsZero() {
			it.At[policy.RequestAnswered] = at
		}
		addItem(f, policy.EachRequest, it)
	}
}

// firstTold is when an authority was first notified of the incident; zero where
// it was not.
func (s *Incident) firstTold(authority domain.Code) time.Time {
	var first time.Time
	for i := range s.Notifications {
		n := &s.Notifications[i]
		if at := n.standing(); n.Authority == authority && !at.IsZero() && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	return first
}

// answered is when a request was first answered: by a report on how things
// stand, or by telling whoever asked.
func (s *Incident) answered(m Message) time.Time {
	var first time.Time
	answer := func(at time.Time) {
		if !at.Before(m.At) && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	for i := range s.Notifications {
		if n := &s.Notifications[i]; n.Authority == m.From && n.answering() && !n.standing().IsZero() {
			answer(n.standing())
		}
	}
	for _, t := range s.Informed.Parties {
		if t.Who == m.From {
			answer(t.At)
		}
	}
	return first
}

func (e NotificationReceiptRecorded) evolve(s *Incident, _ *posting) {
	s.notified(e.Notification, func(n *Notification) { n.Acknowledged = e.At })
}

func (e IntermediateReportRequested) evolve(s *Incident, _ *posting) {
	s.Messages = append(slices.Clip(s.Messages), Message{e.Authority, e.Received, e.AnswerBy})
}

func (e MessageReceived) evolve(s *Incident, _ *posting) {
	s.Messages = append(slices.Clip(s.Messages), Message{e.From.code(), e.At, e.AnswerBy})
}

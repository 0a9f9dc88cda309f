package incident

import (
	"slices"
	"time"

	"incidentledger/domain"
)

var recoveryCommands = []commandRow{
	{fact: true, CommandType: domain.CommandType{New: blank[GrantRecoveryAccess], Roles: directing, States: inLive,
		Events:  []string{"RecoveryAccessGranted"},
		Example: `{"person":` + person + `,"systems":"File server 2 and its copies","until":"2026-11-24T18:00:00+01:00"}`}},
	{fact: true, CommandType: domain.CommandType{New: blank[RevokeRecoveryAccess], Roles: directing, States: inKept,
		Events:  []string{"RecoveryAccessRevoked"},
		Example: `{"person":` + person + `}`}},
	{fact: true, CommandType: domain.CommandType{New: blank[ReviewRecovery], Roles: append(slices.Clip(directing), "controller", "board", "auditor"), States: inLive,
		Events:  []string{"RecoveryReviewed"},
		Example: `{"reviewer":"controller","finding":"The steps in the logbook agree with what was changed."}`}},
	{fact: true, CommandType: domain.CommandType{New: blank[ConfirmIntegrity], Roles: investigating, States: inLive,
		Events:  []string{"IntegrityConfirmed"},
		Example: `{"aspects":["availability","integrity","confidentiality"],"systems":"File server 2","by":"ict"}`}},
}

var recoveryEvents = []eventRow{
	told[RecoveryAccessGranted](1),
	told[RecoveryAccessRevoked](1),
	told[RecoveryReviewed](1),
	told[IntegrityConfirmed](1),
}

// RecoveryAccessGranted says who may reach which systems until when, to recover
// them.
type RecoveryAccessGranted struct {
	Person  domain.PersonID `json:"person" rule:"required"`
	Systems domain.Text     `json:"systems,omitzero" seal:"aggregate"`
	From    time.Time       `json:"from" rule:"required,past"`
	Until   time.Time       `json:"until" rule:"required"`
}

// RecoveryAccessRevoked says that the access ended before its time.
type RecoveryAccessRevoked struct {
	Person  domain.PersonID `json:"person" rule:"required"`
	Systems domain.Text     `json:"systems,omitzero" seal:"aggregate"`
	At      time.Time       `json:"at" rule:"required,past"`
}

// RecoveryReviewed says who looked at the recovery work and found what.
type RecoveryReviewed struct {
	Reviewer Named       `json:"reviewer"`
	Finding  domain.Text `json:"finding,omitzero" seal:"aggregate"`
}

// IntegrityConfirmed says that systems and their protection are sound again. A
// measure taken after it needs another one.
type IntegrityConfirmed struct {
	Aspects []domain.Code `json:"aspects" rule:"required,oneof=privacy|availability|integrity|confidentiality"`
	Systems domain.Text   `json:"systems,omitzero" seal:"aggregate"`
	By      Named         `json:"by"`
}

func (RecoveryAccessGranted) EventName() string { return "RecoveryAccessGranted" }
func (RecoveryAccessRevoked) EventName() string { return "RecoveryAccessRevoked" }
func (RecoveryReviewed) EventName() string      { return "RecoveryReviewed" }
func (IntegrityConfirmed) EventName() string    { return "IntegrityConfirmed" }

// GrantRecoveryAccess lets a person reach operational systems and data while
// they are recovered: nobody else may (MEA-07).
type GrantRecoveryAccess struct {
	// Person is who may.
	Person domain.PersonID `json:"person" rule:"required"`
	// Systems are which ones.
	Systems domain.Text `json:"systems" rule:"required"`
	// Until is when it ends by itself.
	Until time.Time `json:"until" rule:"required"`
}

// RevokeRecoveryAccess ends such access before its time (MEA-07).
type RevokeRecoveryAccess struct {
	// Person is who may no longer.
	Person domain.PersonID `json:"person" rule:"required"`
	// Systems says of which ones, for the reader: all of the person's access ends.
	Systems domain.Text `json:"systems,omitzero"`
}

// ReviewRecovery says that the recovery work was looked over, with what finding
// (MEA-09). What is recovered later is looked over again.
type ReviewRecovery struct {
	// Reviewer is who looked: the id of a person, a role, or a name.
	Reviewer Someone `json:"reviewer" rule:"required"`
	// Finding is what they found.
	Finding domain.Text `json:"finding" rule:"required"`
}

// ConfirmIntegrity says that availability, integrity and confidentiality of
// systems and of their protection were checked and stand (MEA-10). Before closing
// each of the three, and each aspect that the severity names, is confirmed since
// the last measure, at once or one by one.
type ConfirmIntegrity struct {
	// Aspects are what was checked.
	Aspects []domain.Code `json:"aspects" rule:"required,oneof=privacy|availability|integrity|confidentiality"`
	// Systems are which ones.
	Systems domain.Text `json:"systems" rule:"required"`
	// By is who checked: the id of a person, a role, or a name.
	By Someone `json:"by" rule:"required"`
}

func (GrantRecoveryAccess) CommandName() string  { return "GrantRecoveryAccess" }
func (RevokeRecoveryAccess) CommandName() string { return "RevokeRecoveryAccess" }
func (ReviewRecovery) CommandName() string       { return "ReviewRecovery" }
func (ConfirmIntegrity) CommandName() string     { return "ConfirmIntegrity" }

func (c GrantRecoveryAccess) decide(d *deciding) error {
	if !c.Until.After(d.at) {
		return malformed("until", "until (%s) does not lie after the beginning of the access (%s)", stamp(c.Until), stamp(d.at))
	}
	d.emit(RecoveryAccessGranted{Person: c.Person, Systems: c.Systems, From: d.at, Until: c.Until})
	return nil
}

func (c RevokeRecoveryAccess) decide(d *deciding) error {
	if !d.s.Measures.admitted(c.Person, d.at) {
		return noChange("MEA-07", "the person has no access at %s that could be revoked", stamp(d.at))
	}
	d.emit(RecoveryAccessRevoked{Person: c.Person, Systems: c.Systems, At: d.at})
	return nil
}

func (c ReviewRecovery) decide(d *deciding) error {
	by, err := d.named("reviewer", c.Reviewer)
	if err != nil {
		return err
	}
	own := func(m Measure) bool { return m.Executed && m.Executor == by.Person }
	if !by.Person.IsZero() && slices.ContainsFunc(d.s.Measures.List, own) {
		d.warn("own_work", "MEA-09", "the reviewer executed measures of this incident and looks at work of their own")
	}
	d.emit(RecoveryReviewed{Reviewer: by, Finding: c.Finding})
	return nil
}

func (c ConfirmIntegrity) decide(d *deciding) error {
	by, err := d.named("by", c.By)
	if err != nil {
		return err
	}
	d.emit(IntegrityConfirmed{Aspects: c.Aspects, Systems: c.Systems, By: by})
	return nil
}

// Measures are what was planned and done against the incident.
type Measures struct {
	List      []Measure
	Access    []Access
	Touched   bool          // a measure was taken that can change a system
	Confirmed []domain.Code // the aspects confirmed since the last one; never changed in place
	Reviewed  bool          // the recovery work was, all of it
}

// Unsound lists the aspects that nobody confirmed since the last measure that can
// change a system: the three that always count, and what the severity names (MEA-10).
func (t *Told) Unsound() []domain.Code {
	want := []domain.Code{"availability", "integrity", "confidentiality"}
	if a := t.SeverityAssessed; a != nil && slices.Contains(a.Aspects, "privacy") {
		want = append(want, "privacy")
	}
	return slices.DeleteFunc(want, func(a domain.Code) bool { return slices.Contains(t.Measures.Confirmed, a) })
}

// An Access is who may reach systems to recover them.
type Access struct {
	Person      domain.PersonID
	From, Until time.Time
}

// unreviewed reports whether there was recovery work that nobody looked over.
func (ms *Measures) unreviewed() bool {
	return !ms.Reviewed && slices.ContainsFunc(ms.List, func(m Measure) bool { return m.Kind == "recover" && m.Executed })
}

// admitted reports whether a person has access at an instant.
func (ms *Measures) admitted(p domain.PersonID, at time.Time) bool {
	return slices.ContainsFunc(ms.Access, func(a Access) bool {
		return a.Person == p && !at.Before(a.From) && at.Before(a.Until)
	})
}

// admitting lists who has access at an instant.
func (ms *Measures) admitting(at time.Time) []domain.Code {
	var out []domain.Code
	for _, a := range ms.Access {
		if p := domain.Code(a.Person.String()); ms.admitted(a.Person, at) && !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out
}

func (e RecoveryAccessGranted) evolve(s *Incident, _ *posting) {
	s.Measures.Access = append(slices.Clip(s.Measures.Access), Access{e.Person, e.From, e.Until})
	s.Team.add([]Named{{Person: e.Person}})
}

func (e RecoveryAccessRevoked) evolve(s *Incident, _ *posting) {
	s.Measures.Access = slices.Clone(s.Measures.Access)
	for i := range s.Measures.Access {
		if a := &s.Measures.Access[i]; a.Person == e.Person && e.At.Before(a.Until) {
			a.Until = e.At
		}
	}
}

func (RecoveryReviewed) evolve(s *Incident, _ *posting) { s.Measures.Reviewed = true }

func (e IntegrityConfirmed) evolve(s *Incident, _ *posting) {
	s.Measures.Confirmed = append(slices.Clip(s.Measures.Confirmed), e.Aspects...)
}

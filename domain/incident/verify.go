package incident

import (
	"time"

	"incidentledger/domain"
)

var verifyCommands = []commandRow{
	{CommandType: domain.CommandType{New: blank[VerifyReport], Roles: verifying, States: inLive,
		Events:  []string{"ReportVerified", "IncidentRegistered"},
		Example: `{"verdict":"confirmed","grounds":"The device is gone and was not encrypted."}`}},
	{CommandType: domain.CommandType{New: blank[RejectReport], Roles: verifying, States: []domain.Code{PhaseReported},
		Events:  []string{"ReportRejected"},
		Example: `{"grounds":"The mail was a newsletter, not a phishing attempt."}`}},
	{CommandType: domain.CommandType{New: blank[WithdrawReport], Roles: verifying, States: inLive,
		Events:  []string{"ReportWithdrawn", "ClockResumed"},
		Example: `{"grounds":"The laptop lay at the reception desk the whole time."}`}},
	{CommandType: domain.CommandType{New: blank[MergeReport], Roles: verifying, States: inLive,
		Events:  []string{"ReportMerged", "ClockResumed"},
		Example: `{"into":"0198c2a4-7c1e-7a30-9b54-3d1f0a6b2c11","grounds":"The same outage of the same server."}`}},
}

var verifyEvents = []eventRow{
	told[ReportVerified](1),
	told[ReportRejected](1),
	told[ReportWithdrawn](1),
	told[ReportMerged](1),
}

// ReportVerified says that somebody checked a report and found it true, or
// likely enough to act on.
type ReportVerified struct {
	Verdict    domain.Code     `json:"verdict" rule:"required,oneof=confirmed|presumed"`
	Grounds    domain.Text     `json:"grounds,omitzero" seal:"aggregate"`
	AssistedBy domain.PersonID `json:"assistedBy,omitzero"`
	At         time.Time       `json:"at" rule:"required,past"`
}

// ReportRejected says that a report proved to be none. It stays in the ledger.
type ReportRejected struct {
	Grounds domain.Text `json:"grounds,omitzero" seal:"aggregate"`
}

// ReportWithdrawn says that a report was a false alarm. It stays in the ledger.
type ReportWithdrawn struct {
	Grounds domain.Text `json:"grounds,omitzero" seal:"aggregate"`
}

// ReportMerged says that a report tells of the same thing as another incident,
// which goes on in its place.
type ReportMerged struct {
	Into    domain.Key  `json:"into" rule:"required"`
	Grounds domain.Text `json:"grounds,omitzero" seal:"aggregate"`
}

func (ReportVerified) EventName() string  { return "ReportVerified" }
func (ReportRejected) EventName() string  { return "ReportRejected" }
func (ReportWithdrawn) EventName() string { return "ReportWithdrawn" }
func (ReportMerged) EventName() string    { return "ReportMerged" }

// VerifyReport says that the report was checked and is true or presumed so. It
// enters the register of incidents (REG-01, REG-02).
type VerifyReport struct {
	// Verdict is confirmed, or presumed where certainty must wait.
	Verdict domain.Code `json:"verdict" rule:"required,oneof=confirmed|presumed"`
	// Grounds tells what was checked and found.
	Grounds domain.Text `json:"grounds" rule:"required"`
	// AssistedBy is who helped to check (REG-01).
	AssistedBy domain.PersonID `json:"assistedBy,omitzero"`
}

// RejectReport says that a report proved to be none. It is kept (INT-18).
type RejectReport struct {
	// Grounds tells why it is none.
	Grounds domain.Text `json:"grounds" rule:"required"`
}

// WithdrawReport says that it was a false alarm. The report and the withdrawal
// are kept (REG-10); what was notified must be withdrawn by itself.
type WithdrawReport struct {
	// Grounds tells why it was a false alarm.
	Grounds domain.Text `json:"grounds" rule:"required"`
}

// MergeReport says that another incident is about the same thing and goes on in
// its place (REG-03).
type MergeReport struct {
	// Into is the incident that goes on: its number or id.
	Into domain.Key `json:"into" rule:"required,incident"`
	// Grounds tells why they are one.
	Grounds domain.Text `json:"grounds" rule:"required"`
}

func (VerifyReport) CommandName() string   { return "VerifyReport" }
func (RejectReport) CommandName() string   { return "RejectReport" }
func (WithdrawReport) CommandName() string { return "WithdrawReport" }
func (MergeReport) CommandName() string    { return "MergeReport" }

func (c VerifyReport) decide(d *deciding) error {
	if c.Verdict == d.s.Verdict {
		return noChange("REG-01", "the report is already %s", c.Verdict)
	}
	d.emit(ReportVerified{Verdict: c.Verdict, Grounds: c.Grounds, AssistedBy: c.AssistedBy, At: d.at})
	if d.s.Registered.IsZero() {
		d.emit(IncidentRegistered{Because: "verified", At: d.at})
	}
	return nil
}

func (c RejectReport) decide(d *deciding) error {
	d.drop(ReportRejected(c))
	d.tellAgain()
	return nil
}

func (c WithdrawReport) decide(d *deciding) error {
	d.drop(ReportWithdrawn(c))
	d.tellAgain()
	return nil
}

func (c MergeReport) decide(d *deciding) error {
	if c.Into == d.s.Key {
		return malformed("into", "into names the incident itself")
	}
	d.drop(ReportMerged(c))
	for _, n := range d.s.Notifications {
		if !n.Withdrawn {
			d.warn("still_notified", "REG-10", "the notification %s to %s stands here; it meets nothing of incident %s", n.ID, n.Authority, c.Into)
		}
	}
	if d.s.SuspectsLeak() {
		d.warn("leak_moves", "NOT-06", "the suspected data leak is followed no more here; see that incident %s carries it", c.Into)
	}
	return nil
}

// drop ends a report that is not pursued.
func (d *deciding) drop(e domain.Event) {
	d.endHold("")
	d.emit(e)
}

func (e ReportVerified) evolve(s *Incident, _ *posting)  { s.Verdict = e.Verdict }
func (e ReportRejected) evolve(s *Incident, _ *posting)  { s.Phase = PhaseRejected }
func (e ReportWithdrawn) evolve(s *Incident, _ *posting) { s.Phase = PhaseWithdrawn }
func (e ReportMerged) evolve(s *Incident, _ *posting)    { s.Phase, s.Into = PhaseMerged, e.Into }

package incident

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/policy"
)

var chainCommands = []commandRow{
	{fact: true, CommandType: domain.CommandType{New: blank[ReportToChain], Roles: handling, States: inLive,
		Events:  []string{"ChainIncidentReported", "AuthorityNotified"},
		Example: `{"desk":"suwidesk","ownReference":"SD-2026-4711","causeDomain":"own","estimate":"2026-11-21T14:00:00+01:00","channels":[{"kind":"email","at":"2026-11-21T09:10:00+01:00","outcome":"delivered"}]}`}},
	{fact: true, CommandType: domain.CommandType{New: blank[RecordChainReference], Roles: handling, States: inLive,
		Events:  []string{"ChainReferenceRecorded"},
		Example: `{"chainReference":"INC-88012","chainPriority":2,"resolver":"suwinet-operations","indicativeDue":"2026-11-21T13:10:00+01:00"}`}},
}

var chainEvents = []eventRow{
	told[ChainIncidentReported](1),
	told[ChainReferenceRecorded](1),
}

// ChainIncidentReported says that a chain desk was told of an incident that
// other parties suffer from. Priority is the one it was reported with, where
// the incident demands one.
type ChainIncidentReported struct {
	Desk            domain.Code           `json:"desk" rule:"required,codes=authorities"`
	OwnReference    domain.Text           `json:"ownReference,omitzero" seal:"aggregate" rule:"max=100"`
	HasOwnReference bool                  `json:"hasOwnReference"`
	CauseDomain     domain.Code           `json:"causeDomain" rule:"required,oneof=own|other|unknown"`
	Estimate        time.Time             `json:"estimate,omitzero"`
	Channels        []Channel             `json:"channels" rule:"required"`
	Answers         map[domain.Code]Given `json:"answers,omitempty"`
	Priority        int                   `json:"priority,omitzero"`
}

// ChainReferenceRecorded says under which number, and with which priority, the
// chain desk registered the incident.
type ChainReferenceRecorded struct {
	ChainReference    domain.Text `json:"chainReference,omitzero" seal:"aggregate" rule:"max=100"`
	HasChainReference bool        `json:"hasChainReference"`
	ChainPriority     int         `json:"chainPriority" rule:"required,min=1,max=5"`
	Resolver          domain.Code `json:"resolver,omitzero"`
	IndicativeDue     time.Time   `json:"indicativeDue,omitzero"`
	At                time.Time   `json:"at" rule:"required,past"`
}

func (ChainIncidentReported) EventName() string  { return "ChainIncidentReported" }
func (ChainReferenceRecorded) EventName() string { return "ChainReferenceRecorded" }

// ReportToChain says that the chain desk was told of an incident from which
// other parties suffer, under one's own number (CHN-01, CHN-03). Where a data
// leak is owed to that desk, it is the notification, too (DBR-03, PRI-08).
type ReportToChain struct {
	// Desk is the chain desk that was told.
	Desk domain.Code `json:"desk" rule:"required,codes=authorities"`
	// OwnReference is one's own number for the incident (CHN-03).
	OwnReference domain.Text `json:"ownReference" rule:"required,max=100"`
	// CauseDomain tells in whose domain the cause lies.
	CauseDomain domain.Code `json:"causeDomain" rule:"required,oneof=own|other|unknown"`
	// Estimate is when it is expected to be solved; where the cause is one's own the desk must hear it (CHN-04).
	Estimate time.Time `json:"estimate,omitzero"`
	// Channels are the attempts, each with its outcome.
	Channels []Channel `json:"channels" rule:"required"`
	// Answers are the answers given, by field; one not known yet is {"unknown":true,"expectedBy":T}.
	Answers map[domain.Code]Answer `json:"answers,omitempty"`
	// LateReason says why a data leak comes to the desk after its term.
	LateReason domain.Text `json:"lateReason,omitzero"`
}

// RecordChainReference keeps the number that the chain desk gave in return, and
// the priority and indicative time under which it registered the incident
// (CHN-05, PRI-07). A later one tells of a changed priority; the incident stays
// registered since the first.
type RecordChainReference struct {
	// ChainReference is the desk's number.
	ChainReference domain.Text `json:"chainReference" rule:"required,max=100"`
	// ChainPriority is the priority in the chain: 1 is the highest, 5 the lowest; a suspected data leak has 1 (PRI-08).
	ChainPriority int `json:"chainPriority" rule:"required,min=1,max=5"`
	// Resolver is the group to which the desk gave it.
	Resolver domain.Code `json:"resolver,omitzero"`
	// IndicativeDue is when the desk expects it to be solved.
	IndicativeDue time.Time `json:"indicativeDue,omitzero"`
}

func (ReportToChain) CommandName() string        { return "ReportToChain" }
func (RecordChainReference) CommandName() string { return "RecordChainReference" }

// Refusals of the chain.
const (
	RefusedNoChain       domain.Code = "no_chain"
	RefusedNoEstimate    domain.Code = "no_estimate"
	RefusedChainPriority domain.Code = "chain_priority"
)

// A Chain is where the incident stands with the chain desk.
type Chain struct {
	CauseDomain   domain.Code
	Estimate      time.Time
	Reported      time.Time  // when a report first reached the desk
	Registered    time.Time  // when the desk first gave its number
	Reference     domain.Seq // the entry that holds that number
	Priority      int        // as the desk said
	IndicativeDue time.Time
	Resolver      domain.Code
	Routed        time.Time     // when it first went to a resolver group
	CauseKnown    bool          // the cause was told by or to the desk
	CauseTold     bool          // it was told to the desk
	Environments  []domain.Code // taken from the parties and not given back
	Shutdowns     []Shutdown
}

func (c ReportToChain) decide(d *deciding) error {
	if err := d.inChain(); err != nil {
		return err
	}
	if c.CauseDomain == "own" && c.Estimate.IsZero() {
		r := domain.Refuse(RefusedNoEstimate, "CHN-04", "the cause is one's own: say in estimate when it is expected to be solved")
		r.Field = "estimate"
		if err := d.rule(r); err != nil {
			return err
		}
	}
	e := ChainIncidentReported{
		Desk: c.Desk, OwnReference: c.OwnReference, HasOwnReference: true, CauseDomain: c.CauseDomain, Estimate: c.Estimate,
		Channels: withReferences(c.Channels), Answers: given(c.Answers),
	}
	if d.s.SuspectsLeak() {
		e.Priority = 1
	}
	if err := unasked("answers", c.Desk, d.questions(c.Desk, d.s.Report.Chain), e.Answers, nil); err != nil {
		return err
	}
	if d.told(e) {
		return noChange("CHN-03", "%s was told so already, on the same occasion; CorrectFact corrects what was told", c.Desk)
	}
	d.emit(e)
	if delivered(c.Channels).IsZero() {
		d.warn("not_delivered", "CHN-03", "no channel reached %s, so it does not know of the incident yet", c.Desk)
	}
	return c.notify(d)
}

// told reports whether the log has the very same event, as far as it is open. What
// cannot be written as JSON was never told.
func (d *deciding) told(e domain.Event) bool {
	open, _ := domain.SetApart(e, domain.Ref{}, domain.OrderID{})
	is, _ := json.Marshal(open)
	return slices.ContainsFunc(d.s.log, func(p posting) bool {
		return !slices.Contains(d.s.Misfiled, p.seq) && slices.ContainsFunc(p.events, func(e domain.Event) bool {
			was, _ := json.Marshal(e)
			return e.EventName() == open.EventName() && bytes.Equal(was, is)
		})
	})
}

// notify makes the report the notification of a data leak that is owed to the
// desk. What the desk is told about an ordinary incident meets no such duty.
func (c ReportToChain) notify(d *deciding) error {
	regime := d.s.Report.Chain
	if !d.s.SuspectsLeak() || !d.set.HasCode("regimes", regime) || !d.s.owesTo(c.Desk) {
		return nil
	}
	submitted := c.Channels[0].At
	for _, ch := range c.Channels {
		if ch.At.Before(submitted) {
			submitted = ch.At
		}
	}
	return NotifyAuthority{
		Authority: c.Desk, Regime: regime, Stage: "initial", Submitted: submitted,
		Channels: c.Channels, Answers: c.Answers, LateReason: c.LateReason,
	}.decide(d)
}

// owesTo reports whether something is owed to an authority now.
func (s *Incident) owesTo(authority domain.Code) bool {
	for _, c := range s.Clocks {
		if c.Recipient == authority && c.Running() {
			return true
		}
	}
	return false
}

func (c RecordChainReference) decide(d *deciding) error {
	if err := d.inChain(); err != nil {
		return err
	}
	if err := d.ofLeak("chainPriority", c.ChainPriority); err != nil {
		return err
	}
	d.emit(ChainReferenceRecorded{
		ChainReference: c.ChainReference, HasChainReference: true, ChainPriority: c.ChainPriority,
		Resolver: c.Resolver, IndicativeDue: c.IndicativeDue, At: d.at,
	})
	return nil
}

// ofLeak refuses a priority in the chain that a suspected data leak cannot have.
func (d *deciding) ofLeak(field string, priority int) error {
	if !d.s.SuspectsLeak() || priority == 1 {
		return nil
	}
	r := domain.Refuse(RefusedChainPriority, "PRI-08", "a suspected data leak is priority 1 in the chain, not %d", priority)
	r.Field = field
	return d.rule(r)
}

// inChain refuses to involve a chain where no other party suffers.
func (d *deciding) inChain() error {
	if d.s.Report.Chain != "" {
		return nil
	}
	r := domain.Refuse(RefusedNoChain, "CHN-02", "a disturbance from which no other party suffers stays in one's own domain; where others do, name the chain first (Reclassify)")
	r.Allowed = []string{"Reclassify"}
	return d.rule(r)
}

// delivered gives when the first of the channels reached anybody; zero: none did.
func delivered(channels []Channel) time.Time {
	n := Notification{Channels: channels}
	at, _ := n.Complete()
	return at
}

// given is what the ledger keeps of answers.
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

// chainPriority is the priority in the chain: a suspected data leak has 1
// whatever the desk said; 0 while the chain knows of nothing.
func (t *Told) chainPriority() int {
	if t.SuspectsLeak() && !(t.Chain.Reported.IsZero() && t.Chain.Registered.IsZero()) {
		return 1
	}
	return t.Chain.Priority
}

// tellChain adds what a policy may read of the chain.
func (t *Told) tellChain(f *policy.Facts) {
	for p, at := range map[policy.Path]time.Time{
		policy.ChainReported: t.Chain.Reported, policy.ChainRegistered: t.Chain.Registered,
		policy.ChainRouted: t.Chain.Routed, policy.ChainIndicativeDue: t.Chain.IndicativeDue,
	} {
		if !at.IsZero() {
			f.At[p] = at
		}
	}
	if n := t.chainPriority(); n != 0 {
		f.Num[policy.ChainPriority] = int64(n)
	}
}

// rederive implements rederiver.
func (e ChainIncidentReported) rederive(d *deciding, was domain.Event) (domain.Event, error) {
	old := was.(ChainIncidentReported)
	e.Channels, e.Priority = withReferences(e.Channels), old.Priority
	return e, unasked("fields.answers", e.Desk, d.questions(e.Desk, d.s.Report.Chain), e.Answers, old.Answers)
}

// rederive implements rederiver. What was accepted as a fact is not judged again.
func (e ChainReferenceRecorded) rederive(d *deciding, was domain.Event) (domain.Event, error) {
	if e.ChainPriority == was.(ChainReferenceRecorded).ChainPriority {
		return e, nil
	}
	return e, d.ofLeak("fields.chainPriority", e.ChainPriority)
}

func (e ChainIncidentReported) evolve(s *Incident, _ *posting) {
	s.Chain.CauseDomain = e.CauseDomain
	if !e.Estimate.IsZero() {
		s.Chain.Estimate = e.Estimate
	}
	if at := delivered(e.Channels); s.Chain.Reported.IsZero() || !at.IsZero() && at.Before(s.Chain.Reported) {
		s.Chain.Reported = at
	}
}

func (e ChainReferenceRecorded) evolve(s *Incident, p *posting) {
	s.Chain.Reference, s.Chain.Priority = p.seq, e.ChainPriority
	if s.Chain.Registered.IsZero() || e.At.Before(s.Chain.Registered) {
		s.Chain.Registered = e.At
	}
	if e.Resolver != "" {
		s.Chain.Resolver = e.Resolver
	}
	if !e.IndicativeDue.IsZero() {
		s.Chain.IndicativeDue = e.IndicativeDue
	}
}

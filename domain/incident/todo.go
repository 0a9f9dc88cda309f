package incident

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/policy"
)

// A Todo is one thing that the incident waits for now.
type Todo struct {
	Step        int             // of the procedure to which it belongs
	What        domain.Code     // the term, the point of a checklist, or what is missing
	Command     string          // does it
	Requirement string          // asks for it
	Due         time.Time       // zero: it has no term of its own
	Roles       []domain.Code   // who is expected to do it; each of them may
	Person      domain.PersonID // who alone is; zero: whoever has the role
}

// Whom the procedure expects to act. The security officer, or the coordinator in
// that place, conducts every step from the second on (S3 2.1).
var (
	conducting = []domain.Code{"security-officer", "coordinator"}
	mending    = []domain.Code{"resolver", "ict", "response-team", "security-officer", "coordinator"}
	notifying  = []domain.Code{"vcib", "acib", "dpo", "privacy-officer", "security-officer", "coordinator"}
	weighing   = []domain.Code{"dpo", "privacy-officer", "security-officer", "coordinator"}
	leading    = []domain.Code{"secretary", "controller", "security-officer"}
	assigning  = []domain.Code{"secretary", "security-officer"}
)

// Todo lists what is to be done at an instant under the adopted policy: running
// terms, what nobody decided yet, who did not hear of it, and what else stands in
// the way of closing. Of a report that is not pursued only what proved false is left
// to be taken back. What comes first is due first; what has no term follows in the
// order of the procedure. A command that the phase refuses is not among them.
func (s *Incident) Todo(b *Basis, now time.Time) []Todo {
	if !s.Begun() || b.Current == nil {
		return nil
	}
	l := &todos{s: s, now: now, obliged: obliged(b.ProfileAt(s.Recorded))}
	l.takingBack()
	if s.Dropped() {
		return l.list
	}
	if b.Register != nil {
		l.improvements = b.Register.Improvements(s.Key)
	}
	set := b.Current
	l.terms(set)
	l.registering()
	l.escalated(set)
	l.analysing()
	l.firstHour(set)
	l.securing()
	l.preparing()
	l.mending()
	l.telling()
	l.evaluating()
	slices.SortStableFunc(l.list, func(a, b Todo) int {
		switch {
		case a.Due.IsZero() == b.Due.IsZero():
			return cmp.Or(a.Due.Compare(b.Due), cmp.Compare(a.Step, b.Step))
		case a.Due.IsZero():
			return 1
		}
		return -1
	})
	return l.list
}

type todos struct {
	s            *Incident
	now          time.Time
	obliged      bool // by the laws that ask whether an incident is significant
	improvements []Improvement
	list         []Todo
}

// add takes a thing up, for those of the expected who may do it.
func (l *todos) add(t Todo) {
	row := byName[t.Command]
	if row.States != nil && !slices.Contains(row.States, l.s.Phase) {
		return
	}
	t.Roles = slices.DeleteFunc(slices.Clone(t.Roles), func(r domain.Code) bool {
		return r == "" || row.Roles != nil && !slices.Contains(row.Roles, r)
	})
	slices.Sort(t.Roles)
	t.Roles = slices.Compact(t.Roles)
	l.list = append(l.list, t)
}

// lacks takes a thing up where it is missing and no term asks for it already.
func (l *todos) lacks(missing bool, step int, what domain.Code, command, requirement string, roles ...domain.Code) {
	if missing && !slices.ContainsFunc(l.list, func(t Todo) bool { return t.Command == command }) {
		l.add(Todo{Step: step, What: what, Command: command, Requirement: requirement, Roles: roles})
	}
}

// terms takes up what meets each running term.
func (l *todos) terms(set *policy.Set) {
	for _, c := range l.s.running() {
		rule, _ := set.Rule(c.Rule)
		t := Todo{Step: 7, What: domain.Code(c.ID), Command: doing(c), Requirement: "NOT-05", Due: c.Due, Roles: notifying}
		switch rule.Met {
		case policy.IncidentGoldenHourKept, policy.EscalationAnswered:
			continue // its points, and the escalations themselves, are taken up with that term
		case policy.IncidentAcknowledged:
			t.Step, t.Command, t.Requirement, t.Roles = 3, "AcknowledgeIncident", "PRI-04", append(slices.Clip(mending), "help-desk", l.s.RoutedTo)
		case policy.IncidentResolved:
			t.Step, t.Command, t.Requirement, t.Roles = 6, "ResolveIncident", "PRI-04", append(slices.Clip(mending), "help-desk", l.s.RoutedTo)
		case policy.ReviewHeld:
			t.Step, t.Command, t.Requirement, t.Roles = 5, "CompleteChecklistItem", "MEA-04", conducting
		case policy.DowntimeTo:
			t.Step, t.Command, t.Requirement, t.Roles = 6, "RecordDowntime", "BCM-04", mending
		case policy.NoticeNext:
			t.Command, t.Requirement, t.Roles = "RecordSupplierNotice", "SUP-02", conducting
		default:
			if t.Command == "InformDataSubjects" || t.Command == "InformParty" {
				t.Roles = append(slices.Clip(weighing), "communication")
			}
		}
		l.add(t)
	}
}

// running gives the terms that run and do not stand still, sorted by id.
func (s *Incident) running() []policy.Clock {
	var out []policy.Clock
	for _, c := range s.Clocks {
		if c.Running() && !c.Paused {
			out = append(out, c)
		}
	}
	slices.SortFunc(out, func(a, b policy.Clock) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// termOf gives when the running term that a fact would meet is due, of the n-th
// thing of its kind.
func (s *Incident) termOf(set *policy.Set, met policy.Path, n int) time.Time {
	for _, c := range s.running() {
		if rule, _ := set.Rule(c.Rule); rule.Met == met && c.N == n {
			return c.Due
		}
	}
	return time.Time{}
}

func (l *todos) registering() {
	s := l.s
	l.lacks(s.Registered.IsZero(), 2, "registration", "VerifyReport", "REG-01", append(slices.Clip(conducting), s.RoutedTo)...)
	l.lacks(s.Verdict == "", 2, "verification", "VerifyReport", "REG-01", conducting...)
	l.lacks(s.Owner.IsZero() && s.grave(), 2, "owner", "AssignOwner", "REG-05", conducting...)
	l.lacks(s.ContactPoint.IsZero() && s.grave(), 2, "contact-point", "SetContactPoint", "REG-05", conducting...)
	for _, role := range s.uninformed() {
		l.add(Todo{Step: 2, What: role, Command: "InformParty", Requirement: "REG-08", Roles: append(slices.Clip(conducting), "department-head")})
	}
}

func (l *todos) escalated(set *policy.Set) {
	for i, e := range l.s.Escalations {
		if !e.Acknowledged.IsZero() {
			continue
		}
		t := Todo{Step: 5, What: domain.Code("escalation/" + e.ID.String()), Command: "AcknowledgeEscalation", Requirement: "MAJ-09",
			Due: l.s.termOf(set, policy.EscalationAnswered, i+1), Person: e.ToPerson}
		if e.To != "" {
			t.Roles = []domain.Code{e.To}
		}
		l.add(t)
	}
}

func (l *todos) analysing() {
	s := l.s
	l.lacks(s.Assessed == nil && s.Resolved.IsZero() || s.grave() && s.unweighed(), 3, "priority", "AssessPriority", "PRI-01", append(slices.Clip(conducting), "help-desk", s.RoutedTo)...)
	l.lacks(s.grave() && !s.Analysed, 3, "analysis", "RecordAnalysis", "ANA-01", conducting...)
	l.lacks(s.security() && s.SeverityAssessed == nil || s.contradicted() != "", 3, "severity", "ClassifySeverity", "SEV-01", weighing...)
	l.lacks(s.unassessed(), 3, "breach", "AssessBreach", "DBR-01", weighing...)
	l.lacks(s.owedUnaware(), 3, "awareness", "EstablishAwareness", "NOT-05", weighing...)
	l.lacks(l.obliged && s.unjudged(), 3, "significance", "AssessSignificance", "X-02", conducting...)
	l.lacks(s.security() && !s.Evidence.Decided, 3, "evidence", "DecideEvidence", "EVI-01", conducting...)
	l.lacks(s.Evidence.Needed && !s.Evidence.Deferral, 3, "deferral", "DecideDeferral", "EVI-02", conducting...)
}

// firstHour takes up what of the golden hour is still undone, while it runs.
func (l *todos) firstHour(set *policy.Set) {
	due := l.s.termOf(set, policy.IncidentGoldenHourKept, 1)
	if due.IsZero() {
		return
	}
	for _, item := range set.CodesOf(string(ChecklistFirstHour)) {
		if _, done := l.s.Reviews.done(ChecklistFirstHour, item); !done {
			l.add(Todo{Step: 4, What: "firstHour/" + item, Command: "CompleteChecklistItem", Requirement: "EVI-05", Due: due, Roles: mending})
		}
	}
}

func (l *todos) securing() {
	ev := &l.s.Evidence
	l.lacks(ev.Needed && len(ev.Items) == 0, 4, "evidence", "CollectEvidence", "EVI-03", conducting...)
	for _, it := range ev.Items {
		what := domain.Code("evidence/" + it.ID.String())
		switch {
		case it.Released != "":
		case it.Offered:
			t := Todo{Step: 4, What: what, Command: "AcceptCustody", Requirement: "EVI-04", Person: it.To.Person}
			if it.To.Role != "" {
				t.Roles = []domain.Code{it.To.Role}
			}
			l.add(t)
		case !it.Verified && ev.Needed:
			l.add(Todo{Step: 4, What: what, Command: "VerifyEvidence", Requirement: "EVI-03", Roles: conducting})
		}
	}
}

func (l *todos) preparing() {
	s := l.s
	l.lacks(s.Major && s.Resolved.IsZero() && len(s.Team.Members) == 0, 5, "team", "ComposeResponseTeam", "MEA-02", append(slices.Clip(conducting), "secretary")...)
	l.lacks(s.Major && s.Resolved.IsZero() && s.Upscaling == nil, 5, "upscaling", "DecideUpscaling", "MAJ-08", append(slices.Clip(conducting), "secretary", "board")...)
	l.lacks(s.Resolved.IsZero() && len(s.Team.Members) > 0 && len(s.Reviews.Agreed) == 0, 5, "reviews", "AgreeReview", "MEA-05", conducting...)
	for _, o := range s.Overruns {
		if o.Answer == "" {
			l.add(Todo{Step: 5, What: o.Clock, Command: "AcceptOverrun", Requirement: "CHN-09", Due: o.ExpectedAt, Roles: conducting})
		}
	}
}

func (l *todos) mending() {
	s, ms := l.s, &l.s.Measures
	for _, m := range ms.List {
		if !m.Executed && !m.Failed {
			l.add(Todo{Step: 6, What: domain.Code("measure/" + m.ID.String()), Command: "ExecuteMeasure", Requirement: "MEA-06", Person: m.Executor, Roles: mending})
		}
	}
	l.lacks(s.Phase == PhaseOnHold, 6, "hold", "ResumeIncident", "REG-06", mending...)
	l.lacks(s.Resolved.IsZero() && s.Handled.IsZero(), 6, "resolution", "ResolveIncident", "PRI-04", append(slices.Clip(mending), "help-desk", s.RoutedTo)...)
	l.lacks(s.grave() && len(s.Unsound()) > 0 && (ms.Touched || !s.Resolved.IsZero() && s.severe()), 6, "integrity", "ConfirmIntegrity", "MEA-10", mending...)
	if over := !s.Resolved.IsZero() || !s.Handled.IsZero(); over { // access that has ended needs nobody
		for _, p := range ms.admitting(l.now) {
			l.add(Todo{Step: 6, What: "access/" + p, Command: "RevokeRecoveryAccess", Requirement: "MEA-07", Roles: conducting})
		}
	}
	l.lacks(ms.unreviewed(), 6, "recovery", "ReviewRecovery", "MEA-09", leading...)
	l.lacks(len(s.openOutages()) > 0, 6, "downtime", "RecordDowntime", "BCM-04", mending...)
	l.lacks(len(s.Chain.Shutdowns) > 0 && !s.Resolved.IsZero(), 6, "shutdown", "LiftShutdown", "SEV-09", conducting...)
	l.lacks(len(s.Chain.Environments) > 0 && !s.Resolved.IsZero(), 6, "test-environment", "ReturnTestEnvironment", "CHN-10", conducting...)
	for _, plan := range s.Continuity.Plans {
		l.add(Todo{Step: 6, What: "plan/" + plan, Command: "DeactivatePlan", Requirement: "BCM-03", Roles: conducting})
	}
}

// takingBack has each authority told that what it was notified of proved false
// (REG-10). A report that was merged into another is none of that.
func (l *todos) takingBack() {
	none := l.s.Phase == PhaseRejected || l.s.Phase == PhaseWithdrawn
	for _, n := range l.s.Notifications {
		if !n.Withdrawn && !n.Foreign && (none || l.s.Leak.Withdrawn && n.Regime == RegimeGDPR) {
			l.add(Todo{Step: 7, What: domain.Code("notification/" + n.ID.String()), Command: "WithdrawNotification", Requirement: "REG-10", Roles: notifying})
		}
	}
}

func (l *todos) telling() {
	for _, o := range l.s.customersToInform() {
		l.add(Todo{Step: 7, What: o.Customer, Command: "InformCustomer", Requirement: "BCM-06", Roles: append(slices.Clip(conducting), "communication", "process-owner")})
	}
	l.lacks(len(l.s.unhandled()) > 0, 7, "handled", "MarkHandled", "X-02", conducting...)
}

// evaluating looks back once it is over, and closes what nothing keeps open.
func (l *todos) evaluating() {
	s, ev := l.s, &l.s.Evaluation
	over := !s.Resolved.IsZero() || !s.Handled.IsZero()
	owes := over && s.grave()
	l.lacks(owes && !ev.Started, 8, "evaluation", "StartEvaluation", "EVA-01", conducting...)
	l.lacks(owes && ev.Started && !ev.Lessons, 8, "lesson", "RecordLesson", "EVA-02", conducting...)
	l.lacks(owes && ev.Started && !ev.Submitted, 8, "evaluation", "SubmitEvaluation", "EVA-02", conducting...)
	l.lacks(owes && ev.Submitted && ev.Approved.IsZero(), 8, "evaluation", "ApproveEvaluation", "EVA-07", leading...)
	l.lacks(!ev.Approved.IsZero() && len(ev.To) == 0, 8, "distribution", "DistributeEvaluation", "EVA-03", conducting...)
	for i, n := range ev.To {
		if !slices.Contains(ev.Read, n) && (n.Role != "" || !n.Person.IsZero()) {
			t := Todo{Step: 8, What: domain.Code("reading/" + strconv.Itoa(i+1)), Command: "ConfirmReading", Requirement: "EVA-03", Person: n.Person}
			if n.Role != "" {
				t.Roles = []domain.Code{n.Role}
			}
			l.add(t)
		}
	}
	for _, i := range l.improvements {
		if !i.planned() {
			l.add(Todo{Step: 8, What: domain.Code("improvement/" + i.Key.String()), Command: "AssignImprovement", Requirement: "EVA-05", Roles: assigning})
		}
	}
	l.lacks(over && s.unprevented(l.improvements), 8, "prevention", "ProposeImprovement", "SEV-05", conducting...)
	l.lacks(over && len(s.inTheWay(l.now, l.obliged, l.improvements)) == 0, 9, "closing", "CloseIncident", "EVA-07", append(slices.Clip(conducting), "help-desk", s.RoutedTo)...)
}

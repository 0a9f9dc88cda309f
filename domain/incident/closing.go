package incident

import (
	"fmt"
	"slices"
	"time"

	"incidentledger/domain"
)

// Which guards stand before closing follows from what the incident is: a
// request, a weakness or a plain fault of ICT is closed as soon as it is
// resolved; what touches security goes through every step (EVA-07).

// security reports whether the incident touches information security. A suspicion
// that proved false asks for no more than if it had never come up.
func (t *Told) security() bool {
	return t.Report.SecurityRelevant || t.leakStands() || t.severe()
}

// severe reports whether it was given a severity that asks for handling of its
// own.
func (t *Told) severe() bool {
	s := t.Severity()
	return s != "" && s != "none"
}

// occurred reports whether something came about that is weighed, analysed and
// classified before it is closed: a request, and a weakness through which nothing
// leaked, are not.
func (t *Told) occurred() bool { return t.Report.Kind == "incident" || t.leakStands() }

// unweighed reports whether nobody gave it a priority (PRI-01).
func (t *Told) unweighed() bool { return t.occurred() && t.Assessed == nil && t.Overridden == 0 }

// unassessed reports whether a suspected leak stands of which nobody said what it
// did to any processing (X-01, DBR-06).
func (t *Told) unassessed() bool {
	return t.leakStands() && len(t.Leak.Processings) == 0
}

// grave reports whether the incident goes through every step of the procedure.
// One that another system handled and handed over is not evaluated here for its
// priority alone.
func (t *Told) grave() bool {
	return t.security() || t.Major || t.Priority() == 1 && t.Report.Channel != "import"
}

// unfinished lists what the steps between registration and closing still owe.
func (t *Told) unfinished() []openItem {
	var out []openItem
	add := func(open bool, code domain.Code, text string) {
		if open {
			out = append(out, openItem{code, text})
		}
	}
	ev := &t.Evidence
	add(!t.Registered.IsZero() && t.Verdict == "", "verification", "it was registered by itself and nobody verified it (VerifyReport)")
	add(t.unassessed(), "breach", "what the suspected leak did to which processing is not assessed (AssessBreach, or WithdrawSuspicion where there was none)")
	add(ev.Decided && ev.Needed && !ev.secured(), "evidence", "evidence is needed and not secured (CollectEvidence, VerifyEvidence)")
	if !t.grave() {
		return out
	}
	add(t.unweighed(), "priority", "its priority is not assessed (AssessPriority)")
	add(t.occurred() && !t.Analysed, "analysis", "its cause is not analysed (RecordAnalysis)")
	add(t.occurred() && t.security() && t.SeverityAssessed == nil, "severity", "its severity is not classified (ClassifySeverity)")
	add(t.contradicted() != "", "severity", fmt.Sprintf("it is classified as one of availability alone, but the breach of %s is not (ClassifySeverity)", t.contradicted()))
	add(t.security() && !ev.Decided, "evidence", "whether evidence is needed is not decided (DecideEvidence)")
	if left := t.Unsound(); len(left) > 0 && (t.Measures.Touched || t.severe()) {
		add(true, "integrity", fmt.Sprintf("the systems are not confirmed to be sound in %s (ConfirmIntegrity)", andList(left)))
	}
	add(t.Measures.unreviewed(), "recovery", "nobody reviewed the recovery work (ReviewRecovery)")
	add(t.Evaluation.Started && !t.Evaluation.Lessons, "lesson", "the evaluation holds no lesson (RecordLesson)")
	add(t.Evaluation.Approved.IsZero(), "evaluation", t.Evaluation.owes())
	for _, e := range t.Escalations {
		add(e.Acknowledged.IsZero(), domain.Code("escalation/"+e.ID.String()),
			fmt.Sprintf("the escalation %s of %s is not acknowledged (AcknowledgeEscalation)", e.ID, stamp(e.At)))
	}
	return out
}

// owes says what the evaluation lacks.
func (ev *Evaluation) owes() string {
	switch {
	case !ev.Started:
		return "it is not evaluated (StartEvaluation)"
	case !ev.Submitted:
		return "the evaluation is not submitted (SubmitEvaluation)"
	}
	return "the evaluation is not approved (ApproveEvaluation)"
}

// OpenCodes are what can stand in the way of closing, beside duties, which go by
// their clocks. One of several things has its id behind the code and a slash.
func OpenCodes() []domain.Code {
	return []domain.Code{"registration", "resolution", "verification", "breach", "awareness", "significance", "evidence", "priority", "analysis", "severity",
		"integrity", "access", "recovery", "downtime", "plan", "customer", "informed", "shutdown", "test-environment", "handled", "escalation", "lesson",
		"evaluation", "improvement", "prevention"}
}

// open lists everything that stands in the way of closing now.
func (d *deciding) open() []openItem {
	return d.s.inTheWay(d.now, obliged(d.profile()), d.improvements())
}

// inTheWay lists everything that stands in the way of closing: also what depends on
// the time, on what the organisation is by law, and on improvements, which live on
// their own.
func (s *Incident) inTheWay(now time.Time, obliged bool, list []Improvement) []openItem {
	out := s.open()
	if obliged && s.unjudged() {
		out = append(out, openItem{"significance", "whether it is significant under the Cyberbeveiligingswet or NIS2 is not assessed (AssessSignificance)"})
	}
	if left := s.Measures.admitting(now); len(left) > 0 {
		out = append(out, openItem{"access", fmt.Sprintf("access to recover still runs for %s (RevokeRecoveryAccess)", andList(left))})
	}
	for _, i := range list {
		if i.planned() {
			continue
		}
		out = append(out, openItem{domain.Code("improvement/" + i.Key.String()),
			fmt.Sprintf("the improvement %s has no owner or no date (AssignImprovement)", i.Key)})
	}
	if s.unprevented(list) {
		out = append(out, openItem{"prevention", "nothing is changed to prevent a recurrence (ProposeImprovement, a measure to prevent, or at severity light SkipPreventiveChange)"})
	}
	return out
}

// planned reports whether an improvement has somebody and a date, or is over (EVA-05).
func (i *Improvement) planned() bool { return i.Done || i.Dropped || i.Owner && i.Due }

// unprevented reports whether a change is owed that prevents a recurrence, and there
// is none (SEV-05 to SEV-07).
func (t *Told) unprevented(list []Improvement) bool { return t.severe() && !t.prevented(list) }

// prevented reports whether something is done against a recurrence, or was
// lawfully left out (SEV-05 to SEV-07).
func (t *Told) prevented(list []Improvement) bool {
	return t.PreventiveSkipped && t.Severity() == "light" ||
		slices.ContainsFunc(list, func(i Improvement) bool { return !i.Dropped }) ||
		slices.ContainsFunc(t.Measures.List, func(m Measure) bool { return m.Kind == MeasurePrevent && !m.Failed })
}

// warnClosing tells what closing leaves undone without being in its way.
func (d *deciding) warnClosing() {
	if left := d.s.uninformed(); len(left) > 0 && !d.s.grave() && d.s.Report.Channel != "import" {
		d.warn("not_informed", "INT-09", "%s did not hear of it yet (InformParty)", andList(left))
	}
	if d.s.Measures.unreviewed() && !d.s.grave() {
		d.warn("not_reviewed", "MEA-09", "nobody reviewed the recovery work (ReviewRecovery)")
	}
	for _, it := range d.s.Evidence.Items {
		if it.Released == "" {
			d.warn("in_custody", "EVI-04", "the item of evidence %s stays in custody until it is released", it.ID)
		}
	}
}

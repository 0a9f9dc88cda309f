package incident

import (
	"iter"
	"slices"

	"incidentledger/domain"
)

// TakesBack are the events by which what an incident tells of services and
// suppliers counts no more, or again.
func TakesBack() []domain.Event {
	return []domain.Event{EntryMisfiled{}, ReportRejected{}, ReportWithdrawn{}, ReportMerged{}, IncidentReopened{}}
}

// Stands tells which entries of an incident count when services and suppliers are
// judged by them (SUP-05, BCM-06). One that bears the mark of belonging elsewhere
// does not; none does while the report is rejected, withdrawn or merged, and all do
// again once it is reopened. told gives what the incident tells, with the events
// of TakesBack among it.
func Stands(told iter.Seq2[domain.Seq, domain.Event]) func(domain.Seq) bool {
	dropped, misfiled := false, map[domain.Seq]bool{}
	for _, e := range told {
		switch e := e.(type) {
		case EntryMisfiled:
			misfiled[e.Seq] = true
		case ReportRejected, ReportWithdrawn, ReportMerged:
			dropped = true
		case IncidentReopened:
			dropped = false
		}
	}
	return func(seq domain.Seq) bool { return !dropped && !misfiled[seq] }
}

// Stands gives what the incident tells of services and suppliers, as far as they
// are judged by it: nothing where the report was dropped.
func (s *Incident) Stands() Continuity {
	if s.Dropped() {
		return Continuity{}
	}
	return s.kept()
}

// kept leaves out the entries that bear the mark of belonging elsewhere.
func (s *Incident) kept() Continuity {
	if len(s.Misfiled) == 0 {
		return s.Continuity
	}
	var out Incident
	for i := range s.log {
		p := &s.log[i]
		if slices.Contains(s.Misfiled, p.seq) {
			continue
		}
		for _, e := range p.events {
			switch e := e.(type) {
			case DowntimeRecorded, SupplierNoticeRecorded, ObligationAtRiskIdentified, CustomerInformed, RoutedToSupplier, PlanActivated, PlanDeactivated:
				e.(evolver).evolve(&out, p)
			}
		}
	}
	return out.Continuity
}

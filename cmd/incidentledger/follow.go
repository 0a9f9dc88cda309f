package main

import (
	"incidentledger/domain"
	"incidentledger/domain/improvement"
	"incidentledger/handlers/report"
)

// follow gives the improvements of an incident, or, of the zero key, all of them,
// as they stand now, with their titles opened.
func (o *office) follow(of domain.Key) []report.Follow {
	g := o.law.registers
	keys, err := g.scan(of)
	if err != nil {
		return nil // the ledger says why when it is read itself
	}
	var out []report.Follow
	for _, key := range keys {
		ref := domain.Ref{Kind: improvement.Name, Key: key}
		r, ok := g.find(ref)
		if !ok {
			continue
		}
		s := r.state.(domain.Dossier[improvement.State]).Told
		if !of.IsZero() && s.Improvement.Incident != of {
			continue
		}
		out = append(out, report.Follow{
			Key: key, Incident: s.Improvement.Incident, Title: o.titleOf(ref), Person: s.Assignment.Owner, Role: s.Assignment.Role,
			Due: s.Assignment.Due, Phase: s.At, PDCA: s.PDCA(), Proposed: s.Proposed, Completed: s.Completed,
		})
	}
	return out
}

// titleOf opens what an improvement is called; empty where that can be read no
// more.
func (o *office) titleOf(ref domain.Ref) string {
	words, err := o.words(ref, "ImprovementProposed")
	if err != nil {
		return ""
	}
	return words["title"]
}

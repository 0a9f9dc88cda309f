package main

import (
	"slices"

	"incidentledger/domain"
	"incidentledger/domain/document"
	"incidentledger/domain/improvement"
	"incidentledger/handlers/api"
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
			Due: s.Assignment.Due, Phase: s.At, PDCA: s.PDCA(), Proposed: s.Proposed, Completed: s.Completed, Seq: r.basis.Seq,
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

// playbooks gives the playbooks that hold now for a category of incident or for
// one of the services that it hits (BCM-01).
func (o *office) playbooks(category domain.Code, services []domain.Code) []api.Playbook {
	g := o.law.registers
	if _, err := g.scan(domain.Key{}); err != nil {
		return nil
	}
	g.scanning.Lock()
	papers := slices.Clone(g.begun[document.Name])
	g.scanning.Unlock()
	var out []api.Playbook
	for _, key := range papers {
		r, ok := g.find(domain.Ref{Kind: document.Name, Key: key})
		if !ok {
			continue
		}
		v, holds := r.state.(domain.Dossier[document.State]).Told.Current()
		hit := slices.Contains(v.Categories, category) || slices.ContainsFunc(v.Services, func(s domain.Code) bool { return slices.Contains(services, s) })
		if !holds || v.Kind != "playbook" || !hit {
			continue
		}
		out = append(out, api.Playbook{Key: key, Code: v.Code, Version: v.Version, Title: o.paperTitle(v.Seq)})
	}
	return out
}

// paperTitle opens the title of a document as an entry published it.
func (o *office) paperTitle(seq domain.Seq) string {
	en, err := o.ledger.Entry(seq)
	if err != nil {
		return ""
	}
	events, _, _, err := opener{o.vault}.Open(en)
	if err != nil {
		return ""
	}
	for _, e := range events {
		if p, ok := e.(document.DocumentPublished); ok {
			return string(p.Title)
		}
	}
	return ""
}

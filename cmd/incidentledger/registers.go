package main

import (
	"context"
	"iter"
	"slices"
	"sync"

	"incidentledger/domain"
	"incidentledger/domain/document"
	"incidentledger/domain/improvement"
	"incidentledger/domain/incident"
	"incidentledger/domain/organisation"
	"incidentledger/domain/policy"
	"incidentledger/domain/service"
	"incidentledger/domain/supplier"
)

// registers answers what the ledger says now of services, suppliers and
// improvements. It implements incident.Register. What it knows of an aggregate it
// folds anew when that has a new entry.
type registers struct {
	law *law

	mu    sync.Mutex
	known map[domain.Ref]standing

	// Improvements have no names, so those of an incident are found by going
	// through the ledger once, and then through what came since. Nobody else waits
	// for that.
	scanning sync.Mutex
	begun    map[domain.KindName][]domain.Key // documents, services and suppliers, in the order in which they were added
	of       map[domain.Key][]domain.Key      // incident → improvements; the zero key → all
	scanned  domain.Seq
}

// A standing is one aggregate as it stands at an entry.
type standing struct {
	basis domain.Basis
	state domain.State
	dated []policy.Profile // of the organisation's profile alone
}

func newRegisters(w *law) *registers {
	return &registers{law: w, known: map[domain.Ref]standing{}, begun: map[domain.KindName][]domain.Key{}, of: map[domain.Key][]domain.Key{}}
}

// find gives an aggregate as it stands now; false where there is none, or where
// it cannot be read.
func (g *registers) find(ref domain.Ref) (standing, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	head := g.law.ledger.Head(ref)
	if head == 0 {
		return standing{}, false
	}
	if r, ok := g.known[ref]; ok && r.basis.Seq == head {
		return r, true
	}
	k := g.law.kinds[ref.Kind]
	r := standing{state: k.New()}
	for en, err := range g.law.ledger.Load(context.Background(), ref, 0) {
		if err == nil {
			r.state, err = k.Evolve(r.state, *en)
		}
		if err != nil {
			return standing{}, false
		}
		r.basis = domain.Basis{Kind: ref.Kind, Key: ref.Key, Seq: en.Seq, Hash: en.Hash}
	}
	if ref.Kind == organisation.Name {
		r.dated = datedOf(r.state)
	}
	g.known[ref] = r
	return r, true
}

// Service implements incident.Register.
func (g *registers) Service(code domain.Code) (incident.Service, domain.Basis, bool) {
	r, ok := g.find(domain.Ref{Kind: service.Name, Key: service.Key(g.law.ledger.Org(), code)})
	if !ok {
		return incident.Service{}, domain.Basis{}, false
	}
	s := r.state.(domain.Dossier[service.State]).Told
	out := incident.Service{
		Critical: s.Service.Critical, Vital: s.Service.Vital, RTOMinutes: s.Recovery.RTOMinutes, RPOMinutes: s.Recovery.RPOMinutes,
		Suppliers: s.Dependencies.Suppliers, Services: s.Dependencies.Services, Reliances: s.Reliances,
	}
	for _, o := range s.Obligations {
		out.Obligations = append(out.Obligations, incident.Obligation{Code: o.Obligation, Customer: o.Customer})
	}
	return out, r.basis, true
}

// Supplier implements incident.Register.
func (g *registers) Supplier(code domain.Code) (incident.Supplier, domain.Basis, bool) {
	r, ok := g.find(domain.Ref{Kind: supplier.Name, Key: supplier.Key(g.law.ledger.Org(), code)})
	if !ok {
		return incident.Supplier{}, domain.Basis{}, false
	}
	var out incident.Supplier
	for _, c := range r.state.(domain.Dossier[supplier.State]).Told.Versions() {
		out.Contracts = append(out.Contracts, incident.Contract{
			Code: c.Code, From: c.ValidFrom, To: c.ValidTo, Services: c.Services, NoticeMinutes: c.NoticeMinutes,
		})
	}
	return out, r.basis, true
}

// Dependents implements incident.Register.
func (g *registers) Dependents(code domain.Code) []domain.Code {
	var out []domain.Code
	for st := range every[service.State](g, service.Name) {
		if slices.Contains(st.Dependencies.Services, code) {
			out = append(out, st.Service.Code)
		}
	}
	slices.Sort(out)
	return out
}

// Holders implements incident.Register.
func (g *registers) Holders(contract domain.Code) []domain.Code {
	var out []domain.Code
	for st := range every[supplier.State](g, supplier.Name) {
		if slices.ContainsFunc(st.Contracts, func(v supplier.Version) bool { return v.Contract.Code == contract }) {
			out = append(out, st.Supplier.Code)
		}
	}
	slices.Sort(out)
	return out
}

// Needs implements domain.Known.
func (g *registers) Needs(code domain.Code) ([]domain.Code, bool) {
	s, _, ok := g.Service(code)
	return s.Services, ok
}

// Supplies implements domain.Known.
func (g *registers) Supplies(code domain.Code) bool {
	_, _, ok := g.Supplier(code)
	return ok
}

// every gives what is told of each aggregate of a kind, now. What cannot be read
// is left out; the desk refuses orders to it.
func every[S any](g *registers, kind domain.KindName) iter.Seq[S] {
	return func(yield func(S) bool) {
		if _, err := g.scan(domain.Key{}); err != nil {
			return
		}
		g.scanning.Lock()
		keys := slices.Clone(g.begun[kind])
		g.scanning.Unlock()
		for _, key := range keys {
			if r, ok := g.find(domain.Ref{Kind: kind, Key: key}); ok && !yield(r.state.(domain.Dossier[S]).Told) {
				return
			}
		}
	}
}

// Improvements implements incident.Register.
func (g *registers) Improvements(of domain.Key) []incident.Improvement {
	keys, err := g.scan(of)
	if err != nil {
		return []incident.Improvement{{}} // one that nobody knows anything of: better open than forgotten
	}
	var out []incident.Improvement
	for _, key := range keys {
		r, ok := g.find(domain.Ref{Kind: improvement.Name, Key: key})
		if !ok {
			out = append(out, incident.Improvement{Key: key})
			continue
		}
		s := r.state.(domain.Dossier[improvement.State]).Told
		if s.Improvement.Incident != of {
			continue
		}
		out = append(out, incident.Improvement{
			Key: key, Ref: r.basis, Owner: !s.Assignment.Owner.IsZero(), Due: !s.Assignment.Due.IsZero(),
			Done: s.At == improvement.PhaseVerified, Dropped: s.At == improvement.PhaseDropped,
		})
	}
	return out
}

// scan notes which improvements name which incident, up to now; of the zero key it
// gives all of them.
func (g *registers) scan(of domain.Key) ([]domain.Key, error) {
	g.scanning.Lock()
	defer g.scanning.Unlock()
	for en, err := range g.law.ledger.ReadAll(context.Background(), g.scanned) {
		if err != nil {
			return nil, err
		}
		g.scanned = en.Seq
		if en.Prev == 0 && (en.Kind == document.Name || en.Kind == service.Name || en.Kind == supplier.Name) {
			g.begun[en.Kind] = append(g.begun[en.Kind], en.Key)
		}
		if en.Kind != improvement.Name {
			continue
		}
		for _, r := range en.Events {
			var incident domain.Key
			switch e := r.Event.(type) {
			case improvement.ImprovementProposed:
				incident = e.Incident
				g.of[domain.Key{}] = append(slices.Clip(g.of[domain.Key{}]), en.Key)
			case domain.FactCorrected: // it may name another one now
				if err := e.Take("incident", &incident); err != nil {
					return nil, err
				}
			}
			if !incident.IsZero() && !slices.Contains(g.of[incident], en.Key) {
				g.of[incident] = append(slices.Clip(g.of[incident]), en.Key)
			}
		}
	}
	return g.of[of], nil
}

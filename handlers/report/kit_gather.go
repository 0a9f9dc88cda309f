package report

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/contact"
	"incidentledger/domain/document"
	"incidentledger/domain/improvement"
	"incidentledger/domain/incident"
	"incidentledger/domain/person"
	"incidentledger/domain/policy"
	"incidentledger/domain/service"
	"incidentledger/domain/supplier"
	"incidentledger/handlers"
)

// InKit reports whether an entry of a kind can change a kit. Of incidents and of
// what they taught nothing stands in it; all else counts, erasures too.
func InKit(kind domain.KindName) bool { return kind != incident.Name && kind != improvement.Name }

// Kit makes the kit as of now. It needs the source's Dossiers.
func (s *Source) Kit(ctx context.Context, now time.Time) (*Kit, error) {
	basis := s.Law()
	set := basis.At(now)
	if set == nil {
		return nil, fmt.Errorf("report: kit: no policy is adopted")
	}
	country := basis.Profile[policy.OrgCountry]
	k := &Kit{
		Org: s.Org, Name: s.Name, Made: now.In(s.Zone), Zone: s.Zone.String(), Seq: s.Log.Last(), FirstHour: questions(set.FirstHour), OnCall: []Turn{},
		Ladder: []StepUp{}, Contacts: []Reachable{}, Authorities: authorities(set, country, now), Suppliers: []Supplied{}, Services: []Provided{},
		Papers: []Paper{}, Forms: formsNow(set, country, now), Registered: s.registration(&book{state: new(incident.Incident), lines: []Happening{{}}}),
	}
	if s.OnCall != nil {
		k.OnCall = append(k.OnCall, s.OnCall(now)...)
	}
	if err := s.gather(ctx, k, now); err != nil {
		return nil, fmt.Errorf("report: kit: %w", err)
	}
	for _, r := range set.Ladder {
		k.Ladder = append(k.Ladder, StepUp{r.Level, r.To, int64(r.Waits() / time.Second), having(k.Contacts, r.To)})
	}
	return k, nil
}

// gather reads every dossier that stands in a kit, as of its entry.
func (s *Source) gather(ctx context.Context, k *Kit, now time.Time) error {
	for _, kind := range []domain.Kind{contact.Kind(nil), person.Kind(nil), supplier.Kind(nil, nil), service.Kind(nil, nil), document.Kind(nil)} {
		refs, err := s.Dossiers(kind.Name)
		if err != nil {
			return err
		}
		for _, ref := range refs {
			st := kind.New()
			for en, err := range s.Log.Load(ctx, ref, 0) {
				if err == nil && en.Seq <= k.Seq {
					st, err = kind.Evolve(st, *en)
				}
				if err != nil {
					return err
				}
			}
			words, err := handlers.ReadWords(ctx, s.Log, s.Opener, kind, ref.Key, k.Seq)
			if err != nil {
				return err
			}
			k.add(st, words, now)
		}
	}
	return nil
}

// add puts a dossier in its place; what is no longer used is left out.
func (k *Kit) add(st domain.State, words *handlers.Words, now time.Time) {
	w := kitWords{k, nil}
	switch d := st.(type) {
	case domain.Dossier[contact.State]:
		c := d.Told.Contact
		w.said = words.Last("ContactAdded", "ContactChanged")
		r := Reachable{Roles: c.Roles, Lists: c.Lists, Language: c.Language, OnCall: c.OnCall, Checked: d.Told.ConfirmedAt, Stale: d.Told.Stale(now), Ways: []Way{}}
		if d.Told.Phase() != contact.PhaseActive {
			return
		}
		r.Name, r.Organisation = w.at("name"), w.at("organisation")
		for i, ch := range c.Channels {
			r.Ways = append(r.Ways, Way{ch.Kind, w.at(fmt.Sprintf("channels.%d.address", i)), ch.Safe, ch.Fallback, ch.For})
		}
		k.reach(r, now)
	case domain.Dossier[person.State]:
		p := d.Told.Person
		w.said = words.Last("PersonAdded")
		r := Reachable{Language: p.Language, OnCall: p.OnCall, Ways: []Way{}}
		for _, g := range d.Told.Grants {
			if d.Told.Has(g.Role, now) {
				r.Roles = append(r.Roles, g.Role)
			}
		}
		if d.Told.At != person.PhaseActive || len(r.Roles) == 0 || len(p.Channels) == 0 {
			return
		}
		r.Name = w.at("name")
		for i, ch := range p.Channels {
			r.Ways = append(r.Ways, Way{Kind: ch.Kind, Address: w.at(fmt.Sprintf("channels.%d.address", i)), Safe: ch.Safe, For: ch.For})
		}
		k.reach(r, now)
	case domain.Dossier[supplier.State]:
		if d.Told.Phase() == supplier.PhaseActive {
			k.Suppliers = append(k.Suppliers, w.supplied(d.Told, words, now))
		}
	case domain.Dossier[service.State]:
		if v := d.Told.Service; v.Code != "" {
			w.said = words.Last("ServiceAdded")
			k.Services = append(k.Services, Provided{Code: v.Code, Sort: cmp.Or(v.Sort, "service"), Owner: v.Owner, Critical: v.Critical, Vital: v.Vital, Name: w.at("name"),
				RTO: d.Told.Recovery.RTOMinutes, RPO: d.Told.Recovery.RPOMinutes, Services: d.Told.Dependencies.Services, Suppliers: d.Told.Dependencies.Suppliers})
		}
	case domain.Dossier[document.State]:
		if v, holds := d.Told.Current(); holds {
			w.said = words.In(v.Seq, "DocumentPublished")
			p := Paper{Code: v.Code, Kind: v.Kind, Version: v.Version, Approved: v.Approved, ReviewBy: v.ReviewBy, Services: v.Services,
				Title: w.at("title"), Body: w.at("body"), File: v.File.Hash, FileName: w.at("file.name")}
			for i, it := range v.Items {
				p.Items = append(p.Items, PaperItem{it.Code, it.Role, w.at(fmt.Sprintf("items.%d.text", i))})
			}
			k.Papers = append(k.Papers, p)
		}
	}
}

// reach adds somebody to the directory, and to those on call where they have
// hours of their own.
func (k *Kit) reach(r Reachable, now time.Time) {
	k.Contacts = append(k.Contacts, r)
	if len(r.OnCall) > 0 {
		k.OnCall = append(k.OnCall, Turn{Name: r.Name, Role: r.Roles, When: r.OnCall, Ways: r.Ways, Now: domain.OnCallAt(r.OnCall, now.In(k.Made.Location()))})
	}
}

// kitWords are the texts of one event, for a kit that counts those erased.
type kitWords struct {
	k    *Kit
	said map[string]handlers.Word
}

func (w kitWords) at(path string) handlers.Word {
	word := w.said[path]
	if word.Erased {
		w.k.Erased++
	}
	return word
}

func (w kitWords) supplied(st supplier.State, words *handlers.Words, now time.Time) Supplied {
	w.said = words.Last("SupplierAdded")
	out := Supplied{Code: st.Supplier.Code, Kind: st.Supplier.Kind, Involved: st.Supplier.MayBeInvolved, Contracts: []Agreed{},
		Name: w.at("name"), Contact: w.at("contact"), Phone: w.at("phone"), Email: w.at("email")}
	for _, c := range st.Versions() {
		if now.Before(c.ValidFrom) || !c.ValidTo.IsZero() && !now.Before(c.ValidTo) {
			continue
		}
		for _, v := range slices.Backward(st.Contracts) { // of two from the same instant the one told last holds
			if v.Contract.Code == c.Code && v.Contract.ValidFrom.Equal(c.ValidFrom) {
				if w.said = words.In(v.Seq, "ContractRecorded"); w.said == nil {
					w.said = words.In(v.Seq, "ContractAmended")
				}
				break
			}
		}
		a := Agreed{Code: c.Code, To: c.ValidTo, Services: c.Services, Notice: c.NoticeMinutes, Update: c.UpdateEveryMinutes,
			Support: w.at("support"), Escalation: w.at("escalation")}
		for _, t := range c.Terms {
			a.Terms = append(a.Terms, Response(t))
		}
		out.Contracts = append(out.Contracts, a)
	}
	return out
}

// having gives those who have a role.
func having(all []Reachable, role domain.Code) []Reachable {
	return slices.DeleteFunc(slices.Clone(all), func(r Reachable) bool { return !slices.Contains(r.Roles, role) })
}

// questions gives the fields of a policy's form or checklist.
func questions(fields []policy.Field) []Question {
	out := make([]Question, len(fields))
	for i, f := range fields {
		out[i] = Question(f)
	}
	return out
}

// authorities gives the authorities as they are at an instant, those of a country
// first.
func authorities(set *policy.Set, country domain.Code, at time.Time) []Outside {
	out := []Outside{}
	for _, id := range set.CodesOf("authorities") {
		a, ok := set.AuthorityAt(id, at)
		if !ok {
			continue
		}
		o := Outside{ID: id, Name: a.Name, Country: a.Country, Note: a.Note, Lines: []OutsideLine{}}
		for _, c := range a.Channels {
			o.Lines = append(o.Lines, OutsideLine(c))
		}
		out = append(out, o)
	}
	slices.SortStableFunc(out, func(a, b Outside) int { return cmp.Compare(abroad(a.Country, country), abroad(b.Country, country)) })
	return out
}

// formsNow gives the forms of authorities as they are at an instant, those of a
// country first.
func formsNow(set *policy.Set, country domain.Code, at time.Time) []Blank {
	var ids []domain.Code
	out := []Blank{}
	for _, f := range set.Forms {
		if len(f.Authority) == 0 || slices.Contains(ids, f.ID) {
			continue
		}
		if is, ok := set.FormOf(f.Authority[0], f.Regime, f.Stage, at); ok && is.ID == f.ID {
			ids = append(ids, f.ID)
			out = append(out, Blank{is.Authority, is.Regime, is.Stage, questions(is.Fields)})
		}
	}
	of := func(f Blank) int { return abroad(set.CountryOf(f.Authorities[0]), country) }
	slices.SortStableFunc(out, func(a, b Blank) int { return cmp.Compare(of(a), of(b)) })
	return out
}

// abroad is 1 for what belongs to another country, 0 for all else.
func abroad(of, own domain.Code) int {
	if of == "" || of == own {
		return 0
	}
	return 1
}

package incident

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"incidentledger/domain"
)

var awareCommands = []commandRow{
	{CommandType: domain.CommandType{New: blank[EstablishAwareness], Roles: statutory, States: inKept,
		Events:  []string{"AwarenessEstablished", "IncidentReopened", "IncidentRegistered", "RecipientsDetermined"},
		Example: `{"of":"breach","awareAt":"2026-11-20T18:30:00+01:00","basis":"The owner of the laptop confirmed that it held case files."}`}},
	{CommandType: domain.CommandType{New: blank[CorrectAwareness], Roles: statutory, States: inKept,
		Events:  []string{"AwarenessCorrected", "IncidentReopened"},
		Example: `{"of":"breach","awareAt":"2026-11-20T18:00:00+01:00","basis":"The confirmation came by an earlier mail."}`}},
}

var awareEvents = []eventRow{
	told[AwarenessEstablished](1),
	told[AwarenessCorrected](1),
}

// AwarenessEstablished says since when the organisation knows: from then on the
// law counts.
type AwarenessEstablished struct {
	Of         domain.Code `json:"of" rule:"required,oneof=breach|significant-incident"`
	Processing domain.Code `json:"processing,omitzero"`
	AwareAt    time.Time   `json:"awareAt" rule:"required,past"`
	Basis      domain.Text `json:"basis,omitzero" seal:"aggregate"`
}

// AwarenessCorrected says that the organisation knew since another instant.
type AwarenessCorrected struct {
	Of         domain.Code `json:"of" rule:"required,oneof=breach|significant-incident"`
	Processing domain.Code `json:"processing,omitzero"`
	AwareAt    time.Time   `json:"awareAt" rule:"required,past"`
	Was        time.Time   `json:"was"`
	Basis      domain.Text `json:"basis,omitzero" seal:"aggregate"`
}

func (AwarenessEstablished) EventName() string { return "AwarenessEstablished" }
func (AwarenessCorrected) EventName() string   { return "AwarenessCorrected" }

// What an organisation can be aware of.
const (
	OfBreach      domain.Code = "breach"
	OfSignificant domain.Code = "significant-incident"
)

// EstablishAwareness says since when the organisation knows of a breach or a
// significant incident. The terms of the law count from then (NOT-05, X-01).
type EstablishAwareness struct {
	// Of tells what is known; without it every duty that applies.
	Of domain.Code `json:"of,omitzero" rule:"oneof=breach|significant-incident"`
	// Processing is the code of the processing of personal data concerned; without it all that were assessed so far and have no awareness of their own, or the suspicion.
	Processing domain.Code `json:"processing,omitzero"`
	// AwareAt is since when it is known with reasonable certainty.
	AwareAt time.Time `json:"awareAt" rule:"required,past"`
	// Basis tells what that certainty rests on.
	Basis domain.Text `json:"basis" rule:"required"`
}

// CorrectAwareness says that the organisation knew since another instant. The
// terms move; what was said first stays visible.
type CorrectAwareness struct {
	// Of tells what is known; without it everything of which awareness was established.
	Of domain.Code `json:"of,omitzero" rule:"oneof=breach|significant-incident"`
	// Processing is the code of the processing of personal data concerned; without it all that have no awareness of their own.
	Processing domain.Code `json:"processing,omitzero"`
	// AwareAt is since when it was known.
	AwareAt time.Time `json:"awareAt" rule:"required,past"`
	// Basis tells what that rests on.
	Basis domain.Text `json:"basis" rule:"required"`
}

func (EstablishAwareness) CommandName() string { return "EstablishAwareness" }
func (CorrectAwareness) CommandName() string   { return "CorrectAwareness" }

func (c EstablishAwareness) decide(d *deciding) error {
	if err := d.sinceBegun("awareAt", c.AwareAt); err != nil {
		return err
	}
	kinds := []domain.Code{c.Of}
	if c.Of == "" {
		kinds = d.s.awaited(c.Processing)
	}
	if len(kinds) == 0 {
		return domain.Refuse(RefusedNoDuty, "NOT-06", "no duty that counts from awareness applies yet; say with of what is known: breach or significant-incident")
	}
	var established []string
	fresh := false
	for _, of := range kinds {
		which := []domain.Code{c.Processing}
		a, ok := d.s.aware(of, c.Processing)
		if ok {
			which = d.s.uncovered(of, c.Processing)
		}
		if len(which) == 0 {
			established = append(established, fmt.Sprintf("awareness of %s was established as %s", of, stamp(a.At)))
			continue
		}
		for _, p := range which {
			d.emit(AwarenessEstablished{Of: of, Processing: p, AwareAt: c.AwareAt, Basis: c.Basis})
		}
		fresh = true
	}
	if !fresh {
		r := domain.Refuse(RefusedAware, "X-01", "%s; correct it", strings.Join(established, ", "))
		r.Allowed = []string{"CorrectAwareness"}
		return r
	}
	d.reopenFor("awareness")
	return nil
}

// awaited lists what an organisation can be aware of that has duties which count
// from then: of the one processing, or of the incident.
func (t *Told) awaited(processing domain.Code) []domain.Code {
	var out []domain.Code
	if t.SuspectsLeak() {
		out = append(out, OfBreach)
	}
	if t.Significance.is() && processing == "" {
		out = append(out, OfSignificant)
	}
	return out
}

func (c CorrectAwareness) decide(d *deciding) error {
	said := false
	var stands time.Time
	for _, a := range d.s.Aware {
		if a.Processing != c.Processing || c.Of != "" && a.Of != c.Of {
			continue
		}
		if said = true; a.At.Equal(c.AwareAt) {
			stands = a.At
			continue
		}
		d.emit(AwarenessCorrected{Of: a.Of, Processing: c.Processing, AwareAt: c.AwareAt, Was: a.At, Basis: c.Basis})
	}
	switch {
	case !said:
		of := c.Of
		if of == "" {
			of = OfBreach
		}
		r := domain.Refuse(RefusedNotAware, "X-01", "no awareness of %s was established that could be corrected", of)
		r.Allowed = []string{"EstablishAwareness"}
		return r
	case len(d.events) == 0:
		return noChange("X-01", "awareness already counts from %s", stamp(stands))
	}
	if err := d.sinceBegun("awareAt", c.AwareAt); err != nil {
		return err
	}
	d.reopenFor("awareness")
	return nil
}

// reopenFor reopens a closed incident for what changes what is owed (contract 3).
// The service leg stays: nothing failed again.
func (d *deciding) reopenFor(because domain.Code) {
	if d.s.Phase == PhaseClosed {
		d.emit(IncidentReopened{Because: because, Leg: d.s.Leg, At: d.at})
	}
}

func (t *Told) aware(of, processing domain.Code) (Awareness, bool) {
	for _, a := range t.Aware {
		if a.Of == of && a.Processing == processing {
			return a, true
		}
	}
	return Awareness{}, false
}

// AwareIn gives since when the organisation knows of the breach of a processing:
// its own awareness, else that of all, where the processing was assessed by then.
// Nobody knew of what was found later.
func (t *Told) AwareIn(processing domain.Code) time.Time {
	a, ok := t.aware(OfBreach, processing)
	if _, n := t.Leak.find(processing); !ok && n <= t.Leak.Known {
		a, _ = t.aware(OfBreach, "")
	}
	return a.At
}

// uncovered lists the processings hit that the awareness of all breaches does not
// cover and that have none of their own.
func (t *Told) uncovered(of, processing domain.Code) []domain.Code {
	var out []domain.Code
	if of != OfBreach || processing != "" {
		return nil
	}
	for _, p := range t.Leak.Processings {
		if p.PersonalData != "none" && t.AwareIn(p.Code).IsZero() {
			out = append(out, p.Code)
		}
	}
	return out
}

func (e AwarenessEstablished) evolve(s *Incident, _ *posting) {
	s.setAware(Awareness{e.Of, e.Processing, e.AwareAt})
	if e.Of != OfBreach {
		return
	}
	s.Leak.Withdrawn = false // who knows of a breach suspects it again
	if e.Processing == "" {
		s.Leak.Known = max(1, len(s.Leak.Processings)) // the first takes a bare suspicion over
	}
}

func (e AwarenessCorrected) evolve(s *Incident, _ *posting) {
	s.setAware(Awareness{e.Of, e.Processing, e.AwareAt})
}

func (t *Told) setAware(a Awareness) {
	t.Aware = slices.Clone(t.Aware)
	for i, was := range t.Aware {
		if was.Of == a.Of && was.Processing == a.Processing {
			t.Aware[i] = a
			return
		}
	}
	t.Aware = append(t.Aware, a)
}

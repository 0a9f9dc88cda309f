package incident

import (
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
	// Processing is the processing of personal data concerned; without it all.
	Processing domain.Code `json:"processing,omitzero"`
	// AwareAt is since when it is known with reasonable certainty.
	AwareAt time.Time `json:"awareAt" rule:"required,past"`
	// Basis tells what that certainty rests on.
	Basis domain.Text `json:"basis" rule:"required"`
}

// CorrectAwareness says that the organisation knew since another instant. The
// terms move; what was said first stays visible.
type CorrectAwareness struct {
	// Of tells what is known; without it a breach.
	Of domain.Code `json:"of,omitzero" rule:"oneof=breach|significant-incident"`
	// Processing is the processing of personal data concerned; without it all.
	Processing domain.Code `json:"processing,omitzero"`
	// AwareAt is since when it was known.
	AwareAt time.Time `json:"awareAt" rule:"required,past"`
	// Basis tells what that rests on.
	Basis domain.Text `json:"basis" rule:"required"`
}

func (EstablishAwareness) CommandName() string { return "EstablishAwareness" }
func (CorrectAwareness) CommandName() string   { return "CorrectAwareness" }

func (c EstablishAwareness) decide(d *deciding) error {
	if c.Of == "" {
		if !d.s.SuspectsLeak() {
			return domain.Refuse(RefusedNoDuty, "NOT-06", "no duty that counts from awareness applies yet; say with of what is known: breach or significant-incident")
		}
		c.Of = OfBreach
	}
	if a, ok := d.s.aware(c.Of, c.Processing); ok {
		r := domain.Refuse(RefusedAware, "X-01", "awareness was established as %s; correct it", stamp(a.At))
		r.Allowed = []string{"CorrectAwareness"}
		return r
	}
	d.emit(AwarenessEstablished(c))
	d.reopenFor()
	return nil
}

func (c CorrectAwareness) decide(d *deciding) error {
	if c.Of == "" {
		c.Of = OfBreach
	}
	a, ok := d.s.aware(c.Of, c.Processing)
	if !ok {
		r := domain.Refuse(RefusedNotAware, "X-01", "no awareness of %s was established that could be corrected", c.Of)
		r.Allowed = []string{"EstablishAwareness"}
		return r
	}
	if a.At.Equal(c.AwareAt) {
		return noChange("X-01", "awareness already counts from %s", stamp(a.At))
	}
	d.emit(AwarenessCorrected{Of: c.Of, Processing: c.Processing, AwareAt: c.AwareAt, Was: a.At, Basis: c.Basis})
	d.reopenFor()
	return nil
}

// reopenFor reopens a closed incident for a new awareness (contract 3). The
// service leg stays: nothing failed again.
func (d *deciding) reopenFor() {
	if d.s.Phase == PhaseClosed {
		d.emit(IncidentReopened{Because: "awareness", Leg: d.s.Leg, At: d.at})
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

func (e AwarenessEstablished) evolve(s *Incident, _ *posting) {
	s.setAware(Awareness{e.Of, e.Processing, e.AwareAt})
}

func (e AwarenessCorrected) evolve(s *Incident, _ *posting) {
	s.setAware(Awareness{e.Of, e.Processing, e.AwareAt})
}

func (t *Told) setAware(a Awareness) {
	for i, was := range t.Aware {
		if was.Of == a.Of && was.Processing == a.Processing {
			t.Aware[i] = a
			return
		}
	}
	t.Aware = append(t.Aware, a)
}

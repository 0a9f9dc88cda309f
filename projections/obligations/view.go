package obligations

import (
	"slices"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/domain/service"
	"incidentledger/projections"
)

// Name is the view's name.
const Name = "obligations"

// New gives the view of obligations.
func New() *projections.Things {
	ofIncident := projections.Whole(incident.Name, incident.DowntimeRecorded{}, incident.ObligationAtRiskIdentified{}, incident.CustomerInformed{})
	ofService := projections.Whole(service.Name, service.ServiceAdded{}, service.ObligationSet{})
	return &projections.Things{
		Called: Name, Number: 1, Shapes: slices.Concat(incident.EventTypes(), service.Kind(nil, nil).Events), Index: index, Classify: incident.Classify,
		Of: func(en *domain.Entry, e domain.Event) []string { return append(ofIncident(en, e), ofService(en, e)...) },
	}
}

// An Obligation is something owed to a customer by a service that an incident
// hits; without a customer, the service alone.
type Obligation struct {
	Key        domain.Key  `json:"key"`
	Service    domain.Code `json:"service"`
	Critical   bool        `json:"critical" doc:"the service is business-critical"`
	Vital      bool        `json:"vital" doc:"a vital function rests on it"`
	Down       time.Time   `json:"down,omitzero" doc:"since when the service was down; absent: it was not"`
	Up         time.Time   `json:"up,omitzero" doc:"when it worked again"`
	Customer   domain.Code `json:"customer,omitempty"`
	Obligation domain.Code `json:"obligation,omitempty"`
	Within     int64       `json:"withinMinutes,omitempty" doc:"how soon it must be kept, where that was agreed"`
	AtRisk     bool        `json:"atRisk" doc:"somebody said that it may not be kept"`
	Told       time.Time   `json:"told,omitzero" doc:"when the customer was told first"`

	projections.Stamp // who told of it
}

// Of sums up what incident t puts at risk. owed gives what a service owes.
func Of(t *projections.Thing, owed func(service domain.Code) []service.ObligationSet) []Obligation {
	var hit []Obligation // services, in the order told
	var out []Obligation
	ended := map[domain.Key]time.Time{}
	began := map[domain.Key]int{}
	told := map[[2]domain.Code]time.Time{}
	for i := range t.Told {
		stamp := t.Told[i].Stamp()
		switch e := t.Told[i].Event.(type) {
		case incident.DowntimeRecorded:
			if e.Ends {
				ended[e.Downtime] = e.To
				continue
			}
			began[e.Downtime] = len(hit)
			hit = append(hit, Obligation{Key: t.Ref.Key, Service: e.Service, Critical: e.Critical, Vital: e.Vital, Down: e.From, Up: e.To, Stamp: stamp})
		case incident.ObligationAtRiskIdentified:
			out = append(out, Obligation{Key: t.Ref.Key, Service: e.Service, Customer: e.Customer, Obligation: e.Obligation, AtRisk: true, Stamp: stamp})
		case incident.CustomerInformed:
			if who := [2]domain.Code{e.Service, e.Customer}; told[who].IsZero() {
				told[who] = e.At
			}
		}
	}
	for id, to := range ended {
		if i, ok := began[id]; ok {
			hit[i].Up = to
		}
	}
	for _, h := range hit {
		for _, o := range owed(h.Service) {
			if !slices.ContainsFunc(out, func(x Obligation) bool { return x.same(h.Service, o.Customer, o.Obligation) }) {
				x := h
				x.Customer, x.Obligation = o.Customer, o.Obligation
				out = append(out, x)
			}
		}
		if !slices.ContainsFunc(out, func(x Obligation) bool { return x.Service == h.Service }) {
			out = append(out, h)
		}
	}
	for i := range out {
		out[i].Told = told[[2]domain.Code{out[i].Service, out[i].Customer}]
		out[i].look(hit, owed(out[i].Service))
	}
	return out
}

func (o *Obligation) same(service, customer, obligation domain.Code) bool {
	return o.Service == service && o.Customer == customer && o.Obligation == obligation
}

// look takes up what is known of the service: its last outage, and what was
// agreed.
func (o *Obligation) look(hit []Obligation, owed []service.ObligationSet) {
	for _, h := range hit {
		if h.Service == o.Service && !h.Down.Before(o.Down) {
			o.Critical, o.Vital, o.Down, o.Up = h.Critical, h.Vital, h.Down, h.Up
		}
	}
	for _, s := range owed {
		if o.same(o.Service, s.Customer, s.Obligation) {
			o.Within = s.WithinMinutes
		}
	}
}

func index(t *projections.Thing) [][]byte {
	if t.Ref.Kind != incident.Name {
		return nil
	}
	return [][]byte{projections.KeyTime(nil, t.Told[0].Recorded)}
}

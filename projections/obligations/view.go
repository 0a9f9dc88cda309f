package obligations

import (
	"maps"
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
	ofIncident := projections.Whole(incident.Name, append(incident.TakesBack(), incident.DowntimeRecorded{}, incident.ObligationAtRiskIdentified{}, incident.CustomerInformed{})...)
	ofService := projections.Whole(service.Name, service.ServiceAdded{}, service.DependenciesSet{}, service.ObligationSet{})
	return &projections.Things{
		Called: Name, Number: 2, Shapes: slices.Concat(incident.EventTypes(), service.Kind(nil, nil).Events), Index: index, Classify: incident.Classify,
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
	Through    domain.Code `json:"through,omitempty" doc:"the service that was down and on which this one depends, be it by way of others; absent: this one was down itself"`
	Down       time.Time   `json:"down,omitzero" doc:"since when it was down; absent: it was not. Intervals that overlap or touch are one outage; of several outages one that lasts counts, else the one that ended last"`
	Up         time.Time   `json:"up,omitzero" doc:"when it worked again"`
	Customer   domain.Code `json:"customer,omitempty"`
	Obligation domain.Code `json:"obligation,omitempty"`
	Within     int64       `json:"withinMinutes,omitempty" doc:"how soon it must be kept, where that was agreed"`
	AtRisk     bool        `json:"atRisk" doc:"somebody said that it may not be kept, or an outage took longer than agreed"`
	Told       time.Time   `json:"told,omitzero" doc:"when the customer was told first"`

	projections.Stamp // who told of it
}

// Of sums up what incident t puts at risk, by what the register of services says.
// What was taken back puts nothing at risk. An outage that lasts lasted until now.
func Of(t *projections.Thing, known Services, now time.Time) []Obligation {
	var hit []Obligation // services, in the order told
	var out []Obligation
	ended := map[domain.Key]time.Time{}
	began := map[domain.Key]int{}
	told := map[[2]domain.Code]time.Time{}
	stands := incident.Stands(t.Events())
	for i := range t.Told {
		stamp := t.Told[i].Stamp()
		if !stands(stamp.Seq) {
			continue
		}
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
	for _, h := range slices.Clone(hit) {
		h.Through = h.Service
		for _, code := range known.restOn(h.Through) {
			h.Service, h.Critical, h.Vital = code, known[code].Service.Critical, known[code].Service.Vital
			hit = append(hit, h)
		}
	}
	for _, h := range hit {
		for _, o := range known[h.Service].Obligations {
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
		out[i].look(outages(hit, out[i].Service), known[out[i].Service].Obligations, now)
	}
	return out
}

// Services is what the register says of each service.
type Services map[domain.Code]service.State

// restOn gives the services that depend on one, be it by way of others: nearer ones
// first. A circle ends where it began.
func (s Services) restOn(down domain.Code) []domain.Code {
	out := []domain.Code{down}
	for i := 0; i < len(out); i++ {
		for _, code := range slices.Sorted(maps.Keys(s)) {
			if slices.Contains(s[code].Dependencies.Services, out[i]) && !slices.Contains(out, code) {
				out = append(out, code)
			}
		}
	}
	return out[1:]
}

func (o *Obligation) same(service, customer, obligation domain.Code) bool {
	return o.Service == service && o.Customer == customer && o.Obligation == obligation
}

// outages gives when a service did not work, in the order of time: intervals that
// overlap or touch are one outage. It was down itself if it was in one of them.
func outages(hit []Obligation, of domain.Code) []Obligation {
	var out []Obligation
	hit = slices.DeleteFunc(slices.Clone(hit), func(h Obligation) bool { return h.Service != of })
	slices.SortStableFunc(hit, func(a, b Obligation) int { return a.Down.Compare(b.Down) })
	for _, h := range hit {
		if len(out) == 0 {
			out = append(out, h)
			continue
		}
		last := &out[len(out)-1]
		if !last.Up.IsZero() && h.Down.After(last.Up) {
			out = append(out, h)
			continue
		}
		if last.Critical, last.Vital = last.Critical || h.Critical, last.Vital || h.Vital; h.Through == "" {
			last.Through = ""
		}
		if !last.Up.IsZero() && (h.Up.IsZero() || h.Up.After(last.Up)) {
			last.Up = h.Up
		}
	}
	return out
}

// look takes up what is known of the service: the outage that counts, what was
// agreed, and whether an outage took longer.
func (o *Obligation) look(down []Obligation, owed []service.ObligationSet, now time.Time) {
	for _, s := range owed {
		if o.same(o.Service, s.Customer, s.Obligation) {
			o.Within = s.WithinMinutes
		}
	}
	var worst *Obligation
	for i := range down {
		h := &down[i]
		if worst == nil || h.worse(worst) {
			worst = h
		}
		until := h.Up
		if until.IsZero() {
			until = now
		}
		o.AtRisk = o.AtRisk || o.Within > 0 && until.Sub(h.Down) > time.Duration(o.Within)*time.Minute
	}
	if worst != nil {
		o.Critical, o.Vital, o.Through, o.Down, o.Up = worst.Critical, worst.Vital, worst.Through, worst.Down, worst.Up
	}
}

// worse reports whether an outage counts rather than another: one that lasts rather
// than one that has ended, of those the one that began first, of these the one that
// ended last.
func (o *Obligation) worse(than *Obligation) bool {
	switch lasts := o.Up.IsZero(); {
	case lasts != than.Up.IsZero():
		return lasts
	case lasts:
		return o.Down.Before(than.Down)
	default:
		return o.Up.After(than.Up)
	}
}

func index(t *projections.Thing) [][]byte {
	for i := range t.Told {
		switch t.Told[i].Event.(type) {
		case incident.DowntimeRecorded, incident.ObligationAtRiskIdentified, incident.CustomerInformed:
			return [][]byte{projections.KeyTime(nil, t.Told[i].Recorded)}
		}
	}
	return nil
}

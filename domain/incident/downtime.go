package incident

import (
	"fmt"
	"slices"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/policy"
)

var downtimeCommands = []commandRow{
	{fact: true, CommandType: domain.CommandType{New: blank[RecordDowntime], Roles: handling, States: inLive,
		Events:  []string{"DowntimeRecorded"},
		Example: `{"service":"suite4social","from":"2026-11-21T08:00:00+01:00","to":"2026-11-21T12:30:00+01:00"}`}},
}

var downtimeEvents = []eventRow{
	told[DowntimeRecorded](1),
}

// DowntimeRecorded says from when to when a service was down; without To it
// lasts. Ends says that it ends an outage recorded before: then only To is new.
// What the register said of the service stands beside it: its recovery
// objectives, what rests on it, and the contracts then in force with the suppliers
// that it named. To whom the outage is charged is reckoned from the registers as
// they stand when somebody asks (SUP-05).
type DowntimeRecorded struct {
	Downtime   domain.Key    `json:"downtime"`
	Service    domain.Code   `json:"service" rule:"required"`
	From       time.Time     `json:"from" rule:"required,past"`
	To         time.Time     `json:"to,omitzero" rule:"past"`
	Ends       bool          `json:"ends,omitempty"`
	RTOMinutes int64         `json:"rtoMinutes,omitzero"`
	RPOMinutes int64         `json:"rpoMinutes,omitzero"`
	Critical   bool          `json:"critical"`
	Vital      bool          `json:"vital"`
	Contracts  []domain.Code `json:"contracts,omitempty"`
}

func (DowntimeRecorded) EventName() string { return "DowntimeRecorded" }

// RecordDowntime keeps when a service was down. While it lasts the recovery
// objective of the service runs (BCM-04); what suppliers owe in return is
// computed from these intervals (SUP-05).
type RecordDowntime struct {
	// Service is the service's code in the register.
	Service domain.Code `json:"service" rule:"required"`
	// From is when it went down.
	From time.Time `json:"from" rule:"required,past"`
	// To is when it worked again; given later with the same service and from it ends the outage.
	To time.Time `json:"to,omitzero" rule:"past"`
}

func (RecordDowntime) CommandName() string { return "RecordDowntime" }

func (c RecordDowntime) decide(d *deciding) error {
	e := DowntimeRecorded{Service: c.Service, From: c.From, To: c.To}
	if err := e.coherent(); err != nil {
		return err
	}
	for _, was := range d.s.kept().Downtimes {
		if was.Service != c.Service || !was.From.Equal(c.From) {
			continue
		}
		switch {
		case !was.To.IsZero():
			return noChange("SUP-05", "that outage of %s ended at %s; CorrectFact corrects it", c.Service, stamp(was.To))
		case c.To.IsZero():
			return noChange("SUP-05", "that outage of %s is already recorded; to ends it", c.Service)
		}
		was.To, was.Ends = c.To, true
		d.emit(was)
		return nil
	}
	e.look(d)
	e.Downtime = d.made("downtime")
	d.emit(e)
	if e.To.IsZero() {
		d.warnMajor(e)
	}
	d.warnAtRisk(c.Service)
	return nil
}

func (e DowntimeRecorded) coherent() error {
	if !e.To.IsZero() && !e.To.After(e.From) {
		return malformed("to", "the outage ends (%s) no later than it began (%s)", stamp(e.To), stamp(e.From))
	}
	return nil
}

// look fills in what the register says of the service.
func (e *DowntimeRecorded) look(d *deciding) {
	s, ok := d.service(e.Service)
	if !ok {
		d.warn("unknown_service", "MAJ-03", "the register has no service %s; whether it is critical and within what time it must recover is not known here", e.Service)
	}
	e.RTOMinutes, e.RPOMinutes, e.Critical, e.Vital, e.Contracts = s.RTOMinutes, s.RPOMinutes, s.Critical, s.Vital, nil
	for _, code := range s.Suppliers {
		s, ok := d.knownSupplier(code)
		found := inForce(s, []domain.Code{e.Service}, e.From)
		if ok && len(found) == 0 {
			d.warn("no_contract", "BCM-05", "no contract with %s was in force for %s at %s", code, e.Service, stamp(e.From))
		}
		e.Contracts = append(e.Contracts, found...)
	}
	slices.Sort(e.Contracts)
	e.Contracts = slices.Compact(e.Contracts)
}

// warnMajor says that a lasting outage asks for the process of a major incident:
// the service is critical or vital, and when it recovers is unknown or longer
// away than its objective allows (MAJ-02).
func (d *deciding) warnMajor(e DowntimeRecorded) {
	rest := bearing(e.Critical, e.Vital)
	rto := time.Duration(e.RTOMinutes) * time.Minute
	switch estimate := d.s.Chain.Estimate; {
	case rest == "":
	case !estimate.After(e.From):
		d.warn("major", "MAJ-02", "%s is %s and nobody knows when it recovers; weigh whether this is a major incident (DeclareMajor)", e.Service, rest)
	case rto > 0 && estimate.Sub(e.From) > rto:
		d.warn("major", "MAJ-02", "%s is %s and is expected to recover at %s, later than its objective of %d minutes allows; weigh whether this is a major incident (DeclareMajor)",
			e.Service, rest, stamp(estimate), e.RTOMinutes)
	}
}

// bearing says in words what rests on a service; empty: nothing much.
func bearing(critical, vital bool) string {
	switch {
	case critical && vital:
		return "critical to the organisation and bears a vital function"
	case critical:
		return "critical to the organisation"
	case vital:
		return "the bearer of a vital function"
	}
	return ""
}

// Services gives the services that the incident names: affected or down.
func (t *Told) Services() []domain.Code {
	out := slices.Clone(t.Report.Affected)
	for _, e := range t.Continuity.Downtimes {
		out = append(out, e.Service)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// A span is a stretch of time; without to it lasts.
type span struct{ from, to time.Time }

// covered gives how much of a stretch the spans cover together: where they
// overlap counts once, and one that lasts covers all that follows.
func covered(within span, spans []span) time.Duration {
	spans = slices.SortedFunc(slices.Values(spans), func(a, b span) int { return a.from.Compare(b.from) })
	var sum time.Duration
	done := within.from
	for _, s := range spans {
		from, to := s.from, s.to
		if from.Before(done) {
			from = done
		}
		if to.IsZero() || to.After(within.to) {
			to = within.to
		}
		if to.After(from) {
			sum += to.Sub(from)
			done = to
		}
	}
	return sum
}

// tellDowntimes adds the outages.
func (t *Told) tellDowntimes(f *policy.Facts) {
	for i, e := range t.Continuity.Downtimes {
		item := policy.Item{
			N:    i + 1,
			At:   map[policy.Path]time.Time{policy.DowntimeFrom: e.From},
			Code: map[policy.Path]domain.Code{policy.DowntimeService: e.Service},
		}
		if !e.To.IsZero() {
			item.At[policy.DowntimeTo] = e.To
		}
		if e.RTOMinutes > 0 {
			item.Num = map[policy.Path]int64{policy.DowntimeRTO: e.RTOMinutes}
		}
		f.Each[policy.EachDowntime] = append(f.Each[policy.EachDowntime], item)
	}
}

// openOutages lists what has no end on record.
func (t *Told) openOutages() []openItem {
	var out []openItem
	for _, e := range t.Continuity.Downtimes {
		if e.To.IsZero() {
			out = append(out, openItem{"downtime", fmt.Sprintf("the outage of %s since %s has no end (RecordDowntime)", e.Service, stamp(e.From))})
		}
	}
	return out
}

// rederive implements rederiver. How an outage began and how it ended can stand
// in two entries; each is corrected where it stands.
func (e DowntimeRecorded) rederive(d *deciding, was domain.Event) (domain.Event, error) {
	old := was.(DowntimeRecorded)
	moved := e.Service != old.Service || !e.From.Equal(old.From)
	e.Downtime, e.Ends = old.Downtime, old.Ends
	e.RTOMinutes, e.RPOMinutes, e.Critical, e.Vital, e.Contracts = old.RTOMinutes, old.RPOMinutes, old.Critical, old.Vital, old.Contracts
	whole := e
	for _, is := range d.s.Continuity.Downtimes {
		ended := is.Downtime == e.Downtime && old.To.IsZero() && !is.To.IsZero()
		switch {
		case is.Downtime != e.Downtime:
		case e.Ends && (moved || e.To.IsZero()):
			return e, malformed("fields", "this entry tells when the outage ended and nothing else; correct the entry that tells how it began")
		case e.Ends:
			whole.From = is.From
		case ended && !e.To.IsZero():
			return e, malformed("fields.to", "another entry ended the outage; correct that one")
		case ended:
			whole.To = is.To
		}
	}
	if moved {
		e.look(d)
	}
	return e, whole.coherent()
}

func (e DowntimeRecorded) evolve(s *Incident, _ *posting) {
	s.Continuity.Downtimes = slices.Clone(s.Continuity.Downtimes)
	if !e.Ends {
		s.Continuity.Downtimes = append(s.Continuity.Downtimes, e)
		return
	}
	for i := range s.Continuity.Downtimes {
		if s.Continuity.Downtimes[i].Downtime == e.Downtime {
			s.Continuity.Downtimes[i].To = e.To
		}
	}
}

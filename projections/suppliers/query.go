package suppliers

import (
	"iter"
	"slices"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/domain/service"
	"incidentledger/domain/supplier"
	"incidentledger/projections"
)

// A Query says of which suppliers, and against what their performance is seen.
type Query struct {
	Org  domain.OrgID
	Code domain.Code           // empty: all
	Skip func(domain.Key) bool // incidents that do not count, such as exercises; nil: all count
}

// suppliers gives the suppliers that are asked for.
func (q *Query) suppliers(r *projections.ThingReader) iter.Seq[*projections.Thing] {
	if q.Code != "" {
		return r.Of(domain.Ref{Kind: supplier.Name, Key: supplier.Key(q.Org, q.Code)})
	}
	return r.All(supplier.Name)
}

// List gives the list of suppliers.
func List(r *projections.ThingReader, q Query) iter.Seq[Supplier] {
	return func(yield func(Supplier) bool) {
		for t := range q.suppliers(r) {
			s, _, ok := Of(t)
			if !ok {
				continue
			}
			for n := range q.notices(r, s.Code) {
				if s.Notices++; n.LateMinutes != nil && *n.LateMinutes > 0 {
					s.LateNotices++
					s.MostLate = max(s.MostLate, *n.LateMinutes)
				}
			}
			if !yield(s) {
				return
			}
		}
	}
}

// A Level is how a supplier kept the agreed uptime of a service over a period.
type Level struct {
	Supplier    domain.Code `json:"supplier"`
	Contract    domain.Code `json:"contract"`
	Service     domain.Code `json:"service"`
	From        time.Time   `json:"from"`
	To          time.Time   `json:"to"`
	Agreed      int64       `json:"agreed" doc:"uptime, in thousandths of a percent"`
	Margin      int64       `json:"margin" doc:"in thousandths of a percent"`
	Uptime      int64       `json:"uptime" doc:"in thousandths of a percent, rounded down"`
	DownSeconds int64       `json:"downSeconds" doc:"within the agreed time, overlaps counted once"`
	Outages     int         `json:"outages"`
	Breach      bool        `json:"breach" doc:"more was lost than the margin allows"`
	Credit      int64       `json:"credit" doc:"share of the fee that such an uptime gives back, in thousandths of a percent"`
	CreditCents int64       `json:"creditCents" doc:"given back of the contract's fee: told once, with the service that did worst"`
	ClaimedEUR  int64       `json:"claimedEUR" doc:"under the contract for periods that begin in this one: told once, with the service that did worst"`
	Notices     int         `json:"notices" doc:"received in the period, of this service"`
	LateNotices int         `json:"lateNotices"`
}

// Levels gives the service levels of suppliers in the contracts' periods that
// touch a span of time, by contract, part and service. An outage that lasts counts
// until asOf.
func Levels(r *projections.ThingReader, q Query, span supplier.Interval, asOf time.Time, zone *time.Location) iter.Seq[Level] {
	return func(yield func(Level) bool) {
		for t := range q.suppliers(r) {
			s, st, ok := Of(t)
			if !ok {
				continue
			}
			for _, l := range q.levels(r, s, st.Versions(), span, asOf, zone) {
				if !yield(l) {
					return
				}
			}
		}
	}
}

func (q *Query) levels(r *projections.ThingReader, s Supplier, versions []supplier.ContractRecorded, span supplier.Interval, asOf time.Time, zone *time.Location) []Level {
	outages := map[domain.Code][]supplier.Interval{}
	for _, code := range s.Services {
		outages[code] = q.outages(r, s.Code, code)
	}
	claims := map[domain.Code][]claim{}
	for _, code := range s.Contracts {
		claims[code] = q.claims(r, s.Code, code, versions)
	}
	notices := slices.Collect(q.notices(r, s.Code))
	var out []Level
	for at := span.From; at.Before(span.To); at = supplier.PeriodOf("month", at, zone).To {
		for _, k := range supplier.Reckon(versions, outages, at, asOf, zone) {
			l := Level{Supplier: s.Code, Contract: k.Contract, Service: k.Service, From: k.From, To: k.To, Agreed: k.Agreed, Margin: k.Margin, Uptime: k.Uptime,
				DownSeconds: int64(k.Down / time.Second), Breach: k.Breach, Credit: k.Credit, CreditCents: k.CreditCents}
			if k.From.After(asOf) || slices.ContainsFunc(out, l.same) {
				continue
			}
			for _, o := range outages[l.Service] {
				if o.From.Before(l.To) && (o.To.IsZero() || o.To.After(l.From)) {
					l.Outages++
				}
			}
			for _, c := range claims[l.Contract] {
				if k.Decides && l.holds(c.at) {
					l.ClaimedEUR += c.euros
				}
			}
			for _, n := range notices {
				l.heard(n)
			}
			out = append(out, l)
		}
	}
	return out
}

// same reports whether another level is of the same service, contract and time: a
// quarter is met in each of its months.
func (l Level) same(o Level) bool {
	return l.Contract == o.Contract && l.Service == o.Service && l.From.Equal(o.From) && l.To.Equal(o.To)
}

func (l *Level) holds(at time.Time) bool { return !at.Before(l.From) && at.Before(l.To) }

// heard counts a notice that the service level is about.
func (l *Level) heard(n incident.SupplierNoticeRecorded) {
	if n.Service != l.Service || !l.holds(n.ReceivedAt) {
		return
	}
	if l.Notices++; n.LateMinutes != nil && *n.LateMinutes > 0 {
		l.LateNotices++
	}
}

// standing gives what incidents under an index key tell, as far as it counts.
func (q *Query) standing(r *projections.ThingReader, key []byte) iter.Seq[iter.Seq[domain.Event]] {
	return func(yield func(iter.Seq[domain.Event]) bool) {
		for t := range r.Found(key, nil) {
			if q.Skip != nil && q.Skip(t.Ref.Key) {
				continue
			}
			stands := incident.Stands(t.Events())
			if !yield(func(yield func(domain.Event) bool) {
				for seq, e := range t.Events() {
					if stands(seq) && !yield(e) {
						return
					}
				}
			}) {
				return
			}
		}
	}
}

// outages gives when a service was down at the charge of a supplier.
func (q *Query) outages(r *projections.ThingReader, code, hit domain.Code) []supplier.Interval {
	rests := reliances(r, q.Org, hit)
	var out []supplier.Interval
	for told := range q.standing(r, of('d', hit)) {
		ended := map[domain.Key]time.Time{}
		for e := range told {
			if e, ok := e.(incident.DowntimeRecorded); ok && e.Ends {
				ended[e.Downtime] = e.To
			}
		}
		for e := range told {
			e, ok := e.(incident.DowntimeRecorded)
			if !ok || e.Ends || e.Service != hit || !rests.Charges(code, e.From) {
				continue
			}
			if to, is := ended[e.Downtime]; is {
				e.To = to
			}
			out = append(out, supplier.Interval{From: e.From, To: e.To})
		}
	}
	return out
}

// reliances tells on which suppliers a service rests, as the register has it.
func reliances(r *projections.ThingReader, org domain.OrgID, code domain.Code) domain.Reliances {
	t, ok := r.One(domain.Ref{Kind: service.Name, Key: service.Key(org, code)}, "")
	if !ok {
		return nil
	}
	return projections.Folded[service.State](t).Reliances
}

// notices gives the notices of a supplier.
func (q *Query) notices(r *projections.ThingReader, code domain.Code) iter.Seq[incident.SupplierNoticeRecorded] {
	return func(yield func(incident.SupplierNoticeRecorded) bool) {
		for told := range q.standing(r, of('n', code)) {
			for e := range told {
				if e, ok := e.(incident.SupplierNoticeRecorded); ok && e.Supplier == code && !yield(e) {
					return
				}
			}
		}
	}
}

// A claim is what was claimed under a contract, in the part to which it belongs.
type claim struct {
	at    time.Time
	euros int64
}

// claims gives what was claimed under a contract of a supplier. A claim that names
// no supplier is of the only one with such a contract, or of the first by code.
func (q *Query) claims(r *projections.ThingReader, code, contract domain.Code, versions []supplier.ContractRecorded) []claim {
	var out []claim
	for told := range q.standing(r, of('c', contract)) {
		for e := range told {
			e, ok := e.(incident.ServiceCreditClaimed)
			if !ok || e.Contract != contract || e.AmountEUR == nil {
				continue
			}
			whose := e.Supplier
			if whose == "" {
				whose = q.holder(r, contract)
			}
			if whose != code {
				continue
			}
			if at, ok := supplier.At(versions, contract, e.Period.From); ok {
				out = append(out, claim{at, *e.AmountEUR})
			}
		}
	}
	return out
}

// holder gives the first supplier that has a contract of a code.
func (q *Query) holder(r *projections.ThingReader, contract domain.Code) (first domain.Code) {
	for t := range r.All(supplier.Name) {
		if s, _, ok := Of(t); ok && slices.Contains(s.Contracts, contract) && (first == "" || s.Code < first) {
			first = s.Code
		}
	}
	return first
}

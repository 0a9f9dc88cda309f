package suppliers

import (
	"iter"
	"slices"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/domain/supplier"
	"incidentledger/projections"
)

// A Query says of which suppliers, and against what their performance is seen.
type Query struct {
	Org  domain.OrgID
	Code domain.Code           // empty: all
	Skip func(domain.Key) bool // incidents that do not count, such as exercises; nil: all count
}

// List gives the list of suppliers.
func List(r *projections.ThingReader, q Query) iter.Seq[Supplier] {
	things := r.All(supplier.Name)
	if q.Code != "" {
		things = r.Of(domain.Ref{Kind: supplier.Name, Key: supplier.Key(q.Org, q.Code)})
	}
	return func(yield func(Supplier) bool) {
		for t := range things {
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
	Credit      int64       `json:"credit" doc:"share of the fee to be given back, in thousandths of a percent"`
	CreditCents int64       `json:"creditCents"`
	ClaimedEUR  int64       `json:"claimedEUR" doc:"for periods within this one"`
	Notices     int         `json:"notices" doc:"received in the period, of this service"`
	LateNotices int         `json:"lateNotices"`
}

// Levels gives the service levels of suppliers in the contracts' periods that
// touch a span of time. An outage that lasts counts until asOf.
func Levels(r *projections.ThingReader, q Query, span supplier.Interval, asOf time.Time, zone *time.Location) iter.Seq[Level] {
	return func(yield func(Level) bool) {
		for s := range List(r, q) {
			t, ok := r.One(domain.Ref{Kind: supplier.Name, Key: s.Key}, "")
			if !ok {
				return
			}
			_, st, _ := Of(t)
			for _, service := range s.Services {
				for _, l := range q.levels(r, st.Versions(), service, span, asOf, zone) {
					l.Supplier = s.Code
					for n := range q.notices(r, s.Code) {
						l.heard(n)
					}
					if !yield(l) {
						return
					}
				}
			}
		}
	}
}

func (q *Query) levels(r *projections.ThingReader, versions []supplier.ContractRecorded, service domain.Code, span supplier.Interval, asOf time.Time, zone *time.Location) []Level {
	outages := q.outages(r, service)
	var out []Level
	for at := span.From; at.Before(span.To); at = supplier.PeriodOf("month", at, zone).To {
		for _, reckoned := range supplier.Reckon(versions, service, outages, at, asOf, zone) {
			same := func(l Level) bool {
				return l.Contract == reckoned.Contract && l.From.Equal(reckoned.From) && l.To.Equal(reckoned.To)
			}
			if slices.ContainsFunc(out, same) || reckoned.From.After(asOf) {
				continue
			}
			l := Level{Contract: reckoned.Contract, Service: service, From: reckoned.From, To: reckoned.To, Uptime: reckoned.Uptime,
				DownSeconds: int64(reckoned.Down / time.Second), Breach: reckoned.Breach, Credit: reckoned.Credit, CreditCents: reckoned.CreditCents}
			for _, v := range versions {
				if v.Code == l.Contract && !v.ValidFrom.After(l.From) && slices.Contains(v.Services, service) {
					l.Agreed, l.Margin = v.UptimePercent, v.ErrorMargin
				}
			}
			for _, o := range outages {
				if o.From.Before(l.To) && (o.To.IsZero() || o.To.After(l.From)) {
					l.Outages++
				}
			}
			l.ClaimedEUR = q.claimed(r, l)
			out = append(out, l)
		}
	}
	return out
}

// heard counts a notice that the service level is about.
func (l *Level) heard(n incident.SupplierNoticeRecorded) {
	if n.Service != l.Service || n.ReceivedAt.Before(l.From) || !n.ReceivedAt.Before(l.To) {
		return
	}
	if l.Notices++; n.LateMinutes != nil && *n.LateMinutes > 0 {
		l.LateNotices++
	}
}

// outages gives when a service was down.
func (q *Query) outages(r *projections.ThingReader, service domain.Code) []supplier.Interval {
	var out []supplier.Interval
	for t := range r.Found(of('d', service), nil) {
		if q.Skip != nil && q.Skip(t.Ref.Key) {
			continue
		}
		ended := map[domain.Key]time.Time{}
		for i := range t.Told {
			if e, ok := t.Told[i].Event.(incident.DowntimeRecorded); ok && e.Ends {
				ended[e.Downtime] = e.To
			}
		}
		for i := range t.Told {
			e, ok := t.Told[i].Event.(incident.DowntimeRecorded)
			if !ok || e.Ends || e.Service != service {
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

// notices gives the notices of a supplier.
func (q *Query) notices(r *projections.ThingReader, code domain.Code) iter.Seq[incident.SupplierNoticeRecorded] {
	return func(yield func(incident.SupplierNoticeRecorded) bool) {
		for t := range r.Found(of('n', code), nil) {
			for i := range t.Told {
				e, ok := t.Told[i].Event.(incident.SupplierNoticeRecorded)
				if ok && e.Supplier == code && (q.Skip == nil || !q.Skip(t.Ref.Key)) && !yield(e) {
					return
				}
			}
		}
	}
}

// claimed adds up what was claimed under the contract for periods within one.
func (q *Query) claimed(r *projections.ThingReader, l Level) (sum int64) {
	for t := range r.Found(of('c', l.Contract), nil) {
		if q.Skip != nil && q.Skip(t.Ref.Key) {
			continue
		}
		for i := range t.Told {
			e, ok := t.Told[i].Event.(incident.ServiceCreditClaimed)
			if ok && e.Contract == l.Contract && e.AmountEUR != nil && !e.Period.From.Before(l.From) && !e.Period.To.After(l.To) {
				sum += *e.AmountEUR
			}
		}
	}
	return sum
}

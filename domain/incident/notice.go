package incident

import (
	"slices"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/policy"
)

var noticeCommands = []commandRow{
	{fact: true, CommandType: domain.CommandType{New: blank[RecordSupplierNotice], Roles: append(slices.Clip(handling), "supplier"), States: inKept,
		Events:  []string{"SupplierNoticeRecorded"},
		Example: `{"supplier":"centric","service":"suite4social","supplierAwareAt":"2026-11-21T08:00:00+01:00","receivedAt":"2026-11-21T09:45:00+01:00","reference":"CAS-100233","nextUpdateAt":"2026-11-21T11:00:00+01:00","content":"A disk array failed; the cause is looked for."}`}},
}

var noticeEvents = []eventRow{
	told[SupplierNoticeRecorded](1),
}

// SupplierNoticeRecorded says that a supplier told of an incident with its
// service. Contract is the one by which that was due, NoticeMinutes its term,
// and LateMinutes how long after the term the notice came: 0 is in time, absent
// is not known.
type SupplierNoticeRecorded struct {
	Notice          domain.Key  `json:"notice"`
	Supplier        domain.Code `json:"supplier" rule:"required"`
	Service         domain.Code `json:"service" rule:"required"`
	SupplierAwareAt time.Time   `json:"supplierAwareAt,omitzero" rule:"past"`
	ReceivedAt      time.Time   `json:"receivedAt" rule:"required,past"`
	Reference       domain.Text `json:"reference,omitzero" seal:"aggregate" rule:"max=200"`
	HasReference    bool        `json:"hasReference"`
	NextUpdateAt    time.Time   `json:"nextUpdateAt,omitzero"`
	Content         domain.Text `json:"content,omitzero" seal:"aggregate"`
	Contract        domain.Code `json:"contract,omitzero"`
	NoticeMinutes   int64       `json:"noticeMinutes,omitzero"`
	LateMinutes     *int64      `json:"lateMinutes,omitempty"`
}

func (SupplierNoticeRecorded) EventName() string { return "SupplierNoticeRecorded" }

// RecordSupplierNotice keeps what a supplier told of an incident with its
// service, and whether it did so within the term of the contract then in force
// (SUP-02, SUP-03).
type RecordSupplierNotice struct {
	// Supplier is the supplier's code in the register.
	Supplier domain.Code `json:"supplier" rule:"required"`
	// Service is the service concerned.
	Service domain.Code `json:"service" rule:"required"`
	// SupplierAwareAt is since when the supplier knew; from then its term counts.
	SupplierAwareAt time.Time `json:"supplierAwareAt,omitzero" rule:"past"`
	// ReceivedAt is when the notice came.
	ReceivedAt time.Time `json:"receivedAt" rule:"required,past"`
	// Reference is the supplier's number for it.
	Reference domain.Text `json:"reference,omitzero" rule:"max=200"`
	// NextUpdateAt is when the supplier promised to tell more.
	NextUpdateAt time.Time `json:"nextUpdateAt,omitzero"`
	// Content is what the supplier told.
	Content domain.Text `json:"content" rule:"required"`
}

func (RecordSupplierNotice) CommandName() string { return "RecordSupplierNotice" }

func (c RecordSupplierNotice) decide(d *deciding) error {
	e := SupplierNoticeRecorded{
		Supplier: c.Supplier, Service: c.Service, SupplierAwareAt: c.SupplierAwareAt, ReceivedAt: c.ReceivedAt,
		Reference: c.Reference, HasReference: c.Reference != "", NextUpdateAt: c.NextUpdateAt, Content: c.Content,
	}
	if err := e.judge(d); err != nil {
		return err
	}
	e.Notice = d.made("notice")
	d.emit(e)
	switch {
	case e.Contract == "":
	case e.NoticeMinutes == 0:
		d.warn("no_notice_term", "SUP-03", "contract %s agrees no term within which %s must tell of incidents", e.Contract, e.Supplier)
	case e.LateMinutes == nil:
		d.warn("lateness_unknown", "SUP-02", "say in supplierAwareAt since when %s knew: it must tell within %d minutes", e.Supplier, e.NoticeMinutes)
	case *e.LateMinutes > 0:
		d.warn("notice_late", "SUP-02", "%s told %d min after the term of %d min that contract %s sets", e.Supplier, *e.LateMinutes, e.NoticeMinutes, e.Contract)
	}
	return nil
}

// judge fills in by which contract the notice was due and how late it came. Of
// several the shortest term counts.
func (e *SupplierNoticeRecorded) judge(d *deciding) error {
	switch {
	case e.SupplierAwareAt.After(e.ReceivedAt):
		return malformed("receivedAt", "the notice came (%s) before the supplier knew (%s)", stamp(e.ReceivedAt), stamp(e.SupplierAwareAt))
	case !e.NextUpdateAt.IsZero() && !e.NextUpdateAt.After(e.ReceivedAt):
		return malformed("nextUpdateAt", "more was promised (%s) for no later than the notice itself came (%s)", stamp(e.NextUpdateAt), stamp(e.ReceivedAt))
	}
	e.Contract, e.NoticeMinutes, e.LateMinutes = "", 0, nil
	s, ok := d.knownSupplier(e.Supplier)
	if !ok {
		return nil
	}
	at := e.SupplierAwareAt
	if at.IsZero() {
		at = e.ReceivedAt
	}
	for _, c := range s.Contracts {
		if c.In(e.Service, at) && (e.Contract == "" || c.NoticeMinutes > 0 && (e.NoticeMinutes == 0 || c.NoticeMinutes < e.NoticeMinutes)) {
			e.Contract, e.NoticeMinutes = c.Code, c.NoticeMinutes
		}
	}
	if e.Contract == "" {
		d.warn("no_contract", "SUP-03", "no contract with %s was in force for %s at %s, so no term is known", e.Supplier, e.Service, stamp(at))
	}
	if e.NoticeMinutes > 0 && !e.SupplierAwareAt.IsZero() {
		late := lateMinutes(e.ReceivedAt.Sub(e.SupplierAwareAt), e.NoticeMinutes)
		e.LateMinutes = &late
	}
	return nil
}

// lateMinutes gives by how many minutes a term was passed, begun ones counted
// whole: one second late is one minute, at the very end is in time.
func lateMinutes(took time.Duration, term int64) int64 {
	over := took - time.Duration(term)*time.Minute
	return max(0, int64((over+time.Minute-1)/time.Minute))
}

// knownSupplier asks for a supplier and warns where the register has none such.
func (d *deciding) knownSupplier(code domain.Code) (Supplier, bool) {
	s, ok := d.supplier(code)
	if !ok {
		d.warn("unknown_supplier", "SUP-01", "the register has no supplier %s; what was agreed with it is not known here", code)
	}
	return s, ok
}

// inForce gives the contracts of a supplier that cover any of the services at
// an instant, sorted.
func inForce(s Supplier, services []domain.Code, at time.Time) []domain.Code {
	var out []domain.Code
	for _, c := range s.Contracts {
		if slices.ContainsFunc(services, func(code domain.Code) bool { return c.In(code, at) }) {
			out = append(out, c.Code)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// tellNotices adds what suppliers told. A promise to tell more is kept by the
// next notice of the same supplier.
func (t *Told) tellNotices(f *policy.Facts) {
	for i, n := range t.Continuity.Notices {
		item := policy.Item{
			N:    i + 1,
			At:   map[policy.Path]time.Time{policy.NoticeReceived: n.ReceivedAt},
			Code: map[policy.Path]domain.Code{policy.NoticeSupplier: n.Supplier},
		}
		if !n.NextUpdateAt.IsZero() {
			item.At[policy.NoticeNextAt] = n.NextUpdateAt
		}
		for _, m := range t.Continuity.Notices {
			next, ok := item.At[policy.NoticeNext]
			if m.Supplier == n.Supplier && m.ReceivedAt.After(n.ReceivedAt) && (!ok || m.ReceivedAt.Before(next)) {
				item.At[policy.NoticeNext] = m.ReceivedAt
			}
		}
		f.Each[policy.EachSupplierNotice] = append(f.Each[policy.EachSupplierNotice], item)
	}
}

// rederive implements rederiver.
func (e SupplierNoticeRecorded) rederive(d *deciding, was domain.Event) (domain.Event, error) {
	e.Notice = was.(SupplierNoticeRecorded).Notice
	err := e.judge(d)
	return e, err
}

func (e SupplierNoticeRecorded) evolve(s *Incident, _ *posting) {
	s.Continuity.Notices = append(slices.Clip(s.Continuity.Notices), e)
}

// Suppliers names the suppliers that had to do with the incident: they worked on
// it, or told of it.
func (c Continuity) Suppliers() []domain.Code {
	out := slices.Clone(c.Routed)
	for _, n := range c.Notices {
		out = append(out, n.Supplier)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Suppliers names those that had to do with the incident.
func (t *Told) Suppliers() []domain.Code { return t.Continuity.Suppliers() }

package api

import (
	"regexp"
	"strconv"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/supplier"
	"incidentledger/projections/suppliers"
)

// directoryOperations list whom and what the organisation counts on.
func (s *server) directoryOperations() []*operation {
	code := param{name: "supplier", kind: word, doc: "of one supplier: its code"}
	return []*operation{
		thingsList("list-suppliers", "suppliers", suppliers.Name, "Suppliers, vendors and partners: contracts, audits, plans, notices, and how to reach them",
			page[supplierRow]{}, (*request).suppliers, code),
		thingsList("list-service-levels", "service-levels", suppliers.Name, "How suppliers kept the agreed uptime, reckoned from the outages of incidents",
			page[suppliers.Level]{}, (*request).levels, code,
			param{name: "period", kind: word, doc: "a month, quarter or year: 2026-10, 2026-Q3 or 2026; without it the present year"}),
	}
}

// A supplierRow is a supplier, with the words that say who it is.
type supplierRow struct {
	suppliers.Supplier
	Name    *words `json:"name,omitempty"`
	Contact *words `json:"contact,omitempty"`
	Phone   *words `json:"phone,omitempty"`
	Email   *words `json:"email,omitempty"`
}

func (q *request) supplierQuery(s *browsing) suppliers.Query {
	return suppliers.Query{Org: q.office.Org, Code: q.code("supplier"), Skip: s.exercise}
}

func (q *request) suppliers() (*answer, error) {
	return q.browse(suppliers.New(), func(s *browsing) (*answer, error) {
		return part(q, s, suppliers.List(s.ThingReader, q.supplierQuery(s)), func(row suppliers.Supplier) (supplierRow, error) {
			say, err := q.latest(domain.Ref{Kind: supplier.Name, Key: row.Key}, "SupplierAdded")
			if err != nil {
				return supplierRow{}, err
			}
			return supplierRow{row, say("name"), say("contact"), say("phone"), say("email")}, nil
		})
	})
}

func (q *request) levels() (*answer, error) {
	now := q.now()
	span := supplier.PeriodOf("year", now, q.office.Zone)
	if q.has("period") {
		var ok bool
		if span, ok = parsePeriod(q.text("period"), q.office.Zone); !ok {
			return nil, malformed("period", "period is %q; give a month, quarter or year: 2026-10, 2026-Q3 or 2026", clip(q.text("period"), 20))
		}
	}
	return q.browse(suppliers.New(), func(s *browsing) (*answer, error) {
		found := suppliers.Levels(s.ThingReader, q.supplierQuery(s), span, now, q.office.Zone)
		return part(q, s, found, func(l suppliers.Level) (suppliers.Level, error) { return l, nil })
	})
}

var periods = regexp.MustCompile(`^(\d{4})(?:-(?:Q([1-4])|(0[1-9]|1[0-2])))?$`)

// parsePeriod reads 2026-10, 2026-Q3 or 2026.
func parsePeriod(text string, zone *time.Location) (supplier.Interval, bool) {
	m := periods.FindStringSubmatch(text)
	if m == nil {
		return supplier.Interval{}, false
	}
	year, _ := strconv.Atoi(m[1])
	quarter, _ := strconv.Atoi(m[2]) // digits, or empty and so 0
	month, _ := strconv.Atoi(m[3])
	length, first := domain.Code("year"), 1
	switch {
	case quarter > 0:
		length, first = "quarter", 3*quarter
	case month > 0:
		length, first = "month", month
	}
	return supplier.PeriodOf(length, time.Date(year, time.Month(first), 1, 12, 0, 0, 0, zone), zone), true
}

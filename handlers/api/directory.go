package api

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/contact"
	"incidentledger/domain/improvement"
	"incidentledger/domain/supplier"
	"incidentledger/projections/contacts"
	"incidentledger/projections/improvements"
	"incidentledger/projections/suppliers"
)

// directoryOperations list whom and what the organisation counts on.
func (s *server) directoryOperations() []*operation {
	code := param{name: "supplier", kind: word, doc: "of one supplier: its code"}
	return []*operation{
		thingsList("list-improvements", "improvements", improvements.Name, "Measures of improvement and where they stand in the cycle: open ones first, by due instant",
			page[improvementRow]{}, (*request).improvements,
			textParam, param{name: "key", kind: word, doc: "those that an incident taught: its key or number"}, openParam, overdueParam, param{name: "owner", kind: id, doc: "a person"}),
		thingsList("list-contacts", "contacts", contacts.Name, "The directory of those who may have to be reached, and which entries must be checked again",
			page[contactRow]{}, (*request).contacts,
			textParam, param{name: "role", kind: word}, param{name: "list", kind: word, doc: "a distribution list"},
			param{name: "stale", kind: flag, doc: "true: only those that nobody checked for six months"}, param{name: "retired", kind: flag, doc: "true: those no longer in use, too"}),
		thingsList("list-suppliers", "suppliers", suppliers.Name, "Suppliers, vendors and partners: contracts, audits, plans, notices, and how to reach them",
			page[supplierRow]{}, (*request).suppliers, textParam, code),
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

// knowsSupplier refuses a question about a supplier that is not on the list.
func (q *request) knowsSupplier(s *browsing) error {
	code := q.code("supplier")
	if code == "" {
		return nil
	}
	if _, ok := s.One(domain.Ref{Kind: supplier.Name, Key: supplier.Key(q.office.Org, code)}, ""); ok || s.Err() != nil {
		return s.Err()
	}
	return missing("there is no supplier %s", code)
}

func (q *request) suppliers() (*answer, error) {
	return q.browse(suppliers.New(), func(s *browsing) (*answer, error) {
		if err := q.knowsSupplier(s); err != nil {
			return nil, err
		}
		found, err := among(q, s, supplier.Name, suppliers.List(s.ThingReader, q.supplierQuery(s)), func(row suppliers.Supplier) domain.Key { return row.Key })
		if err != nil {
			return nil, err
		}
		return part(q, s, found, func(row suppliers.Supplier) (supplierRow, error) {
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
		if err := q.knowsSupplier(s); err != nil {
			return nil, err
		}
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

// An improvementRow is a measure of improvement.
type improvementRow struct {
	Number string `json:"number,omitempty" doc:"of the incident that taught it"`
	Title  *words `json:"title,omitempty"`
	improvements.Improvement
	Overdue bool `json:"overdue" doc:"still to be carried out and past its term, by the clock of the server"`
}

func (q *request) improvements() (*answer, error) {
	return q.browse(improvements.New(), func(s *browsing) (*answer, error) {
		key, err := s.incident(q)
		if err != nil {
			return nil, err
		}
		now := q.now()
		found := improvements.Find(s.ThingReader, improvements.Query{Incident: key, Owner: domain.PersonID{UUID: q.uuid("owner")},
			Open: q.isSet("open"), Overdue: q.overdueAt()})
		if found, err = among(q, s, improvement.Name, found, func(i improvements.Improvement) domain.Key { return i.Key }); err != nil {
			return nil, err
		}
		return part(q, s, found, func(i improvements.Improvement) (improvementRow, error) {
			say, err := q.latest(domain.Ref{Kind: improvement.Name, Key: i.Key}, "ImprovementProposed")
			if err != nil {
				return improvementRow{}, err
			}
			return improvementRow{s.number(i.Incident), say("title"), i, i.Overdue(now)}, nil
		})
	})
}

// A contactRow is an entry of the directory, with the words that say who it is.
type contactRow struct {
	contacts.Contact
	CheckAgain   bool    `json:"checkAgain" doc:"nobody checked it for six months, by the clock of the server"`
	Name         *words  `json:"name,omitempty"`
	Organisation *words  `json:"organisation,omitempty"`
	Channels     []reach `json:"channels"`
}

// A reach is a way to reach a contact.
type reach struct {
	Kind     domain.Code  `json:"kind"`
	Address  *words       `json:"address,omitempty"`
	Safe     bool         `json:"safe" doc:"what an incident is about may go this way"`
	Fallback bool         `json:"fallback" doc:"works when the networks do not"`
	For      domain.OrgID `json:"for,omitempty" doc:"when they act for this organisation"`
}

func (q *request) contacts() (*answer, error) {
	return q.browse(contacts.New(), func(s *browsing) (*answer, error) {
		now := q.now()
		want := contacts.Query{Role: q.code("role"), List: q.code("list"), Retired: q.isSet("retired")}
		if q.isSet("stale") {
			want.Stale = now
		}
		found, err := among(q, s, contact.Name, contacts.Find(s.ThingReader, want), func(c contacts.Contact) domain.Key { return c.Key })
		if err != nil {
			return nil, err
		}
		show := func(c contacts.Contact) (contactRow, error) {
			say, err := q.latest(domain.Ref{Kind: contact.Name, Key: c.Key}, "ContactAdded", "ContactChanged")
			if err != nil {
				return contactRow{}, err
			}
			row := contactRow{Contact: c, CheckAgain: c.Stale(now), Name: say("name"), Organisation: say("organisation"), Channels: []reach{}}
			for i, ch := range c.Channels() {
				row.Channels = append(row.Channels, reach{ch.Kind, say(fmt.Sprintf("channels.%d.address", i)), ch.Safe, ch.Fallback, ch.For})
			}
			return row, nil
		}
		// Names are sealed, so the view cannot be in their order: the directory, which is
		// small, is opened whole for each page.
		var rows []contactRow
		for c := range found {
			row, err := show(c)
			if err != nil {
				return nil, err
			}
			rows = append(rows, row)
		}
		slices.SortStableFunc(rows, func(a, b contactRow) int {
			return cmp.Or(strings.Compare(a.Name.sorted(), b.Name.sorted()), cmp.Compare(a.Code, b.Code))
		})
		return part(q, s, slices.Values(rows), func(row contactRow) (contactRow, error) { return row, nil })
	})
}

// sorted is what words are put in order by; those that are gone come last.
func (w *words) sorted() string {
	if w == nil || w.erased {
		return "\U0010ffff"
	}
	return strings.ToLower(w.text)
}

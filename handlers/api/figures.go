package api

import (
	"cmp"
	"net/http"

	"incidentledger/domain"
	"incidentledger/domain/supplier"
	"incidentledger/handlers/catalogue"
	"incidentledger/handlers/report"
	"incidentledger/projections"
	"incidentledger/projections/register"
	"incidentledger/projections/suppliers"
)

var periodParam = param{name: "period", kind: word, doc: "a year (2026), a quarter (2026-Q4), a month (2026-11), or two days (2026-11-01/2026-11-15), in the zone of the ledger"}

// figuresOperations count, and account for it.
func (s *server) figuresOperations() []*operation {
	const folded = "The incidents that were recorded in the period are folded while it is read: a year of ten thousand takes some seconds. Exercises are left out."
	return []*operation{
		{id: "show-figures", method: http.MethodGet, path: "/organisations/{org}/figures", tag: "reports", do: (*request).figures,
			summary: "Counts, times and terms of a period, by priority, category, supplier, department and severity", about: folded,
			gives: reckoned{}, rows: figuresLine{}, headers: []string{"Ledger-Seq"}, waits: []string{register.Name},
			query: []param{periodParam}},
		{id: "show-periodic-report", method: http.MethodGet, path: "/organisations/{org}/report", tag: "reports", do: (*request).periodic,
			summary: "The report on a period for one audience: what happened, terms met and missed, breaches, what suppliers kept, improvements, every override",
			about:   folded + " Without period the one that is due to the audience: the council's last year, the college's and the controller's last quarter, the management's month so far.",
			gives:   report.Periodic{}, headers: []string{"Ledger-Seq"}, waits: []string{register.Name, suppliers.Name},
			query: append([]param{periodParam, {name: "for", kind: word, oneof: report.Audiences(), doc: "without it management"}}, documentParams...)},
	}
}

// period reads the period asked for; without one that which an audience is told of.
func (q *request) period(audience string) (report.Period, error) {
	if !q.has("period") {
		return report.PeriodFor(audience, q.now(), q.office.Zone), nil
	}
	p, err := report.ParsePeriod(q.text("period"), q.office.Zone)
	if err != nil {
		return p, malformed("period", "%v", err)
	}
	return p, nil
}

// counted folds the incidents of a period, and counts those that were open at its
// end. What is later than the end of a period that is past counts as well: it is
// told as it stands now.
func (q *request) counted(p report.Period) (list []report.Counted, open int, err error) {
	rows, _, err := q.rows(register.Query{To: p.To, Exercises: register.Without, Now: q.now()})
	if err != nil {
		return nil, 0, err
	}
	for i := range rows {
		r := &rows[i]
		dropped := r.Phase == "rejected" || r.Phase == "withdrawn" || r.Phase == "merged"
		if !dropped && (r.Closed.IsZero() || !r.Closed.Before(p.To)) {
			open++
		}
		if r.Recorded.Before(p.From) {
			continue
		}
		st, err := q.stateOf(r.Key)
		if err != nil {
			return nil, 0, err
		}
		list = append(list, report.Counted{Key: r.Key, Number: r.Number, State: st})
	}
	return list, open, nil
}

// kept tells how suppliers kept what they agreed for the contracts' periods that
// touch a period.
func (q *request) kept(p report.Period) (out []report.ServiceLevel, err error) {
	_, err = q.browse(suppliers.New(), func(s *browsing) (*answer, error) {
		span := supplier.Interval{From: p.From, To: p.To}
		for l := range suppliers.Levels(s.ThingReader, suppliers.Query{Org: q.office.Org, Skip: s.exercise}, span, q.now(), q.office.Zone) {
			out = append(out, report.ServiceLevel(l))
		}
		return nil, s.Err()
	})
	return out, err
}

// A reckoned is the figures of a period, each group with the last entry that it rests on.
type reckoned struct {
	Period    report.Period   `json:"period"`
	All       reckonedGroup   `json:"all"`
	Groups    []reckonedGroup `json:"groups" doc:"by priority, category, supplier, department and severity"`
	OpenAtEnd int             `json:"openAtEnd" doc:"reported in the period or before it, and not closed by its end"`
}

type reckonedGroup struct {
	report.Group
	projections.Stamp // the last entry that it rests on
}

// A figuresLine is a group as a table has it; times are in seconds.
type figuresLine struct {
	Period        string      `json:"period"`
	By            domain.Code `json:"by"`
	Of            domain.Code `json:"of"`
	Incidents     int         `json:"incidents"`
	Open          int         `json:"open"`
	Met           int         `json:"met"`
	Missed        int         `json:"missed"`
	DetectN       int         `json:"detectN"`
	DetectMedian  *int64      `json:"detectMedian"`
	DetectP90     *int64      `json:"detectP90"`
	ReactN        int         `json:"reactN"`
	ReactMedian   *int64      `json:"reactMedian"`
	ReactP90      *int64      `json:"reactP90"`
	NotifyN       int         `json:"notifyN"`
	NotifyMedian  *int64      `json:"notifyMedian"`
	NotifyP90     *int64      `json:"notifyP90"`
	RestoreN      int         `json:"restoreN"`
	RestoreMedian *int64      `json:"restoreMedian"`
	RestoreP90    *int64      `json:"restoreP90"`

	projections.Stamp
}

func lineOf(p report.Period, g *reckonedGroup) figuresLine {
	return figuresLine{
		Period: p.Name, By: g.By, Of: g.Of, Incidents: g.Incidents, Open: g.Open, Met: g.Met, Missed: g.Missed,
		DetectN: g.Detect.N, DetectMedian: g.Detect.Median, DetectP90: g.Detect.P90, ReactN: g.React.N, ReactMedian: g.React.Median, ReactP90: g.React.P90,
		NotifyN: g.Notify.N, NotifyMedian: g.Notify.Median, NotifyP90: g.Notify.P90,
		RestoreN: g.Restore.N, RestoreMedian: g.Restore.Median, RestoreP90: g.Restore.P90, Stamp: g.Stamp,
	}
}

// grouped gives a group with who told last of what it counts; where nothing is
// counted, of the whole ledger.
func (q *request) grouped(g report.Group) (reckonedGroup, error) {
	stamp, err := q.stampOf(cmp.Or(g.Last, q.office.Log.Last()))
	return reckonedGroup{g, stamp}, err
}

func (q *request) figures() (*answer, error) {
	p, err := q.period("management")
	if err != nil {
		return nil, err
	}
	list, open, err := q.counted(p)
	if err != nil {
		return nil, err
	}
	f := report.Reckon(p, list, open, q.now())
	out := reckoned{Period: p, Groups: []reckonedGroup{}, OpenAtEnd: open}
	if out.All, err = q.grouped(f.All); err != nil {
		return nil, err
	}
	lines := []figuresLine{lineOf(p, &out.All)}
	for _, of := range f.Groups {
		g, err := q.grouped(of)
		if err != nil {
			return nil, err
		}
		out.Groups, lines = append(out.Groups, g), append(lines, lineOf(p, &g))
	}
	return &answer{body: out, table: pageOf(lines)}, nil
}

func (q *request) periodic() (*answer, error) {
	audience := cmp.Or(q.text("for"), "management")
	p, err := q.period(audience)
	if err != nil {
		return nil, err
	}
	list, open, err := q.counted(p)
	if err != nil {
		return nil, err
	}
	kept, err := q.kept(p)
	if err != nil {
		return nil, err
	}
	r := q.source().Account(p, audience, list, kept, open, q.now())
	return q.written(r, r.Made, "report-"+audience, func(w *catalogue.Words) *report.Document { return r.Document(w) })
}

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/handlers"
)

// desk measures whole orders: load, decide, seal, keys, append.
func (b *bench) desk(ctx context.Context) (err error) {
	dir := filepath.Join(b.dir, "desk")
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	quiet, o, err := b.house(ctx, "desk/quiet")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, quiet.close()) }()
	o.quiet()
	busy, shown, err := b.house(ctx, "desk/busy")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, busy.close()) }()
	raw, err := startRawStream(ctx, filepath.Join(dir, "raw"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, raw.close()) }()
	files, err := openFiles(ctx, o.desk)
	if err != nil {
		return err
	}
	payload := make([]byte, entryBytes)
	got, err := b.contest(ctx, "desk",
		contestant{"desk-report", true, reporting(o.desk)},
		contestant{"desk-log", true, files.logging(o.desk)},
		contestant{"desk-report-views", true, func(ctx context.Context, d time.Duration) (measured, error) {
			m, err := reporting(shown.desk)(ctx, d)
			if err != nil {
				return m, err
			}
			return m, caughtUp(ctx, shown) // or the next contestant would pay for it
		}},
		contestant{"raw", false, func(ctx context.Context, d time.Duration) (measured, error) {
			return callers(ctx, manyCallers, d, func(ctx context.Context, _ int) error { return raw.publish(ctx, payload) })
		}})
	if err != nil {
		return err
	}
	for _, r := range []struct {
		name, what string
		promised   bool
	}{
		{"desk-report", "256 callers, desk: ReportIncident", true},
		{"desk-log", "256 callers, desk: AddLogEntry to known incidents", true},
		{"desk-report-views", "256 callers, desk: ReportIncident, all views following", false},
	} {
		ours := got[r.name]
		row := versus(benchRow{Name: "desk", What: r.what, Unit: "orders/s", Yardstick: "JetStream publish, SyncAlways, 256 callers",
			Note: fmt.Sprintf("p50 %s µs, p99 %s µs", figure(medianOf(ours, p50Of)), figure(medianOf(ours, p99Of)))}, ours, got["raw"], rateOf)
		if r.promised {
			row = row.ratioAtLeast(3)
		}
		b.add(row)
	}
	return nil
}

// reporting reports incidents, each a new one.
func reporting(d *handlers.Desk) func(context.Context, time.Duration) (measured, error) {
	return func(ctx context.Context, took time.Duration) (measured, error) {
		return callers(ctx, manyCallers, took, func(ctx context.Context, caller int) error {
			_, err := d.Give(ctx, benchOrder(caller, "employee", domain.Key{}, benchReport(caller)))
			return err
		})
	}
}

// openedFiles are incidents that callers add to: some of each caller's own.
type openedFiles [manyCallers]struct {
	keys [8]domain.Key
	next int
}

func openFiles(ctx context.Context, d *handlers.Desk) (*openedFiles, error) {
	files := new(openedFiles)
	for i := range len(files[0].keys) {
		err := eachCaller(func(caller int) error {
			r, err := d.Give(ctx, benchOrder(caller, "employee", domain.Key{}, benchReport(caller)))
			files[caller].keys[i] = r.Key
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return files, nil
}

func (f *openedFiles) logging(d *handlers.Desk) func(context.Context, time.Duration) (measured, error) {
	return func(ctx context.Context, took time.Duration) (measured, error) {
		return callers(ctx, manyCallers, took, func(ctx context.Context, caller int) error {
			own := &f[caller]
			own.next++
			key := own.keys[own.next%len(own.keys)]
			_, err := d.Give(ctx, benchOrder(caller, "help-desk", key, &incident.AddLogEntry{Text: "Called back; the user has closed the mail and opened nothing."}))
			return err
		})
	}
}

// caughtUp waits until all views of an office show its last entry.
func caughtUp(ctx context.Context, o *office) error {
	for _, v := range o.views.Status() {
		if err := o.views.WaitFor(ctx, v.View, o.ledger.Last()); err != nil {
			return err
		}
	}
	return nil
}

// benchOrder makes an order of one of some people, as a door would.
func benchOrder(person int, role domain.Code, key domain.Key, c domain.Command) domain.Order {
	return domain.Order{
		ID: handlers.NewOrderID(), Org: benchOrg, Kind: incident.Name, Key: key, Command: c,
		Actor: domain.Actor{ID: domain.PersonID{UUID: counted(uint64(person), 3)}, Role: role, For: benchOrg, Door: "api", Proof: "stated"},
	}
}

// benchReport is the nth report, with texts as short as most are.
func benchReport(n int) *incident.ReportIncident {
	categories := []domain.Code{"phishing", "infected-system", "outage", "data-loss", "misconfiguration", "other"}
	return &incident.ReportIncident{
		Kind: "incident", Title: "Mail with a strange attachment", Category: categories[n%len(categories)],
		Description: "A mail that claims to come from the pension fund asks to open an attachment. Two colleagues got it, too.",
		Channel:     "phone", ICT: n%2 == 0, SecurityRelevant: n%3 == 0,
	}
}

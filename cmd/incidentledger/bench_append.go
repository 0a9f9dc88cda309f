package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/eventstore"
)

const (
	manyCallers = 256
	entryBytes  = 600 // stored form of the entries that appending is measured with
)

// appending is the store, and beside it raw JetStream that syncs each message.
type appending struct {
	store  *eventstore.Store
	ledger *eventstore.Ledger
	raw    *rawServer

	next    atomic.Uint64
	filler  domain.Code // makes an entry's stored form entryBytes long
	payload []byte      // such a stored form, for the yardsticks
}

func (b *bench) openAppending(ctx context.Context, name string) (_ *appending, err error) {
	dir := filepath.Join(b.dir, name)
	ap := &appending{}
	defer func() {
		if err != nil {
			err = errors.Join(err, ap.close())
		}
	}()
	if ap.store, err = eventstore.Open(ctx, eventstore.Config{Dir: filepath.Join(dir, "store"), Kinds: storeKinds(), Log: b.app.logger()}); err != nil {
		return nil, err
	}
	if ap.ledger, err = ap.store.Found(ctx, benchOrg); err != nil {
		return nil, err
	}
	if ap.raw, err = startRawStream(ctx, filepath.Join(dir, "raw")); err != nil {
		return nil, err
	}
	return ap, ap.fit()
}

// fit finds the filler that gives entries their size.
func (ap *appending) fit() error {
	ap.filler = "x"
	least, err := ap.store.Codec().Encode(ap.entry())
	if err != nil {
		return err
	}
	if len(least) > entryBytes {
		return fmt.Errorf("an entry has at least %d bytes, more than the %d it should", len(least), entryBytes)
	}
	ap.filler += domain.Code(strings.Repeat("x", entryBytes-len(least)))
	ap.payload, err = ap.store.Codec().Encode(ap.entry())
	return err
}

func (ap *appending) close() error {
	var errs []error
	if ap.raw != nil {
		errs = append(errs, ap.raw.close())
	}
	if ap.store != nil {
		errs = append(errs, ap.store.Close())
	}
	return errors.Join(errs...)
}

// entry makes the first entry of an incident of its own, entryBytes long.
func (ap *appending) entry() *domain.Entry {
	n := ap.next.Add(1)
	e := incident.RecipientsDetermined{Recipients: []domain.Code{ap.filler}}
	at := time.Date(2026, 11, 20, 17, 0, 0, 0, time.UTC)
	return &domain.Entry{
		ID: domain.OrderID{UUID: counted(n, 1)}, Org: benchOrg, Kind: incident.Name, Key: domain.Key{UUID: counted(n, 2)},
		Command: "ReportIncident", Actor: domain.Actor{Role: "employee", For: benchOrg, Door: "api", Proof: "stated"},
		Occurred: domain.Moment{Time: at, Precision: domain.PrecisionSecond}, Recorded: at,
		Events: []domain.Record{{Type: e.EventName(), V: ap.store.Codec().Version(e.EventName()), Event: e}},
	}
}

// counted gives an id that no other number and series have.
func counted(n uint64, series byte) uuid.UUID {
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[:8], n*0x9e3779b97f4a7c15) // spread like random ids
	id[6], id[8], id[15] = 0x40|id[6]&0x0f, 0x80|series, series
	binary.BigEndian.PutUint32(id[10:14], uint32(n))
	return id
}

// through appends to the ledger with n callers.
func (ap *appending) through(n int) func(context.Context, time.Duration) (measured, error) {
	return func(ctx context.Context, d time.Duration) (measured, error) {
		return callers(ctx, n, d, func(ctx context.Context, _ int) error { return ap.ledger.Append(ctx, ap.entry()) })
	}
}

// rawly publishes the same bytes with n callers.
func (ap *appending) rawly(n int, publish func(context.Context, []byte) error) func(context.Context, time.Duration) (measured, error) {
	return func(ctx context.Context, d time.Duration) (measured, error) {
		return callers(ctx, n, d, func(ctx context.Context, _ int) error { return publish(ctx, ap.payload) })
	}
}

// appendOne measures one writer's append to acknowledged.
func (b *bench) appendOne(ctx context.Context) error {
	ap, err := b.openAppending(ctx, "append")
	if err != nil {
		return err
	}
	got, err := b.contest(ctx, "append",
		contestant{"append-1", true, ap.through(1)}, contestant{"raw", false, ap.rawly(1, ap.raw.publish)})
	if err = errors.Join(err, ap.close(), os.RemoveAll(filepath.Join(b.dir, "append"))); err != nil {
		return err
	}
	ours, theirs := got["append-1"], got["raw"]
	r := versus(benchRow{Name: "append", What: "1 writer, 600 bytes: append to acknowledged, p50", Unit: "µs",
		Yardstick: "JetStream publish, SyncAlways"}, ours, theirs, p50Of)
	r.Note = fmt.Sprintf("p99 %s µs beside %s µs", figure(medianOf(ours, p99Of)), figure(medianOf(theirs, p99Of)))
	b.add(r.ratioAtMost(1.2))
	return nil
}

// appendMany measures the store path with many writers.
func (b *bench) appendMany(ctx context.Context) error {
	ap, err := b.openAppending(ctx, "store")
	if err != nil {
		return err
	}
	got, err := b.contest(ctx, "store",
		contestant{"append-256", true, ap.through(manyCallers)},
		contestant{"raw", false, ap.rawly(manyCallers, ap.raw.publishAsync)},
		contestant{"file", false, func(ctx context.Context, d time.Duration) (measured, error) {
			g, err := newGroupFile(filepath.Join(b.dir, "store", "file"), 512<<20)
			if err != nil {
				return measured{}, err
			}
			m, err := callers(ctx, manyCallers, d, func(context.Context, int) error { return g.write(ap.payload) })
			return m, errors.Join(err, g.close())
		}})
	if err = errors.Join(err, ap.close(), os.RemoveAll(filepath.Join(b.dir, "store"))); err != nil {
		return err
	}
	ours := got["append-256"]
	row := benchRow{Name: "store", What: "256 writers, 600 bytes: store path", Unit: "entries/s",
		Note: fmt.Sprintf("p50 %s µs, p99 %s µs", figure(medianOf(ours, p50Of)), figure(medianOf(ours, p99Of)))}
	row.Yardstick = "JetStream PublishAsync, SyncAlways, 256 waiting"
	b.add(versus(row, ours, got["raw"], rateOf).ratioAtLeast(8))
	row.Yardstick = "preallocated file, shared fdatasync, 256 writers"
	b.add(versus(row, ours, got["file"], rateOf).ratioAtLeast(0.25))
	return nil
}

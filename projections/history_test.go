package projections_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/uuid"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/domain/policy"
	"incidentledger/projections"
	"incidentledger/projections/audit"
	"incidentledger/projections/breaches"
	"incidentledger/projections/contacts"
	"incidentledger/projections/deadlines"
	"incidentledger/projections/duties"
	"incidentledger/projections/evidence"
	"incidentledger/projections/improvements"
	"incidentledger/projections/informed"
	"incidentledger/projections/logbook"
	"incidentledger/projections/obligations"
	"incidentledger/projections/register"
	"incidentledger/projections/suppliers"
)

var (
	quiet = slog.New(slog.NewTextHandler(io.Discard, nil))
	zone  = time.FixedZone("CET", 3600)
	begun = time.Date(2026, 3, 2, 7, 0, 0, 0, time.UTC)
)

// A course is a ledger that computes its entries: n entries of many incidents
// that run side by side, each of some twelve entries from report to close. The
// same n always gives the same entries.
type course struct {
	n     int
	aside uint64 // incidents that run at the same time
}

const steps = 12 // entries of an incident

func (c course) ReadAll(_ context.Context, after domain.Seq) iter.Seq2[*domain.Entry, error] {
	return func(yield func(*domain.Entry, error) bool) {
		for seq := after + 1; seq <= domain.Seq(c.n); seq++ {
			if !yield(c.entry(seq), nil) {
				return
			}
		}
	}
}

func (c course) Follow(ctx context.Context, after domain.Seq) iter.Seq2[*domain.Entry, error] {
	return waiting(ctx, c.ReadAll(ctx, after))
}

// waiting gives what src gives and then waits for ctx to end.
func waiting(ctx context.Context, src iter.Seq2[*domain.Entry, error]) iter.Seq2[*domain.Entry, error] {
	return func(yield func(*domain.Entry, error) bool) {
		for en, err := range src {
			if !yield(en, err) {
				return
			}
		}
		<-ctx.Done()
	}
}

func id(what byte, n uint64) (u uuid.UUID) {
	binary.BigEndian.PutUint64(u[:], (n+1)*0x9E3779B97F4A7C15)
	binary.BigEndian.PutUint32(u[8:], uint32(n))
	u[15] = what
	return u
}

// entry gives one entry of the course. Incidents take turns within a group of
// aside.
func (c course) entry(seq domain.Seq) *domain.Entry {
	at := uint64(seq - 1)
	group, within := at/(c.aside*steps), at%(c.aside*steps)
	step, member := within/c.aside, within%c.aside
	n := group*c.aside + (member*7+step*11)%c.aside
	now := begun.Add(time.Duration(seq) * 7 * time.Second)
	if seq%50 == 0 {
		now = now.Add(-20 * time.Minute) // disorder
	}
	en := &domain.Entry{
		Seq: seq, Size: 600, Org: "org-1", Kind: "incident", Key: domain.Key{UUID: id('i', n)}, ID: domain.OrderID{UUID: id('o', at)},
		Actor: domain.Actor{ID: domain.PersonID{UUID: id('p', at%97)}, Role: "security-officer",
			For: domain.OrgID(fmt.Sprintf("org-%d", at%3)), Door: "web", Proof: "oidc"},
		Occurred: domain.Moment{Time: now.Add(-time.Duration(at%200) * time.Minute).In(zone), Precision: domain.PrecisionMinute},
		Recorded: now,
		Sealed:   []domain.Box{{}},
	}
	if at%9 == 0 {
		en.By = &domain.By{Medium: "phone", Person: domain.PersonID{UUID: id('p', at%31)}}
	}
	if step > 0 {
		en.Prev = seq - 1 // whichever it was: only whether there is one counts
	}
	en.Command = commands[step]
	for _, e := range events(n, step, now) {
		en.Events = append(en.Events, domain.Record{Type: e.EventName(), V: 1, Event: e})
	}
	return en
}

var commands = [steps]string{"ReportIncident", "VerifyReport", "AssessPriority", "AssignOwner", "AcknowledgeIncident",
	"AddLogEntry", "Escalate", "AddLogEntry", "PlaceOnHold", "ResumeIncident", "ResolveIncident", "CloseIncident"}

func events(n, step uint64, now time.Time) []domain.Event {
	origin := func(stage domain.Code) policy.Origin {
		return policy.Origin{Rule: "local-p" + domain.Code(byte('1'+n%5)) + "-" + stage, Recipient: "own", Stage: stage, N: 1,
			Engine: policy.Engine, Zone: "Europe/Brussels", AnchorPath: "incident.reported", Anchor: now}
	}
	const reaction, resolution domain.Code = "local/own/reaction/1", "local/own/resolution/1"
	switch step {
	case 0:
		track := incident.TrackNormal
		if n%40 == 3 {
			track = incident.TrackIntegrity
		}
		return []domain.Event{
			incident.IncidentReported{Kind: "incident", Category: "phishing", Channel: "phone", Reported: now, Discovered: now.Add(-time.Hour),
				ICT: true, Track: track, Exercise: n%25 == 4, HasOwnReference: n%6 == 0},
			incident.RecipientsDetermined{Recipients: []domain.Code{"department-head"}},
			policy.ClockArmed{Clock: reaction, Origin: origin("reaction"), Due: now.Add(time.Hour), Service: true, Warn: []time.Time{now.Add(40 * time.Minute)}},
			policy.ClockArmed{Clock: resolution, Origin: origin("resolution"), Due: now.Add(8 * time.Hour), Service: true,
				Warn: []time.Time{now.Add(4 * time.Hour), now.Add(7 * time.Hour)}},
		}
	case 1:
		return []domain.Event{incident.ReportVerified{Verdict: "confirmed", At: now}, incident.IncidentRegistered{Because: "verified", At: now}}
	case 2:
		return []domain.Event{incident.PriorityAssessed{Urgency: "high", Impact: "medium", Weighed: "medium", Computed: int(n%5) + 1},
			policy.ClockMoved{Clock: resolution, Origin: origin("resolution"), Due: now.Add(4 * time.Hour), Service: true, Warn: []time.Time{now.Add(2 * time.Hour)}}}
	case 3:
		return []domain.Event{incident.OwnerAssigned{Person: domain.PersonID{UUID: id('p', n%97)}}}
	case 4:
		return []domain.Event{incident.IncidentAcknowledged{At: now}, policy.ClockMet{Clock: reaction, At: now, OnTime: true}}
	case 6:
		return []domain.Event{incident.IncidentEscalated{Escalation: domain.Key{UUID: id('e', n)}, To: "coordinator", Kind: "functional", Level: 1, Because: "manual", At: now}}
	case 8:
		return []domain.Event{policy.ClockPaused{Clocks: []domain.Code{resolution}, WaitingFor: "supplier", From: now}}
	case 9:
		return []domain.Event{policy.ClockResumed{Clocks: []domain.Code{resolution}, To: now},
			policy.ClockMoved{Clock: resolution, Origin: origin("resolution"), Due: now.Add(5 * time.Hour), Service: true}}
	case 10:
		return []domain.Event{incident.IncidentResolved{RestoredAt: now}, policy.ClockMet{Clock: resolution, At: now, OnTime: true}}
	case 11:
		return []domain.Event{incident.IncidentClosed{At: now}}
	}
	return []domain.Event{incident.LogEntryAdded{}}
}

func views() []projections.View {
	return []projections.View{register.New(zone), logbook.New(), deadlines.New(zone), audit.New(), duties.New(), breaches.New(), informed.New(), evidence.New(), obligations.New(), suppliers.New(), improvements.New(), contacts.New()}
}

func open(t testing.TB, cfg projections.Config, vs ...projections.View) *projections.DB {
	t.Helper()
	cfg.Logger = quiet
	if cfg.FS == nil && cfg.Dir == "" {
		cfg.Dir, cfg.FS = "views", vfs.NewMem()
	}
	db, err := projections.Open(cfg, vs...)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// catchUp runs a store until all its views have reached entry n.
func catchUp(t testing.TB, db *projections.DB, l projections.Ledger, n int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- db.Run(ctx, l) }()
	for _, s := range db.Status() {
		if err := db.WaitFor(t.Context(), s.View, domain.Seq(n)); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

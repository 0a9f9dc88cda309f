package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/eventstore"
	"incidentledger/handlers"
)

// The durability tests run the program's house in a child, so that they can kill
// it. The child tells on a pipe, line by line, what it gives to the desk and what
// it is told; a line is written before or after the call, so whatever stands on
// the pipe is what a caller knew when the child ended.
//
//	founding                  there is no ledger yet; one is founded
//	founded                   the house is open with its ledger
//	have SEQ KEY ID TEXT      an entry that was there, opened: "right", or what is wrong
//	ready                     the child begins to give orders
//	give WHAT ID KEY          an order is given; KEY is "-" for a report
//	ack SEQ KEY ID            a receipt: the order is accepted
//	told SEQ                  a refusal that speaks of entry SEQ
//	saw SEQ ID                a follower was shown an entry
//	stopped                   an orderly stop is complete
//	restored LAST LOST        restore-log has ended: its last entry, how many are lost
//	wrong TEXT                something that must never happen
const (
	childEnv  = "INCIDENTLEDGER_DURABLE_CHILD" // data folder and master key lie in it
	childMode = "INCIDENTLEDGER_DURABLE_MODE"  // "look": only tell; "stop": after some orders stop in good order
	childOrg  = domain.OrgID("nuth")
	workers   = 8
)

// live is what a child does in place of the tests; it gives the exit code. A child
// that hangs ends after a minute.
func live(dir string) int {
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	hangs := time.AfterFunc(70*time.Second, func() { panic("the child hangs") })
	defer hangs.Stop()
	c := &child{out: os.NewFile(3, "pipe"), owed: bufio.NewScanner(os.Stdin)}
	if err := c.run(ctx, dir); err != nil {
		c.say("failed %s", strings.ReplaceAll(err.Error(), "\n", " "))
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func durableHouse(ctx context.Context, dir string, out io.Writer) (*house, error) {
	return openHouse(ctx, houseConfig{
		SyncInterval: 100 * time.Millisecond, // so that the synced mark moves within a life
		Dir:          filepath.Join(dir, "data"), Master: filepath.Join(dir, "master.key"),
		Log: slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
}

// child is the inside of one round.
type child struct {
	mu   sync.Mutex
	out  *os.File
	owed *bufio.Scanner // orders whose fate the caller does not know

	office *office
	desks  [2]*handlers.Desk // two, so that one meets what the other has not finished

	kmu  sync.Mutex
	keys []domain.Key // incidents to write about
}

// say writes one line. The pipe takes it whole or, if the child is killed, not at all.
func (c *child) say(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, err := fmt.Fprintf(c.out, format+"\n", args...); err != nil {
		os.Exit(1) // nobody listens any more
	}
}

func (c *child) run(ctx context.Context, dir string) error {
	if os.Getenv(childMode) == "restore" {
		r, err := eventstore.RestoreLog(ctx, eventstore.Config{Dir: filepath.Join(dir, "data"), Kinds: storeKinds()}, childOrg, nil)
		if err == nil {
			c.say("restored %d %d", r.Last, len(r.Lost))
		}
		return err
	}
	h, err := durableHouse(ctx, dir, os.Stderr)
	if err != nil {
		return err
	}
	if len(h.orgs()) == 0 {
		c.say("founding")
		if err := h.found(ctx, founding{Org: childOrg, Name: "Gemeente Nuth", Country: "NL", Zone: "Europe/Amsterdam"}); err != nil {
			return err
		}
	}
	c.say("founded")
	if c.office, err = h.office(childOrg); err != nil {
		return err
	}
	o := c.office
	c.desks = [2]*handlers.Desk{o.desk, handlers.NewDesk(handlers.Config{
		Org: o.org, Log: o.ledger, Sealer: o.vault, Kinds: kinds(o.law), Version: h.store.Codec().Version, Files: o.files.filed,
	})}
	if err := c.tellAll(ctx); err != nil {
		return err
	}
	c.say("ready")
	if os.Getenv(childMode) == "look" {
		return h.close()
	}
	go c.follow(ctx)
	go c.look(ctx)
	for _, d := range c.desks {
		go c.probe(ctx, d)
	}
	for c.owed.Scan() {
		if err := c.giveAgain(ctx, c.owed.Text()); err != nil {
			return err
		}
	}
	c.say("owed nothing")
	var wg sync.WaitGroup
	most := math.MaxInt
	if os.Getenv(childMode) == "stop" {
		most = 1 + rand.IntN(30)
	}
	for w := range workers {
		wg.Go(func() { c.work(ctx, c.desks[w%2], most) })
	}
	wg.Wait() // until the caller kills this process, or the disk fails
	if most < math.MaxInt {
		err := h.close()
		c.say("stopped")
		return err
	}
	return errors.New("no desk takes orders any more")
}

// tellAll tells every entry there is, after opening what is sealed in it.
func (c *child) tellAll(ctx context.Context) error {
	next := domain.Seq(1)
	for en, err := range c.office.ledger.ReadAll(ctx, 0) {
		if err != nil {
			return err
		}
		verdict := "right"
		if en.Seq != next {
			verdict = fmt.Sprintf("wrong: entry %d stands where %d should", en.Seq, next)
		} else if err := checkText(c.office, en); errors.Is(err, syscall.EIO) {
			return err // the disk ended, not the ledger
		} else if err != nil {
			verdict = "wrong: " + err.Error()
		}
		next++
		if en.Kind == incident.Name && en.Prev == 0 {
			c.keys = append(c.keys, en.Key)
		}
		c.say("have %d %s %s %s", en.Seq, en.Key, en.ID, verdict)
	}
	return nil
}

// checkText opens an entry and compares its text with what was sent.
func checkText(o *office, en *domain.Entry) error {
	opened, err := o.vault.Open(en)
	if err == nil {
		err = opened.Err()
	}
	if err != nil {
		return fmt.Errorf("entry %d does not open: %w", en.Seq, err)
	}
	for _, e := range opened.Events {
		var got domain.Text
		switch e := e.(type) {
		case incident.IncidentReported:
			got = e.Description
		case incident.LogEntryAdded:
			got = e.Text
		case incident.EvidenceCollected:
			var b strings.Builder
			if _, err := o.files.Copy(context.Background(), &b, e.File.Stored, nil); err != nil {
				return fmt.Errorf("entry %d names a file that is not there, or wrong: %w", en.Seq, err)
			}
			got = domain.Text(b.String())
		default:
			continue
		}
		if got != textOf(en.ID) {
			return fmt.Errorf("entry %d has another text than was sent", en.Seq)
		}
	}
	return nil
}

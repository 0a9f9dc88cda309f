package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"syscall"
	"time"

	"github.com/google/uuid"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/handlers"
)

// textOf is the text of an order: of any length up to a few kilobytes, and
// always the same for the same id.
func textOf(id domain.OrderID) domain.Text {
	return domain.Text("As told in " + id.String() + strings.Repeat(" and so on", int(id.UUID[15])))
}

// orderOf is an order as its id tells it, so that it can be given again.
func orderOf(what string, id domain.OrderID, key domain.Key) domain.Order {
	o := domain.Order{ID: id, Org: childOrg, Kind: incident.Name, Key: key,
		Actor: domain.Actor{Role: "security-officer", For: childOrg, Door: "cli", Proof: "stated"}}
	switch what {
	case "evidence": // its file is taken in first
		o.Command = &incident.CollectEvidence{Form: "digital", Item: "The text", Place: "The desk", Purpose: "analysis"}
	case "report":
		o.Key = domain.Key{}
		o.Command = &incident.ReportIncident{Kind: "incident", Title: "Laptop left on the train", Description: textOf(id),
			Category: "laptop-lost-or-stolen", Channel: "phone", ICT: true, SecurityRelevant: true, SuspectedDataLeak: id.UUID[14]%2 == 0}
	default:
		o.Command = &incident.AddLogEntry{Text: textOf(id)}
	}
	return o
}

// takeIn takes in the file of an order that has one: the text of the order.
func (c *child) takeIn(ctx context.Context, o *domain.Order) error {
	e, ok := o.Command.(*incident.CollectEvidence)
	if !ok {
		return nil
	}
	s, err := c.office.files.Take(ctx, strings.NewReader(string(textOf(o.ID))))
	e.File = incident.EvidenceFile{Name: "text.txt", SHA256: s.SHA256, SHA512: s.SHA512, Size: s.Size, ID: s.ID, Stored: s.Stored}
	return err
}

// follow is a follower like a view or a door: it is shown only what is durable.
func (c *child) follow(ctx context.Context) {
	for en, err := range c.office.ledger.Follow(ctx, c.office.ledger.Last()) {
		if err != nil {
			return
		}
		c.say("saw %d %s", en.Seq, en.ID)
	}
}

// giveAgain gives an order of an earlier round, whose answer was lost.
func (c *child) giveAgain(ctx context.Context, line string) error {
	var what, id, key string
	if _, err := fmt.Sscan(line, &what, &id, &key); err != nil {
		return err
	}
	var k domain.Key
	if key != "-" {
		k.UUID = uuid.MustParse(key)
	}
	o := orderOf(what, domain.OrderID{UUID: uuid.MustParse(id)}, k)
	err := c.takeIn(ctx, &o)
	if err != nil {
		return err
	}
	r, err := c.desks[0].Give(ctx, o)
	if err != nil {
		return fmt.Errorf("an order given again: %w", err)
	}
	c.say("ack %d %s %s", r.Seq, r.Key, id)
	return nil
}

// work gives most orders, or until the desk takes no more: reports, lines about incidents
// that others write about, too, and repeats.
func (c *child) work(ctx context.Context, desk *handlers.Desk, most int) {
	type mine struct {
		o   domain.Order
		seq domain.Seq
	}
	var given []mine
	for range most {
		what, key := "log", c.someKey()
		if rand.IntN(4) == 0 || key.IsZero() {
			what, key = "report", domain.Key{}
		}
		if what == "log" && rand.IntN(6) == 0 {
			what = "evidence"
		}
		o := orderOf(what, handlers.NewOrderID(), key)
		name := "-"
		if !key.IsZero() {
			name = key.String()
		}
		var r domain.Receipt
		err := c.takeIn(ctx, &o)
		if err == nil {
			c.say("give %s %s %s", what, o.ID, name)
			r, err = desk.Give(ctx, o)
		}
		var no *domain.Refusal
		switch {
		case errors.As(err, &no):
			if no.Code != domain.CodeConflict {
				c.say("wrong an order was refused: %v", no)
			}
			continue
		case err != nil:
			if !errors.Is(err, domain.ErrUnavailable) && !errors.Is(err, domain.ErrUnknown) && !errors.Is(err, syscall.EIO) {
				c.say("wrong an order was answered with: %v", err)
			}
			return
		}
		c.say("ack %d %s %s", r.Seq, r.Key, o.ID)
		if what == "report" {
			c.kmu.Lock()
			c.keys = append(c.keys, r.Key)
			c.kmu.Unlock()
		}
		given = append(given, mine{o, r.Seq})
		if rand.IntN(6) == 0 { // an order given twice, at whichever desk
			m := given[rand.IntN(len(given))]
			r, err := c.desks[rand.IntN(2)].Give(ctx, m.o)
			if err != nil {
				return
			}
			if !r.Repeated || r.Seq != m.seq {
				c.say("wrong order %s has the entries %d and %d", m.o.ID, m.seq, r.Seq)
			}
		}
	}
}

// look reads the newest entry there is to be seen, again and again.
func (c *child) look(ctx context.Context) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for before := domain.Seq(0); ; <-tick.C {
		if last := c.office.ledger.Last(); last != before {
			en, err := c.office.ledger.Entry(last)
			if err != nil {
				return
			}
			c.say("saw %d %s", en.Seq, en.ID)
			before = last
		}
	}
}

// probe gives orders that must be refused because the incident has moved on: the
// refusal names its last entry.
func (c *child) probe(ctx context.Context, desk *handlers.Desk) {
	first := domain.Seq(1)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for ; ; <-tick.C {
		key := c.someKey()
		if key.IsZero() {
			continue
		}
		stale := orderOf("log", handlers.NewOrderID(), key)
		stale.IfSeq = &first
		_, err := desk.Give(ctx, stale)
		var no *domain.Refusal
		var last domain.Seq
		switch {
		case !errors.As(err, &no):
			return // the disk has ended
		case no.Code != domain.CodeStale:
			c.say("wrong an order that is out of date: %v", err)
		default:
			if _, err := fmt.Sscanf(no.Text, "the last entry is %d,", &last); err != nil {
				c.say("wrong %v: %s", err, no.Text)
			}
			c.say("told %d", last)
		}
	}
}

// someKey gives one of the last few incidents, so that workers meet.
func (c *child) someKey() domain.Key {
	c.kmu.Lock()
	defer c.kmu.Unlock()
	if len(c.keys) == 0 {
		return domain.Key{}
	}
	last := c.keys[max(0, len(c.keys)-6):]
	return last[rand.IntN(len(last))]
}

package sample

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/domain/policy"
	"incidentledger/handlers"
	"incidentledger/handlers/policyfile"
)

var now = time.Date(2026, 11, 21, 9, 30, 20, 0, time.UTC)

// running lists an incident's running clocks and how long each has still to go.
func running(t *testing.T, desk *handlers.Desk, key domain.Key) []string {
	t.Helper()
	st, _, err := desk.State(context.Background(), domain.Ref{Kind: incident.Name, Key: key}, 0)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for id, c := range st.(*incident.Incident).Clocks {
		if c.Running() {
			out = append(out, fmt.Sprintf("%s %s%s", id, c.Due.Sub(now.Truncate(time.Minute)), mark(c)))
		}
	}
	slices.Sort(out)
	return out
}

func mark(c policy.Clock) string {
	switch {
	case c.Paused:
		return " paused"
	case c.Provisional:
		return " provisional"
	}
	return ""
}

// The sample goes through every step, with clocks that run from now: one is
// overdue, others are still to come.
func TestPlay(t *testing.T) {
	s := newStack(t, now)
	commands := map[string]bool{}
	steps := 0
	keys, err := Play(context.Background(), s.desks(), now, func(st Told) {
		commands[st.Command] = true
		if st.Receipt.Entry.Org == s.desk.Org() {
			steps++
		}
		if st.At.After(now) {
			t.Errorf("%s of %s lies in the future: %s", st.Command, st.Case, st.At)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range incident.CommandTypes() {
		if !c.System && !commands[c.Name()] {
			t.Errorf("the sample does not show %s", c.Name())
		}
	}
	st, _, err := s.desk.State(context.Background(), domain.Ref{Kind: incident.Name, Key: keys["ransomware"]}, 0)
	if err != nil || st.(*incident.Incident).Phase != incident.PhaseClosed {
		t.Errorf("the case ends %v, %v", st, err)
	}
	for name, want := range map[string]string{
		"ransomware":    "",
		"wrong-address": "gdpr-33/ap/initial/1 22h0m0s, golden-hour/own/first-hour/1 -59h0m0s, local-p5-resolution/own/resolution/1 108h5m0s",
		"registry-down": "local-p3-resolution/own/resolution/1 -1h30m0s",
		"lost-tablet":   "gdpr-33/ap/initial/1 69h45m0s provisional, golden-hour/own/first-hour/1 -1h15m0s, local-p4-reaction/own/reaction/1 2h0m0s, local-p4-resolution/own/resolution/1 22h0m0s",
		"card-readers":  "local-p5-resolution/own/resolution/1 148h0m0s paused",
	} {
		if got := strings.Join(running(t, s.desk, keys[name]), ", "); got != want {
			t.Errorf("%s runs %s, want %s", name, got, want)
		}
	}
	last := s.ledger.Last()
	again, err := Play(context.Background(), s.desks(), now, nil)
	if err != nil || s.ledger.Last() != last || len(again) != len(keys) || int(last) != steps {
		t.Errorf("played again: %v; %d steps, last entry %d then %d", err, steps, last, s.ledger.Last())
	}
}

// What other rules would make of an incident is held against what its own made of
// it, both from the start: where they say the same, nothing differs, whatever
// history cancelled, met or left behind.
func TestTheSameRulesMakeNoDifference(t *testing.T) {
	s := newStack(t, now)
	keys, err := Play(context.Background(), s.desks(), now, nil)
	if err != nil {
		t.Fatal(err)
	}
	shipped, err := policyfile.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	same, err := policyfile.Overlay(shipped, "same", []byte("golden-hour: {elapsed: PT1H}\n"))
	if err != nil {
		t.Fatal(err)
	}
	other, err := policyfile.Overlay(shipped, "other", []byte("gdpr-33: {elapsed: PT24H}\n"))
	if err != nil {
		t.Fatal(err)
	}
	b := policy.Basis{Current: shipped, Profile: map[policy.Path]domain.Code{policy.OrgCountry: "NL"}}
	dues := func(clocks []policy.Clock) (out []string) {
		for _, c := range clocks {
			out = append(out, fmt.Sprint(c.ID, c.Due, c.Met, c.Paused, c.Provisional))
		}
		return out
	}
	cancelled, moved := false, false
	for name, key := range keys {
		st, _, err := s.desk.State(context.Background(), domain.Ref{Kind: incident.Name, Key: key}, 0)
		if errors.Is(err, domain.ErrNotFound) {
			st, _, err = s.neighbour.State(context.Background(), domain.Ref{Kind: incident.Name, Key: key}, 0)
		}
		if err != nil {
			t.Fatal(err)
		}
		in := st.(*incident.Incident)
		for _, c := range in.Clocks {
			cancelled = cancelled || c.Cancelled
		}
		is, would, err := policy.Suppose(incident.Facts(in), b, same)
		if err != nil || !slices.Equal(dues(is), dues(would)) {
			t.Errorf("%s, %v:\nis    %s\nwould %s", name, err, strings.Join(dues(is), "\n      "), strings.Join(dues(would), "\n      "))
		}
		for _, c := range is {
			if have := in.Clocks[c.ID]; !have.Due.Equal(c.Due) || !have.Met.Equal(c.Met) || have.Cancelled != c.Cancelled {
				t.Errorf("%s: %s is reckoned as %v, and stands as %v", name, c.ID, c, have)
			}
		}
		is, would, err = policy.Suppose(incident.Facts(in), b, other)
		moved = moved || err == nil && !slices.Equal(dues(is), dues(would))
	}
	if !cancelled || !moved {
		t.Errorf("a cancelled clock was among them: %t; other rules made a difference: %t", cancelled, moved)
	}
}

// One attack on two organisations that share a data centre: each has an incident,
// a number and duties of its own, and what one notifies meets nothing that the
// other owes.
//
// requirements: NOT-11 CHN-12 CHN-13 ORG-01
func TestOneAttackOnTwoOrganisations(t *testing.T) {
	s := newStack(t, now)
	keys, err := Play(context.Background(), s.desks(), now, nil)
	if err != nil {
		t.Fatal(err)
	}
	const own = "gdpr-33/ap/initial/1"
	ours := running(t, s.desk, keys["shared-attack"])
	theirs := running(t, s.neighbour, keys["shared-attack-at-the-neighbour"])
	if strings.Contains(strings.Join(ours, ","), own) || !strings.Contains(strings.Join(theirs, ","), own) {
		t.Errorf("ours: %v\ntheirs: %v", ours, theirs)
	}
	if _, _, err := s.neighbour.State(context.Background(), domain.Ref{Kind: incident.Name, Key: keys["shared-attack"]}, 0); err == nil {
		t.Error("the neighbour's ledger has the other's incident")
	}
}

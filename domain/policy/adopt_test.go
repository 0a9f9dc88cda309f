package policy

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"incidentledger/domain"
)

// A desk adopts policy as a ledger does: entry by entry.
type desk struct {
	t    *testing.T
	k    domain.Kind
	st   domain.State
	seq  domain.Seq
	laid map[domain.Hash]*Set
}

func newDesk(t *testing.T, sets ...*Set) *desk {
	o := &desk{t: t, laid: map[domain.Hash]*Set{}, seq: 1}
	for _, s := range sets {
		o.laid[s.Hash()] = s
	}
	o.k = Adoptions(func(h domain.Hash) (*Set, bool) { s, ok := o.laid[h]; return s, ok })
	o.st = o.k.New()
	return o
}

// give gives an order of a person, named by one letter and a role: "a operator".
func (o *desk) give(who string, c domain.Command) domain.Code {
	o.t.Helper()
	name, role, _ := strings.Cut(who, " ")
	actor := domain.Actor{Role: domain.Code(role), Proof: "stated"}
	if name == "system" {
		actor.Proof = "system"
	} else if name != "-" {
		actor.ID = domain.PersonID{UUID: domain.KeyNamed("nuth", "person", name).UUID}
	}
	now := time.Date(2026, 11, 21, 9, int(o.seq), 0, 0, time.UTC)
	dec, err := o.k.Decide(o.st, domain.Order{Org: "nuth", Kind: AdoptionKind, Key: AdoptionKey("nuth", "test"), Actor: actor, Recorded: now, Command: c})
	if r, ok := err.(*domain.Refusal); ok {
		return r.Code
	}
	if err != nil {
		o.t.Fatal(err)
	}
	o.seq++
	en := domain.Entry{Seq: o.seq, Recorded: now, Actor: actor, Events: []domain.Record{{Type: dec.Events[0].EventName(), V: 1, Event: dec.Events[0]}}}
	if o.st, err = o.k.Evolve(o.st, en); err != nil {
		o.t.Fatal(err)
	}
	return ""
}

func (o *desk) adopt(s *Set) {
	o.t.Helper()
	if code := o.give("system operator", approve(s)); code != "" {
		o.t.Fatal(code)
	}
}

// basis is the law as it stands now.
func (o *desk) basis() Basis {
	b := Basis{Sets: map[domain.Hash]*Set{}, Profile: map[Path]domain.Code{OrgCountry: "NL"}}
	a := o.st.(Adoption)
	for _, h := range a.Adopted() {
		b.Sets[h] = o.laid[h]
	}
	for _, v := range a.Standing() {
		b.Standing = append(b.Standing, o.laid[v.Policy])
	}
	b.Current = b.Standing[0]
	return b
}

func approve(s *Set) domain.Command {
	return &ApprovePolicy{Set: s.ID, Version: domain.Code(s.Version), Policy: s.Hash(), Grounds: "decided"}
}

func propose(s *Set) domain.Command {
	return &ProposePolicy{Set: s.ID, Version: domain.Code(s.Version), Policy: s.Hash(), Grounds: "better"}
}

func version(t *testing.T, v string, from, to Date, hours string) *Set {
	d := draft()
	d.Version, d.ValidFrom, d.ValidTo, d.Rules[0].Due = v, from, to, Term{Elapsed: hours}
	return mustSet(t, d)
}

// One person proposes and another approves; only what lies beside the ledger is
// adopted, since a version that nobody has would shut the ledger for good, and so
// would a ledger without any.
func TestAVersionIsProposedByOneAndApprovedByAnother(t *testing.T) {
	here, there, gone := version(t, "1", "", "", "PT72H"), version(t, "2", "", "", "PT96H"), version(t, "3", "", "", "PT24H")
	o := newDesk(t, here, there)
	withdraw := func(s *Set) domain.Command { return &WithdrawPolicy{Policy: s.Hash(), Reason: "a mistake"} }
	wrong := approve(here).(*ApprovePolicy)
	wrong.Version = "2"
	dated := approve(there).(*ApprovePolicy)
	dated.ValidFrom = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	for i, step := range []struct {
		who  string
		c    domain.Command
		want domain.Code
	}{
		{"a operator", approve(here), refusedNotProposed},
		{"a operator", propose(gone), refusedUnknownPolicy},
		{"system operator", approve(gone), refusedUnknownPolicy},
		{"system operator", wrong, domain.CodeInvalid},
		{"system operator", approve(here), ""}, // the founding
		{"a employee", propose(there), domain.CodeDenied},
		{"a dpo", propose(here), "no_change"},
		{"a dpo", propose(there), ""},
		{"b operator", propose(there), "no_change"},
		{"a operator", approve(there), refusedSamePerson}, // another role, the same person
		{"- board", approve(there), refusedSamePerson},    // nobody says who
		{"b board", dated, domain.CodeInvalid},
		{"b board", approve(there), ""},
		{"b board", approve(there), "no_change"},
		{"b board", withdraw(gone), refusedNotAdopted},
		{"b board", withdraw(here), ""},
		{"b board", withdraw(there), refusedLastPolicy},
		{"a dpo", propose(here), ""},
		{"a dpo", withdraw(here), ""}, // a proposal taken back
		{"b board", approve(here), refusedNotProposed},
	} {
		if got := o.give(step.who, step.c); got != step.want {
			t.Errorf("step %d: %q, want %q", i+1, got, step.want)
		}
	}
	a := o.st.(Adoption)
	if cur, ok := a.Current(); !ok || cur.Policy != there.Hash() || cur.Proposed == 0 || len(a.Standing()) != 1 || len(a.Adopted()) != 2 {
		t.Errorf("it stands as %+v", a)
	}
}

// Which version applies follows from two times: the instant of the anchor, and
// the place in the ledger at which it is asked.
func TestWhichVersionAppliesIsBitemporal(t *testing.T) {
	const id = "gdpr-33/ap/initial/1"
	first, omnibus := version(t, "1", "", "", "PT72H"), version(t, "2", "2026-11-20", "", "PT96H")
	o := newDesk(t, first, omnibus)
	o.adopt(first)
	aware := func(day string) Facts {
		f := story(t)
		f.Code[BreachPersonalData], f.At[BreachAware] = "confirmed", at(t, day+"T12:00:00+01:00")
		return f
	}
	before := o.basis()
	o.adopt(omnibus) // in the past: it holds from the day before the incident
	after := o.basis()
	for _, c := range []struct {
		why   string
		day   string
		b     Basis
		bound *Set
		want  time.Duration
	}{
		{"known then, the first version", "2026-11-21", before, nil, 72},
		{"known now, the second, which reaches back", "2026-11-21", after, nil, 96},
		{"before the second was valid, the first", "2026-11-19", after, nil, 72},
		{"what runs keeps its law", "2026-11-21", after, first, 72},
	} {
		f := aware(c.day)
		if c.bound != nil {
			f.Bound[id] = c.bound.Hash()
		}
		if got := derive(t, f, c.b)[id]; got.Due.Sub(got.Anchor) != c.want*time.Hour {
			t.Errorf("%s: %s", c.why, got.Due.Sub(got.Anchor))
		}
	}
	if got := after.At(at(t, "2026-11-19T23:59:59+01:00")); got != first {
		t.Errorf("the day before it is valid one judges by version %s", got.Version)
	}
	o.give("b board", &WithdrawPolicy{Policy: omnibus.Hash(), Reason: "the Council did not agree"})
	if got := derive(t, aware("2026-11-21"), o.basis())[id]; got.Policy != first.Hash() {
		t.Errorf("what was withdrawn arms: %+v", got)
	}
	f := aware("2026-11-21")
	f.Bound[id] = omnibus.Hash()
	if got := derive(t, f, o.basis())[id]; got.Due.Sub(got.Anchor) != 96*time.Hour {
		t.Errorf("what it armed keeps it: %+v", got)
	}
}

// What if the 96 hours of the Omnibus held? The set adopted stays as it was.
func TestWhatIfTheOmnibusHeld(t *testing.T) {
	now, omnibus := version(t, "1", "", "", "PT72H"), version(t, "what-if", "", "", "PT96H")
	f := story(t)
	f.Code[BreachPersonalData] = "suspected"
	f.At[BreachAware] = at(t, "2026-10-24T12:00:00+02:00")
	for s, want := range map[*Set]string{now: "2026-10-27T11:00:00+01:00", omnibus: "2026-10-28T11:00:00+01:00"} {
		if c := derive(t, f, dutch(s))["gdpr-33/ap/initial/1"]; !c.Due.Equal(at(t, want)) {
			t.Errorf("version %s: due %s, want %s", s.Version, c.Due, want)
		}
	}
}

// A set that was adopted once is found by its hash for ever: what the format
// gained since leaves its canonical form as it was.
func TestASetAdoptedBeforeKeepsItsHash(t *testing.T) {
	s, b := adopted(t)
	const was = "ed4218a7d9044bc5beaaae12ec097538cb098fe7748442596f205b2290735776"
	if s.Hash().String() != was || !bytes.Equal(s.Canonical(), bytes.TrimSpace(b)) {
		t.Errorf("it is now %s", s.Hash())
	}
}

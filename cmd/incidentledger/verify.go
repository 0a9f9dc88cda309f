package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/go-json-experiment/json"
	"github.com/spf13/cobra"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/domain/policy"
	"incidentledger/eventstore"
	"incidentledger/projections"
)

// Verdicts of verify, and its own exit codes (contract 2).
const (
	proven       = "PROVEN"
	notProven    = "NOT PROVEN"
	contradicted = "CONTRADICTED"

	verifyUnreadable = 3
)

// claim is one thing that verify looked into.
type claim struct {
	Claim   string `json:"claim"`
	Verdict string `json:"verdict"`
	Detail  string `json:"detail"`
}

// verification is what verify prints.
type verification struct {
	Verdict string  `json:"verdict"`
	Claims  []claim `json:"claims"`

	receipts map[string][]byte // to be held against a ledger, by the name of the file
}

func (v *verification) add(name, verdict, format string, args ...any) {
	v.Claims = append(v.Claims, claim{name, verdict, fmt.Sprintf(format, args...)})
}

// found adds a claim with its first findings, or that there are none.
func (v *verification) found(name string, bad []eventstore.Finding, good string, args ...any) {
	if len(bad) == 0 {
		v.add(name, proven, good, args...)
		return
	}
	v.add(name, contradicted, "%d findings; the first: %s", len(bad), bad[0].What)
}

func (v *verification) exit() int {
	code := exitDone
	v.Verdict = proven
	for _, c := range v.Claims {
		switch c.Verdict {
		case contradicted:
			v.Verdict = contradicted
			return 1
		case notProven:
			v.Verdict, code = notProven, 2
		}
	}
	return code
}

// verifyVerb checks a ledger from its files alone: no server is started on
// them, nothing is changed.
func (a *app) verifyVerb() *cobra.Command {
	var full bool
	var anchors, receipts []string
	cmd := &cobra.Command{
		Use: "verify [BUNDLE --anchor FILE…]", Short: "Checks the whole ledger from its files: copies, seal, chains, clocks, views; or an evidence bundle", Args: argsBetween(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return a.verifyBundle(args[0], anchors)
			}
			if len(anchors) > 0 {
				return usage("--anchor goes with a bundle; a ledger is checked against its own first entry")
			}
			v := verification{receipts: map[string][]byte{}}
			for _, name := range receipts {
				b, err := os.ReadFile(name)
				if err != nil {
					return usage("--receipt: %v", err)
				}
				v.receipts[name] = b
			}
			if err := a.verify(cmd.Context(), &v); err != nil {
				fmt.Fprintf(a.std.err, "incidentledger: verify: %v\n", err)
				return &codeError{verifyUnreadable}
			}
			code := v.exit()
			if err := a.verdict(&v); err != nil {
				return err
			}
			if code != 0 {
				return &codeError{code}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&full, "full", false, "every byte, every chain, every clock, every view (it always does, for now)")
	cmd.Flags().StringArrayVar(&anchors, "anchor", nil, "what is believed of the log and its witnesses, brought from elsewhere (incidentledger anchor)")
	cmd.Flags().StringArrayVar(&receipts, "receipt", nil, "a signed receipt: was what it promises kept? (with --org where there are several ledgers)")
	return cmd
}

func (a *app) verdict(v *verification) error {
	if a.format == "json" {
		b, err := json.Marshal(v)
		if err != nil {
			return err
		}
		return a.json(b)
	}
	for _, c := range v.Claims {
		fmt.Fprintf(a.std.out, "%-13s %s: %s\n", c.Verdict, c.Claim, clean(c.Detail))
	}
	_, err := fmt.Fprintf(a.std.out, "%s\n", v.Verdict)
	return err
}

func (a *app) verify(ctx context.Context, v *verification) error {
	orgs, err := eventstore.Orgs(a.data)
	if err != nil {
		return err
	}
	if a.org != "" {
		orgs = []domain.OrgID{domain.OrgID(a.org)}
	}
	if len(orgs) == 0 {
		return fmt.Errorf("there is no ledger in %s: %w", a.data, domain.ErrNotFound)
	}
	for _, org := range orgs {
		if err := a.verifyOrg(ctx, v, org); err != nil {
			return fmt.Errorf("organisation %s: %w", org, err)
		}
	}
	return nil
}

func (a *app) verifyOrg(ctx context.Context, v *verification, org domain.OrgID) error {
	live := eventstore.InUse(a.data)
	o, err := eventstore.OpenOffline(eventstore.Config{Dir: a.data, Kinds: storeKinds()}, org)
	if err != nil {
		return err
	}
	name := func(s string) string { return string(org) + " " + s }
	bad, err := o.CheckCopies()
	if err != nil {
		return err
	}
	v.found(name("copies"), bad, "journal and stream hold the same %d entries, byte for byte", o.Last())
	named, err := a.verifyEntries(ctx, v, o, org, live)
	if err != nil {
		return err
	}
	if err := a.verifyKeys(ctx, v, o, org); err != nil {
		return err
	}
	if err := a.verifyFiles(ctx, v, org, named); err != nil {
		return err
	}
	if live {
		v.add(name("views"), notProven, "a process is using the views; stop it, or use rebuild --check on it")
		return nil
	}
	return a.verifyViews(ctx, v, o, org)
}

// verifyEntries walks every entry once: chains, and what follows from the
// entries: every clock is reckoned again from the facts and the law that each
// decision names. It gives the stored files that they name.
func (a *app) verifyEntries(ctx context.Context, v *verification, o *eventstore.Offline, org domain.OrgID, live bool) ([]namedFile, error) {
	name := func(s string) string { return string(org) + " " + s }
	w := &walker{laws: newLaws(eventstore.OrgDir(a.data, org)), incidents: map[domain.Key]*incident.Incident{}}
	sealing := &sealCheck{dir: sealDir(eventstore.OrgDir(a.data, org)), receipts: v.receipts, proof: a.conf.Proof[org]}
	var chains, clocks []eventstore.Finding
	lost := 0
	var named []namedFile
	bar := a.bar("verify " + string(org))
	defer bar.done()
	for ch, err := range o.CheckChains(ctx) {
		if err != nil {
			return nil, err
		}
		if err := sealing.take(ch); err != nil {
			return nil, err
		}
		if ch.Lost {
			lost++
			continue
		}
		chains = append(chains, ch.Bad...)
		if ch.Entry != nil {
			bad, err := w.entry(ch.Entry)
			if err != nil {
				return nil, err
			}
			clocks = append(clocks, bad...)
			named = append(named, namedFiles(ch.Entry)...)
		}
		if ch.Seq%4096 == 0 || ch.Seq == o.Last() {
			bar.at(int64(ch.Seq), int64(o.Last()))
		}
	}
	v.found(name("chains"), chains, "every entry decodes and names the leaf hash of the one before it, in %d entries", o.Last())
	v.found(name("clocks"), clocks, "%d clock events follow from the facts and the adopted policy sets", w.clockEvents)
	if err := sealing.tell(v, org, o.Last(), live); err != nil {
		return nil, err
	}
	if lost > 0 {
		v.add(name("lost entries"), notProven, "%d entries are lost; markers stand in their places", lost)
	}
	return named, nil
}

// verifyViews compares the digest of each stored view with one built anew from
// the entries, in a folder of its own.
func (a *app) verifyViews(ctx context.Context, v *verification, o *eventstore.Offline, org domain.OrgID) error {
	dir := filepath.Join(a.data, "views", string(org))
	if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
		v.add(string(org)+" views", proven, "no views are stored; the next start builds them")
		return nil
	}
	scratch, err := os.MkdirTemp("", "incidentledger-verify-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	zone, err := newLaws(eventstore.OrgDir(a.data, org)).zone(ctx, o)
	if err != nil {
		v.add(string(org)+" views", notProven, "%v", err)
		return nil
	}
	db, err := projections.Open(projections.Config{Dir: dir, ReadOnly: true, Scratch: filepath.Join(scratch, "views"), Logger: a.logger()}, viewsOf(zone)...)
	if err != nil {
		v.add(string(org)+" views", notProven, "the stored views cannot be read (%v); rebuild makes them anew", err)
		return nil
	}
	defer db.Close()
	for _, s := range db.Status() {
		name := string(org) + " view " + s.View
		live, built, err := db.Check(ctx, o, s.View, nil)
		switch {
		case errors.Is(err, projections.ErrNotBuilt):
			v.add(name, proven, "it is not built yet; the next start builds it")
		case err != nil:
			return fmt.Errorf("view %s: %w", s.View, err)
		case live != built:
			v.add(name, contradicted, "as of entry %d its digest is %s; built anew it is %s", live.Seq, live.Sum, built.Sum)
		default:
			v.add(name, proven, "as of entry %d it is what the entries give", live.Seq)
		}
	}
	return nil
}

// walker folds every incident on the way through a ledger.
type walker struct {
	laws        *laws
	incidents   map[domain.Key]*incident.Incident
	clockEvents int
}

// entry folds one entry and reckons the clocks that must follow from it.
func (w *walker) entry(en *domain.Entry) ([]eventstore.Finding, error) {
	if err := w.laws.entry(en); err != nil {
		return []eventstore.Finding{{Seq: en.Seq, What: fmt.Sprintf("entry %d: %v", en.Seq, err)}}, nil
	}
	if en.Kind != incident.Name {
		return nil, nil
	}
	s := w.incidents[en.Key]
	if s == nil {
		s = new(incident.Incident)
	}
	s, err := incident.Evolve(s, *en)
	if err != nil {
		return []eventstore.Finding{{Seq: en.Seq, What: fmt.Sprintf("entry %d does not follow from those before it: %v", en.Seq, err)}}, nil
	}
	w.incidents[en.Key] = s
	for _, r := range en.Events {
		if _, ok := r.Event.(domain.ClockNoter); ok {
			w.clockEvents++
		}
	}
	basis, err := w.laws.basis(en)
	if err != nil {
		return []eventstore.Finding{{Seq: en.Seq, What: fmt.Sprintf("entry %d: %v", en.Seq, err)}}, nil
	}
	want, err := policy.Derive(incident.Facts(s), basis)
	if err != nil {
		return []eventstore.Finding{{Seq: en.Seq, What: fmt.Sprintf("entry %d: its clocks cannot be reckoned: %v", en.Seq, err)}}, nil
	}
	var bad []eventstore.Finding
	for _, e := range policy.Diff(s.Clocks, want) {
		for _, n := range e.(domain.ClockNoter).ClockNotes() {
			bad = append(bad, eventstore.Finding{Seq: en.Seq, What: fmt.Sprintf("entry %d: clock %s should have been %s (due %s)", en.Seq, n.ID, n.Change, n.Due.Format("2006-01-02T15:04:05Z07:00"))})
		}
	}
	return bad, nil
}

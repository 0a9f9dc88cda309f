package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/spf13/cobra"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/domain/policy"
	"incidentledger/eventstore"
	"incidentledger/eventstore/bundle"
	"incidentledger/handlers"
)

// exportVerb writes the evidence bundle of an incident to a file.
func (a *app) exportVerb() *cobra.Command {
	var out, receiver, ground, actor, role string
	var withhold []string
	var at, maxFiles int64
	cmd := &cobra.Command{
		Use: "export KEY -o FILE --role ROLE --receiver TEXT --ground TEXT", Short: "Writes the evidence bundle of an incident, and records that it left the house",
		Args: argsBetween(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if out == "" {
				return usage("-o FILE is required: where does the bundle go?")
			}
			f, err := os.OpenFile(out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
			if err != nil {
				return usage("-o: %v", err)
			}
			err = a.ask(cmd, func(ctx context.Context, c *client) error {
				if at == 0 {
					if at, err = c.prepareExport(ctx, args[0], actor, role, receiver, ground, withhold, maxFiles); err != nil {
						return err
					}
				}
				var raw []byte
				if err := c.fresh(ctx, c.path("incidents", args[0], "bundle"), url.Values{"seq": {fmt.Sprint(at)}}, &raw); err != nil {
					return err
				}
				if _, err := f.Write(raw); err != nil {
					return err
				}
				a.say("Written to %s (%d bytes), as entry %d records. The receiver needs the anchor as well, by another way: incidentledger anchor.", out, len(raw), at)
				return f.Sync()
			})
			if cerr := f.Close(); err == nil {
				err = cerr
			}
			if err != nil {
				os.Remove(out)
			}
			return err
		},
	}
	f := cmd.Flags()
	f.StringVarP(&out, "output", "o", "", "file to write; one that is there is not written over")
	f.StringVar(&receiver, "receiver", "", "who gets it")
	f.StringVar(&ground, "ground", "", "why they may have it")
	f.StringVar(&actor, "actor", "", "id of the person who exports it")
	f.StringVar(&role, "role", "", "role in which it is exported")
	f.StringSliceVar(&withhold, "withhold", nil, "names of fields whose texts are kept back, such as reporter; file keeps back the evidence files as well")
	f.Int64Var(&maxFiles, "max-files", 0, "bytes of evidence files in the bundle, at most (default 256 MiB); what fits no more is kept back")
	f.Int64Var(&at, "seq", 0, "write the bundle again that this entry prepared, instead of preparing one")
	return cmd
}

// prepareExport gives the order, and gives the sequence of its entry.
func (c *client) prepareExport(ctx context.Context, key, actor, role, receiver, ground string, withhold []string, maxFiles int64) (int64, error) {
	env := handlers.Envelope{Actor: handlers.EnvelopeActor{Role: domain.Code(role)}}
	if err := setIDs(&env, "", actor); err != nil {
		return 0, err
	}
	body, err := json.Marshal(map[string]any{"receiver": receiver, "ground": ground, "withhold": withhold, "maxFiles": maxFiles})
	if err != nil {
		return 0, err
	}
	payload, err := withEnvelope(body, env)
	if err != nil {
		return 0, err
	}
	path, err := c.orderPath("incident", key, "PrepareExport")
	if err != nil {
		return 0, err
	}
	var receipt struct {
		Seq int64 `json:"seq"`
	}
	_, err = c.ask(ctx, http.MethodPost, path, nil, payload, &receipt)
	return receipt.Seq, err
}

// anchorVerb prints what a verifier must have from elsewhere: the log's key and
// who must have cosigned its checkpoints, as c2sp.org/tlog-policy has it, and the
// roots of timestamping authorities.
func (a *app) anchorVerb() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use: "anchor", Short: "What a verifier must have from elsewhere: the log's key, its witnesses, and roots of timestamps", Args: argsBetween(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			text, err := a.anchor(cmd.Context())
			if err != nil {
				return err
			}
			if out == "" {
				_, err = a.std.out.Write(text)
				return err
			}
			f, err := os.OpenFile(out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
			if err != nil {
				return usage("-o: %v", err)
			}
			_, err = f.Write(text)
			if cerr := f.Close(); err == nil {
				err = cerr
			}
			return err
		},
	}
	cmd.Flags().StringVarP(&out, "output", "o", "", "file to write instead of printing it")
	return cmd
}

// anchor reads the log's key from the ledger's files, which needs no secret.
func (a *app) anchor(ctx context.Context) ([]byte, error) {
	org, err := a.onlyOrg()
	if err != nil {
		return nil, err
	}
	key, err := a.offlineKey(ctx, org)
	if err != nil {
		return nil, err
	}
	lines := strings.TrimRight(a.conf.Proof[org].inForce(time.Now()), "\n")
	text := fmt.Sprintf("# Anchor of the ledger of %s. Hand it out by another way than bundles.\nlog %s\n%s\n", org, key, lines)
	for _, t := range a.conf.Proof[org].Timestamps {
		roots, err := os.ReadFile(t.Roots)
		if err != nil {
			return nil, usage("roots of %s: %v", t.Name, err)
		}
		text += fmt.Sprintf("\n# Roots of the timestamping authority %s.\n%s", t.Name, bundle.Certificates(roots))
	}
	_, _, err = bundle.ReadAnchors([]byte(text))
	return []byte(text), err
}

// onlyOrg gives the organisation that was named, else the only one there is.
func (a *app) onlyOrg() (domain.OrgID, error) {
	if a.org != "" {
		return domain.OrgID(a.org), nil
	}
	orgs, err := eventstore.Orgs(a.data)
	switch {
	case err != nil:
		return "", err
	case len(orgs) == 0:
		return "", fmt.Errorf("there is no ledger in %s: %w", a.data, domain.ErrNotFound)
	case len(orgs) > 1:
		return "", usage("--org is required: there are %d organisations", len(orgs))
	}
	return orgs[0], nil
}

// offlineKey reads the key of a ledger's log from its first entry.
func (a *app) offlineKey(ctx context.Context, org domain.OrgID) (string, error) {
	o, err := eventstore.OpenOffline(eventstore.Config{Dir: a.data, Kinds: storeKinds()}, org)
	if err != nil {
		return "", err
	}
	for en, err := range o.ReadAll(ctx, 0) {
		if err != nil {
			return "", err
		}
		_, key, err := logOf(en)
		return key, err
	}
	return "", fmt.Errorf("the ledger of %s has no entry: %w", org, domain.ErrNotFound)
}

// verifyBundle checks an evidence bundle, which needs neither data folder nor
// network.
func (a *app) verifyBundle(path string, anchors []string) error {
	texts := make([][]byte, len(anchors))
	for i, name := range anchors {
		var err error
		if texts[i], err = os.ReadFile(name); err != nil {
			return usage("--anchor: %v", err)
		}
	}
	policies, roots, err := bundle.ReadAnchors(texts...)
	if err != nil {
		return usage("--anchor: %v", err)
	}
	b, err := os.ReadFile(path)
	var r *bundle.Result
	if err == nil {
		r, err = bundle.Verify(b, policies, roots, time.Now())
	}
	if err != nil {
		fmt.Fprintf(a.std.err, "incidentledger: verify: %s: %v\n", path, err)
		return &codeError{verifyUnreadable}
	}
	var v verification
	for _, c := range r.Claims {
		v.add(c.Name, c.Verdict, "%s", c.Detail)
	}
	code := v.exit()
	if code != 1 { // clocks mean something in a bundle that holds together
		a.bundleClocks(&v, r)
		code = v.exit()
	}
	if err := a.verdict(&v); err != nil {
		return err
	}
	if code != 0 {
		return &codeError{code}
	}
	return nil
}

// bundleClocks reckons every term in a bundle again, from its own entries and
// policy sets.
func (a *app) bundleClocks(v *verification, r *bundle.Result) {
	bad, clocks, err := reckoned(r)
	if err != nil {
		v.add("clocks", notProven, "the entries cannot be read by this version: %v", err)
		return
	}
	v.found("clocks", bad, "%d clock events follow from the facts and the policy sets", clocks)
}

func reckoned(r *bundle.Result) (bad []eventstore.Finding, clocks int, err error) {
	codec, err := eventstore.NewCodec(storeKinds())
	if err != nil {
		return nil, 0, err
	}
	w := &walker{laws: newLaws(""), incidents: map[domain.Key]*incident.Incident{}}
	for hash, set := range r.Policies {
		if w.laws.sets[hash], err = policy.Parse(set); err != nil {
			return nil, 0, err
		}
	}
	for _, s := range r.Entries {
		en, err := codec.Decode(s.Seq, s.Bytes)
		if err != nil {
			return nil, 0, err
		}
		found, err := w.entry(en)
		if err != nil {
			return nil, 0, err
		}
		bad = append(bad, found...)
	}
	return bad, w.clockEvents, nil
}

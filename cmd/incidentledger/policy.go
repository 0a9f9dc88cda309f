package main

import (
	"context"
	"fmt"
	"net/http"
	"os"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"incidentledger/domain"
	"incidentledger/domain/policy"
	"incidentledger/handlers"
	"incidentledger/handlers/policyfile"
)

// policyVerb is about the organisation's policy sets.
func (a *app) policyVerb() *cobra.Command {
	cmd := &cobra.Command{Use: "policy", Short: "Checks, lists, shows and adopts policy sets", Args: argsBetween(0, 0),
		RunE: func(*cobra.Command, []string) error { return usage("say which: policy adopt, list, show or check") }}
	cmd.AddCommand(a.policyAdopt(), a.policyList(), a.policyShow(), a.policyCheck())
	return cmd
}

// policyCheck judges a file. No ledger is needed.
func (a *app) policyCheck() *cobra.Command {
	return &cobra.Command{
		Use: "check FILE", Short: "Says what is wrong in a policy file, line by line", Args: argsBetween(1, 1),
		RunE: func(_ *cobra.Command, args []string) error {
			set, err := loadPolicy(args[0])
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(a.std.out, "%s %s is sound: %d rules, sha256 %s\n", set.ID, set.Version, len(set.RuleNames()), set.Hash())
			return err
		},
	}
}

// loadPolicy reads a whole set, or a rule file over the shipped set.
func loadPolicy(file string) (*policy.Set, error) {
	src, err := os.ReadFile(file)
	if err != nil {
		return nil, usage("%v", err)
	}
	shipped, err := policyfile.Shipped()
	if err != nil {
		return nil, err
	}
	set, err := policyfile.Overlay(shipped, file, src)
	if err != nil {
		r := domain.Refuse(domain.CodeInvalid, "contract 2", "%v", err)
		r.Field = "file"
		return nil, r
	}
	return set, nil
}

func (a *app) policyList() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "Lists the versions of the policy set, the newest first", Args: argsBetween(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.ask(cmd, func(ctx context.Context, c *client) error {
				var p page
				if err := c.get(ctx, c.path("policies"), nil, &p); err != nil {
					return err
				}
				return a.rows(p.Items, columns("set", "set", "version", "version", "state", "state", "current", "current",
					"valid from", "validFrom", "valid to", "validTo", "adopted by entry", "adopted", "sha256", "policy"))
			})
		},
	}
}

func (a *app) policyShow() *cobra.Command {
	return &cobra.Command{
		Use: "show [HASH|shipped]", Short: "Prints a policy set, or the file of the one that the program ships", Args: argsBetween(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			which := "current"
			if len(args) > 0 {
				which = args[0]
			}
			if which == "shipped" {
				_, err := a.std.out.Write(policyfile.ShippedSource())
				return err
			}
			return a.ask(cmd, func(ctx context.Context, c *client) error {
				var raw []byte
				if err := c.get(ctx, c.path("policies", which), nil, &raw); err != nil {
					return err
				}
				v := jsontext.Value(raw)
				if err := v.Indent(jsontext.WithIndent("  ")); err != nil {
					return err
				}
				_, err := fmt.Fprintf(a.std.out, "%s\n", v)
				return err
			})
		},
	}
}

// policyAdopt proposes a file, or approves or withdraws what was proposed. A
// proposal and its approval are two orders, by two persons.
func (a *app) policyAdopt() *cobra.Command {
	var o struct{ role, actor, by, grounds, approve, withdraw string }
	cmd := &cobra.Command{
		Use: "adopt FILE|--approve HASH|--withdraw HASH", Short: "Proposes a policy set; another person approves it", Args: argsBetween(0, 1),
		Example: `  incidentledger policy adopt our-policy.yaml --role security-officer --actor ID --grounds "New regional agreement"
  incidentledger policy adopt --approve HASH --role board --actor ID --grounds "Decision of 3 November"`,
		RunE: func(cmd *cobra.Command, args []string) error {
			given := len(args)
			for _, s := range []string{o.approve, o.withdraw} {
				if s != "" {
					given++
				}
			}
			if given != 1 {
				return usage("give a file to propose, or --approve or --withdraw with a hash")
			}
			if o.grounds == "" {
				return usage("--grounds is required: why?")
			}
			env := handlers.Envelope{Actor: handlers.EnvelopeActor{Role: domain.Code(o.role)}}
			if err := setIDs(&env, "", o.actor); err != nil {
				return err
			}
			var err error
			if env.By, err = byWhom(o.by); err != nil {
				return err
			}
			return a.ask(cmd, func(ctx context.Context, c *client) error {
				switch {
				case o.approve != "":
					return a.onVersion(ctx, c, o.approve, "ApprovePolicy", "grounds", o.grounds, env)
				case o.withdraw != "":
					return a.onVersion(ctx, c, o.withdraw, "WithdrawPolicy", "reason", o.grounds, env)
				}
				return a.proposePolicy(ctx, c, args[0], o.grounds, env)
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.role, "role", "", "role in which the order is given")
	f.StringVar(&o.actor, "actor", "", "id of the person who gives it")
	f.StringVar(&o.by, "by", "", "on whose word, as with do")
	f.StringVar(&o.grounds, "grounds", "", "why")
	f.StringVar(&o.approve, "approve", "", "SHA-256 of a proposed version that is approved")
	f.StringVar(&o.withdraw, "withdraw", "", "SHA-256 of a version that is withdrawn")
	return cmd
}

// A laid set is one that lies beside the ledger.
type laidSet struct {
	Key     domain.Key  `json:"key"`
	Set     domain.Code `json:"set"`
	Version domain.Code `json:"version"`
	Policy  domain.Hash `json:"policy"`
}

func (a *app) proposePolicy(ctx context.Context, c *client, file, grounds string, env handlers.Envelope) error {
	src, err := os.ReadFile(file)
	if err != nil {
		return usage("%v", err)
	}
	if _, err := policyfile.Load(file, src); err != nil { // said here, with the file's name
		r := domain.Refuse(domain.CodeInvalid, "contract 2", "%v", err)
		r.Field = "file"
		return r
	}
	var raw []byte
	if _, err := c.ask(ctx, http.MethodPost, c.path("policies"), http.Header{"Content-Type": {"application/yaml"}}, src, &raw); err != nil {
		return err
	}
	var laid laidSet
	if err := json.Unmarshal(raw, &laid, json.RejectUnknownMembers(false)); err != nil {
		return err
	}
	return a.policyOrder(ctx, c, laid, "ProposePolicy", map[string]any{
		"set": laid.Set, "version": laid.Version, "policy": laid.Policy, "grounds": grounds}, env)
}

// onVersion gives an order about a version that is listed.
func (a *app) onVersion(ctx context.Context, c *client, hash, command, why, text string, env handlers.Envelope) error {
	var h domain.Hash
	if h.UnmarshalText([]byte(hash)) != nil {
		return usage("%q is not the SHA-256 of a policy set; policy list shows them", hash)
	}
	var raw []byte
	if err := c.get(ctx, c.path("policies", hash), nil, &raw); err != nil {
		return err
	}
	set, err := policy.Parse(raw)
	if err != nil {
		return err
	}
	laid := laidSet{Key: policy.AdoptionKey(domain.OrgID(c.org), set.ID), Set: set.ID, Version: domain.Code(set.Version), Policy: h}
	members := map[string]any{"policy": h, why: text}
	if command == "ApprovePolicy" {
		members["set"], members["version"] = laid.Set, laid.Version
	}
	return a.policyOrder(ctx, c, laid, command, members, env)
}

func (a *app) policyOrder(ctx context.Context, c *client, laid laidSet, command string, members map[string]any, env handlers.Envelope) error {
	body, err := json.Marshal(members, json.Deterministic(true))
	if err != nil {
		return err
	}
	if body, err = withEnvelope(body, env); err != nil {
		return err
	}
	path, err := c.orderPath(string(policy.AdoptionKind), laid.Key.String(), command)
	if err != nil {
		return err
	}
	var raw []byte
	if _, err := c.ask(ctx, http.MethodPost, path, nil, body, &raw); err != nil {
		return err
	}
	return a.json(raw)
}

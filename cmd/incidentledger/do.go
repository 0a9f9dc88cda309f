package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"incidentledger/domain"
	"incidentledger/handlers"
)

// doVerb gives one order.
func (a *app) doVerb() *cobra.Command {
	var o struct {
		kind, key, actor, role, forOrg, by, occurred, precision, happened, id, file, receipt string
		ifSeq                                                                                int64
		dryRun, anonymous                                                                    bool
	}
	cmd := &cobra.Command{
		Use:   "do COMMAND [JSON|@FILE|-]",
		Short: "Gives one order and prints its receipt",
		Example: `  incidentledger do ReportIncident --role help-desk '{"kind":"incident","title":"Mail down","description":"No mail since nine","category":"outage","channel":"phone"}'
  incidentledger do AddLogEntry --key 2026-0001 --role security-officer '{"text":"Called the supplier"}'`,
		Args: argsBetween(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			body, err := a.argument(args)
			if err != nil {
				return err
			}
			if o.file != "" {
				if err := checkFile(body, o.file, o.kind, args[0]); err != nil {
					return err
				}
			}
			env := handlers.Envelope{Actor: handlers.EnvelopeActor{Role: domain.Code(o.role), For: domain.OrgID(o.forOrg), Anonymous: o.anonymous},
				Occurred: o.occurred, Precision: domain.Precision(o.precision), Happened: domain.Text(o.happened), DryRun: o.dryRun}
			if err := setIDs(&env, o.id, o.actor); err != nil {
				return err
			}
			if cmd.Flags().Changed("if-seq") {
				if o.ifSeq < 0 {
					return usage("--if-seq is a sequence, 0 or more")
				}
				seq := domain.Seq(o.ifSeq)
				env.IfSeq = &seq
			}
			if env.By, err = byWhom(o.by); err != nil {
				return err
			}
			payload, err := withEnvelope(body, env)
			if err != nil {
				return err
			}
			c, err := a.connect(cmd.Context())
			if err != nil {
				return err
			}
			defer c.close()
			path, err := c.orderPath(o.kind, o.key, args[0])
			if err != nil {
				return err
			}
			if o.file != "" {
				if payload, err = a.withFile(cmd.Context(), c, payload, o.file, args[0], o.dryRun); err != nil {
					return err
				}
			}
			var raw []byte
			if _, err := c.ask(cmd.Context(), http.MethodPost, path, nil, payload, &raw); err != nil {
				return err
			}
			if o.receipt != "" && !o.dryRun {
				if err := c.keepReceipt(cmd.Context(), raw, o.receipt); err != nil {
					return err
				}
			}
			return a.json(raw)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.kind, "kind", "incident", "kind of aggregate")
	f.StringVar(&o.key, "key", "", "the aggregate: its id, an incident's number such as 2026-0042, or a short code")
	f.StringVar(&o.actor, "actor", "", "id of the person who gives the order")
	f.StringVar(&o.role, "role", "", "role in which it is given")
	f.StringVar(&o.forOrg, "for", "", "organisation acted for (default: the ledger's)")
	f.StringVar(&o.by, "by", "", "on whose word: a person's id, or text, with how it came: phone:the mayor (oral, phone, paper, email)")
	f.StringVar(&o.occurred, "occurred", "", "when it happened, RFC 3339 with offset (default: now)")
	f.StringVar(&o.precision, "precision", "", "second, minute, hour, day or about")
	f.StringVar(&o.happened, "happened", "", "why a fact that breaks a rule is recorded all the same")
	f.StringVar(&o.id, "id", "", "id of the order (UUID); repeating it is harmless")
	f.Int64Var(&o.ifSeq, "if-seq", 0, "only if this is the aggregate's last entry")
	f.BoolVar(&o.anonymous, "anonymous", false, "without any identity: a report, or the answer to a question about one")
	f.StringVar(&o.file, "file", "", "a file that belongs to the order, such as evidence or a receipt: it is taken in, hashed and encrypted; with VerifyEvidence only hashed")
	f.BoolVar(&o.dryRun, "dry-run", false, "decide and tell, write nothing")
	f.StringVar(&o.receipt, "receipt", "", "file for a signed receipt, which shows later that the order was accepted (verify --receipt)")
	return cmd
}

// keepReceipt writes the signed receipt for an accepted order to a file.
func (c *client) keepReceipt(ctx context.Context, answer []byte, path string) error {
	var r struct {
		Seq uint64 `json:"seq"`
	}
	if err := json.Unmarshal(answer, &r); err != nil {
		return err
	}
	var note []byte
	if err := c.get(ctx, c.path("receipts", strconv.FormatUint(r.Seq, 10)), nil, &note); err != nil {
		return err
	}
	return os.WriteFile(path, note, 0o600)
}

// argument reads the command's JSON: from the line, from a file, or from stdin.
func (a *app) argument(args []string) ([]byte, error) {
	if len(args) < 2 {
		return []byte("{}"), nil
	}
	switch arg := args[1]; {
	case arg == "-":
		b, err := io.ReadAll(io.LimitReader(a.std.in, handlers.MaxBody+1))
		if err != nil {
			return nil, fmt.Errorf("read the order: %w", err)
		}
		return b, nil
	case strings.HasPrefix(arg, "@"):
		b, err := os.ReadFile(arg[1:])
		if err != nil {
			return nil, usage("%v", err)
		}
		return b, nil
	default:
		return []byte(arg), nil
	}
}

func setIDs(env *handlers.Envelope, id, actor string) error {
	for _, f := range []struct {
		flag, text string
		to         *uuid.UUID
	}{{"--id", id, &env.ID.UUID}, {"--actor", actor, &env.Actor.ID.UUID}} {
		if f.text == "" {
			continue
		}
		u, err := uuid.Parse(f.text)
		if err != nil {
			return usage("%s is %q; give a UUID", f.flag, f.text)
		}
		*f.to = u
	}
	return nil
}

// byWhom reads --by: how the word came, a colon, and whose it is.
func byWhom(s string) (*domain.By, error) {
	if s == "" {
		return nil, nil
	}
	by := &domain.By{Medium: "oral"}
	if medium, rest, ok := strings.Cut(s, ":"); ok {
		switch medium {
		case "oral", "phone", "paper", "email":
			by.Medium, s = domain.Code(medium), strings.TrimSpace(rest)
		}
	}
	if u, err := uuid.Parse(s); err == nil {
		by.Person = domain.PersonID{UUID: u}
		return by, nil
	}
	if s == "" {
		return nil, usage("--by names nobody")
	}
	by.Text = domain.Text(s)
	return by, nil
}

// withEnvelope puts what an order has besides its command beside the members.
func withEnvelope(body []byte, env handlers.Envelope) ([]byte, error) {
	var members map[string]jsontext.Value
	if err := handlers.DecodeStrict(body, &members); err != nil {
		return nil, err
	}
	if members == nil {
		members = map[string]jsontext.Value{}
	}
	if _, ok := members["order"]; ok {
		return nil, usage("order stands for what the options say; leave it out of the JSON")
	}
	if env.Actor.Anonymous || string(members["anonymous"]) == "true" {
		env.Actor.Anonymous, env.Actor.For = true, ""
		if env.Actor.Role == "" {
			env.Actor.Role = "employee"
		}
	}
	if env.Actor.Role == "" {
		return nil, usage("--role is required: in which role is this order given? `incidentledger codes roles` lists them")
	}
	raw, err := json.Marshal(env)
	if err != nil {
		return nil, err
	}
	members["order"] = raw
	return json.Marshal(members, json.Deterministic(true))
}

// orderPath is where an order of a command goes.
func (c *client) orderPath(kind, key, command string) (string, error) {
	name := domain.Kebab(command)
	switch {
	case kind == "incident" && command == "ReportIncident":
		if key != "" {
			return "", usage("ReportIncident begins an incident; leave --key out")
		}
		return c.path("incidents"), nil
	case kind == "incident":
		if key == "" {
			return "", usage("--key is required: which incident is %s about?", command)
		}
		return c.path("incidents", key, "commands", name), nil
	case key == "":
		return c.path("aggregates", kind, "commands", name), nil
	}
	return c.path("aggregates", kind, key, "commands", name), nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"incidentledger/domain"
	"incidentledger/domain/policy"
	"incidentledger/handlers"
	"incidentledger/handlers/policyfile"
)

// version of the program. The entry format has a version of its own.
const version = "0.1.0"

func (a *app) versionVerb() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Prints the program's version", Args: argsBetween(0, 0),
		RunE: func(*cobra.Command, []string) error {
			v := struct {
				Version string `json:"version"`
				Go      string `json:"go"`
				Commit  string `json:"commit,omitzero"`
			}{Version: version, Go: runtime.Version()}
			if info, ok := debug.ReadBuildInfo(); ok {
				for _, s := range info.Settings {
					if s.Key == "vcs.revision" {
						v.Commit = s.Value
					}
				}
			}
			if a.format == "json" {
				b, err := json.Marshal(v)
				if err != nil {
					return err
				}
				return a.json(b)
			}
			_, err := fmt.Fprintf(a.std.out, "incidentledger %s (%s)\n", v.Version, v.Go)
			return err
		},
	}
}

func (a *app) manVerb() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use: "man", Short: "Writes manual pages into a folder", Args: argsBetween(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := os.MkdirAll(dir, 0o755); err != nil {
				return err
			}
			date := time.Unix(0, 0).UTC()
			return doc.GenManTree(cmd.Root(), &doc.GenManHeader{Title: "INCIDENTLEDGER", Section: "1", Date: &date}, filepath.Clean(dir))
		},
	}
	cmd.Flags().StringVarP(&dir, "output", "o", "man", "folder")
	return cmd
}

func (a *app) commandsVerb() *cobra.Command {
	var kind string
	cmd := &cobra.Command{
		Use: "commands [COMMAND]", Short: "Lists the commands, or one with schema, roles, states and an example", Args: argsBetween(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.askOrShipped(cmd, func(ctx context.Context, c *client) error {
				q := url.Values{}
				if kind != "" {
					q.Set("kind", kind)
				}
				if len(args) == 0 {
					var p page
					if err := c.get(ctx, c.path("commands"), q, &p); err != nil {
						return err
					}
					return a.rows(p.Items, columns("command", "name", "kind", "kind", "about", "about"))
				}
				var raw []byte
				if err := c.get(ctx, c.path("commands", args[0]), q, &raw); err != nil {
					return err
				}
				if a.format != "json" { // a schema is JSON for people, too
					v := jsontext.Value(raw)
					if err := v.Indent(jsontext.WithIndent("  ")); err != nil {
						return err
					}
					_, err := fmt.Fprintf(a.std.out, "%s\n", v)
					return err
				}
				return a.json(raw)
			})
		},
	}
	cmd.Flags().StringVar(&kind, "kind", "", "kind of aggregate")
	return cmd
}

func (a *app) codesVerb() *cobra.Command {
	return &cobra.Command{
		Use: "codes [LIST]", Short: "Prints the code lists of the adopted policy set, or one of them", Args: argsBetween(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.askOrShipped(cmd, func(ctx context.Context, c *client) error {
				if len(args) == 0 {
					var p page
					if err := c.get(ctx, c.path("codes"), nil, &p); err != nil {
						return err
					}
					return a.rows(p.Items, columns("list", "list", "codes", "codes"))
				}
				var raw []byte
				if err := c.get(ctx, c.path("codes", args[0]), nil, &raw); err != nil {
					return err
				}
				if a.format == "json" {
					return a.json(raw)
				}
				return a.lines(raw, "codes")
			})
		},
	}
}

// dueVerb is pure arithmetic: no ledger is needed.
func (a *app) dueVerb() *cobra.Command {
	var rule, anchor, zone, file string
	var explain bool
	cmd := &cobra.Command{
		Use: "due --rule RULE --anchor T", Short: "Prints when something is due under a rule", Args: argsBetween(0, 0),
		RunE: func(*cobra.Command, []string) error {
			if rule == "" || anchor == "" {
				return usage("--rule and --anchor are required")
			}
			at, err := handlers.ParseInstant("--anchor", anchor)
			if err != nil {
				return err
			}
			set, err := policyfile.Shipped()
			if err != nil {
				return err
			}
			if file != "" {
				src, err := os.ReadFile(file)
				if err != nil {
					return usage("%v", err)
				}
				if set, err = policyfile.Overlay(set, file, src); err != nil {
					return usage("%v", err)
				}
			}
			due, ok, lines, err := policy.DueOf(set, domain.Code(rule), at, zone)
			if errors.Is(err, domain.ErrNotFound) {
				return err
			}
			if err != nil {
				return usage("%v", err)
			}
			return a.due(due, ok, lines, explain)
		},
	}
	f := cmd.Flags()
	f.StringVar(&rule, "rule", "", "rule of the shipped policy set, such as gdpr-33")
	f.StringVar(&anchor, "anchor", "", "the instant the term runs from, RFC 3339 with offset")
	f.StringVar(&zone, "zone", "", "IANA time zone (default: the rule's)")
	f.StringVar(&file, "policy", "", "a rule file (YAML) that adds or replaces rules")
	f.BoolVar(&explain, "explain", false, "say how it was reckoned")
	return cmd
}

func (a *app) due(due time.Time, ok bool, lines []string, explain bool) error {
	text := "-"
	if ok {
		text = due.Format(time.RFC3339Nano)
	}
	if a.format == "json" {
		if !explain {
			lines = nil
		}
		b, err := json.Marshal(struct {
			Due     string   `json:"due"`
			Explain []string `json:"explain,omitempty"`
		}{strings.TrimSuffix(text, "-"), lines})
		if err != nil {
			return err
		}
		return a.json(b)
	}
	if _, err := fmt.Fprintln(a.std.out, text); err != nil || !explain {
		return err
	}
	_, err := fmt.Fprintln(a.std.out, strings.Join(lines, "\n"))
	return err
}

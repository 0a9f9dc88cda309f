package main

import (
	"context"
	"maps"
	"net/url"
	"os"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"
)

// evaluateVerb prints the evaluation report of an incident, or writes it.
func (a *app) evaluateVerb() *cobra.Command {
	var as, out string
	cmd := &cobra.Command{
		Use: "evaluate KEY", Short: "The evaluation report of an incident, from the ledger alone", Args: argsBetween(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.document(cmd, as, out, nil, "incidents", args[0], "evaluation")
		},
	}
	documentFlags(cmd, &as, &out)
	return cmd
}

// formVerb prints a form filled in from the ledger, or writes it.
func (a *app) formVerb() *cobra.Command {
	var as, out, regime, stage string
	cmd := &cobra.Command{
		Use: "form KEY registration|logbook|AUTHORITY", Short: "A form of the house or of an authority, filled in from the ledger", Args: argsBetween(2, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			query := url.Values{}
			if regime != "" {
				query.Set("regime", regime)
			}
			if stage != "" {
				query.Set("stage", stage)
			}
			return a.document(cmd, as, out, query, "incidents", args[0], "forms", args[1])
		},
	}
	documentFlags(cmd, &as, &out)
	cmd.Flags().StringVar(&regime, "regime", "", "of an authority's form, such as gdpr (default: what is owed first)")
	cmd.Flags().StringVar(&stage, "stage", "", "of an authority's form, such as initial")
	return cmd
}

// reportVerb prints the report on a period for one audience, or writes it.
func (a *app) reportVerb() *cobra.Command {
	var as, out, period, audience string
	cmd := &cobra.Command{
		Use: "report", Short: "The report on a period, for the council, the college, the management or the controller", Args: argsBetween(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			query := url.Values{"for": {audience}}
			if period != "" {
				query.Set("period", period)
			}
			return a.document(cmd, as, out, query, "report")
		},
	}
	documentFlags(cmd, &as, &out)
	cmd.Flags().StringVar(&period, "period", "", "2026, 2026-Q4, 2026-11 or 2026-11-01/2026-11-15 (default: the one that is due to the audience)")
	cmd.Flags().StringVar(&audience, "for", "management", "council, college, management or controller")
	return cmd
}

// figuresVerb prints how a period went.
func (a *app) figuresVerb() *cobra.Command {
	var period string
	cmd := &cobra.Command{
		Use: "figures", Short: "Counts, times and terms of a period, by priority, category, supplier, department and severity", Args: argsBetween(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.ask(cmd, func(ctx context.Context, c *client) error {
				query := url.Values{}
				if period != "" {
					query.Set("period", period)
				}
				var raw []byte
				if err := c.fresh(ctx, c.path("figures"), query, &raw); err != nil {
					return err
				}
				if a.format == "json" {
					return a.json(raw)
				}
				var f struct {
					All    jsontext.Value   `json:"all"`
					Groups []jsontext.Value `json:"groups"`
				}
				if err := json.Unmarshal(raw, &f); err != nil {
					return err
				}
				return a.rows(append([]jsontext.Value{f.All}, f.Groups...), columns("by", "by", "of", "of", "incidents", "incidents", "open", "open",
					"met", "met", "missed", "missed", "detect", "detect.medianSeconds", "react", "react.medianSeconds",
					"notify", "notify.medianSeconds", "restore", "restore.medianSeconds", "restore p90", "restore.p90Seconds",
					"author", "author", "role", "authorRole", "occurred", "occurred", "recorded", "recorded"))
			})
		},
	}
	cmd.Flags().StringVar(&period, "period", "", "2026, 2026-Q4, 2026-11 or 2026-11-01/2026-11-15 (default: this month)")
	return cmd
}

func documentFlags(cmd *cobra.Command, as, out *string) {
	cmd.Flags().StringVar(as, "as", "", "html, pdf or json (default html; json with --format json)")
	cmd.Flags().StringVarP(out, "output", "o", "", "write it to this file instead of printing it")
}

// document asks for a document and prints or writes it. It never writes over a
// file.
func (a *app) document(cmd *cobra.Command, as, out string, asked url.Values, path ...string) error {
	switch {
	case as == "" && a.format == "json":
		as = "json"
	case as == "":
		as = "html"
	case as != "html" && as != "pdf" && as != "json":
		return usage("--as is %q; choose html, pdf or json", as)
	}
	if as == "pdf" && out == "" {
		return usage("a PDF is not for the terminal; say with -o FILE where it goes")
	}
	return a.ask(cmd, func(ctx context.Context, c *client) error {
		var raw []byte
		query := url.Values{"as": {as}}
		maps.Copy(query, asked)
		if as != "json" {
			query.Set("lang", "nl")
			if cmd.Flags().Changed("lang") {
				query.Set("lang", a.lang)
			}
		}
		if err := c.fresh(ctx, c.path(path...), query, &raw); err != nil {
			return err
		}
		if out == "" {
			if as == "json" {
				return a.json(raw)
			}
			_, err := a.std.out.Write(raw)
			return err
		}
		f, err := os.OpenFile(out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return usage("-o: %v", err)
		}
		_, err = f.Write(raw)
		if cerr := f.Close(); err == nil {
			err = cerr
		}
		if err == nil {
			a.say("Written to %s (%d bytes). It holds opened words: keep it as confidential as the incident.", out, len(raw))
		}
		return err
	})
}

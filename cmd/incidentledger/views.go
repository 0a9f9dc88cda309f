package main

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"incidentledger/domain"
)

// page is a list as the API answers it.
type page struct {
	Items []jsontext.Value `json:"items"`
	Next  string           `json:"next"`
	Total *int             `json:"total"`
}

// maxPage is how many items the API gives at once.
const maxPage = 1000

// list asks for all pages of a list.
func (c *client) list(ctx context.Context, path string, q url.Values) ([]jsontext.Value, error) {
	items, _, err := c.listTo(ctx, path, q, 0)
	return items, err
}

// listTo asks for the pages of a list, up to limit items; 0: all. left says how
// the list ends where there is more of it; empty: this is all.
func (c *client) listTo(ctx context.Context, path string, q url.Values, limit int) (out []jsontext.Value, left string, err error) {
	q = maps.Clone(q)
	for {
		if limit > 0 {
			q.Set("limit", strconv.Itoa(min(limit-len(out), maxPage)))
		} else {
			q.Set("limit", strconv.Itoa(maxPage))
		}
		var p page
		if err := c.fresh(ctx, path, q, &p); err != nil {
			return nil, "", err
		}
		out = append(out, p.Items...)
		switch {
		case p.Next == "":
			return out, "", nil
		case limit == 0 || len(out) < limit:
			q.Set("cursor", p.Next)
		case p.Total != nil:
			return out, fmt.Sprintf("%d of %d; more with a higher --limit, all without it", len(out), *p.Total), nil
		default:
			return out, fmt.Sprintf("%d, and more follow; all without --limit", len(out)), nil
		}
	}
}

// ask runs f with a client and closes it.
func (a *app) ask(cmd *cobra.Command, f func(ctx context.Context, c *client) error) error {
	c, err := a.connect(cmd.Context())
	if err != nil {
		return err
	}
	defer c.close()
	return f(cmd.Context(), c)
}

// listVerb is a verb that prints a list; where its use names a KEY, of one
// incident. flags maps options to query keys.
func (a *app) listVerb(use, short, path string, cols []column, flags ...string) *cobra.Command {
	var limit int
	values := make([]string, len(flags))
	cmd := &cobra.Command{
		Use: use, Short: short, Args: argsBetween(0, strings.Count(use, "[KEY]")),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.ask(cmd, func(ctx context.Context, c *client) error {
				q := url.Values{}
				for i, f := range flags {
					if values[i] != "" {
						q.Set(f, values[i])
					}
				}
				if len(args) > 0 {
					q.Set("key", args[0])
				}
				return a.list(ctx, c, c.path(path), q, limit, cols)
			})
		},
	}
	for i, f := range flags {
		cmd.Flags().StringVar(&values[i], domain.Kebab(f), "", "see the API's "+f)
	}
	limitFlag(cmd, &limit)
	return cmd
}

func limitFlag(cmd *cobra.Command, limit *int) {
	cmd.Flags().IntVar(limit, "limit", 0, "at most so many; without it all")
}

// list prints a list up to limit items, and says so where there are more.
func (a *app) list(ctx context.Context, c *client, path string, q url.Values, limit int, cols []column) error {
	if limit < 0 {
		return usage("--limit is %d; give a number from 1, or leave it out for all", limit)
	}
	items, left, err := c.listTo(ctx, path, q, limit)
	if err != nil {
		return err
	}
	if err := a.rows(items, cols); err != nil || left == "" || a.quiet {
		return err
	}
	_, err = fmt.Fprintln(a.std.err, left)
	return err
}

func (a *app) registerVerb() *cobra.Command {
	return a.listVerb("register", "Lists incidents", "incidents", columns(
		"number", "number", "state", "state", "priority", "priority", "category", "category", "kind", "kind",
		"recorded", "recorded", "next due", "nextDue", "overdue", "overdue", "key", "key"),
		"q", "state", "priority", "category", "kind", "track", "owner", "since", "until", "exercises", "sort", "order", "open", "overdue", "leak")
}

func (a *app) deadlinesVerb() *cobra.Command {
	return a.listVerb("deadlines", "Lists running terms, next due first", "deadlines", columns(
		"due", "due", "state", "state", "number", "number", "exercise", "exercise", "clock", "id", "provisional", "provisional", "statutory", "statutory", "priority", "priority", "key", "key"),
		"within", "at", "recipient", "statutory", "exercises")
}

func (a *app) worklistVerb() *cobra.Command {
	return a.listVerb("worklist [KEY]", "Lists what is to be done now, what is due first before the rest; with a key, of one incident", "worklist", columns(
		"due", "due", "late", "late", "number", "number", "exercise", "exercise", "priority", "priority", "step", "step", "what", "what", "command", "command",
		"requirement", "requirement", "roles", "roles", "person", "person", "key", "key",
		"by", "author", "role", "authorRole", "occurred", "occurred", "recorded", "recorded"),
		"role", "person", "overdue", "exercises")
}

func (a *app) auditVerb() *cobra.Command {
	return a.listVerb("audit", "Lists who did what, newest first", "audit", columns(
		"seq", "seq", "occurred", "occurred", "recorded", "recorded", "actor", "actor", "role", "role", "for", "for",
		"command", "command", "kind", "kind", "key", "key"),
		"actor", "key", "kind", "for", "command", "since", "until")
}

func (a *app) showVerb() *cobra.Command {
	return &cobra.Command{
		Use: "show KEY", Short: "Shows one incident", Args: argsBetween(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.ask(cmd, func(ctx context.Context, c *client) error {
				var raw []byte
				if err := c.fresh(ctx, c.path("incidents", args[0]), nil, &raw); err != nil {
					return err
				}
				return a.incident(raw)
			})
		},
	}
}

func (a *app) logbookVerb() *cobra.Command {
	var sort string
	cmd := &cobra.Command{
		Use: "logbook KEY", Short: "Prints an incident's logbook", Args: argsBetween(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.ask(cmd, func(ctx context.Context, c *client) error {
				items, err := c.list(ctx, c.path("incidents", args[0], "logbook"), url.Values{"sort": {sort}})
				if err != nil {
					return err
				}
				return a.logbook(items)
			})
		},
	}
	cmd.Flags().StringVar(&sort, "sort", "occurred", "occurred or recorded")
	return cmd
}

var logbookColumns = columns("seq", "seq", "occurred", "occurred", "precision", "precision", "recorded", "recorded", "late", "late",
	"role", "actor.role", "for", "actor.for", "by", "by", "command", "command", "what", "what", "corrects", "corrects", "corrected by", "correctedBy", "events", "events")

// logbook prints the lines of a logbook. For people each line has a column more:
// what somebody wrote.
func (a *app) logbook(items []jsontext.Value) error {
	if a.format == "json" {
		return a.rows(items, logbookColumns)
	}
	for i, it := range items {
		var m map[string]any
		if err := json.Unmarshal(it, &m); err != nil {
			return err
		}
		m["what"] = written(m)
		b, err := json.Marshal(m)
		if err != nil {
			return err
		}
		items[i] = b
	}
	return a.rows(items, logbookColumns)
}

// written gives the first words of an entry: a title, a text, a reason.
func written(line map[string]any) string {
	events, _ := line["events"].([]any)
	for _, e := range events {
		for _, name := range []string{"title", "text", "reason", "grounds", "ground", "resolution", "cause", "basis", "content"} {
			if s := cell(dig(e, "fields."+name)); s != "" {
				return s
			}
		}
	}
	return ""
}

func (a *app) explainVerb() *cobra.Command {
	return &cobra.Command{
		Use: "explain KEY CLOCK", Short: "Explains one clock of an incident, line by line", Args: argsBetween(2, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.ask(cmd, func(ctx context.Context, c *client) error {
				var raw []byte
				if err := c.fresh(ctx, c.path("incidents", args[0], "explanation"), url.Values{"clock": {args[1]}}, &raw); err != nil {
					return err
				}
				if a.format == "json" {
					return a.json(raw)
				}
				return a.lines(raw, "lines")
			})
		},
	}
}

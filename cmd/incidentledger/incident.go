package main

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"
)

// lines prints a member that is a list of strings, one a line.
func (a *app) lines(raw []byte, member string) error {
	var m map[string]any
	if err := json.Unmarshal(raw, &m); err != nil {
		return err
	}
	list, _ := dig(m, member).([]any)
	for _, l := range list {
		if _, err := fmt.Fprintln(a.std.out, clean(cell(l))); err != nil {
			return err
		}
	}
	return nil
}

// incident prints one incident for people, or as it is.
func (a *app) incident(raw []byte) error {
	if a.format == "json" {
		return a.json(raw)
	}
	var m map[string]any
	if err := json.Unmarshal(raw, &m); err != nil {
		return err
	}
	// What to do first stands first (BCM-01).
	if found, err := a.part(m, "playbooks", columns("playbook", "code", "version", "version", "title", "title")); err != nil {
		return err
	} else if found {
		fmt.Fprintln(a.std.out)
	}
	for _, c := range columns("number", "number", "key", "key", "state", "state", "title", "report.title", "description", "report.description",
		"kind", "report.kind", "category", "report.category", "channel", "report.channel", "discovered", "report.discovered", "reported", "report.reported",
		"recorded", "recorded", "registered", "registered", "priority", "priority.value", "severity", "standing.severity",
		"major", "standing.major", "critical", "standing.critical", "tlp", "standing.tlp", "data leak", "concerned.leak.suspected", "significant", "concerned.significant",
		"evidence needed", "progress.evidence.needed", "integrity", "progress.integrity", "evaluation", "progress.evaluation.state", "owner", "owner", "routed to", "routedTo",
		"waiting for", "waitingFor", "acknowledged", "acknowledged", "resolved", "resolved", "closed", "closed", "recipients", "recipients",
		"deviations", "deviations", "last entry", "seq") {
		if s := cell(dig(m, c.member)); s != "" && s != "0" && s != "no" {
			fmt.Fprintf(a.std.out, "%-15s %s\n", c.title, clean(s))
		}
	}
	fmt.Fprintln(a.std.out)
	if found, err := a.part(m, "steps", columns("step", "n", "name", "name", "state", "state", "owner", "owner", "next", "next", "what", "what", "due", "due")); err != nil {
		return err
	} else if found {
		fmt.Fprintln(a.std.out)
	}
	_, err := a.part(m, "clocks", columns("clock", "id", "state", "state", "due", "due", "met", "met", "provisional", "provisional", "statutory", "statutory"))
	return err
}

// part prints a list within an answer as a table, where there is anything in it.
func (a *app) part(m map[string]any, name string, cols []column) (found bool, err error) {
	list, _ := m[name].([]any)
	if len(list) == 0 {
		return false, nil
	}
	items := make([]jsontext.Value, len(list))
	for i, it := range list {
		b, err := json.Marshal(it)
		if err != nil {
			return true, err
		}
		items[i] = b
	}
	return true, a.rows(items, cols)
}

// replayVerb shows an incident as it was known then, or as it would stand under
// another policy. It writes nothing.
func (a *app) replayVerb() *cobra.Command {
	var at, axis, policy string
	var seq uint64
	var step, all bool
	cmd := &cobra.Command{
		Use: "replay KEY", Short: "Shows an incident as it was known then; with --policy what if, also of all incidents", Args: argsBetween(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case all && (policy == "" || len(args) > 0):
				return usage("--all goes with --policy, and without KEY")
			case !all && len(args) == 0:
				return usage("say which incident: KEY is missing; or give --all and --policy")
			}
			if at != "" && cmd.Flags().Changed("seq") {
				return usage("give --at or --seq, not both")
			}
			q := url.Values{}
			if at != "" {
				q.Set("at", at)
			}
			if seq > 0 {
				q.Set("seq", fmt.Sprint(seq))
			}
			return a.ask(cmd, func(ctx context.Context, c *client) error {
				if all {
					return a.whatIfAll(ctx, c, q, policy)
				}
				if policy != "" {
					return a.whatIf(ctx, c, args[0], q, policy)
				}
				q.Set("axis", axis)
				var raw []byte
				if err := c.fresh(ctx, c.path("incidents", args[0], "timeline"), q, &raw); err != nil {
					return err
				}
				return a.timeline(raw, step)
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&at, "at", "", "the instant, RFC 3339 with offset")
	f.Uint64Var(&seq, "seq", 0, "up to this entry")
	f.StringVar(&axis, "axis", "recorded", "occurred (as it happened) or recorded (as it was known)")
	f.StringVar(&policy, "policy", "", "a rule file (YAML): what if these rules held? Writes and sends nothing")
	f.BoolVar(&all, "all", false, "with --policy: every incident, and the terms that would stand otherwise")
	f.BoolVar(&step, "step", false, "entry by entry, waiting for Enter")
	return cmd
}

func (a *app) timeline(raw []byte, step bool) error {
	if a.format == "json" {
		return a.json(raw)
	}
	var t struct {
		Incident jsontext.Value   `json:"incident"`
		Entries  []jsontext.Value `json:"entries"`
	}
	if err := json.Unmarshal(raw, &t); err != nil {
		return err
	}
	if step {
		for _, en := range t.Entries {
			if err := a.logbook([]jsontext.Value{en}); err != nil {
				return err
			}
			var line [1]byte
			for line[0] != '\n' {
				if _, err := a.std.in.Read(line[:]); err != nil {
					return nil // nobody presses Enter any more
				}
			}
		}
		return nil
	}
	if err := a.logbook(t.Entries); err != nil {
		return err
	}
	fmt.Fprintln(a.std.out)
	if len(t.Incident) == 0 || strings.TrimSpace(string(t.Incident)) == "null" {
		fmt.Fprintln(a.std.out, "Then it had not been reported yet.")
		return nil
	}
	return a.incident(t.Incident)
}

package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// supposed is what other rules would make of one incident's terms.
type supposed struct {
	Note    string           `json:"note"`
	Clocks  []jsontext.Value `json:"clocks"`
	Changes []jsontext.Value `json:"changes"`
}

// suppose asks what the rules would make of an incident's terms. It writes
// nothing; raw is the answer as it came.
func (c *client) suppose(ctx context.Context, key string, q url.Values, rules []byte) (s supposed, raw []byte, err error) {
	path := c.path("incidents", key, "what-if")
	if len(q) > 0 {
		path += "?" + q.Encode()
	}
	if _, err = c.ask(ctx, http.MethodPost, path, http.Header{"Content-Type": {"application/yaml"}}, rules, &raw); err != nil {
		return s, nil, err
	}
	return s, raw, json.Unmarshal(raw, &s)
}

// whatIf prints one incident's terms as they would stand under other rules.
func (a *app) whatIf(ctx context.Context, c *client, key string, q url.Values, file string) error {
	rules, err := os.ReadFile(file)
	if err != nil {
		return usage("%v", err)
	}
	w, raw, err := c.suppose(ctx, key, q, rules)
	if err != nil {
		return err
	}
	if a.format == "json" {
		return a.json(raw)
	}
	if a.format == "table" {
		fmt.Fprintln(a.std.out, w.Note)
	}
	if err := a.rows(w.Clocks, columns("clock", "id", "state", "state", "due", "due", "provisional", "provisional")); err != nil {
		return err
	}
	fmt.Fprintln(a.std.out)
	return a.rows(w.Changes, columns("change", "change", "clock", "clock", "was", "was", "would be", "due"))
}

// whatIfAll prints, of every incident, the terms that would stand otherwise
// under other rules. Incidents that are reported meanwhile may be left out.
func (a *app) whatIfAll(ctx context.Context, c *client, q url.Values, file string) error {
	rules, err := os.ReadFile(file)
	if err != nil {
		return usage("%v", err)
	}
	incidents, err := c.list(ctx, c.path("incidents"), url.Values{})
	if err != nil {
		return err
	}
	var rows []jsontext.Value
	terms, touched := 0, 0
	for _, raw := range incidents {
		var in struct {
			Key    string `json:"key"`
			Number string `json:"number"`
		}
		if err := json.Unmarshal(raw, &in); err != nil {
			return err
		}
		w, _, err := c.suppose(ctx, in.Key, q, rules)
		if err != nil {
			return fmt.Errorf("incident %s: %w", in.Number, err)
		}
		terms += len(w.Clocks)
		if len(w.Changes) > 0 {
			touched++
		}
		for _, change := range w.Changes {
			m := map[string]any{}
			if err := json.Unmarshal(change, &m); err != nil {
				return err
			}
			m["key"], m["number"] = in.Key, in.Number
			row, err := json.Marshal(m, json.Deterministic(true))
			if err != nil {
				return err
			}
			rows = append(rows, row)
		}
	}
	if a.format == "table" {
		fmt.Fprintf(a.std.out, "WHAT-IF: %d incidents and %d terms reckoned under these rules; %d incidents would stand otherwise; nothing was written and nothing was sent\n",
			len(incidents), terms, touched)
	}
	return a.rows(rows, columns("incident", "number", "change", "change", "clock", "clock", "was", "was", "would be", "due"))
}

package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"incidentledger/domain"
	"incidentledger/eventstore"
)

// rebuildVerb builds views anew beside the live ones, or compares.
func (a *app) rebuildVerb() *cobra.Command {
	var check bool
	cmd := &cobra.Command{
		Use: "rebuild [VIEW…]", Short: "Rebuilds views beside the live ones; --check compares digests and changes nothing",
		RunE: func(cmd *cobra.Command, views []string) error {
			return a.ask(cmd, func(ctx context.Context, c *client) error {
				if len(views) == 0 {
					var p page
					if err := c.fresh(ctx, c.path("views"), nil, &p); err != nil {
						return err
					}
					for _, it := range p.Items {
						var v struct {
							View string `json:"view"`
						}
						if err := json.Unmarshal(it, &v); err != nil {
							return err
						}
						views = append(views, v.View)
					}
				}
				differs := false
				var rows []jsontext.Value
				for _, v := range views {
					row, equal, err := a.rebuild(ctx, c, v, check)
					if err != nil {
						return err
					}
					differs = differs || !equal
					rows = append(rows, row)
				}
				cols := columns("view", "view", "entries", "seq", "digest", "live.digest")
				if check {
					cols = columns("view", "view", "entries", "seq", "live digest", "live.digest", "rebuilt digest", "rebuilt.digest", "equal", "equal")
				}
				if err := a.rows(rows, cols); err != nil {
					return err
				}
				if differs {
					return &codeError{exitRefused}
				}
				return nil
			})
		},
	}
	cmd.Flags().BoolVar(&check, "check", false, "compare digests, change nothing")
	return cmd
}

// rebuild asks for one rebuild and follows its progress, which comes line by line.
func (a *app) rebuild(ctx context.Context, c *client, view string, check bool) (jsontext.Value, bool, error) {
	path := c.path("views", view, "rebuild")
	if check {
		path += "?check=true"
	}
	res, err := c.send(ctx, http.MethodPost, path, nil, nil)
	if err != nil {
		return nil, false, err
	}
	defer res.Body.Close()
	if res.StatusCode >= 300 {
		b, err := io.ReadAll(res.Body)
		if err != nil {
			return nil, false, err
		}
		return nil, false, problemError(res.StatusCode, b)
	}
	bar := a.bar("rebuild " + view)
	defer bar.done()
	sc := bufio.NewScanner(res.Body)
	sc.Buffer(nil, 1<<20)
	var last struct {
		Seq     int64          `json:"seq"`
		Of      int64          `json:"of"`
		Done    bool           `json:"done"`
		Equal   *bool          `json:"equal"`
		Problem jsontext.Value `json:"problem"`
	}
	var line []byte
	for sc.Scan() {
		line = append(line[:0], sc.Bytes()...)
		last.Problem = nil
		if err := json.Unmarshal(line, &last); err != nil {
			return nil, false, err
		}
		if last.Problem != nil {
			return nil, false, problemError(http.StatusInternalServerError, last.Problem)
		}
		bar.at(last.Seq, last.Of)
	}
	if err := sc.Err(); err != nil {
		return nil, false, err
	}
	if !last.Done {
		return nil, false, fmt.Errorf("the rebuild of %s did not end", view)
	}
	return line, last.Equal == nil || *last.Equal, nil
}

// digestVerb prints the digest of every view.
func (a *app) digestVerb() *cobra.Command {
	return &cobra.Command{
		Use: "digest", Short: "Prints the digest of every view", Args: argsBetween(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.ask(cmd, func(ctx context.Context, c *client) error {
				var p page
				if err := c.fresh(ctx, c.path("views"), nil, &p); err != nil {
					return err
				}
				var rows []jsontext.Value
				for _, it := range p.Items {
					var v struct {
						View string `json:"view"`
					}
					if err := json.Unmarshal(it, &v); err != nil {
						return err
					}
					var raw []byte
					if err := c.fresh(ctx, c.path("views", v.View, "digest"), nil, &raw); err != nil {
						return err
					}
					rows = append(rows, raw)
				}
				return a.rows(rows, columns("view", "view", "shape", "shape", "seq", "seq", "digest", "digest"))
			})
		},
	}
}

// restoreVerb rebuilds a lost or damaged stream, and journal, from what is intact.
func (a *app) restoreVerb() *cobra.Command {
	return &cobra.Command{
		Use: "restore-log", Short: "Rebuilds a lost or damaged stream from the journal", Args: argsBetween(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if a.org == "" {
				return usage("--org is required")
			}
			bar := a.bar("restore " + a.org)
			r, err := eventstore.RestoreLog(cmd.Context(), eventstore.Config{Dir: a.data, Kinds: storeKinds(), Log: a.logger(), Sealed: a.sealed}, domain.OrgID(a.org),
				func(done, of domain.Seq) { bar.at(int64(done), int64(of)) })
			bar.done()
			if err != nil {
				return err
			}
			b, err := json.Marshal(r)
			if err != nil {
				return err
			}
			if err := a.object(b, columns("entries", "last", "from the journal", "fromJournal", "from the stream", "fromStream", "lost", "lost", "what was there before", "aside")); err != nil {
				return err
			}
			if len(r.Lost) > 0 {
				a.say("Of %d entries no copy is left; a marker stands in the place of each, and verify says NOT PROVEN there.", len(r.Lost))
			}
			return nil
		},
	}
}

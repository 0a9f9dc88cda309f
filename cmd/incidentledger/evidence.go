package main

import (
	"context"
	"net/http"

	"github.com/spf13/cobra"
)

// evidenceVerb lists evidence; it also gives out an item's file, and looks after
// files that no order names.
func (a *app) evidenceVerb() *cobra.Command {
	cmd := a.listVerb("evidence [KEY]", "Lists evidence with its chain of custody, what is kept first; of one incident with what it is", "evidence", columns(
		"number", "number", "exercise", "exercise", "evidence", "evidence", "form", "form", "item", "item", "place", "place", "sha256", "sha256", "purpose", "purpose", "holder", "holder",
		"holder role", "holderRole", "offered", "offered", "verified", "verified", "released", "released", "stored", "stored", "chain", "chain",
		"by", "author", "role", "authorRole", "occurred", "occurred", "recorded", "recorded"),
		"kept", "holder", "since", "until", "exercises")
	var get, out, discard string
	var loose bool
	f := cmd.Flags()
	f.StringVar(&get, "get", "", "write the file of this item of evidence to -o, hashed anew on the way")
	f.StringVarP(&out, "output", "o", "", "with --get: file to write; one that is there is not written over")
	f.BoolVar(&loose, "unnamed", false, "list files that were taken in and that no order names")
	f.StringVar(&discard, "discard", "", "remove a file that no order names, by its name in that list, a day after it came at the earliest")
	list := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 && (get != "" || loose || discard != "") {
			return usage("--get, --unnamed and --discard take no KEY")
		}
		switch {
		case get != "" && out == "":
			return usage("--get needs -o FILE: where does it go?")
		case get != "":
			return a.ask(cmd, func(ctx context.Context, c *client) error { return a.download(ctx, c, get, out) })
		case loose:
			return a.ask(cmd, func(ctx context.Context, c *client) error {
				var all page
				if err := c.fresh(ctx, c.path("files", "unnamed"), nil, &all); err != nil {
					return err
				}
				return a.rows(all.Items, columns("name", "name", "size", "size", "since", "since", "whole", "whole"))
			})
		case discard != "":
			return a.ask(cmd, func(ctx context.Context, c *client) error {
				_, err := c.ask(ctx, http.MethodPost, c.path("files", "unnamed", discard, "removal"), nil, nil, nil)
				return err
			})
		}
		return list(cmd, args)
	}
	return cmd
}

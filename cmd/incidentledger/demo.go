package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"incidentledger/handlers/intake/sample"
)

// demoVerb plays the sample case into a fresh temporary data folder and serves
// it. It never touches a real one.
func (a *app) demoVerb() *cobra.Command {
	var listen string
	var once bool
	cmd := &cobra.Command{
		Use: "demo", Short: "Plays the sample case into a temporary data folder and serves it", Args: argsBetween(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			dir, err := os.MkdirTemp("", "incidentledger-demo-")
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
			a.data, a.master = filepath.Join(dir, "data"), filepath.Join(dir, "master-key")
			ctx, stop := context.WithCancel(cmd.Context())
			defer stop()
			play := func(h *house) error { return a.playSample(ctx, h) }
			return a.serve(ctx, first(listen, a.conf.Listen, defaultListen), play, func(url string) {
				if once {
					stop()
					return
				}
				a.say("\nDEMONSTRATION: everything here is invented and vanishes with this process.\n"+
					"Look at %s, or from another terminal:\n\n"+
					"  incidentledger --data %s --master-key %s --org demo register\n"+
					"  incidentledger --data %s --master-key %s --org demo deadlines\n\nCtrl-C ends it.", url, a.data, a.master, a.data, a.master)
			})
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "", "address on loopback (default "+defaultListen+")")
	cmd.Flags().BoolVar(&once, "once", false, "play, print and end")
	return cmd
}

// playSample founds the ledgers of the demonstration's two organisations and
// tells the cases step by step.
func (a *app) playSample(ctx context.Context, h *house) error {
	desks := map[string]sample.Desk{}
	var o *office
	for name, f := range map[string]founding{
		"":          {Org: "demo", Name: "Gemeente Voorbeeld", Country: "NL", Zone: "Europe/Amsterdam"},
		"neighbour": {Org: "demo-neighbour", Name: "Gemeente Buurvoorbeeld", Country: "NL", Zone: "Europe/Amsterdam"},
	} {
		if err := h.found(ctx, f); err != nil {
			return err
		}
		var err error
		if o, err = h.office(f.Org); err != nil {
			return err
		}
		desks[name] = o.desk
	}
	step := 0
	_, err := sample.Play(ctx, desks, time.Now().In(o.zone), func(t sample.Told) {
		step++
		fmt.Fprintf(a.std.out, "%3d  %s  %-22s %-16s %s\n", t.Receipt.Seq, t.At.In(o.zone).Format("2006-01-02 15:04"), t.Command, t.Role, t.Case)
	})
	return err
}

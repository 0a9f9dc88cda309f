package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"incidentledger/domain"
	"incidentledger/handlers"
	"incidentledger/handlers/api"
	"incidentledger/handlers/catalogue"
	"incidentledger/handlers/kit"
	"incidentledger/handlers/report"
)

// kitConfig is the part of the configuration file that says where the offline kit
// is kept.
type kitConfig struct {
	Dir      string `yaml:"dir"`      // with a folder for each organisation; empty: none is kept
	Language string `yaml:"language"` // nl (default), fr or en
}

// check refuses what cannot be kept.
func (k kitConfig) check() error {
	if !slices.Contains(append(catalogue.Languages(), ""), k.Language) {
		return fmt.Errorf("kit: language is %q; choose nl, fr or en", k.Language)
	}
	return nil
}

// kitVerb writes the offline kit into a folder.
func (a *app) kitVerb() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use: "kit -o DIR", Short: "Writes what is needed when the ledger cannot be reached: contacts, suppliers, procedures, forms", Args: argsBetween(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if dir == "" {
				return usage("say with -o DIR where the kit goes")
			}
			if err := a.outside(dir); err != nil {
				return err
			}
			return a.ask(cmd, func(ctx context.Context, c *client) error {
				lang := "nl"
				if cmd.Flags().Changed("lang") {
					lang = a.lang
				}
				of := map[string][]byte{}
				for _, as := range []string{"html", "pdf"} {
					var raw []byte
					if err := c.fresh(ctx, c.path("kit"), url.Values{"as": {as}, "lang": {lang}}, &raw); err != nil {
						return err
					}
					of[as] = raw
				}
				if err := kit.Write(dir, kitFiles(of["html"], of["pdf"])...); err != nil {
					return fmt.Errorf("kit: %w", err)
				}
				a.say("Written to %s and %s, readable by you only. They hold names, numbers and texts opened: keep them as confidential as the ledger, and destroy older copies.",
					filepath.Join(dir, "kit.html"), filepath.Join(dir, "kit.pdf"))
				return nil
			})
		},
	}
	cmd.Flags().StringVarP(&dir, "output", "o", "", "the folder; an older kit in it is replaced, any other file never")
	return cmd
}

// outside refuses a folder for what is opened that lies in the data folder: there
// nothing lies open.
func (a *app) outside(dir string) error {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	if rel, err := filepath.Rel(a.data, abs); err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return usage("the folder of the kit, %s, lies in the data folder %s, in which nothing may be readable; choose another", abs, a.data)
	}
	return nil
}

func kitFiles(html, pdf []byte) []kit.File {
	return []kit.File{
		{Name: "kit.html", Data: html, Begins: "<!doctype html>", Mark: `content="` + report.KitMark + `"`},
		{Name: "kit.pdf", Data: pdf, Begins: "%PDF-", Mark: "(" + report.KitMark + ")"},
	}
}

// kit makes an office's kit as of now.
func (o *office) kit(ctx context.Context, a *alerting, now time.Time) (*report.Kit, error) {
	src := &report.Source{
		Org: o.org, Name: o.name, Zone: o.zone, Log: o.ledger, Opener: opener{o.vault}, Law: o.law.current, Who: o.who,
		Dossiers: func(kind domain.KindName) ([]domain.Ref, error) { return o.people.all(kind) },
		OnCall:   func(now time.Time) []report.Turn { return a.directory(o.org, o.zone).duties(now) },
	}
	return src.Kit(ctx, now)
}

// duties gives the list onCall as the kit shows it.
func (d directory) duties(now time.Time) []report.Turn {
	var out []report.Turn
	for i := range d.list {
		c := &d.list[i]
		duty := report.Turn{Name: handlers.Word{Text: string(c.Name)}, Role: c.Roles, When: c.Hours.weekly(), Zone: c.Hours.Zone, Ways: []report.Way{}}
		if w, err := c.Hours.window(d.zone); err == nil {
			duty.Now = w.Contains(now)
		}
		if c.Mail != "" {
			duty.Ways = append(duty.Ways, report.Way{Kind: "email", Address: handlers.Word{Text: c.Mail}})
		}
		out = append(out, duty)
	}
	return out
}

// weekly gives the hours as spans of a week; nothing where they are all hours.
func (h *hours) weekly() []domain.Weekly {
	if h.From == "" && len(h.Weekdays) == 0 {
		return nil
	}
	from, to := domain.Code(first(h.From, "00:00")), domain.Code(first(h.To, "00:00"))
	var out []domain.Weekly
	for i, day := range []domain.Code{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"} {
		if len(h.Weekdays) == 0 || slices.Contains(h.Weekdays, weekdays[i]) {
			out = append(out, domain.Weekly{Weekday: day, From: from, To: to})
		}
	}
	return out
}

// keepKit makes an office's kit in the configured folder and keeps it new.
func (s *serving) keepKit(ctx context.Context, o *office) error {
	c := s.app.conf.Kit
	if c.Dir == "" {
		return nil
	}
	words, err := catalogue.In(first(c.Language, "nl"))
	if err != nil {
		return err
	}
	dir := filepath.Join(c.Dir, string(o.org))
	kept := &keptKit{dir: dir}
	o.kept.Store(kept)
	run := kit.Config{Ledger: o.ledger, After: o.ledger.Last(), Changes: report.InKit, Zone: o.zone, Health: &kept.health, Log: s.log.With("org", o.org),
		Make: func(ctx context.Context, now time.Time) (domain.Seq, error) {
			k, err := o.kit(ctx, s.house.alerting, now)
			if err != nil {
				return 0, err
			}
			d := k.Document(words)
			html, herr := d.HTML()
			pdf, perr := d.PDF(k.Made)
			if err := errors.Join(herr, perr); err != nil {
				return 0, err
			}
			return k.Seq, kit.Write(dir, kitFiles(html, pdf)...)
		}}
	s.room(ctx, o.org, "offline kit", func(ctx context.Context) error { return kit.Run(ctx, run) })
	return nil
}

// keptKit is a kit that is kept in a folder.
type keptKit struct {
	dir    string
	health kit.Health
}

// kitState tells how the kit in the folder stands.
func (o *office) kitState() api.KitState {
	k := o.kept.Load()
	if k == nil {
		return api.KitState{}
	}
	st := k.health.Get()
	return api.KitState{Kept: true, Dir: k.dir, Made: st.Made, Seq: st.Seq, Error: st.Error}
}

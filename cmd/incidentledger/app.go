package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"

	"incidentledger/domain"
	"incidentledger/eventstore"
)

// app is one run of the program: its global settings and where it writes.
type app struct {
	getenv func(string) string
	std    stdio

	data, configFile, master string
	org, format, lang        string
	server                   string
	quiet                    bool

	conf config
}

// config is the configuration file. Unknown keys are errors.
type config struct {
	Data      string `yaml:"data"`
	MasterKey string `yaml:"masterKey"`
	Listen    string `yaml:"listen"` // host:port of the web server

	NATS struct {
		Listen string `yaml:"listen"` // host:port; empty: no listener
		Users  []struct {
			User     string `yaml:"user"`
			Password string `yaml:"password"`
		} `yaml:"users"`
	} `yaml:"nats"`

	Log string `yaml:"log"` // debug, info, warn, error

	Mirrors []mirror                  `yaml:"mirrors"`
	Proof   map[domain.OrgID]proofing `yaml:"proof"`
	Kit     kitConfig                 `yaml:"kit"`

	Evidence filing `yaml:"evidence"`

	Alerting alerting `yaml:",inline"`
}

// check judges what the file says.
func (c config) check() error {
	for _, m := range c.Mirrors {
		if err := m.check(); err != nil {
			return err
		}
	}
	for org, p := range c.Proof {
		if err := p.check(); err != nil {
			return fmt.Errorf("proof of %s: %w", org, err)
		}
	}
	return errors.Join(c.Kit.check(), c.Evidence.check(), c.Alerting.check())
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "incidentledger",
		Short:         "Keeps security incidents as a ledger that a court can check",
		SilenceErrors: true, SilenceUsage: true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: false},
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return a.settle(cmd) },
	}
	root.SetIn(a.std.in)
	root.SetOut(a.std.out)
	root.SetErr(a.std.err)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage("%v", err) })
	f := root.PersistentFlags()
	f.StringVar(&a.data, "data", "", "data folder (default ./data, or $INCIDENTLEDGER_DATA)")
	f.StringVar(&a.configFile, "config", "", "configuration file (YAML)")
	f.StringVar(&a.master, "master-key", "", "file with the master key, outside the data folder (default DATA.master-key, or $INCIDENTLEDGER_MASTER_KEY)")
	f.StringVar(&a.org, "org", "", "organisation (default: the only one there is)")
	f.StringVar(&a.format, "format", "table", "table, json or csv")
	f.StringVar(&a.lang, "lang", "en", "nl, fr or en")
	f.StringVar(&a.server, "server", "", "URL of a running server, instead of opening the data folder")
	f.BoolVar(&a.quiet, "quiet", false, "no progress and no remarks on stderr")
	root.AddCommand(
		a.initVerb(), a.serveVerb(), a.demoVerb(),
		a.doVerb(), a.commandsVerb(), a.codesVerb(), a.importVerb(),
		a.registerVerb(), a.showVerb(), a.logbookVerb(), a.deadlinesVerb(), a.worklistVerb(), a.auditVerb(), a.replayVerb(),
		a.dutiesVerb(), a.breachesVerb(), a.informedVerb(), a.evidenceVerb(), a.obligationsVerb(),
		a.suppliersVerb(), a.improvementsVerb(), a.contactsVerb(), a.figuresVerb(),
		a.dueVerb(), a.explainVerb(), a.evaluateVerb(), a.formVerb(), a.reportVerb(), a.kitVerb(),
		a.policyVerb(), a.rebuildVerb(), a.digestVerb(), a.benchVerb(), a.alertVerb(),
		a.exportVerb(), a.anchorVerb(), a.verifyVerb(), a.restoreVerb(), a.doctorVerb(), a.versionVerb(), a.manVerb(),
	)
	return root
}

// settle reads the configuration file and fills in what was not given.
func (a *app) settle(cmd *cobra.Command) error {
	switch a.format {
	case "table", "json", "csv":
	default:
		return usage("--format is %q; choose table, json or csv", a.format)
	}
	switch a.lang {
	case "nl", "fr", "en":
	default:
		return usage("--lang is %q; choose nl, fr or en", a.lang)
	}
	if a.configFile != "" {
		b, err := os.ReadFile(a.configFile)
		if err != nil {
			return usage("configuration: %v", err)
		}
		if err := yaml.UnmarshalWithOptions(b, &a.conf, yaml.Strict()); err != nil {
			return usage("configuration %s: %v", a.configFile, err)
		}
		if err := a.conf.check(); err != nil {
			return usage("configuration %s: %v", a.configFile, err)
		}
	}
	a.data = first(a.data, a.conf.Data, a.getenv("INCIDENTLEDGER_DATA"), "data")
	abs, err := filepath.Abs(a.data)
	if err != nil {
		return err
	}
	a.data = abs
	a.master = first(a.master, a.conf.MasterKey, a.getenv("INCIDENTLEDGER_MASTER_KEY"), a.data+".master-key")
	if a.master, err = filepath.Abs(a.master); err != nil {
		return err
	}
	if rel, err := filepath.Rel(a.data, a.master); err == nil && !strings.HasPrefix(rel, "..") {
		return usage("the master key %s lies in the data folder %s; keep it elsewhere, or whoever has the one has the other", a.master, a.data)
	}
	if a.conf.Kit.Dir == "" {
		return nil
	}
	if a.conf.Kit.Dir, err = filepath.Abs(a.conf.Kit.Dir); err != nil {
		return err
	}
	return a.outside(a.conf.Kit.Dir)
}

func first(s ...string) string {
	for _, x := range s {
		if x != "" {
			return x
		}
	}
	return ""
}

// house opens the data folder for this process.
func (a *app) houseConfig() houseConfig {
	c := houseConfig{Dir: a.data, Master: a.master, Log: a.logger(), Alerting: &a.conf.Alerting, Filing: a.conf.Evidence}
	c.Listen.Addr = a.conf.NATS.Listen
	for _, u := range a.conf.NATS.Users {
		c.Listen.Users = append(c.Listen.Users, eventstore.Credentials{User: u.User, Password: u.Password})
	}
	return c
}

// logger writes to stderr: warnings and alarms, or more where it was asked for.
func (a *app) logger() *slog.Logger {
	level := slog.LevelWarn
	if a.conf.Log != "" {
		_ = level.UnmarshalText([]byte(a.conf.Log)) // an unknown word leaves the default
	}
	if a.quiet {
		level = max(level, slog.LevelError)
	}
	return slog.New(slog.NewTextHandler(a.std.err, &slog.HandlerOptions{Level: level}))
}

// say writes a remark for people to stderr.
func (a *app) say(format string, args ...any) {
	if !a.quiet {
		fmt.Fprintf(a.std.err, format+"\n", args...)
	}
}

// usageError is a call that cannot be understood: exit 2.
type usageError struct{ msg string }

func (e *usageError) Error() string { return e.msg }

func usage(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// argsBetween gives usage errors, as contract 2 counts them.
func argsBetween(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < least || len(args) > most {
			return usage("%s takes %d to %d arguments, not %d; see incidentledger help %s", cmd.Name(), least, most, len(args), cmd.Name())
		}
		return nil
	}
}

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"incidentledger/domain"
)

// A bench is one run of the benchmarks. Whatever it makes lies in a folder of
// its own that is gone when it ends; a real data folder is never touched.
type bench struct {
	app      *app
	entries  int           // of the ledger that views are built from
	round    time.Duration // how long a contestant is measured in a round
	rounds   int
	only     []string
	parent   string // folder that dir is made in
	volvo    string // log to import; empty: none
	profiles string // folder for CPU profiles; empty: none

	self   []string // how to start this program
	dir    string
	ledger *benchLedger // made when a section first needs it
	rows   []benchRow
}

// benchOrg is the organisation of every ledger that the benchmarks found.
const benchOrg domain.OrgID = "bench"

// leastEntries is the smallest ledger in which every query finds its rows.
const leastEntries = 4000

func (a *app) benchVerb() *cobra.Command {
	b := &bench{app: a}
	var seconds float64
	cmd := &cobra.Command{
		Use: "bench", Short: "Measures the program beside its yardsticks", Args: argsBetween(0, 0),
		Long: "Measures the program beside its yardsticks, in a folder of its own that is removed at the end.\n\n" +
			"Contestants of one row take turns, round by round, so that all of them meet the same\n" +
			"machine. A figure is the median of the rounds; a ratio is the median of the ratios of the\n" +
			"rounds. Ratios carry over to other machines, figures do not.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			b.round = time.Duration(seconds * float64(time.Second))
			return b.run(cmd.Context())
		},
	}
	f := cmd.Flags()
	f.IntVar(&b.entries, "entries", 1_000_000, "entries of the ledger that is caught up with, asked and started")
	f.Float64Var(&seconds, "seconds", 1, "how long each contestant is measured in a round")
	f.IntVar(&b.rounds, "rounds", 5, "rounds")
	f.StringSliceVar(&b.only, "only", nil, "only these: "+strings.Join(b.names(), ", "))
	f.StringVar(&b.parent, "dir", "", "folder to work in, on the disk that counts (default: that for temporary files)")
	f.StringVar(&b.volvo, "volvo", "", "also import this log of the BPI Challenge 2013 (CSV, or the ZIP file it comes in)")
	f.StringVar(&b.profiles, "profiles", "", "folder for a CPU profile of each of the program's own parts")
	return cmd
}

// A section measures rows that belong together.
type section struct {
	name string
	run  func(context.Context) error
}

// sections are in the order in which they use what earlier ones left.
func (b *bench) sections() []section {
	return []section{
		{"append", b.appendOne}, {"store", b.appendMany}, {"desk", b.desk}, {"catch-up", b.catchUp},
		{"queries", b.queries}, {"clocks", b.clocks}, {"seal", b.seal}, {"memory", b.memory}, {"start", b.start}, {"volvo", b.importVolvo},
	}
}

func (b *bench) names() []string {
	var out []string
	for _, s := range b.sections() {
		out = append(out, s.name)
	}
	return out
}

// check judges what the verb was given.
func (b *bench) check() error {
	for _, name := range b.only {
		if !slices.Contains(b.names(), name) {
			return usage("--only names %q; choose from %s", name, strings.Join(b.names(), ", "))
		}
	}
	switch {
	case b.entries < leastEntries:
		return usage("--entries is %d; at least %d are needed", b.entries, leastEntries)
	case b.rounds < 1 || b.round <= 0:
		return usage("--rounds and --seconds must be above zero")
	case slices.Contains(b.only, "volvo") && b.volvo == "":
		return usage("--only volvo needs --volvo FILE")
	}
	return nil
}

func (b *bench) run(ctx context.Context) (err error) {
	if err := b.check(); err != nil {
		return err
	}
	if len(b.self) == 0 {
		exe, err := os.Executable()
		if err != nil {
			return err
		}
		b.self = []string{exe}
	}
	if b.dir, err = os.MkdirTemp(b.parent, "incidentledger-bench-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	b.describe()
	for _, s := range b.sections() {
		if len(b.only) > 0 && !slices.Contains(b.only, s.name) || s.name == "volvo" && b.volvo == "" {
			continue
		}
		begun := time.Now()
		if err = s.run(ctx); err != nil {
			err = fmt.Errorf("bench: %s: %w", s.name, err)
			break
		}
		b.say("%s took %s; load %s", s.name, time.Since(begun).Round(time.Second), load())
	}
	return errors.Join(b.print(), err) // what was measured before a failure counts
}

// describe tells what the figures depend on.
func (b *bench) describe() {
	b.say("works in %s; %d processors; load %s", b.dir, processors(), load())
	var st unix.Statfs_t
	if unix.Statfs(b.dir, &st) == nil && st.Type == unix.TMPFS_MAGIC {
		b.say("%s lies in memory, where an fsync costs nothing: choose a disk with --dir, or the figures mean little", b.dir)
	}
}

func (b *bench) say(format string, args ...any) { b.app.say("bench: "+format, args...) }

// load is the machine's load average, for the reader to judge the figures by.
func load() string {
	raw, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	fields := strings.Fields(string(raw))
	return strings.Join(fields[:min(3, len(fields))], " ")
}

// house opens a data folder of the bench by name, and founds its ledger where
// there is none yet.
func (b *bench) house(ctx context.Context, name string) (*house, *office, error) {
	dir := filepath.Join(b.dir, name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, nil, err
	}
	h, err := openHouse(ctx, houseConfig{Dir: b.dataDir(name), Master: b.masterPath(name), Log: b.app.logger()})
	if err != nil {
		return nil, nil, err
	}
	if len(h.orgs()) == 0 {
		err = h.found(ctx, founding{Org: benchOrg, Name: "Bench", Country: "NL", Zone: "Europe/Amsterdam"})
	}
	var o *office
	if err == nil {
		o, err = h.office(benchOrg)
	}
	if err != nil {
		return nil, nil, errors.Join(err, h.close())
	}
	return h, o, nil
}

func (b *bench) dataDir(name string) string    { return filepath.Join(b.dir, name, "data") }
func (b *bench) masterPath(name string) string { return filepath.Join(b.dir, name, "master-key") }

// quiet stops an office's views, for what is measured without them.
func (o *office) quiet() {
	o.stop()
	<-o.ran
}

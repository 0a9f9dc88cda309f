package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// The test binary is also what the tests start: told so by its environment, it is a
// life of a ledger or the program itself, and runs no test.
func TestMain(m *testing.M) {
	if dir := os.Getenv(childEnv); dir != "" {
		os.Exit(live(dir))
	}
	if os.Getenv(benchChild) != "" {
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		defer stop()
		os.Exit(run(ctx, os.Args[1:], os.Getenv, stdio{os.Stdin, io.Discard, os.Stderr}))
	}
	testscript.Main(m, map[string]func(){"incidentledger": main})
}

// The stories in testdata/script run the program as a person at a terminal does.
// Besides the usual commands of testscript they have
//
//	exits CODE VERB…     runs incidentledger VERB… and expects that exit code
//	server NAME ARG…     starts `incidentledger serve ARG…` and waits until it is ready;
//	                     its address is $NAME_URL, its process $NAME_PID
//	end NAME SIGNAL      sends it TERM or KILL and waits for its end
//	flip GLOB TEXT       flips one bit of TEXT in the only file that GLOB names
//	due-table FILE       checks every due instant of a table with the program
//	mailbox FILE         starts a mail server and puts its port in the place of MAILPORT in FILE
//	mailed TEXT…         waits for a mail in which all of some texts stand
//	holds FILE TEXT…     waits until a file that is put in its place holds all of some texts
//	tsa FILE ROOTS DAYS  starts a timestamping authority with a certificate for so many
//	                     days, puts its address in the place of TSAURL in FILE, and its
//	                     root into ROOTS
//
// and the variables $YEAR, the year in the Netherlands; $DISCOVERED, half an hour
// ago, $REPORTED, ten minutes ago, and $DUE, 72 hours after the discovery; and
// $LEDGER, where a data folder is made.
func TestScripts(t *testing.T) {
	t.Parallel()
	amsterdam, err := time.LoadLocation("Europe/Amsterdam")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireUniqueNames:  true,
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			now := time.Now().In(amsterdam).Truncate(time.Second)
			env.Setenv("YEAR", strconv.Itoa(now.Year()))
			env.Setenv("DISCOVERED", now.Add(-30*time.Minute).Format(time.RFC3339))
			env.Setenv("REPORTED", now.Add(-10*time.Minute).Format(time.RFC3339))
			env.Setenv("DUE", now.Add(72*time.Hour-30*time.Minute).UTC().Format(time.RFC3339))
			env.Setenv("INCIDENTLEDGER_DATA", filepath.Join(env.WorkDir, "data"))
			env.Setenv("LEDGER", filepath.Join(env.WorkDir, "data"))
			env.Values["servers"] = map[string]*exec.Cmd{}
			env.Values["mailboxes"] = map[string]chan string{}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "server": startServer, "end": endServer, "flip": flipBit, "catch": catch, "due-table": dueTable,
			"mailbox": mailbox, "mailed": mailed, "holds": holds, "tsa": startTSA,
		},
	})
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE VERB…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec("incidentledger", args[1:]...)
	have := 0
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		have = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if have != want {
		ts.Fatalf("exit code %d, want %d", have, want)
	}
}

func startServer(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: server NAME ARG…")
	}
	name := args[0]
	cmd := exec.Command(programIn(ts), append([]string{"serve", "--listen", "127.0.0.1:0"}, args[1:]...)...)
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = append(os.Environ(), "INCIDENTLEDGER_DATA="+ts.Getenv("INCIDENTLEDGER_DATA"))
	out, err := cmd.StderrPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	ts.Value("servers").(map[string]*exec.Cmd)[name] = cmd
	ts.Defer(func() { cmd.Process.Kill(); cmd.Wait() })
	sc := bufio.NewScanner(out)
	for sc.Scan() {
		ts.Logf("%s: %s", name, sc.Text())
		if _, rest, ok := strings.Cut(sc.Text(), " on http://"); ok {
			addr, _, _ := strings.Cut(rest, ",")
			ts.Setenv(name+"_URL", "http://"+addr)
			ts.Setenv(name+"_PID", strconv.Itoa(cmd.Process.Pid))
			go func() { // keeps the pipe empty until the process ends
				for sc.Scan() {
				}
			}()
			return
		}
	}
	ts.Fatalf("%s ended before it was ready", name)
}

// programIn finds the program that testscript put into the story's path.
func programIn(ts *testscript.TestScript) string {
	for _, dir := range filepath.SplitList(ts.Getenv("PATH")) {
		path := filepath.Join(dir, "incidentledger")
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	ts.Fatalf("the program is not in the path")
	return ""
}

func endServer(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: end NAME TERM|KILL")
	}
	cmd := ts.Value("servers").(map[string]*exec.Cmd)[args[0]]
	if cmd == nil {
		ts.Fatalf("no server is called %s", args[0])
	}
	signal := map[string]syscall.Signal{"TERM": syscall.SIGTERM, "KILL": syscall.SIGKILL}[args[1]]
	ts.Check(cmd.Process.Signal(signal))
	err := cmd.Wait()
	if signal == syscall.SIGTERM && err != nil {
		ts.Fatalf("it did not end well: %v", err)
	}
}

func flipBit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: flip GLOB TEXT")
	}
	paths, err := filepath.Glob(ts.MkAbs(args[0]))
	ts.Check(err)
	if len(paths) != 1 {
		ts.Fatalf("%s names %d files", args[0], len(paths))
	}
	b, err := os.ReadFile(paths[0])
	ts.Check(err)
	at := strings.Index(string(b), args[1])
	if at < 0 {
		ts.Fatalf("%s does not hold %q", paths[0], args[1])
	}
	b[at] ^= 1
	ts.Check(os.Chmod(paths[0], 0o600))
	ts.Check(os.WriteFile(paths[0], b, 0o600))
}

// catch puts the first match of a pattern in the last output, or of the group in
// it, into a variable.
func catch(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: catch NAME PATTERN")
	}
	found := regexp.MustCompile(args[1]).FindStringSubmatch(ts.ReadFile("stdout"))
	if found == nil {
		ts.Fatalf("nothing in the output matches %s", args[1])
	}
	ts.Setenv(args[0], found[len(found)-1])
}

// dueTable reads lines of a rule, an anchor and what is due, and asks the
// program for each, in one go.
func dueTable(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: due-table FILE")
	}
	lines := 0
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		f := strings.Fields(line)
		if len(f) == 0 || strings.HasPrefix(f[0], "#") {
			continue
		}
		if len(f) != 3 {
			ts.Fatalf("%q is no line of a rule, an anchor and a due instant", line)
		}
		lines++
		var have strings.Builder
		a := &app{getenv: func(string) string { return "" }, std: stdio{strings.NewReader(""), &have, &have}}
		cmd := a.root()
		cmd.SetArgs([]string{"due", "--rule", f[0], "--anchor", f[1]})
		if err := cmd.Execute(); err != nil {
			fmt.Fprint(&have, err)
		}
		if got := strings.TrimSpace(have.String()); got != f[2] {
			ts.Logf("%s from %s is due %s, not %s", f[0], f[1], got, f[2])
			defer ts.Fatalf("the table does not hold")
		}
	}
	if lines == 0 {
		ts.Fatalf("the table is empty")
	}
}

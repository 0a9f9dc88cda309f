// Command incidentledger keeps the security incidents of an organisation as a
// ledger that a court can check. It is the only place where the rooms of this
// program meet; each verb has a file.
//
// It may import every room. Invariant: nothing here decides anything about an
// incident; it opens, wires, asks and prints.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	_ "time/tzdata" // the rules of time zones belong to the program, not to the machine
)

// stdio is what a run reads and writes.
type stdio struct {
	in       io.Reader
	out, err io.Writer
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Getenv, stdio{os.Stdin, os.Stdout, os.Stderr})
	stop()
	os.Exit(code)
}

// run is the whole program: it gives the exit code of contract 2.
func run(ctx context.Context, args []string, getenv func(string) string, std stdio) int {
	if getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
	if getenv("GOGC") == "" {
		debug.SetGCPercent(garbagePercent)
	}
	a := &app{getenv: getenv, std: std}
	root := a.root()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	return a.exit(err)
}

// memoryLimit keeps the process below 600 MiB with a million entries: caches of
// views, stream and desk give way before it.
const memoryLimit = 540 << 20

// garbagePercent lets garbage grow to four times what is alive before it is
// collected: orders are short-lived, and memoryLimit is the bound. Measured with
// 256 callers it gives a fifth more orders than the default.
const garbagePercent = 400

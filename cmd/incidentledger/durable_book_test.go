package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"incidentledger/domain"
)

// A book is what the callers of a ledger know of it, over all its rounds.
type book struct {
	given map[string]string     // order id: the line that gives it again, while its answer is out
	acked map[string]domain.Seq // order id: its entry, for ever
	bySeq map[domain.Seq]string
	shown map[domain.Seq]string // what followers saw, "" where a refusal only spoke of it
	acks  int

	founded bool
}

func newBook() *book {
	return &book{given: map[string]string{}, acked: map[string]domain.Seq{}, bySeq: map[domain.Seq]string{}, shown: map[domain.Seq]string{}}
}

// accepted notes that an order has an entry.
func (b *book) accepted(id string, seq domain.Seq) error {
	if before, ok := b.acked[id]; ok && before != seq {
		return fmt.Errorf("order %s has the entries %d and %d", id, before, seq)
	}
	if other, ok := b.bySeq[seq]; ok && other != id {
		return fmt.Errorf("entry %d is that of order %s and of order %s", seq, other, id)
	}
	b.acked[id], b.bySeq[seq] = seq, id
	delete(b.given, id)
	return nil
}

// A round is one life of a child, from its start to its end.
type round struct {
	book *book
	dir  string // where data folder and master key lie
	mode string // of the child
	ends bool   // the child may end by itself

	have     map[domain.Seq]string // what the ledger held at the start of this life
	opened   bool
	restored string // what restore-log told, empty if it did not end
	failed   string
	stderr   bytes.Buffer
}

// When a round ends: at the first line for which enough says so, or after most.
type ending struct {
	most   time.Duration
	enough func(r *round, line string) bool
}

// play starts a child, reads what it tells until the ending, calls cut, and reads
// what is left on the pipe.
func (r *round) play(ctx context.Context, e ending, cut func(kill func())) error {
	read, write, err := os.Pipe()
	if err != nil {
		return err
	}
	defer read.Close()
	var owed strings.Builder
	for _, line := range r.book.given {
		fmt.Fprintln(&owed, line)
	}
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+r.dir, childMode+"="+r.mode)
	cmd.Stdin, cmd.Stderr, cmd.ExtraFiles = strings.NewReader(owed.String()), &r.stderr, []*os.File{write}
	err = cmd.Start()
	write.Close()
	if err != nil {
		return err
	}
	defer cmd.Wait()
	kill := func() { _ = cmd.Process.Kill() }
	defer kill()

	lines := make(chan string, 1)
	go func() {
		defer close(lines)
		sc := bufio.NewScanner(read)
		for sc.Scan() {
			lines <- sc.Text()
		}
	}()
	r.have = map[domain.Seq]string{}
	end := time.NewTimer(e.most)
	defer end.Stop()
	over, done := false, false
	finish := func() {
		if !over {
			over = true
			cut(kill)
		}
	}
	var wrong error
	for !done {
		select {
		case <-end.C:
			finish()
		case line, ok := <-lines:
			if !ok {
				done = true
				if !over && wrong == nil && r.mode == "" && !r.ends {
					wrong = fmt.Errorf("the child ended by itself: %s", r.failed)
				}
				break
			}
			if err := r.read(line); err != nil && wrong == nil {
				wrong = err
				finish()
			}
			if e.enough != nil && e.enough(r, line) {
				finish()
			}
		}
	}
	if wrong != nil {
		wrong = fmt.Errorf("%w\n%s", wrong, r.stderr.String())
	}
	return wrong
}

// read takes in one line of the child.
func (r *round) read(line string) error {
	var seq domain.Seq
	var key, id string
	verb, rest, _ := strings.Cut(line, " ")
	switch verb {
	case "founding":
		if r.book.founded {
			return fmt.Errorf("the ledger was founded before, and now there is none")
		}
	case "founded":
		r.book.founded = true
	case "ready":
		r.opened = true
		return r.check()
	case "have":
		if _, err := fmt.Sscan(rest, &seq, &key, &id); err != nil {
			return err
		}
		if !strings.HasSuffix(rest, " right") {
			return fmt.Errorf("%s", line)
		}
		r.have[seq] = id
		return r.book.accepted(id, seq)
	case "give":
		f := strings.Fields(rest)
		r.book.given[f[1]] = rest
		return nil
	case "ack":
		if _, err := fmt.Sscan(rest, &seq, &key, &id); err != nil {
			return err
		}
		r.book.acks++
		return r.book.accepted(id, seq)
	case "told":
		_, err := fmt.Sscan(rest, &seq)
		if _, ok := r.book.shown[seq]; !ok {
			r.book.shown[seq] = ""
		}
		return err
	case "saw":
		_, err := fmt.Sscan(rest, &seq, &id)
		r.book.shown[seq] = id
		return err
	case "wrong":
		return fmt.Errorf("the child says: %s", line)
	case "failed":
		r.failed = rest
	case "restored":
		r.restored = rest
	}
	return nil
}

// check compares what the ledger holds, when the child has told it and before it
// takes orders, with everything that anybody was told in earlier lives.
func (r *round) check() error {
	for id, seq := range r.book.acked {
		if got := r.have[seq]; got != id {
			return fmt.Errorf("order %s was acknowledged as entry %d; after the restart that is %q of %d entries", id, seq, got, len(r.have))
		}
	}
	for seq, id := range r.book.shown {
		if got := r.have[seq]; got == "" || id != "" && got != id {
			return fmt.Errorf("entry %d (order %s) was shown; after the restart that is %q of %d entries", seq, id, got, len(r.have))
		}
	}
	return nil
}

// verifyLedger runs verify on the data folder of a child that has ended.
func verifyLedger(t *testing.T, dir string) error {
	t.Helper()
	var out, errs bytes.Buffer
	code := run(t.Context(), []string{"--data", dir + "/data", "--master-key", dir + "/master.key", "verify"},
		func(string) string { return "" }, stdio{strings.NewReader(""), &out, &errs})
	if code != exitDone {
		return fmt.Errorf("verify gives %d:\n%s%s", code, out.String(), errs.String())
	}
	return nil
}

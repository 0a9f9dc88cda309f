package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"
)

// holds waits until all of some texts stand in a file: it looks each time when
// something was put into its folder.
func holds(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: holds FILE TEXT…")
	}
	path := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(filepath.Dir(path), 0o700))
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC)
	ts.Check(err)
	defer unix.Close(fd)
	_, err = unix.InotifyAddWatch(fd, filepath.Dir(path), unix.IN_MOVED_TO)
	ts.Check(err)
	events := make([]byte, 64<<10)
	for late := time.Now().Add(30 * time.Second); ; {
		b, err := os.ReadFile(path)
		if err == nil && !slices.ContainsFunc(args[1:], func(text string) bool { return !strings.Contains(string(b), text) }) {
			return
		}
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, max(0, int(time.Until(late).Milliseconds())))
		if err == unix.EINTR {
			continue
		}
		ts.Check(err)
		if n == 0 {
			ts.Fatalf("%s does not hold %q", path, args[1:])
		}
		_, err = unix.Read(fd, events)
		ts.Check(err)
	}
}

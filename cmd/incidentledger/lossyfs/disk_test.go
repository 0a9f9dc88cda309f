package lossyfs

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// write writes a file and syncs it or not.
func write(t *testing.T, path, text string, sync bool) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err == nil {
		_, err = f.WriteString(text)
	}
	if err == nil && sync {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

func syncDir(t *testing.T, path string) {
	t.Helper()
	d, err := os.Open(path)
	if err == nil {
		err = errors.Join(d.Sync(), d.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// left cuts the power and gives what a start then finds, file by file.
func left(t *testing.T, d *Disk, keep float64) map[string]string {
	t.Helper()
	d.Cut()
	dir := filepath.Join(t.TempDir(), "left")
	if err := d.Survivor(rand.New(rand.NewPCG(1, 2)), keep).CopyTo(dir); err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	if err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		out[rel] = string(b)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestOnlyWhatWasSyncedIsLeft(t *testing.T) {
	d := New()
	dir, _ := d.MountFor(t)
	at := func(name string) string { return filepath.Join(dir, name) }

	write(t, at("kept"), "first", true)
	write(t, at("empty"), "never synced", false)
	syncDir(t, dir)
	write(t, at("nameless"), "its folder was not synced after it", true)
	write(t, at("kept"), "second, and longer than the first", false)

	if err := os.Mkdir(at("sub"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, at("sub/lost"), "synced in a folder that nothing leads to", true)
	syncDir(t, at("sub"))

	if got, err := os.ReadFile(at("kept")); err != nil || string(got) != "second, and longer than the first" {
		t.Fatalf("before the cut a program reads %q, %v", got, err)
	}
	got := left(t, d, 0)
	if len(got) != 2 || got["kept"] != "first" || got["empty"] != "" {
		t.Fatalf("left: %q", got)
	}
	if _, err := os.ReadDir(at("sub")); !errors.Is(err, syscall.EIO) {
		t.Fatalf("after the cut: %v", err)
	}
}

func TestARenameIsOneChange(t *testing.T) {
	d := New()
	dir, _ := d.MountFor(t)
	for _, sub := range []string{"a", "b"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	syncDir(t, dir)
	write(t, filepath.Join(dir, "a/one"), "1", true)
	write(t, filepath.Join(dir, "a/two"), "2", true)
	syncDir(t, filepath.Join(dir, "a"))
	for _, name := range []string{"one", "two"} {
		if err := os.Rename(filepath.Join(dir, "a", name), filepath.Join(dir, "b", name)); err != nil {
			t.Fatal(err)
		}
		if name == "one" {
			syncDir(t, filepath.Join(dir, "b"))
		}
	}
	got := left(t, d, 0)
	if len(got) != 2 || got["b/one"] != "1" || got["a/two"] != "2" {
		t.Fatalf("left: %q", got)
	}
}

func TestAKinderCutKeepsPartOfTheRest(t *testing.T) {
	d := New()
	dir, _ := d.MountFor(t)
	path := filepath.Join(dir, "file")
	write(t, path, strings.Repeat("o", 64*pageSize), true)
	syncDir(t, dir)
	write(t, filepath.Join(dir, "later"), "", false)
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := syscall.Fallocate(int(f.Fd()), 0, 0, 200*pageSize); err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte(strings.Repeat("n", 64*pageSize)), 0); err != nil {
		t.Fatal(err)
	}
	got := left(t, d, 0.5)["file"]
	if n := strings.Count(got, "n"); len(got) < 64*pageSize || n == 0 || n == 64*pageSize || n+strings.Count(got, "o") != 64*pageSize {
		t.Fatalf("%d bytes are left, %d of them new", len(got), n)
	}
}

func TestWhatIsCutOffReadsAsZeros(t *testing.T) {
	d := New()
	dir, _ := d.MountFor(t)
	path := filepath.Join(dir, "file")
	write(t, path, strings.Repeat("x", 3*pageSize), true)
	syncDir(t, dir)
	for _, size := range []int64{pageSize + 10, 2 * pageSize} {
		if err := os.Truncate(path, size); err != nil {
			t.Fatal(err)
		}
	}
	want := strings.Repeat("x", pageSize+10) + strings.Repeat("\x00", pageSize-10)
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err == nil {
		err = errors.Join(f.Sync(), f.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	if got := left(t, d, 0)["file"]; got != want {
		t.Fatalf("%d bytes are left", len(got))
	}
}

func TestASlowDiskSyncsNothingUntilTheCut(t *testing.T) {
	d := New()
	dir, _ := d.MountFor(t)
	path := filepath.Join(dir, "file")
	write(t, path, "synced", true)
	syncDir(t, dir)
	d.Stall()
	failed := make(chan error)
	go func() {
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
		if err == nil {
			_, err = f.WriteString(" and more")
		}
		if err != nil {
			failed <- fmt.Errorf("writing waits for nothing: %w", err)
			return
		}
		failed <- f.Sync()
	}()
	select {
	case err := <-failed:
		t.Fatal("before the cut:", err)
	case <-time.After(20 * time.Millisecond):
	}
	if got := left(t, d, 0)["file"]; got != "synced" {
		t.Fatalf("left: %q", got)
	}
	if err := <-failed; !errors.Is(err, syscall.EIO) {
		t.Fatal("the sync that waited:", err)
	}
}

package vault

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestMasterKeyIsMadeOnceAndReadBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.master-key")
	if _, err := ReadMasterKey(path); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "backup") {
		t.Errorf("a missing file: %v", err)
	}
	m, err := NewMasterKey(path)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := ReadMasterKey(path); err != nil || got != m || m.IsZero() {
		t.Errorf("read %v, %v", got, err)
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	if _, err := NewMasterKey(path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a master key was overwritten: %v", err)
	}
	if after, _ := os.ReadFile(path); string(after) != string(text) {
		t.Error("the file changed")
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadMasterKey(path); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a file that others may read: %v", err)
	}
	if _, err := ReadMasterKey(t.TempDir()); err == nil {
		t.Error("a folder was read as a master key")
	}
	if other, err := NewMasterKey(path + "2"); err != nil || other == m {
		t.Errorf("a second master key: %v", err)
	}
}

func TestMasterKeyNeverShows(t *testing.T) {
	m := MasterKey{[32]byte{0xab, 0xcd}}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		got := fmt.Sprintf(verb, Config{Master: m})
		if strings.Contains(strings.ToLower(got), "abcd") || strings.Contains(got, "171") || strings.Contains(got, "0xab") {
			t.Errorf("%s prints %s", verb, got)
		}
	}
}

func TestDamagedMasterKeysAreRefused(t *testing.T) {
	good := masterHeader + " " + strings.Repeat("A", 41) + "BA\n"
	if _, err := ParseMasterKey(good); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{
		"", "\n", masterHeader, masterHeader + " ", good[:len(good)-2], good + "\n", good + good, "x" + good,
		strings.Replace(good, "-1 ", "-2 ", 1), strings.Replace(good, "BA", "B=", 1), strings.Replace(good, "BA", "BB", 1),
		strings.Replace(good, "BA", "AA", 1), strings.Replace(good, "AAAA", "A\nAA", 1),
	} {
		if m, err := ParseMasterKey(bad); err == nil || m != (MasterKey{}) {
			t.Errorf("%q was read as a master key", bad)
		}
	}
}

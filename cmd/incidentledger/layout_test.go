package main

import (
	"bytes"
	"go/ast"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The folders of the project, and what lies in a working copy beside them.
//
// requirements: ARC-06
func TestTopLevelIsWhatTheDesignSays(t *testing.T) {
	t.Parallel()
	want := []string{".ci", ".git", ".gitignore", "LICENSE", "Makefile", "README.md", "cmd", "domain", "eventstore", "go.mod", "go.sum", "handlers", "projections"}
	ignored := ignoredAtTop(t)
	names, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]bool{}
	for _, e := range names {
		have[e.Name()] = true
		if !slices.Contains(want, e.Name()) && !ignored(e.Name()) {
			t.Errorf("%s has no place at the top of the project", e.Name())
		}
	}
	for _, name := range want {
		if !have[name] && name != ".git" { // an archive has no history
			t.Errorf("%s is missing", name)
		}
	}
}

func ignoredAtTop(t *testing.T) func(string) bool {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, ".gitignore"))
	if err != nil {
		t.Fatal(err)
	}
	patterns := strings.Fields(string(b))
	return func(name string) bool {
		return slices.ContainsFunc(patterns, func(p string) bool {
			ok, err := filepath.Match(strings.Trim(p, "/"), name)
			return err == nil && ok
		})
	}
}

func TestFilesReadFromTopToBottom(t *testing.T) {
	t.Parallel()
	const most = 500
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != root && strings.HasPrefix(d.Name(), ".") {
			return fs.SkipDir
		}
		if filepath.Ext(path) != ".go" {
			return nil
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if n := bytes.Count(b, []byte("\n")); n > most && !generated(b) {
			t.Errorf("%s has %d lines; part it at %d", path, n, most)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func generated(src []byte) bool {
	head, _, _ := bytes.Cut(src, []byte("\npackage "))
	return bytes.Contains(head, []byte("// Code generated ")) && bytes.Contains(head, []byte(" DO NOT EDIT."))
}

// The README names the test that proves each promise; each must exist.
func TestReadmeNamesTestsThatExist(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	declared := map[string]bool{}
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		for _, decl := range parse(t, path, 0).Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil {
				declared[f.Name.Name] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile("`((?:Test|Fuzz)[A-Z][A-Za-z0-9]*)`").FindAllStringSubmatch(string(readme), -1)
	if len(names) < 20 {
		t.Errorf("the README names %d tests only", len(names))
	}
	for _, n := range names {
		if !declared[n[1]] {
			t.Errorf("the README names %s, which does not exist", n[1])
		}
	}
}

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The law of rooms: what each room may import besides the standard library.
// "domain" and the like are rooms of this program; the rest are libraries, whose
// subpackages are included. Tests may import more.
//
// A room that is not in this table may not be built: write down first what it
// may know.
var importLaw = []room{
	// Words and rules. Pure: no clock, no I/O, no randomness.
	{"domain", "github.com/google/uuid"},
	{"domain/ledger", "domain"},
	{"domain/policy", "domain"},
	{"domain/incident", "domain domain/policy"},
	{"domain/organisation", "domain domain/policy"},
	{"domain/person", "domain"},
	{"domain/supplier", "domain"},
	{"domain/service", "domain"},
	{"domain/contact", "domain"},
	{"domain/document", "domain"},
	{"domain/improvement", "domain"},

	// The ledger and the keys. They know entries, not what entries are about.
	{"eventstore", "domain github.com/nats-io/nats-server github.com/nats-io/nats.go github.com/go-json-experiment/json " +
		"github.com/google/uuid github.com/minio/highwayhash golang.org/x/sys"},
	{"eventstore/seal", "domain github.com/notaryproject/tspclient-go golang.org/x/mod/sumdb filippo.io/torchwood golang.org/x/sys"},
	{"eventstore/seal/testtsa", "github.com/notaryproject/tspclient-go"}, // for tests alone
	{"eventstore/bundle", "domain eventstore/seal golang.org/x/mod/sumdb filippo.io/torchwood github.com/go-json-experiment/json"},
	{"eventstore/locker", "domain filippo.io/age github.com/google/uuid"},
	{"eventstore/vault", "domain github.com/go-json-experiment/json golang.org/x/sys"},

	// Read models. A view knows what it shows, and never another view.
	{"projections", "domain github.com/cockroachdb/pebble"},
	{"projections/register", "domain domain/incident domain/policy projections"},
	{"projections/logbook", "domain domain/incident projections"},
	{"projections/deadlines", "domain domain/incident domain/organisation domain/policy projections"},
	{"projections/audit", "domain domain/incident projections"},
	{"projections/duties", "domain domain/incident domain/policy projections"},
	{"projections/breaches", "domain domain/incident projections"},
	{"projections/informed", "domain domain/incident projections"},
	{"projections/evidence", "domain domain/incident projections"},
	{"projections/obligations", "domain domain/incident domain/service projections"},
	{"projections/suppliers", "domain domain/incident domain/service domain/supplier projections"},
	{"projections/improvements", "domain domain/improvement projections"},
	{"projections/contacts", "domain domain/contact projections"},

	// The desk, and a room for each door.
	{"handlers", "domain github.com/google/uuid github.com/go-json-experiment/json"},
	{"handlers/api", "domain domain/incident domain/policy domain/supplier domain/improvement domain/contact handlers handlers/catalogue handlers/report " +
		"projections projections/register projections/logbook projections/deadlines projections/audit projections/duties projections/breaches " +
		"projections/informed projections/evidence projections/obligations projections/suppliers projections/improvements projections/contacts " +
		"github.com/danielgtaylor/huma github.com/xuri/excelize github.com/google/uuid github.com/go-json-experiment/json"},
	{"handlers/find", "domain handlers golang.org/x/text"},
	{"handlers/catalogue", "github.com/nicksnyder/go-i18n golang.org/x/text"},
	{"handlers/report", "domain domain/contact domain/document domain/improvement domain/incident domain/person domain/policy domain/service domain/supplier " +
		"handlers handlers/catalogue codeberg.org/go-pdf/fpdf golang.org/x/image"},
	{"handlers/kit", "domain handlers"},
	{"handlers/web", "domain handlers"},
	{"handlers/tlog", "domain golang.org/x/mod/sumdb filippo.io/torchwood"},
	{"handlers/micro", "domain handlers github.com/nats-io/nats.go github.com/cloudevents/sdk-go github.com/go-json-experiment/json"},
	{"handlers/alerts", "domain domain/incident domain/policy handlers handlers/catalogue github.com/nats-io/nats.go github.com/cloudevents/sdk-go " +
		"github.com/standard-webhooks/standard-webhooks github.com/wneessen/go-mail github.com/go-json-experiment/json"},
	{"handlers/overdue", "domain domain/incident domain/ledger handlers projections projections/deadlines"},
	{"handlers/intake", "domain domain/incident domain/policy handlers " +
		"github.com/goccy/go-yaml golang.org/x/text github.com/go-json-experiment/json"},
	{"handlers/intake/sample", "domain handlers github.com/goccy/go-yaml github.com/go-json-experiment/json"},
	{"handlers/policyfile", "domain domain/policy github.com/goccy/go-yaml"},

	// The only place where rooms meet. Its benchmarks set the ledger beside the
	// bare libraries; those files alone may have what benchmarks names.
	{"cmd/incidentledger", "* github.com/spf13/cobra github.com/vbauerster/mpb github.com/goccy/go-yaml " +
		"github.com/google/uuid github.com/go-json-experiment/json golang.org/x/mod/sumdb golang.org/x/sys golang.org/x/term"},
	{"cmd/incidentledger/lossyfs", "github.com/hanwen/go-fuse golang.org/x/sys"},
}

// owners says which rooms alone may use a library; it holds over the table above.
var owners = map[string]string{
	"github.com/cockroachdb/pebble":  "projections",
	"github.com/nats-io/nats-server": "eventstore",
	"github.com/nats-io/nats.go":     "eventstore handlers/micro handlers/alerts",
	"github.com/goccy/go-yaml":       "handlers/intake handlers/intake/sample handlers/policyfile cmd/incidentledger",
	"github.com/danielgtaylor/huma":  "handlers/api",
	"github.com/xuri/excelize":       "handlers/api",
	"github.com/wneessen/go-mail":    "handlers/alerts",
	"github.com/minio/highwayhash":   "eventstore",
}

// benchmarks may be imported by the files bench*.go of cmd, as yardsticks.
const benchmarks = "github.com/nats-io/nats-server github.com/nats-io/nats.go"

// A room is a package of this program and what it may import.
type room struct{ name, imports string }

const root = "../.."

// listed is a package as `go list` tells of it.
type listed struct {
	ImportPath string
	Dir        string
	Imports    []string
	GoFiles    []string
}

func packages(t *testing.T) []listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Dir,Imports,GoFiles", "./...")
	cmd.Dir = root
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	var all []listed
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if len(p.GoFiles) == 0 {
			continue // tests alone import what they like
		}
		p.ImportPath = strings.TrimPrefix(p.ImportPath, "incidentledger/")
		all = append(all, p)
	}
	if len(all) < 10 {
		t.Fatalf("go list tells of %d packages only", len(all))
	}
	return all
}

func TestRoomsImportWhatTheLawAllows(t *testing.T) {
	t.Parallel()
	allowed := map[string][]string{}
	for _, r := range importLaw {
		allowed[r.name] = strings.Fields(r.imports)
	}
	seen := map[string]bool{}
	for _, p := range packages(t) {
		seen[p.ImportPath] = true
		may, ok := allowed[p.ImportPath]
		if !ok {
			t.Errorf("the room %s is not in the law; say in the table what it may import", p.ImportPath)
			continue
		}
		for _, imp := range p.Imports {
			if p.ImportPath == "cmd/incidentledger" && onlyYardstick(t, p, imp) {
				continue
			}
			if why := breaks(p.ImportPath, imp, may); why != "" {
				t.Errorf("%s imports %s: %s", p.ImportPath, imp, why)
			}
		}
	}
	for _, r := range importLaw {
		if !seen[r.name] {
			t.Errorf("the law names the room %s, which does not exist", r.name)
		}
	}
}

// breaks says why a room may not import something, or nothing.
func breaks(room, imp string, may []string) string {
	own, ours := strings.CutPrefix(imp, "incidentledger/")
	if !ours && !strings.Contains(strings.SplitN(imp, "/", 2)[0], ".") {
		return "" // the standard library
	}
	if ours {
		if slices.Contains(may, "*") || slices.Contains(may, own) {
			return ""
		}
		return "the law allows it only " + strings.Join(may, ", ")
	}
	for lib, rooms := range owners {
		if within(imp, lib) && !slices.Contains(strings.Fields(rooms), room) {
			return lib + " belongs to " + rooms
		}
	}
	if slices.ContainsFunc(may, func(lib string) bool { return within(imp, lib) }) {
		return ""
	}
	return "the law allows it only " + strings.Join(may, ", ")
}

// onlyYardstick reports whether nothing but benchmarks imports it, and may.
func onlyYardstick(t *testing.T, p listed, imp string) bool {
	t.Helper()
	if !slices.ContainsFunc(strings.Fields(benchmarks), func(lib string) bool { return within(imp, lib) }) {
		return false
	}
	for _, name := range p.GoFiles {
		for _, spec := range parse(t, filepath.Join(p.Dir, name), parser.ImportsOnly).Imports {
			if spec.Path.Value == strconv.Quote(imp) && !strings.HasPrefix(name, "bench") {
				return false
			}
		}
	}
	return true
}

func within(imp, lib string) bool { return imp == lib || strings.HasPrefix(imp, lib+"/") }

// noDoors are rooms that doors share: the words and the documents that they show.
var noDoors = []string{"handlers/catalogue", "handlers/report"}

// The shape of the table itself: what no edit of it may allow.
func TestLawKeepsRoomsApart(t *testing.T) {
	t.Parallel()
	for _, r := range importLaw {
		top, below, _ := strings.Cut(r.name, "/")
		for _, imp := range strings.Fields(r.imports) {
			itop, ibelow, deep := strings.Cut(imp, "/")
			bad := ""
			switch {
			case strings.Contains(itop, ".") || imp == "*":
			case top == "domain" && itop != "domain":
				bad = "the domain knows the domain only"
			case top == "domain" && deep && imp != "domain/policy":
				bad = "an aggregate knows no other; it may know policy"
			case top == "eventstore" && imp != "domain" && itop != "eventstore":
				bad = "the ledger knows entries only"
			case top == "projections" && itop == "eventstore":
				bad = "both speak domain.Entry and do not know each other"
			case top == "projections" && itop == "projections" && ibelow != "":
				bad = "no view knows another"
			case top != "cmd" && itop == "handlers" && imp != "handlers" && !slices.Contains(noDoors, imp):
				bad = "no door knows another"
			case top == "handlers" && below == "" && imp != "domain":
				bad = "the desk knows the domain only"
			case top == "handlers" && itop == "eventstore":
				bad = "doors know the desk and the views; cmd hands them the ledger"
			case top != "cmd" && top != "handlers" && itop == "handlers":
				bad = "nothing calls back up"
			}
			if bad != "" {
				t.Errorf("the law lets %s import %s: %s", r.name, imp, bad)
			}
		}
	}
}

func TestEveryRoomSaysWhatItIs(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		doc := strings.Join(strings.Fields(packageComment(t, p)), " ")
		switch {
		case doc == "":
			t.Errorf("%s has no package comment", p.ImportPath)
		case !strings.Contains(doc, "may import"):
			t.Errorf("the package comment of %s does not say what it may import", p.ImportPath)
		case !strings.Contains(doc, "Invariant:"):
			t.Errorf("the package comment of %s names no invariant", p.ImportPath)
		}
	}
}

func packageComment(t *testing.T, p listed) string {
	t.Helper()
	var text strings.Builder
	for _, name := range p.GoFiles {
		f := parse(t, filepath.Join(p.Dir, name), parser.ParseComments|parser.PackageClauseOnly)
		if f.Doc != nil {
			text.WriteString(f.Doc.Text())
		}
	}
	return text.String()
}

func parse(t *testing.T, path string, mode parser.Mode) *ast.File {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, mode)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// Below the desk nothing reads a clock or draws randomness, and the domain does
// no I/O: whatever is decided or shown follows from orders and entries.
func TestNothingBelowTheDeskReadsAClock(t *testing.T) {
	t.Parallel()
	clocks := []string{"Now", "Since", "Until"}
	waits := []string{"Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"} // the runtime of views may wait, for room on the disk
	doors := []string{"os", "os/exec", "net", "net/http", "log", "log/slog", "syscall"}
	for _, p := range packages(t) {
		top, _, _ := strings.Cut(p.ImportPath, "/")
		if top != "domain" && top != "projections" {
			continue
		}
		for _, imp := range p.Imports {
			if strings.HasSuffix(imp, "/rand") || strings.HasPrefix(imp, "math/rand") {
				t.Errorf("%s imports %s", p.ImportPath, imp)
			}
			if top == "domain" && slices.Contains(doors, imp) {
				t.Errorf("%s imports %s: the domain does no I/O", p.ImportPath, imp)
			}
		}
		for _, name := range p.GoFiles {
			ast.Inspect(parse(t, filepath.Join(p.Dir, name), 0), func(n ast.Node) bool {
				sel, ok := n.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				if x, ok := sel.X.(*ast.Ident); ok && x.Name == "time" &&
					(slices.Contains(clocks, sel.Sel.Name) || p.ImportPath != "projections" && slices.Contains(waits, sel.Sel.Name)) {
					t.Errorf("%s/%s uses time.%s", p.ImportPath, name, sel.Sel.Name)
				}
				return true
			})
		}
	}
}

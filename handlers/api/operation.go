package api

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"incidentledger/domain"
	"incidentledger/projections/register"
)

// An operation is one thing the API does: what it takes, what it gives, and how.
// Routing, checking of parameters and the OpenAPI description follow from it.
type operation struct {
	id, method, path string // path as in the description, below the server's root
	tag              string
	summary, about   string

	query   []param
	body    *body    // nil: takes none
	headers []string // request headers it heeds, of those in headerDocs
	waits   []string // views that must show the entry named in Ledger-Seq

	status  int    // of success; 0: 200
	also    []int  // other statuses of success
	gives   any    // zero value of what it answers; nil: see media
	rows    any    // zero value of a row of its table, where it has one and is no list
	media   string // of the answer; empty: application/json
	refuses []int  // statuses of problems, besides 400, 404 and 503

	do func(q *request) (*answer, error)
}

// A body is what an operation takes.
type body struct {
	media    []string // first: the one described
	schema   any      // zero value of a Go type, or a JSON Schema
	example  string
	max      int64
	optional bool
}

// An answer is what an operation gives; nil where it has written itself.
type answer struct {
	status int // 0: the operation's
	header http.Header
	body   any
	table  any // the page of rows that it is as a table; nil: the body
}

func (a *answer) set(name, value string) *answer {
	if a.header == nil {
		a.header = http.Header{}
	}
	a.header.Set(name, value)
	return a
}

func (a *answer) seq(seq domain.Seq) *answer { return a.set("Ledger-Seq", formatSeq(seq)) }

// A request is one operation asked for.
type request struct {
	*http.Request
	s      *server
	w      http.ResponseWriter
	id     string // of the request
	op     *operation
	office *Office // nil outside /organisations/{org}
	values url.Values
}

// serve runs an operation.
func (s *server) serve(op *operation) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		q := &request{Request: r, s: s, w: w, id: requestID(r), op: op}
		a, err := q.run()
		if err != nil {
			s.refuse(w, r, err)
			return
		}
		if a == nil {
			return
		}
		switch done, err := q.export(a); {
		case err != nil:
			s.refuse(w, r, err)
			return
		case done:
			return
		}
		h := w.Header()
		for name, v := range a.header {
			h[name] = v
		}
		if a.status == 0 {
			a.status = max(op.status, http.StatusOK)
		}
		if a.body == nil {
			w.WriteHeader(a.status)
			return
		}
		b, err := encode(a.body)
		if err != nil {
			s.refuse(w, r, fmt.Errorf("api: %s: %w", op.id, err))
			return
		}
		h.Set("Content-Type", "application/json")
		w.WriteHeader(a.status)
		_, _ = w.Write(b) // a failure is the connection's
	}
}

func (q *request) run() (*answer, error) {
	if strings.Contains(q.op.path, "{org}") {
		o, ok := q.s.office(domain.OrgID(q.PathValue("org")))
		if !ok {
			return nil, missing("there is no organisation %q here", clip(q.PathValue("org"), 60))
		}
		q.office = o
	}
	if err := q.checkQuery(); err != nil {
		return nil, err
	}
	if err := q.catchUp(q.op.waits...); err != nil {
		return nil, err
	}
	return q.op.do(q)
}

// catchUp waits until some views show the entry that the header Ledger-Seq names.
func (q *request) catchUp(views ...string) error {
	seq, err := q.named()
	if seq == 0 || err != nil {
		return err
	}
	return q.catchUpWith(seq, views...)
}

// named is the entry that the header Ledger-Seq names; 0: none.
func (q *request) named() (domain.Seq, error) {
	text := q.Header.Get("Ledger-Seq")
	if text == "" || q.office == nil {
		return 0, nil
	}
	seq, err := strconv.ParseUint(text, 10, 63)
	if err != nil {
		return 0, malformed("Ledger-Seq", "the header Ledger-Seq is %q; give the sequence of an entry, as a write answers it", clip(text, 40))
	}
	return domain.Seq(seq), nil
}

// catchUpWith waits until the ledger and some views show an entry.
func (q *request) catchUpWith(seq domain.Seq, views ...string) error {
	ctx, cancel := context.WithTimeout(q.Context(), q.s.Patience)
	defer cancel()
	if err := q.office.Log.WaitFor(ctx, seq); err != nil {
		if ctx.Err() == nil { // the ledger itself has stopped
			return later(60, "ledger_stopped", "the ledger has stopped before entry %d; /readyz tells why", seq).because(err)
		}
		return err
	}
	for _, view := range views {
		if err := q.office.Views.WaitFor(ctx, view, seq); err != nil {
			return err
		}
	}
	return nil
}

// key finds the incident that the address names by its key or number.
func (q *request) key() (domain.Key, error) {
	snap, err := q.office.Views.Snapshot()
	if err != nil {
		return domain.Key{}, err
	}
	defer snap.Close()
	return findKey(snap, q.PathValue("key"))
}

// incidentNumbered finds an incident by its number.
func (q *request) incidentNumbered(number string) (domain.Key, error) {
	return register.Numbered(q.office.Views, number)
}

// parseKey reads a key in its one written form.
func parseKey(text string) (domain.Key, error) {
	var k domain.Key
	if len(text) != 36 || k.UnmarshalText([]byte(text)) != nil {
		return k, missing("%q is neither a key nor a number such as 2026-0042", clip(text, 60))
	}
	return k, nil
}

// notHere says what was not found, where that is what happened.
func notHere(err error, format string, args ...any) error {
	if p := problemOf(err); p.Status == http.StatusNotFound {
		return missing(format, args...)
	}
	return err
}

func formatSeq(seq domain.Seq) string { return strconv.FormatUint(uint64(seq), 10) }

func formatTag(seq domain.Seq) string { return `"` + formatSeq(seq) + `"` }

// commandNamed finds a command by either form of its name.
func commandNamed(kind *domain.Kind, name string) (domain.CommandType, bool) {
	i := slices.IndexFunc(kind.Commands, func(c domain.CommandType) bool {
		return c.Name() == name || domain.Kebab(c.Name()) == name
	})
	if i < 0 {
		return domain.CommandType{}, false
	}
	return kind.Commands[i], true
}

func (q *request) now() time.Time { return q.s.Now() }

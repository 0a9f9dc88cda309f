// Package tlog serves the sealed logs in the forms of c2sp.org/tlog-tiles, so
// that public tools read them unchanged, and answers for the witness that this
// installation is for others, c2sp.org/tlog-witness.
//
// It may import domain, golang.org/x/mod/sumdb/tlog and torchwood, nothing else.
//
// Invariant: it shows what a signed head covers, and entries to nobody but an
// authorised mirror.
package tlog

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"

	"incidentledger/domain"
)

// A Log is the sealed log of an organisation.
type Log interface {
	// Checkpoint gives the newest head: that which enough witnesses cosigned
	// where witnesses are asked. nil: nothing is sealed yet.
	Checkpoint() []byte
	// Tile gives the hashes of a tile.
	Tile(tlog.Tile) ([]byte, error)
	// Entries gives the bundle of entries whose hashes are that tile of level 0.
	Entries(tlog.Tile) ([]byte, error)
}

// A Witness cosigns the heads of logs elsewhere.
type Witness interface {
	// AddCheckpoint answers an add-checkpoint request. An error that says how to
	// answer has the method HTTP() (status int, contentType, body string).
	AddCheckpoint(body []byte) ([]byte, error)
	// Checkpoint gives the largest checkpoint cosigned of a log, nil for none.
	Checkpoint(originHash string) ([]byte, error)
}

// Config says what is served.
type Config struct {
	Log     func(domain.OrgID) Log   // nil: there is no such log
	Mirror  func(*http.Request) bool // whether who asks may read entries
	Witness Witness                  // nil: this is no witness
	Next    http.Handler             // everything else
	Report  *slog.Logger
}

// New serves /log/ORG/checkpoint, /log/ORG/tile/… and /witness/….
func New(c Config) http.Handler {
	d := door{c}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /log/{org}/checkpoint", d.checkpoint)
	mux.HandleFunc("GET /log/{org}/tile/{path...}", d.tile)
	if c.Witness != nil {
		mux.HandleFunc("POST /witness/add-checkpoint", d.addCheckpoint)
		mux.HandleFunc("GET /witness/{hash}/checkpoint", d.cosigned)
	}
	mux.Handle("/", c.Next)
	return mux
}

type door struct{ Config }

func (d door) checkpoint(w http.ResponseWriter, r *http.Request) {
	log := d.Log(domain.OrgID(r.PathValue("org")))
	if log == nil {
		http.Error(w, "there is no such log", http.StatusNotFound)
		return
	}
	head := log.Checkpoint()
	if head == nil {
		http.Error(w, "nothing is sealed yet", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	w.Write(head)
}

// tile serves hashes, and bundles of entries. Neither ever changes.
func (d door) tile(w http.ResponseWriter, r *http.Request) {
	log := d.Log(domain.OrgID(r.PathValue("org")))
	t, err := torchwood.ParseTilePath("tile/" + r.PathValue("path"))
	if log == nil || err != nil {
		http.Error(w, "there is no such tile", http.StatusNotFound)
		return
	}
	read := log.Tile
	if t.L < 0 {
		if !d.Mirror(r) {
			http.Error(w, "entries are shown to authorised mirrors only", http.StatusForbidden)
			return
		}
		read = log.Entries
	}
	b, err := read(t)
	switch {
	case errors.Is(err, domain.ErrNotFound):
		http.Error(w, "no signed head covers this tile", http.StatusNotFound)
	case err != nil:
		d.Report.Error("a tile cannot be read", "path", r.URL.Path, "err", err)
		http.Error(w, "the tile cannot be read; the log of the program says why", http.StatusServiceUnavailable)
	default:
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		if t.L < 0 {
			w.Header().Set("Cache-Control", "private, no-store")
		}
		w.Write(b)
	}
}

func (d door) addCheckpoint(w http.ResponseWriter, r *http.Request) {
	const most = 64 << 10
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	if err != nil {
		http.Error(w, "the request is longer than 64 KiB", http.StatusBadRequest)
		return
	}
	line, err := d.Witness.AddCheckpoint(body)
	var says interface{ HTTP() (int, string, string) }
	switch {
	case errors.As(err, &says):
		status, kind, text := says.HTTP()
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		io.WriteString(w, text)
	case err != nil:
		d.Report.Error("the witness cannot answer", "alarm", true, "err", err)
		http.Error(w, "the witness cannot answer now", http.StatusServiceUnavailable)
	default:
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Write(line)
	}
}

func (d door) cosigned(w http.ResponseWriter, r *http.Request) {
	b, err := d.Witness.Checkpoint(strings.ToLower(r.PathValue("hash")))
	switch {
	case err != nil:
		d.Report.Error("a cosigned checkpoint cannot be read", "err", err)
		http.Error(w, "the checkpoint cannot be read now", http.StatusServiceUnavailable)
	case b == nil:
		http.Error(w, "no checkpoint of that log was cosigned here", http.StatusNotFound)
	default:
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-cache")
		w.Write(b)
	}
}

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

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"

	"incidentledger/domain"
)

// A Log is the sealed log of an organisation.
type Log interface {
	// Checkpoint gives the newest head: that which enough witnesses cosigned
	// where witnesses are asked. nil: there is none yet.
	Checkpoint() ([]byte, error)
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
	Log     func(domain.OrgID) Log     // nil: there is no such log
	Mirror  func(*http.Request) bool   // whether who asks may read entries
	Witness func(domain.OrgID) Witness // nil: it is no witness
	Next    http.Handler               // everything else
	Report  *slog.Logger
}

// New serves /log/ORG/checkpoint, /log/ORG/tile/… and /witness/ORG/….
func New(c Config) http.Handler {
	d := door{c}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /log/{org}/checkpoint", d.checkpoint)
	mux.HandleFunc("GET /log/{org}/tile/{path...}", d.tile)
	mux.HandleFunc("POST /witness/{org}/add-checkpoint", d.addCheckpoint)
	mux.HandleFunc("GET /witness/{org}/{hash}/checkpoint", d.cosigned)
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
	head, err := log.Checkpoint()
	d.note(w, r, head, err)
}

// note serves a checkpoint, which the next one replaces.
func (d door) note(w http.ResponseWriter, r *http.Request, signed []byte, err error) {
	switch {
	case err != nil:
		d.Report.Error("a checkpoint cannot be read", "path", r.URL.Path, "err", err)
		http.Error(w, "the checkpoint cannot be read; the log of the program says why", http.StatusServiceUnavailable)
	case signed == nil:
		http.Error(w, "there is no checkpoint yet", http.StatusNotFound)
	default:
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-cache")
		w.Write(signed)
	}
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
	witness := d.Witness(domain.OrgID(r.PathValue("org")))
	if witness == nil {
		http.Error(w, "there is no such witness", http.StatusNotFound)
		return
	}
	const most = 64 << 10
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	if err != nil {
		http.Error(w, "the request is longer than 64 KiB", http.StatusBadRequest)
		return
	}
	line, err := witness.AddCheckpoint(body)
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
	witness := d.Witness(domain.OrgID(r.PathValue("org")))
	if witness == nil {
		http.Error(w, "there is no such witness", http.StatusNotFound)
		return
	}
	signed, err := witness.Checkpoint(r.PathValue("hash"))
	d.note(w, r, signed, err)
}

package api

import (
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"strconv"
	"time"

	"incidentledger/domain"
	"incidentledger/projections/evidence"
	"incidentledger/projections/register"
)

// Files are an organisation's evidence files.
type Files interface {
	// Take takes a file in; when it returns the file is durable. *http.MaxBytesError:
	// it is too large.
	Take(ctx context.Context, r io.Reader) (domain.StoredFile, error)
	// Give writes the file of an item and hashes it anew on the way. Where it fails
	// the last of the file was not written.
	Give(ctx context.Context, w io.Writer, incident, evidence domain.Key) error
	// Unnamed lists files that no entry names.
	Unnamed(ctx context.Context) ([]LooseFile, error)
	// Discard removes one of those, a day after it came at the earliest.
	Discard(ctx context.Context, name string) error
}

// A LooseFile was taken in and is named by no entry.
type LooseFile struct {
	Name  string    `json:"name"`
	Size  int64     `json:"size" doc:"as it is stored"`
	Since time.Time `json:"since" doc:"it came, or was last about to be named"`
	Whole bool      `json:"whole" doc:"false: what was left of a file on its way in"`
}

const mediaBytes = "application/octet-stream"

// fileOperations take evidence files in and give them out.
func (s *server) fileOperations() []*operation {
	return []*operation{
		{id: "take-file", method: http.MethodPost, path: "/organisations/{org}/files", tag: "orders",
			do: (*request).takeFile, summary: "Takes in a file, as evidence or a receipt",
			about: "Send its bytes. They are hashed and encrypted on the way and are on disk when this answers. " +
				"Give the answer, with a name, as the member file of the order: CollectEvidence, OfferCustody or AcceptCustody.",
			body:   &body{media: []string{mediaBytes}, schema: map[string]any{"type": "string", "format": "binary"}},
			status: http.StatusCreated, gives: domain.StoredFile{}, refuses: []int{413, 415, 422}},
		{id: "get-evidence-file", method: http.MethodGet, path: "/organisations/{org}/evidence/{evidence}/file", tag: "views",
			do: (*request).evidenceFile, summary: "The file of an item of evidence, hashed anew on the way",
			about: "The answer ends early, and so fails, where the file is not what was taken in; Repr-Digest says what it must be. " +
				"It is never shown by a browser: it may be malware.",
			media: mediaBytes, headers: []string{"Ledger-Seq"}, waits: []string{evidence.Name, register.Name}, refuses: []int{422}},
		{id: "list-unnamed-files", method: http.MethodGet, path: "/organisations/{org}/files/unnamed", tag: "views",
			do: (*request).unnamedFiles, summary: "Files that were taken in and that no order names", gives: page[LooseFile]{}},
		{id: "discard-file", method: http.MethodPost, path: "/organisations/{org}/files/unnamed/{name}/removal", tag: "orders",
			do: (*request).discardFile, summary: "Removes a file that no order names, a day after it came at the earliest",
			status: http.StatusNoContent, refuses: []int{422}},
	}
}

func (q *request) files() (Files, error) {
	if q.office.Files == nil {
		return nil, missing("no files are taken in here")
	}
	return q.office.Files, nil
}

func (q *request) takeFile() (*answer, error) {
	files, err := q.files()
	if err != nil {
		return nil, err
	}
	if q.Header.Get("Content-Type") != mediaBytes {
		p := problem(http.StatusUnsupportedMediaType, "unsupported_media_type", "send the file as %s", mediaBytes)
		p.Field, p.Allowed = "Content-Type", q.op.body.media
		return nil, p
	}
	in := &reading{r: q.Body}
	stored, err := files.Take(q.Context(), in)
	if in.err != nil {
		return nil, malformed("", "the file could not be read to its end")
	}
	if err != nil {
		return nil, err
	}
	return &answer{body: stored}, nil
}

// reading tells a failure of what is read from one of who reads.
type reading struct {
	r   io.Reader
	err error
}

func (r *reading) Read(p []byte) (int, error) {
	if r.r == nil { // a request made within the process may have no body
		return 0, io.EOF
	}
	n, err := r.r.Read(p)
	if err != nil && err != io.EOF {
		r.err = err
	}
	return n, err
}

func (q *request) evidenceFile() (*answer, error) {
	files, err := q.files()
	if err != nil {
		return nil, err
	}
	it, err := q.item()
	if err != nil {
		return nil, err
	}
	out := &offering{w: q.w, it: it}
	if err := files.Give(q.Context(), out, it.Key, it.Evidence); err != nil {
		if !out.begun {
			return nil, err
		}
		q.s.Log.ErrorContext(q.Context(), "an answer was cut off", "request", q.id, "route", q.Pattern, "error", err)
		panic(http.ErrAbortHandler) // better no file than a wrong one
	}
	return nil, nil
}

// item finds the item of evidence that the address names, with a stored file.
func (q *request) item() (evidence.Item, error) {
	id, err := parseKey(q.PathValue("evidence"))
	if err != nil {
		return evidence.Item{}, err
	}
	var found evidence.Item
	_, err = q.browse(evidence.New(), func(s *browsing) (*answer, error) {
		for it := range evidence.Find(s.ThingReader, evidence.Query{}) {
			if it.Evidence == id {
				found = it
			}
		}
		return nil, nil
	})
	switch {
	case err != nil:
		return found, err
	case found.Evidence.IsZero():
		return found, missing("there is no evidence %s", id)
	case found.Stored.IsZero():
		return found, missing("the evidence %s has no file that was taken in", id)
	}
	return found, nil
}

// offering is an answer that begins when there is something right to give.
type offering struct {
	w     http.ResponseWriter
	it    evidence.Item
	begun bool
}

func (o *offering) Write(b []byte) (int, error) {
	if !o.begun {
		o.begun = true
		h := o.w.Header()
		h.Set("Content-Type", mediaBytes)
		h.Set("Content-Disposition", `attachment; filename="evidence-`+o.it.Evidence.String()+`.bin"`)
		h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Length", strconv.FormatInt(o.it.Size, 10))
		h.Set("Repr-Digest", "sha-256=:"+base64.StdEncoding.EncodeToString(o.it.SHA256[:])+":")
	}
	return o.w.Write(b)
}

func (q *request) unnamedFiles() (*answer, error) {
	files, err := q.files()
	if err != nil {
		return nil, err
	}
	list, err := files.Unnamed(q.Context())
	if err != nil {
		return nil, err
	}
	return &answer{body: page[LooseFile]{Items: append([]LooseFile{}, list...)}}, nil
}

func (q *request) discardFile() (*answer, error) {
	files, err := q.files()
	if err != nil {
		return nil, err
	}
	if err := files.Discard(q.Context(), q.PathValue("name")); err != nil {
		return nil, notHere(err, "no file of this name lies here without an order")
	}
	return &answer{}, nil
}

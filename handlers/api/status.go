package api

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"time"

	"incidentledger/domain"
	"incidentledger/projections"
	"incidentledger/projections/deadlines"
)

//go:embed status.html
var statusSource string

//go:embed status.css
var statusStyle string

var statusTemplate = template.Must(template.New("status").Funcs(template.FuncMap{
	"style": func() template.CSS { return template.CSS(statusStyle) },
}).Parse(statusSource))

// statusPolicy lets the page have its own style and nothing else.
var statusPolicy = func() string {
	sum := sha256.Sum256([]byte(statusStyle))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}()

// What the status page shows: codes, numbers and instants, nothing sealed.
type statusData struct {
	Version, Description string
	At                   time.Time
	Ready                bool
	Offices              []statusOffice
}

type statusOffice struct {
	Org, Name string
	Seq       domain.Seq
	Last      time.Time // when it was recorded; zero: not known
	Zone      *time.Location
	Error     string
	Views     []viewStatus
	Clocks    []clock
	NoClocks  string // why there are none; empty: there are just none
}

// In shows an instant in the organisation's zone.
func (o statusOffice) In(t time.Time) string { return t.In(o.Zone).Format("2006-01-02 15:04 MST") }

// ISO is an instant for machines.
func (o statusOffice) ISO(t time.Time) string { return t.In(o.Zone).Format(time.RFC3339) }

// statusPage shows where the ledgers stand.
func (s *server) statusPage(w http.ResponseWriter, r *http.Request) {
	h := s.health()
	data := statusData{Version: s.Version, Description: Root + "/openapi.json", At: s.Now(), Ready: h.Ready}
	for i, o := range s.Offices() {
		if i >= len(h.Organisations) {
			break
		}
		so := statusOffice{Org: string(o.Org), Name: o.Name, Zone: o.Zone, Seq: h.Organisations[i].Seq,
			Error: h.Organisations[i].Error, Views: h.Organisations[i].Views}
		if so.Seq > 0 {
			if en, err := o.Log.Entry(so.Seq); err != nil {
				so.Error = err.Error()
			} else {
				so.Last = en.Recorded
			}
		}
		var err error
		if so.Clocks, err = nextClocks(o, data.At); err != nil {
			so.NoClocks = problemOf(err).Detail
		}
		data.Offices = append(data.Offices, so)
	}
	var b bytes.Buffer
	if err := statusTemplate.Execute(&b, data); err != nil {
		s.refuse(w, r, fmt.Errorf("api: status page: %w", err))
		return
	}
	head := w.Header()
	head.Set("Content-Type", "text/html; charset=utf-8")
	head.Set("Content-Security-Policy", statusPolicy)
	head.Set("Referrer-Policy", "no-referrer")
	head.Set("Cache-Control", "no-store")
	_, _ = w.Write(b.Bytes()) // a failure is the connection's
}

// nextClocks gives the ten terms due next. Nobody signed in to this page, so it
// shows incidents of the plain class only.
func nextClocks(o *Office, at time.Time) ([]clock, error) {
	snap, err := o.Views.Snapshot()
	if err != nil {
		return nil, err
	}
	defer snap.Close()
	d, err := deadlines.In(snap)
	if err != nil {
		return nil, err
	}
	found, err := d.Next(10, func(c projections.Class) bool { return c == domain.PlainClass() })
	if err != nil {
		return nil, err
	}
	out := make([]clock, len(found))
	for i := range found {
		out[i] = clockIn(&found[i], at)
	}
	return out, nil
}

package web

import (
	"context"
	"crypto/subtle"
	_ "embed"
	"html/template"
	"net"
	"net/http"
	"strings"
	"sync"

	"incidentledger/domain"
)

//go:embed setup.html
var setupHTML string

var setupPage = template.Must(template.New("setup").Parse(setupHTML))

// SetupConfig is what the set-up page works with.
type SetupConfig struct {
	Token string       // stands in the one-time link
	Next  http.Handler // everything else

	// Found founds a ledger, or says in words for people why not.
	Found func(ctx context.Context, org domain.OrgID, name string, country domain.Code, zone string) error
}

// setup is the page at /setup. It works until a ledger was founded through it.
type setup struct {
	SetupConfig
	mu   sync.Mutex
	done bool
}

// form is what the page shows.
type form struct {
	Token, Org, Name, Country, Zone string
	Problem                         string
	Founded                         bool
}

// Setup gives a handler that serves the one-time set-up page and hands all else
// to Next. The token is compared in constant time; after the founding the link
// is dead.
func Setup(c SetupConfig) http.Handler {
	s := &setup{SetupConfig: c}
	protect := http.NewCrossOriginProtection()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /setup", s.show)
	mux.Handle("POST /setup", protect.Handler(http.HandlerFunc(s.found)))
	mux.Handle("/", c.Next)
	return mux
}

// allowed reports whether the link is right and still alive.
func (s *setup) allowed(token string) bool {
	return !s.done && subtle.ConstantTimeCompare([]byte(token), []byte(s.Token)) == 1
}

// local reports whether a request asks for this machine by a name of its own. A
// page elsewhere whose name was made to point here asks by another.
func local(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func (s *setup) show(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	token := r.URL.Query().Get("token")
	if !s.allowed(token) || !local(r) {
		gone(w)
		return
	}
	render(w, http.StatusOK, form{Token: token, Country: "NL"})
}

func (s *setup) found(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.Body = http.MaxBytesReader(w, r.Body, 16<<10)
	if err := r.ParseForm(); err != nil || !s.allowed(r.PostForm.Get("token")) || !local(r) {
		gone(w)
		return
	}
	f := form{
		Token: r.PostForm.Get("token"), Org: r.PostForm.Get("org"), Name: r.PostForm.Get("name"),
		Country: r.PostForm.Get("country"), Zone: r.PostForm.Get("zone"),
	}
	if err := s.Found(r.Context(), domain.OrgID(f.Org), f.Name, domain.Code(f.Country), f.Zone); err != nil {
		f.Problem = err.Error()
		render(w, http.StatusUnprocessableEntity, f)
		return
	}
	s.done = true
	f.Founded = true
	render(w, http.StatusOK, f)
}

func gone(w http.ResponseWriter) {
	http.Error(w, "This set-up link is not valid, or no longer. The program prints a new one when it starts without a ledger.", http.StatusNotFound)
}

func render(w http.ResponseWriter, status int, f form) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_ = setupPage.Execute(w, f) // the connection may be gone; there is nobody to tell
}

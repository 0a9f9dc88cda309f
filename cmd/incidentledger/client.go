package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"

	"incidentledger/domain"
	"incidentledger/eventstore"
)

// A client asks the API: of a server far away, of the process that holds the
// data folder, through its socket, or, when nobody holds it, of this process.
// So every verb does what the API does, and nothing else.
type client struct {
	http  *http.Client
	base  string // up to and including /api/v1
	org   string
	close func() error
}

func (a *app) socketPath() string { return filepath.Join(a.data, "socket") }

// connect finds whom to ask.
func (a *app) connect(ctx context.Context) (*client, error) {
	c, err := a.dial(ctx)
	if err != nil {
		return nil, err
	}
	if c.org, err = c.findOrg(ctx, a.org); err != nil {
		return nil, errors.Join(err, c.close())
	}
	return c, nil
}

func (a *app) dial(ctx context.Context) (*client, error) {
	nothing := func() error { return nil }
	if a.server != "" {
		u, err := url.Parse(a.server)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return nil, usage("--server is %q; give a URL such as http://127.0.0.1:8080", a.server)
		}
		token := a.getenv("INCIDENTLEDGER_TOKEN")
		return &client{
			http: &http.Client{Transport: bearer{token}, Timeout: time.Hour},
			base: strings.TrimSuffix(a.server, "/") + "/api/v1", close: nothing,
		}, nil
	}
	if c, ok := a.overSocket(); ok {
		return c, nil
	}
	h, err := openHouse(ctx, a.houseConfig())
	if errors.Is(err, eventstore.ErrTaken) {
		if c, ok := a.overSocket(); ok { // it began to listen meanwhile
			return c, nil
		}
		return nil, fmt.Errorf("%w, and it answers on no socket; wait for it to end", err)
	}
	if err != nil {
		return nil, err
	}
	handler, err := h.api()
	if err != nil {
		return nil, errors.Join(err, h.close())
	}
	within := &inProcess{h: handler}
	return &client{http: &http.Client{Transport: within}, base: "http://localhost/api/v1",
		close: func() error { within.busy.Wait(); return h.close() }}, nil
}

func (a *app) overSocket() (*client, bool) {
	conn, err := net.DialTimeout("unix", a.socketPath(), time.Second)
	if err != nil {
		return nil, false
	}
	conn.Close()
	tr := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", a.socketPath())
	}}
	return &client{http: &http.Client{Transport: tr}, base: "http://localhost/api/v1",
		close: func() error { tr.CloseIdleConnections(); return nil }}, true
}

// bearer adds an API token to every request.
type bearer struct{ token string }

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	if b.token != "" {
		r = r.Clone(r.Context())
		r.Header.Set("Authorization", "Bearer "+b.token)
	}
	return http.DefaultTransport.RoundTrip(r)
}

// inProcess answers requests by a handler of this process.
type inProcess struct {
	h    http.Handler
	busy sync.WaitGroup // answers under way; each ends when its body is closed
}

// RoundTrip returns when the answer begins; its body is passed on as the handler
// writes it, so that no file is ever whole in memory.
func (t *inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	in := r.Clone(r.Context())
	if in.Body == nil {
		in.Body = http.NoBody
	}
	in.RemoteAddr, in.RequestURI = "@", r.URL.RequestURI()
	body, pipe := io.Pipe()
	w := &answer{header: http.Header{}, begun: make(chan struct{}), body: pipe}
	t.busy.Go(func() {
		var err error
		defer func() {
			if v := recover(); v != nil {
				if err = io.ErrUnexpectedEOF; v != http.ErrAbortHandler {
					err = fmt.Errorf("the handler failed: %v", v)
				}
			}
			w.WriteHeader(http.StatusOK)
			pipe.CloseWithError(err)
		}()
		t.h.ServeHTTP(w, in)
	})
	<-w.begun
	return &http.Response{
		StatusCode: w.status, Header: w.sent, Request: r,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Body: body, ContentLength: -1,
	}, nil
}

// answer is what a handler of this process says.
type answer struct {
	header http.Header
	sent   http.Header // as it was when the answer began
	status int
	begun  chan struct{} // closed when status and sent are set
	body   *io.PipeWriter
}

func (w *answer) Header() http.Header { return w.header }

func (w *answer) WriteHeader(status int) {
	if w.status == 0 {
		w.status, w.sent = status, w.header.Clone()
		close(w.begun)
	}
}

func (w *answer) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(b)
}

// findOrg takes the organisation that was named, or the only one there is.
func (c *client) findOrg(ctx context.Context, named string) (string, error) {
	if named != "" {
		return named, nil
	}
	var list struct {
		Items []struct {
			Org string `json:"org"`
		} `json:"items"`
	}
	if err := c.get(ctx, "/organisations", nil, &list); err != nil {
		return "", err
	}
	switch len(list.Items) {
	case 1:
		return list.Items[0].Org, nil
	case 0:
		return "", fmt.Errorf("there is no ledger here yet; `incidentledger init` founds one: %w", domain.ErrNotFound)
	}
	var names []string
	for _, o := range list.Items {
		names = append(names, o.Org)
	}
	return "", usage("there are several organisations; choose one with --org: %s", strings.Join(names, ", "))
}

// path is a path within the organisation.
func (c *client) path(parts ...string) string {
	p := "/organisations/" + url.PathEscape(c.org)
	for _, part := range parts {
		p += "/" + url.PathEscape(part)
	}
	return p
}

func (c *client) get(ctx context.Context, path string, query url.Values, into any) error {
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	_, err := c.ask(ctx, http.MethodGet, path, nil, nil, into)
	return err
}

// fresh is get, answered only when the views know of every entry there was when
// it was asked: what was just ordered shows.
func (c *client) fresh(ctx context.Context, path string, query url.Values, into any) error {
	var views struct {
		Items []struct {
			Seq    uint64 `json:"seq"`
			Behind uint64 `json:"behind"`
		} `json:"items"`
	}
	if err := c.get(ctx, c.path("views"), nil, &views); err != nil {
		return err
	}
	var last uint64
	for _, v := range views.Items {
		last = max(last, v.Seq+v.Behind)
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	_, err := c.ask(ctx, http.MethodGet, path, http.Header{"Ledger-Seq": {strconv.FormatUint(last, 10)}}, nil, into)
	return err
}

// ask sends a request and reads the answer into into. A problem comes back as
// the *domain.Refusal that it tells of, so that exit codes follow.
func (c *client) ask(ctx context.Context, method, path string, header http.Header, body []byte, into any) (http.Header, error) {
	res, err := c.send(ctx, method, path, header, body)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	if res.StatusCode >= 300 {
		return nil, problemError(res.StatusCode, b)
	}
	if raw, ok := into.(*[]byte); ok {
		*raw = b
		return res.Header, nil
	}
	if into != nil {
		if err := json.Unmarshal(b, into); err != nil {
			return nil, fmt.Errorf("understand the answer to %s %s: %w", method, path, err)
		}
	}
	return res.Header, nil
}

func (c *client) send(ctx context.Context, method, path string, header http.Header, body []byte) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	r.Header.Set("Ledger-Door", "cli") // heeded over the socket and in process only
	for k, v := range header {
		r.Header[k] = v
	}
	return c.http.Do(r)
}

// problemError reads a problem (RFC 9457) back as what it was.
func problemError(status int, body []byte) error {
	var p struct {
		Code        domain.Code `json:"code"`
		Title       string      `json:"title"`
		Detail      string      `json:"detail"`
		Requirement string      `json:"requirement"`
		Field       string      `json:"field"`
		Allowed     []string    `json:"allowed"`
	}
	if err := json.Unmarshal(body, &p); err != nil || p.Code == "" {
		return fmt.Errorf("the server answers %d: %s", status, strings.TrimSpace(string(body[:min(len(body), 300)])))
	}
	switch {
	case status == http.StatusServiceUnavailable:
		return fmt.Errorf("%s: %s", p.Code, p.Detail)
	case status >= 500:
		return fmt.Errorf("the server failed: %s: %s", p.Code, p.Detail)
	case status == http.StatusNotFound:
		p.Code = domain.CodeNotFound
	case status == http.StatusBadRequest, status == http.StatusRequestEntityTooLarge:
		p.Code = domain.CodeMalformed
	}
	return &domain.Refusal{Code: p.Code, Text: p.Detail, Requirement: p.Requirement, Field: p.Field, Allowed: p.Allowed}
}

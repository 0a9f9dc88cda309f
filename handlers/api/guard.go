package api

import (
	"context"
	"net"
	"net/http"
	"runtime/debug"
	"strings"

	"github.com/google/uuid"
)

type requestIDKey struct{}

// requestID is the id that guard gave a request. Callers cannot choose it: what
// they would send could point at a person.
func requestID(r *http.Request) string {
	id, _ := r.Context().Value(requestIDKey{}).(string)
	return id
}

// guard stands before every route: it names the request, keeps strangers out,
// turns a panic into a problem, and logs.
func (s *server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		started := s.Now()
		id := uuid.NewString()
		r = r.WithContext(context.WithValue(r.Context(), requestIDKey{}, id))
		rec := &recorder{ResponseWriter: w}
		h := rec.Header()
		h.Set("X-Request-Id", id)
		h.Set("Api-Version", s.Version)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "private, no-cache")
		defer func() {
			if v := recover(); v != nil {
				if v == http.ErrAbortHandler {
					panic(v)
				}
				s.Log.ErrorContext(r.Context(), "request panicked", "request", id, "route", r.Pattern, "panic", v, "stack", string(debug.Stack()))
				if rec.status != 0 {
					panic(http.ErrAbortHandler) // the answer has begun: cut it off
				}
				problem(http.StatusInternalServerError, "internal", "the program failed; the log says why, under this request's id").write(rec, r, id)
			}
			// Neither address, agent, path nor query: an anonymous reporter leaves
			// no trace, and a path can hold an incident's number.
			s.Log.DebugContext(r.Context(), "request", "request", id, "method", r.Method, "route", r.Pattern,
				"status", rec.status, "took", s.Now().Sub(started))
		}()
		switch {
		case !mayAsk(r):
			problem(http.StatusMisdirectedRequest, "wrong_host", "this server answers on loopback only; ask for localhost or 127.0.0.1").write(rec, r, id)
		case s.origin.Check(r) != nil:
			problem(http.StatusForbidden, "cross_origin", "a page of another origin may not send this").write(rec, r, id)
		default:
			next.ServeHTTP(rec, r)
		}
	})
}

// fromHouse reports whether a request came from within the process or over a
// Unix socket, which only the folder's owner can open.
func fromHouse(r *http.Request) bool {
	addr, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	return !ok || addr.Network() == "unix"
}

// mayAsk reports whether the Host of a request over TCP is loopback. A name that
// somebody else's DNS points here is not.
func mayAsk(r *http.Request) bool {
	if fromHouse(r) {
		return true
	}
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// recorder remembers the status of an answer.
type recorder struct {
	http.ResponseWriter
	status int
}

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

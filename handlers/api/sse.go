package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"incidentledger/domain"
)

// writeTime is how long one event may take to reach a reader.
const writeTime = 10 * time.Second

// A notice is what an event stream tells of an entry: codes and ids only, so
// that telling it shows nobody any content.
type notice struct {
	Seq      domain.Seq      `json:"seq"`
	Kind     domain.KindName `json:"kind"`
	Key      domain.Key      `json:"key"`
	Command  string          `json:"command"`
	Events   []string        `json:"events"`
	Recorded time.Time       `json:"recorded"`
}

func (s *server) eventOperations() []*operation {
	return []*operation{{
		id: "follow-events", method: http.MethodGet, path: "/organisations/{org}/events", tag: "events", do: (*request).events,
		summary: "New entries as they become durable, as server-sent events",
		about: "Each event has the sequence of its entry as id; Last-Event-ID, or the parameter after, continues behind one. " +
			"Without either it begins with the next entry. A comment every 15 seconds shows that the connection stands.",
		media: "text/event-stream", headers: []string{"Last-Event-ID"},
		query: []param{{name: "after", kind: number, doc: "entries behind this sequence; 0: from the first"}},
	}}
}

func (q *request) events() (*answer, error) {
	after := q.office.Log.Last()
	if q.has("after") {
		after = domain.Seq(q.number("after"))
	}
	if id := q.Header.Get("Last-Event-ID"); id != "" {
		n, err := strconv.ParseUint(id, 10, 63)
		if err != nil {
			return nil, malformed("Last-Event-ID", "the header Last-Event-ID is %q; give the sequence of an entry", clip(id, 40))
		}
		after = domain.Seq(n)
	}
	if last := q.office.Log.Last(); after > last {
		return nil, malformed("Last-Event-ID", "entry %d is not there; the last is %d", after, last)
	}
	h := q.w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	if q.Method == http.MethodHead {
		return nil, nil
	}
	out := &stream{w: q.w, rc: http.NewResponseController(q.w)}
	if err := out.send(": following after %d\n\n", after); err == nil {
		err = q.follow(out, after)
		if err != nil && q.Context().Err() == nil {
			q.s.Log.WarnContext(q.Context(), "event stream ended", "request", q.id, "org", q.office.Org, "error", err)
		}
	}
	return nil, nil
}

// follow sends entries until the reader goes away.
func (q *request) follow(out *stream, after domain.Seq) error {
	ctx, cancel := context.WithCancel(q.Context())
	defer cancel()
	type next struct {
		en  *domain.Entry
		err error
	}
	entries := make(chan next)
	go func() {
		defer close(entries)
		for en, err := range q.office.Follow.Follow(ctx, after) {
			select {
			case entries <- next{en, err}:
			case <-ctx.Done():
				return
			}
		}
	}()
	beat := time.NewTicker(q.s.Heartbeat)
	defer beat.Stop()
	for {
		var err error
		select {
		case n, ok := <-entries:
			if !ok {
				return ctx.Err()
			}
			if n.err != nil {
				return n.err
			}
			err = out.notice(n.en)
		case <-beat.C:
			err = out.send(": still here\n\n")
		}
		if err != nil {
			return err
		}
	}
}

// A stream writes server-sent events and gives a slow reader up.
type stream struct {
	w  http.ResponseWriter
	rc *http.ResponseController
}

func (s *stream) notice(en *domain.Entry) error {
	n := notice{Seq: en.Seq, Kind: en.Kind, Key: en.Key, Command: en.Command, Events: make([]string, len(en.Events)), Recorded: en.Recorded}
	for i := range en.Events {
		n.Events[i] = en.Events[i].Type
	}
	b, err := encode(n)
	if err != nil {
		return err
	}
	return s.send("id: %d\nevent: entry\ndata: %s\n", n.Seq, b)
}

func (s *stream) send(format string, args ...any) error {
	if err := s.rc.SetWriteDeadline(time.Now().Add(writeTime)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := fmt.Fprintf(s.w, format, args...); err != nil {
		return err
	}
	if err := s.rc.Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}

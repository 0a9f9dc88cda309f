package api

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"
)

// listen opens an event stream and gives its lines.
func (h *house) listen(t *testing.T, query string, headers ...string) func() string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	r, err := http.NewRequestWithContext(ctx, "GET", h.server.URL+base+"/events"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := h.server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%d %v", resp.StatusCode, resp.Header)
	}
	t.Cleanup(func() { cancel(); resp.Body.Close() })
	lines := bufio.NewScanner(resp.Body)
	return func() string {
		for lines.Scan() {
			if lines.Text() != "" {
				return lines.Text()
			}
		}
		t.Fatalf("the stream ended: %v", lines.Err())
		return ""
	}
}

// until reads lines until one begins with a prefix.
func until(next func() string, prefix string) string {
	for {
		if line := next(); strings.HasPrefix(line, prefix) {
			return line
		}
	}
}

// Whoever follows hears of each new entry by its sequence, in codes only, and
// goes on where the connection broke.
func TestEventsAreFollowed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	next := h.listen(t, "")
	until(next, ": following after 1")
	key, _ := h.report()
	if id := until(next, "id: "); id != "id: 2" {
		t.Errorf("first %s", id)
	}
	data := until(next, "data: ")
	if !strings.Contains(data, `"key":"`+key+`"`) || !strings.Contains(data, "IncidentReported") {
		t.Errorf("%s", data)
	}
	for _, never := range []string{"Laptop", officer, "security-officer"} {
		if strings.Contains(data, never) {
			t.Errorf("an event tells %q: %s", never, data)
		}
	}
	h.give(key, "acknowledge-incident", "").must(t, 201)
	if id := until(next, "id: "); id != "id: 3" {
		t.Errorf("then %s", id)
	}
	again := h.listen(t, "", "Last-Event-ID", "2")
	if id := until(again, "id: "); id != "id: 3" {
		t.Errorf("after the break %s", id)
	}
	first := h.listen(t, "?after=0")
	if id := until(first, "id: "); id != "id: 1" {
		t.Errorf("from the start %s", id)
	}
}

// A comment shows that a silent connection stands.
func TestASilentStreamBeats(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *Config) { c.Heartbeat = time.Millisecond })
	next := h.listen(t, "")
	until(next, ": still here")
	until(next, ": still here")
}

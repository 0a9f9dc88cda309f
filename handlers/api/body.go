package api

import (
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"incidentledger/domain"
	"incidentledger/handlers"
)

// readBody reads a request's body whole, and refuses one that is too large or of
// another kind than the operation takes.
func (q *request) readBody() ([]byte, error) {
	in := q.Body
	if in == nil { // a request made within the process may have none
		in = http.NoBody
	}
	b, err := io.ReadAll(http.MaxBytesReader(q.w, in, q.op.body.max))
	if err != nil {
		if p := problemOf(err); p.Status == http.StatusRequestEntityTooLarge {
			return nil, p
		}
		return nil, malformed("", "the body could not be read to its end")
	}
	if len(b) == 0 && q.op.body.optional {
		return nil, nil
	}
	media, _, err := mime.ParseMediaType(q.Header.Get("Content-Type"))
	if err != nil || !slices.Contains(q.op.body.media, media) {
		p := problem(http.StatusUnsupportedMediaType, "unsupported_media_type", "send the body as %s", strings.Join(q.op.body.media, " or "))
		p.Field, p.Allowed = "Content-Type", q.op.body.media
		return nil, p
	}
	return b, nil
}

// splitOrder takes a body apart: the order's own envelope, and the members of the
// command.
func splitOrder(body []byte) (handlers.Envelope, []byte, error) {
	var env handlers.Envelope
	if len(body) == 0 {
		return env, nil, nil
	}
	var members map[string]jsontext.Value
	if err := handlers.DecodeStrict(body, &members); err != nil {
		return env, nil, err
	}
	if members == nil {
		return env, nil, malformed("", "the body is null; give an object with the command's members")
	}
	if raw, ok := members["order"]; ok {
		if err := handlers.DecodeStrict(raw, &env); err != nil {
			return env, nil, under("order", err)
		}
		delete(members, "order")
	}
	rest, err := json.Marshal(members, json.Deterministic(true))
	if err != nil {
		return env, nil, fmt.Errorf("api: body: %w", err)
	}
	return env, rest, nil
}

// under names the member at fault from the body's root.
func under(member string, err error) error {
	r, ok := err.(*domain.Refusal)
	if !ok {
		return err
	}
	cp := *r
	if cp.Field == "" {
		cp.Field = member
	} else {
		cp.Field = member + "." + cp.Field
	}
	return &cp
}

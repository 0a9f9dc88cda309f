package intake

import (
	"errors"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// jsonLog reads rows of JSON Lines: one object a line. Its members are the
// columns; the members of an object within are columns with a dotted name. A
// text is itself, null is empty, all else is as JSON writes it.
type jsonLog struct{ lines *lines }

// next gives the next row that is not blank; io.EOF after the last.
func (j *jsonLog) next() (*row, error) {
	for {
		l, err := j.lines.next()
		if err != nil {
			return nil, err
		}
		if strings.TrimSpace(l.text) == "" {
			continue
		}
		r := &row{line: l.n, raw: l.text, object: map[string]string{}}
		if l.long {
			r.fault = faultf("too_long", "the row has more than %d bytes", maxRow)
			return r, nil
		}
		if r.fault = j.lines.legible(l.text); r.fault != nil {
			return r, nil
		}
		if err := flatten(r.object, "", jsontext.Value(l.text), 0); err != nil {
			r.fault = faultf("not_json", "the row is not one JSON object: %v", err)
		}
		return r, nil
	}
}

// flatten puts the members of an object among the columns. Objects nested
// deeper than eight stay as they are written.
func flatten(into map[string]string, prefix string, v jsontext.Value, depth int) error {
	var members map[string]jsontext.Value
	if err := json.Unmarshal(v, &members); err != nil {
		return err
	}
	if members == nil {
		return errors.New("null is no object")
	}
	for name, m := range members {
		switch kind := m.Kind(); {
		case kind == '{' && depth < 8:
			if err := flatten(into, prefix+name+".", m, depth+1); err != nil {
				return err
			}
		case kind == 'n':
			into[prefix+name] = ""
		case kind == '"':
			var s string
			if err := json.Unmarshal(m, &s); err != nil {
				return err
			}
			into[prefix+name] = s
		default:
			if err := m.Compact(); err != nil {
				return err
			}
			into[prefix+name] = string(m)
		}
	}
	return nil
}

package api

import (
	"maps"

	"incidentledger/domain"
	"incidentledger/domain/incident"
)

// texts gives the words of a file's events: by entry and event type, then by
// path; corrections stand in the place of what they correct.
func (q *request) texts(f *file) (map[told]map[string]words, error) {
	out := map[told]map[string]words{}
	for _, en := range f.entries {
		if len(en.Sealed) == 0 {
			continue
		}
		l, events, err := q.office.open(en)
		if err != nil {
			return nil, err
		}
		for i, e := range events {
			at := told{en.Seq, l.Events[i].Type}
			if out[at] == nil {
				out[at] = map[string]words{}
			}
			_, opened := domain.SetApart(e, domain.Ref{}, domain.OrderID{})
			for _, t := range opened {
				out[at][t.Path] = words{text: t.Value}
			}
			for name, v := range l.Events[i].Fields {
				if _, ok := v.(map[string]bool); ok {
					out[at][name] = words{erased: true}
				}
			}
			if c, ok := e.(incident.FactCorrected); ok {
				patch(out, c)
			}
		}
	}
	return out, nil
}

// told names an event of an entry.
type told struct {
	seq  domain.Seq
	kind string
}

func patch(out map[told]map[string]words, c incident.FactCorrected) {
	at := told{c.Corrects, string(c.Event)}
	if out[at] == nil {
		out[at] = map[string]words{}
	}
	maps.DeleteFunc(out[at], func(path string, _ words) bool { return c.Replaces(path) })
	for path, text := range c.Texts {
		out[at][string(path)] = words{text: string(text)}
	}
}

package intake

import (
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
)

func (v *value) UnmarshalYAML(n ast.Node) error {
	v.place = at(n)
	switch n := n.(type) {
	case *ast.StringNode:
		v.constant = n.Value
	case *ast.LiteralNode:
		v.constant = n.Value.Value
	case *ast.BoolNode:
		v.constant = n.Value
	case *ast.IntegerNode:
		switch i := n.Value.(type) {
		case int64:
			v.constant = i
		case uint64:
			if i > 1<<53 {
				return v.errorf("%s is too large a number", n.GetToken().Value)
			}
			v.constant = int64(i)
		}
	case *ast.SequenceNode:
		v.list = []value{}
		return decode(n, &v.list)
	case *ast.MappingNode:
		for _, mv := range n.Values {
			if key := mv.Key.String(); key == "column" || key == "template" {
				v.source = new(source)
				return decode(n, v.source)
			}
		}
		v.object = map[string]value{}
		return decode(n, &v.object)
	default:
		return v.errorf("want a value, have %s", strings.ToLower(n.Type().String()))
	}
	return nil
}

// compile checks a value that comes from a row and takes its template apart.
func (s *source) compile(p place, tables map[string]*table) error {
	switch {
	case s.Column != nil && s.Template != nil:
		return p.errorf("give column or template, not both")
	case s.Table != nil && tables[s.Table.s] == nil:
		return s.Table.errorf("there is no table %q", s.Table.s)
	case s.Clip < 0:
		return p.errorf("clip is %d; give at least how many characters stay", s.Clip)
	case s.Split != nil && s.Split.s == "":
		return s.Split.errorf("split by what?")
	case s.As != nil && s.As.s != "code":
		return s.As.errorf("as is %q; only code is known", s.As.s)
	case s.Template == nil:
		return nil
	}
	text := s.Template.s
	for text != "" {
		i := strings.IndexAny(text, "{}")
		if i < 0 {
			s.parts = append(s.parts, part{text: text})
			break
		}
		if i > 0 {
			s.parts = append(s.parts, part{text: text[:i]})
		}
		open := text[i:]
		switch {
		case strings.HasPrefix(open, "{{"), strings.HasPrefix(open, "}}"):
			s.parts = append(s.parts, part{text: open[:1]})
			text = open[2:]
			continue
		case open[0] == '}':
			return s.Template.errorf("a } that closes nothing; write }} for the sign itself")
		}
		j := strings.IndexByte(open, '}')
		if j < 0 {
			return s.Template.errorf("a { that is not closed; write {{ for the sign itself")
		}
		s.parts = append(s.parts, part{column: open[1:j]})
		text = open[j+1:]
	}
	return nil
}

// columns calls yield with every column that a value reads.
func (v *value) columns(yield func(column)) {
	for i := range v.list {
		v.list[i].columns(yield)
	}
	for _, m := range v.object {
		m.columns(yield)
	}
	if v.source == nil {
		return
	}
	if v.source.Column != nil {
		yield(*v.source.Column)
	}
	for _, p := range v.source.parts {
		if p.column != "" {
			yield(column{word{v.place, p.column}})
		}
	}
}

// eval gives what the value is for a row: a string, bool, int64, []any or
// map[string]any; nil where the row says nothing.
func (v *value) eval(r *row, tables map[string]*table) (any, *fault) {
	switch {
	case v.source != nil:
		return v.source.eval(r, tables)
	case v.list != nil:
		out := make([]any, 0, len(v.list))
		for i := range v.list {
			x, f := v.list[i].eval(r, tables)
			if f != nil {
				return nil, f
			}
			if x != nil {
				out = append(out, x)
			}
		}
		return out, nil
	case v.object != nil:
		out := make(map[string]any, len(v.object))
		for name, m := range v.object {
			x, f := m.eval(r, tables)
			if f != nil {
				return nil, f
			}
			if x != nil {
				out[name] = x
			}
		}
		return out, nil
	}
	return v.constant, nil
}

func (s *source) eval(r *row, tables map[string]*table) (any, *fault) {
	var text string
	if s.Column != nil {
		text = r.get(s.Column.s)
	} else {
		var b strings.Builder
		for _, p := range s.parts {
			b.WriteString(p.text)
			if p.column != "" {
				b.WriteString(r.get(p.column))
			}
		}
		text = b.String()
	}
	if text == "" && s.Default != nil {
		return s.Default.s, nil
	}
	if s.Table != nil {
		t := tables[s.Table.s]
		w, ok := t.Values[text]
		switch {
		case ok:
			text = w.s
		case t.Otherwise != nil:
			text = t.Otherwise.s
		default:
			return nil, faultf("not_in_table", "the table %s of the mapping does not have %q", s.Table.s, shorten(text, 80))
		}
	}
	if text == "" {
		return nil, nil
	}
	if s.Split != nil {
		var out []any
		for _, e := range strings.Split(text, s.Split.s) {
			if e = s.finish(strings.TrimSpace(e)); e != "" {
				out = append(out, e)
			}
		}
		return out, nil
	}
	return s.finish(text), nil
}

func (s *source) finish(text string) string {
	if s.As != nil {
		text = asCode(text)
	}
	if s.Clip > 0 {
		text = shorten(text, s.Clip)
	}
	return text
}

// asCode makes a code of a name: signs that no code has become hyphens.
func asCode(text string) string {
	var b strings.Builder
	for _, r := range text {
		if r <= ' ' || r > '~' || strings.ContainsRune(`"\<>`, r) {
			r = '-'
		}
		b.WriteRune(r)
	}
	return strings.Trim(b.String(), "-")
}

// shorten keeps at most n characters, the last of them … where more stood there.
func shorten(text string, n int) string {
	if len(text) <= n || utf8.RuneCountInString(text) <= n {
		return text
	}
	return string([]rune(text)[:n-1]) + "…"
}

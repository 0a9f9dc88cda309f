package policyfile

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/goccy/go-yaml/ast"

	"incidentledger/domain"
	"incidentledger/domain/policy"
)

// Overlay adds the rules of a rule file to a set, or replaces its rules of the
// same name, and gives the set that results; base stays as it was. A rule file
// has the keys rules, calendars, sources and zone, or is rules alone. Rules are a
// list with an id each, or names with their rule; a rule may be its term alone:
//
//	golden-hour: {elapsed: PT30M}
//	reply: {business: PT4H, calendar: be-wettelijk}
//
// What a rule leaves out it takes from the rule that it replaces. A term alone
// that replaces nothing is the organisation's own (source local). A file with the
// key format is a whole set and stands in the place of base.
func Overlay(base *policy.Set, name string, src []byte) (*policy.Set, error) {
	d := newDecoder(name)
	root, err := d.root(src)
	if err != nil {
		return nil, err
	}
	if find(root, "format") != nil {
		return Load(name, src)
	}
	o := overlay{decoder: d, base: base}
	if find(root, "rules") == nil && find(root, "calendars") == nil && find(root, "sources") == nil {
		o.rules(root)
	} else {
		o.file(root)
	}
	s := *base
	s.Version, s.Zone = base.Version+"+"+name, cmp.Or(o.zone, base.Zone)
	s.Sources, s.Calendars = merged(base.Sources, o.sources), merged(base.Calendars, o.calendars)
	if o.local {
		if _, ok := s.Sources["local"]; !ok {
			s.Sources["local"] = policy.Source{Ref: "decision of the organisation, no statute", Dated: "2026-11-21"}
		}
	}
	// The file's rules come first, so that a fault's path finds its place there.
	s.Rules = slices.Clone(o.list)
	for _, r := range base.Rules {
		if !slices.ContainsFunc(o.list, func(n policy.Rule) bool { return n.ID == r.ID }) {
			s.Rules = append(s.Rules, r)
		}
	}
	return d.finish(s, root)
}

func merged[V any](a, b map[domain.Code]V) map[domain.Code]V {
	out := map[domain.Code]V{}
	maps.Copy(out, a)
	maps.Copy(out, b)
	return out
}

func find(m *ast.MappingNode, key string) *ast.MappingValueNode {
	for _, mv := range m.Values {
		if s, ok := mv.Key.(*ast.StringNode); ok && s.Value == key {
			return mv
		}
	}
	return nil
}

// An overlay gathers what a rule file adds.
type overlay struct {
	*decoder
	base      *policy.Set
	zone      string
	local     bool
	list      []policy.Rule
	sources   map[domain.Code]policy.Source
	calendars map[domain.Code]policy.Calendar
}

func (o *overlay) file(root *ast.MappingNode) {
	for _, mv := range root.Values {
		key, ok := o.key(mv)
		if !ok {
			continue
		}
		switch key {
		case "rules":
			o.rules(mv.Value)
		case "calendars":
			o.value(mv.Value, reflect.ValueOf(&o.calendars).Elem(), key)
		case "sources":
			o.value(mv.Value, reflect.ValueOf(&o.sources).Elem(), key)
		case "zone":
			o.value(mv.Value, reflect.ValueOf(&o.zone).Elem(), key)
		default:
			o.fail(mv.Key, "%s", unknown(key, []string{"rules", "calendars", "sources", "zone"}))
		}
	}
}

func (o *overlay) rules(n ast.Node) {
	switch n := n.(type) {
	case *ast.SequenceNode:
		for _, e := range n.Values {
			o.rule(e, "")
		}
	case *ast.MappingNode:
		for _, mv := range n.Values {
			id, ok := o.key(mv)
			if _, term := fieldNamed(reflect.TypeFor[policy.Term](), id); term {
				o.fail(mv.Key, "the term has no rule; write the rule's name before it, such as gdpr-33: {elapsed: PT96H}")
			} else if ok {
				o.rule(mv.Value, domain.Code(id))
			}
		}
	default:
		o.fail(n, "want rules, have %s", kind(n))
	}
}

// rule reads one rule, or a term in its place.
func (o *overlay) rule(n ast.Node, id domain.Code) {
	r := policy.Rule{ID: id}
	path := fmt.Sprintf("rules.%d", len(o.list))
	term := false
	if m, ok := n.(*ast.MappingNode); ok && id != "" {
		for _, mv := range m.Values {
			if key, ok := mv.Key.(*ast.StringNode); ok {
				_, isTerm := fieldNamed(reflect.TypeFor[policy.Term](), key.Value)
				_, isRule := fieldNamed(reflect.TypeFor[policy.Rule](), key.Value)
				term = term || isTerm && !isRule
			}
		}
	}
	if term {
		o.places[path] = n
		o.value(n, reflect.ValueOf(&r.Due).Elem(), path+".due")
	} else {
		o.value(n, reflect.ValueOf(&r).Elem(), path)
	}
	if r.ID == "" {
		o.fail(n, "the rule has no id")
		return
	}
	if was, ok := o.base.Rule(r.ID); ok {
		r = r.Over(was)
	} else {
		r.Dormant = r.Dormant || len(r.Anchor) == 0 // for the reckoning of terms alone
		if term && r.Source == "" {
			r.Source, o.local = "local", true
		}
	}
	o.list = append(o.list, r)
}

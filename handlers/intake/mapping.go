package intake

import (
	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"incidentledger/domain"
)

// Format is the only format of mapping files that this room reads.
const Format = "incident-mapping/1"

// A Mapping says how a log of another system reads as orders. Make one with
// Load; it is never changed after that and may be used by many at once.
type Mapping struct {
	Format    word              `yaml:"format"`
	ID        word              `yaml:"id"`
	Title     word              `yaml:"title"`
	Kind      word              `yaml:"kind"` // of the aggregates; empty: incident
	Input     input             `yaml:"input"`
	Group     column            `yaml:"group"`
	Order     word              `yaml:"order"`
	Identity  []column          `yaml:"identity"`
	Identical word              `yaml:"identical"`
	Time      timeColumn        `yaml:"time"`
	Role      word              `yaml:"role"`
	Happened  word              `yaml:"happened"`
	By        *by               `yaml:"by"` // of orders that name no other
	Tables    map[string]*table `yaml:"tables"`
	Rules     []*rule           `yaml:"rules"`

	file    string
	kind    *domain.Kind
	columns []column // every one named anywhere
	notes   map[string]int
	watched []string // columns of which the group's last value is kept
	clock   clock
}

// input says how the log is written.
type input struct {
	place
	Format    word     `yaml:"format"`
	Delimiter word     `yaml:"delimiter"`
	Quote     word     `yaml:"quote"`
	Encoding  word     `yaml:"encoding"`
	Columns   []column `yaml:"columns"`
}

// timeColumn says when a row happened.
type timeColumn struct {
	place
	Column    column `yaml:"column"`
	Layouts   []word `yaml:"layouts"`
	Zone      word   `yaml:"zone"`
	Precision word   `yaml:"precision"`
	Repeated  word   `yaml:"repeated"`
	Missing   word   `yaml:"missing"`
}

// A table turns values of the other system into this one's.
type table struct {
	place
	Values    map[string]word `yaml:"values"`
	Otherwise *word           `yaml:"otherwise"` // absent: the row is refused
}

// A rule says what a row means.
type rule struct {
	place
	Name          word             `yaml:"name"`
	When          conditions       `yaml:"when"`
	GoOn          bool             `yaml:"goOn"`
	Skip          word             `yaml:"skip"`
	Orders        []*order         `yaml:"orders"`
	Note          map[string]value `yaml:"note"`
	StopOnRefusal bool             `yaml:"stopOnRefusal"`
}

// An order is one command that a rule gives.
type order struct {
	place
	Command  word             `yaml:"command"`
	When     conditions       `yaml:"when"`
	Fields   map[string]value `yaml:"fields"`
	Occurred *column          `yaml:"occurred"` // absent: the row's own instant
	Role     *value           `yaml:"role"`
	By       *by              `yaml:"by"`
	Happened word             `yaml:"happened"`
	Note     map[string]value `yaml:"note"`

	begins bool
}

// by says on whose word the actor acts.
type by struct {
	place
	Medium  value  `yaml:"medium"`
	Text    *value `yaml:"text"`
	Person  *value `yaml:"person"`
	Contact *value `yaml:"contact"`
}

// A condition holds of a row or does not.
type condition struct {
	place
	Column   *column    `yaml:"column"`
	Note     *word      `yaml:"note"`
	First    *bool      `yaml:"first"`
	Changed  *column    `yaml:"changed"`
	Eq       *word      `yaml:"eq"`
	NotEq    *word      `yaml:"notEq"`
	In       []word     `yaml:"in"`
	NotIn    []word     `yaml:"notIn"`
	Empty    *bool      `yaml:"empty"`
	Prefix   *word      `yaml:"prefix"`
	Suffix   *word      `yaml:"suffix"`
	Contains *word      `yaml:"contains"`
	Same     *column    `yaml:"same"`
	Differs  *column    `yaml:"differs"`
	Any      conditions `yaml:"any"`
	Not      conditions `yaml:"not"`
}

// conditions hold when all of them do; one may stand for a list of one.
type conditions []*condition

// A value is what a member of a command gets.
type value struct {
	place
	constant any              // string, bool, int64; nil where it comes from elsewhere
	list     []value          // given as a list
	object   map[string]value // given as members
	source   *source          // from the row
}

// A source takes a value from a row.
type source struct {
	Column   *column `yaml:"column"`
	Template *word   `yaml:"template"`
	Table    *word   `yaml:"table"`
	Default  *word   `yaml:"default"`
	Clip     int     `yaml:"clip"`
	Split    *word   `yaml:"split"`
	As       *word   `yaml:"as"`

	parts []part
}

// A part of a template is a literal text or a column.
type part struct {
	text   string
	column string
}

// A word is a text of the file; numbers and truth values must stand in quotes,
// so that 007 and no stay what they are.
type word struct {
	place
	s string
}

// A column is the name of a column.
type column struct{ word }

func (w *word) UnmarshalYAML(n ast.Node) error {
	w.place = at(n)
	switch n := n.(type) {
	case *ast.StringNode:
		w.s = n.Value
	case *ast.LiteralNode:
		w.s = n.Value.Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NullNode, *ast.InfinityNode, *ast.NanNode:
		return w.errorf("want a text, have %s; put it in quotes", n.GetToken().Value)
	default:
		return w.errorf("want a text, have a %s", n.Type())
	}
	return nil
}

func (i *input) UnmarshalYAML(n ast.Node) error {
	type plain input
	i.place = at(n)
	return decode(n, (*plain)(i))
}

func (c *timeColumn) UnmarshalYAML(n ast.Node) error {
	type plain timeColumn
	c.place = at(n)
	return decode(n, (*plain)(c))
}

func (t *table) UnmarshalYAML(n ast.Node) error {
	type plain table
	t.place = at(n)
	return decode(n, (*plain)(t))
}

func (r *rule) UnmarshalYAML(n ast.Node) error {
	type plain rule
	r.place = at(n)
	return decode(n, (*plain)(r))
}

func (o *order) UnmarshalYAML(n ast.Node) error {
	type plain order
	o.place = at(n)
	return decode(n, (*plain)(o))
}

func (b *by) UnmarshalYAML(n ast.Node) error {
	type plain by
	b.place = at(n)
	return decode(n, (*plain)(b))
}

func (c *condition) UnmarshalYAML(n ast.Node) error {
	type plain condition
	c.place = at(n)
	return decode(n, (*plain)(c))
}

func (cs *conditions) UnmarshalYAML(n ast.Node) error {
	if _, ok := n.(*ast.SequenceNode); ok {
		return decode(n, (*[]*condition)(cs))
	}
	c := new(condition)
	*cs = conditions{c}
	return decode(n, c)
}

// decode fills v from a node; unknown and repeated keys are errors.
func decode(n ast.Node, v any) error { return yaml.NodeToValue(n, v, yaml.Strict()) }

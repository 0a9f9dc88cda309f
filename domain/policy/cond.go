package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"incidentledger/domain"
)

// A Cond is a condition on facts, of a closed list of operators:
//
//	{all: […]} {any: […]} {not: …}
//	{eq: [path, value]}        a code, a number or true/false
//	{in: [path, [code, …]]}    the code, or one of the codes, is in the list
//	{gte: [path, n]} {gt: …} {lt: …}
//	{exists: path}             the fact is known
//
// A fact that is not known equals nothing, is in no list and is not compared.
type Cond struct {
	All    []Cond   `json:"all,omitempty"`
	Any    []Cond   `json:"any,omitempty"`
	Not    *Cond    `json:"not,omitempty"`
	Eq     *Compare `json:"eq,omitempty"`
	In     *Compare `json:"in,omitempty"`
	Gte    *Compare `json:"gte,omitempty"`
	Gt     *Compare `json:"gt,omitempty"`
	Lt     *Compare `json:"lt,omitempty"`
	Exists Path     `json:"exists,omitempty"`
}

// A Compare is a path and what it is compared with: one of Flag, Num, Code and
// Codes. In JSON it is [path, value].
type Compare struct {
	Path  Path
	Flag  *bool
	Num   *int64
	Code  domain.Code
	Codes []domain.Code
}

// MarshalJSON writes [path, value].
func (c Compare) MarshalJSON() ([]byte, error) {
	var v any = c.Code
	switch {
	case c.Flag != nil:
		v = *c.Flag
	case c.Num != nil:
		v = *c.Num
	case c.Codes != nil:
		v = c.Codes
	}
	return json.Marshal([]any{c.Path, v})
}

// UnmarshalJSON reads [path, value].
func (c *Compare) UnmarshalJSON(b []byte) error {
	var pair []json.RawMessage
	if err := json.Unmarshal(b, &pair); err != nil || len(pair) != 2 || json.Unmarshal(pair[0], &c.Path) != nil {
		return errors.New("write a path and a value, such as [incident.priority, 1]")
	}
	v := bytes.TrimSpace(pair[1])
	var err error
	switch {
	case len(v) > 0 && v[0] == '[':
		err = json.Unmarshal(v, &c.Codes)
	case len(v) > 0 && v[0] == '"':
		err = json.Unmarshal(v, &c.Code)
	case string(v) == "true" || string(v) == "false":
		c.Flag = new(string(v) == "true")
	default:
		c.Num = new(int64)
		err = json.Unmarshal(v, c.Num)
	}
	if err != nil || string(v) == "null" {
		return fmt.Errorf("%s is not a value; write a code, a whole number, true, false, or a list of codes", v)
	}
	return nil
}

// Check reports a condition that says nothing or several things at once.
func (c Cond) Check() error {
	_, err := c.compile()
	return err
}

type op int

const (
	allOp op = iota
	anyOp
	notOp
	eqOp
	inOp
	gteOp
	gtOp
	ltOp
	existsOp
)

// A cond is a Cond ready for judging.
type cond struct {
	op    op
	sub   []*cond
	path  Path
	org   bool // the organisation's profile may answer
	kind  kindOfFact
	flag  bool
	num   int64
	codes []domain.Code
}

func (c Cond) compile() (*cond, error) {
	out := &cond{}
	var kinds int
	var cmp *Compare
	sub := func(o op, list []Cond) error {
		kinds++
		out.op = o
		for _, s := range list {
			sc, err := s.compile()
			if err != nil {
				return err
			}
			out.sub = append(out.sub, sc)
		}
		return nil
	}
	var err error
	if c.All != nil {
		err = errors.Join(err, sub(allOp, c.All))
	}
	if c.Any != nil {
		err = errors.Join(err, sub(anyOp, c.Any))
	}
	if c.Not != nil {
		err = errors.Join(err, sub(notOp, []Cond{*c.Not}))
	}
	for _, x := range []struct {
		op  op
		cmp *Compare
	}{{eqOp, c.Eq}, {inOp, c.In}, {gteOp, c.Gte}, {gtOp, c.Gt}, {ltOp, c.Lt}} {
		if x.cmp != nil {
			kinds++
			out.op, cmp = x.op, x.cmp
		}
	}
	if c.Exists != "" {
		kinds++
		out.op, out.path = existsOp, c.Exists
	}
	switch {
	case err != nil:
		return nil, err
	case kinds == 0:
		return nil, errors.New("says nothing; write one of all, any, not, eq, in, gte, gt, lt, exists")
	case kinds > 1:
		return nil, errors.New("says several things at once; put them in a list under all or any")
	}
	if cmp != nil {
		if err := out.compare(cmp); err != nil {
			return nil, err
		}
	}
	out.org = strings.HasPrefix(string(out.path), "org.")
	return out, nil
}

func (c *cond) compare(cmp *Compare) error {
	c.path = cmp.Path
	switch {
	case c.op == inOp:
		if cmp.Codes == nil {
			return errors.New("in takes a list of codes, such as {in: [breach.risk, [risk, high-risk]]}")
		}
		c.codes, c.kind = cmp.Codes, codeFact
	case cmp.Codes != nil:
		return errors.New("only in takes a list; write one value")
	case cmp.Num != nil:
		c.num, c.kind = *cmp.Num, numFact
	case c.op != eqOp:
		return errors.New("gte, gt and lt take whole numbers")
	case cmp.Flag != nil:
		c.flag, c.kind = *cmp.Flag, flagFact
	default:
		c.codes, c.kind = []domain.Code{cmp.Code}, codeFact
	}
	return nil
}

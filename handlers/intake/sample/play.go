package sample

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"incidentledger/domain"
	"incidentledger/handlers"
)

// A Desk takes the orders; *handlers.Desk is one.
type Desk interface {
	Org() domain.OrgID
	Kind(name domain.KindName) (*domain.Kind, bool)
	Give(ctx context.Context, o domain.Order) (domain.Receipt, error)
}

// Told is one step as it was played.
type Told struct {
	Case    string // name of the incident in the script
	Command string
	Role    domain.Code
	At      time.Time
	Receipt domain.Receipt
}

// Play gives the orders of the sample cases to desks, moved in time so that the
// scripts' present is now, to the minute. The desk named "" is that of the first
// organisation; cases of an organisation that has no desk here are left out.
// told, where given, hears of each step after it was accepted. It gives the keys
// of the incidents by their names in the scripts. A refusal ends it, with the
// step in the error: the ledger's policy set is then another than the shipped
// one.
func Play(ctx context.Context, desks map[string]Desk, now time.Time, told func(Told)) (map[string]domain.Key, error) {
	s, err := read()
	if err != nil {
		return nil, err
	}
	p := &player{script: s, shift: now.Truncate(time.Minute).Sub(s.Present), names: map[string]string{}, keys: map[string]domain.Key{}, told: told}
	for _, c := range s.Cases {
		desk, ok := desks[c.Org]
		if !ok {
			continue
		}
		p.desk = desk
		for name := range s.People {
			p.names["person."+name] = domain.KeyNamed(desk.Org(), "person", "sample/"+name).String()
		}
		base := domain.OrderIDFor(desk.Org(), domain.PersonID{}, "sample\x00"+now.Truncate(time.Minute).UTC().Format(time.RFC3339))
		for i, st := range c.Steps {
			if err := p.step(ctx, c.Name, st, base.Follow(fmt.Sprintf("%s/%d", c.Name, i))); err != nil {
				return nil, fmt.Errorf("sample: case %s, step %d, %s: %w", c.Name, i+1, st.Do, err)
			}
		}
	}
	return p.keys, nil
}

// A player is the cases on their way through the desks.
type player struct {
	desk   Desk
	script *script
	shift  time.Duration
	names  map[string]string // what ${…} stands for
	keys   map[string]domain.Key
	told   func(Told)
}

func (p *player) step(ctx context.Context, name string, st step, id domain.OrderID) error {
	at, err := time.Parse(time.RFC3339, st.At)
	if err != nil {
		return fmt.Errorf("at: %w", err)
	}
	who, ok := p.script.People[st.Who]
	if !ok && !st.Anonymous {
		return fmt.Errorf("nobody is called %q", st.Who)
	}
	kind, ok := p.desk.Kind(cmp.Or(st.Kind, "incident"))
	if !ok {
		return fmt.Errorf("the desk knows no kind %s", st.Kind)
	}
	key := p.keys[name]
	if st.Kind != "" {
		if key = (domain.Key{}); st.Of != "" {
			key = domain.KeyNamed(p.desk.Org(), st.Kind, st.Of)
		}
	}
	o := domain.Order{
		ID: id, Org: p.desk.Org(), Kind: kind.Name, Key: key,
		Actor:    domain.Actor{Role: who.Role, For: p.desk.Org(), Door: "cli", Proof: "stated"},
		Occurred: domain.Moment{Time: at.Add(p.shift), Precision: domain.PrecisionMinute},
		Happened: domain.Text(st.Happened),
	}
	if st.Precision != "" {
		o.Occurred.Precision = st.Precision
	}
	if st.Role != "" {
		o.Actor.Role = st.Role
	}
	if st.Anonymous {
		o.Actor = domain.Actor{Role: "reporter", Proof: "anonymous"}
	} else if err := o.Actor.ID.UnmarshalText([]byte(p.names["person."+st.Who])); err != nil {
		return err
	}
	if st.By != nil {
		o.By = &domain.By{Medium: st.By.Medium, Text: domain.Text(st.By.Text)}
		if st.By.Person != "" {
			if err := o.By.Person.UnmarshalText([]byte(p.names["person."+st.By.Person])); err != nil {
				return fmt.Errorf("by: %w", err)
			}
		}
	}
	with, err := p.fill(map[string]any(st.With))
	if err != nil {
		return err
	}
	body, err := json.Marshal(with)
	if err != nil {
		return err
	}
	if o.Command, err = handlers.DecodeCommand(kind, st.Do, body, nil); err != nil {
		return err
	}
	r, err := p.desk.Give(ctx, o)
	if err != nil {
		return err
	}
	if st.Kind == "" {
		p.remember(name, st, id, r)
	}
	if p.told != nil {
		p.told(Told{Case: name, Command: st.Do, Role: o.Actor.Role, At: o.Occurred.Time, Receipt: r})
	}
	return nil
}

// remember keeps what later steps may name: ${label.seq}, ${label.notification}
// and the like, ${case.key}.
func (p *player) remember(name string, st step, id domain.OrderID, r domain.Receipt) {
	p.keys[name] = r.Key
	p.names[name+".key"] = r.Key.String()
	if st.As == "" {
		return
	}
	p.names[st.As+".seq"] = fmt.Sprint(r.Seq)
	for _, what := range []string{"escalation", "notification", "evidence", "measure"} {
		p.names[st.As+"."+what] = id.Made(what).String()
	}
}

// fill moves instants and puts in what ${…} stands for, all the way down. A text
// that is only a ${….seq} becomes a number.
func (p *player) fill(v any) (any, error) {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			x, err := p.fill(e)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", k, err)
			}
			out[k] = x
		}
		return out, nil
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			x, err := p.fill(e)
			if err != nil {
				return nil, err
			}
			out[i] = x
		}
		return out, nil
	case string:
		if t, err := time.Parse(time.RFC3339, v); err == nil {
			return t.Add(p.shift).Format(time.RFC3339), nil
		}
		name, ok := strings.CutPrefix(v, "${")
		if !ok || !strings.HasSuffix(name, "}") {
			return v, nil
		}
		name = strings.TrimSuffix(name, "}")
		got, ok := p.names[name]
		if !ok {
			return nil, fmt.Errorf("nothing is called %s yet", name)
		}
		if strings.HasSuffix(name, ".seq") {
			return strconv.ParseUint(got, 10, 64)
		}
		return got, nil
	}
	return v, nil
}

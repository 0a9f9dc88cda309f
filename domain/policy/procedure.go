package policy

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"incidentledger/domain"
)

// A Form is what authorities ask at one stage of a notification, in the order of
// their own form. Several with one id are its versions over time.
type Form struct {
	ID        domain.Code   `json:"id"`
	Authority []domain.Code `json:"authority"` // each that asks this
	Regime    domain.Code   `json:"regime"`
	Stage     domain.Code   `json:"stage"`
	ValidFrom Date          `json:"validFrom,omitempty"`
	ValidTo   Date          `json:"validTo,omitempty"`
	Source    domain.Code   `json:"source"`
	Fields    []Field       `json:"fields"`
	Note      string        `json:"note,omitempty"`
}

// A Field is one question of a form, or one item of a checklist.
type Field struct {
	Code  domain.Code       `json:"code"`
	Label map[string]string `json:"label,omitempty"` // by language
}

// A Hearer is a role that must hear of a report while a condition holds
// (requirement INT-10). Each is told for itself.
type Hearer struct {
	Role   domain.Code `json:"role"`
	When   *Cond       `json:"when,omitempty"` // absent: of every report
	Source domain.Code `json:"source"`
	Note   string      `json:"note,omitempty"`
}

// A Rung is one step of the ladder by which an alert climbs while nobody
// acknowledges it.
type Rung struct {
	Level  int         `json:"level"` // from 1
	To     domain.Code `json:"to"`    // role
	After  string      `json:"after"` // how long after the alert; PT0S is at once
	Source domain.Code `json:"source"`
}

// QuietHours are hours of the day in which an alert waits for their end, unless
// the incident has priority 1.
type QuietHours struct {
	From   string      `json:"from"` // 22:00
	To     string      `json:"to"`   // 07:00, of the next day where it is the earlier
	Zone   string      `json:"zone"`
	Source domain.Code `json:"source"`
}

// Hears gives the roles that must hear of a report by what is known, sorted.
func (s *Set) Hears(f *Facts, profile map[Path]domain.Code) []domain.Code {
	if s.law == nil {
		return nil
	}
	k := known{f: f, profile: profile}
	var out []domain.Code
	for i, h := range s.Recipients {
		if s.law.hearers[i].holds(&k) {
			out = append(out, h.Role)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// FormOf gives the form of an authority as it was at an instant, by regime and
// stage.
func (s *Set) FormOf(authority, regime, stage domain.Code, at time.Time) (Form, bool) {
	loc, err := location(s.Zone)
	if err != nil {
		return Form{}, false
	}
	for _, f := range s.Forms {
		if !slices.Contains(f.Authority, authority) || f.Regime != regime || f.Stage != stage {
			continue
		}
		if v, err := validity(f.ValidFrom, f.ValidTo, loc); err == nil && v.holds(at) {
			return f, true
		}
	}
	return Form{}, false
}

// Waits gives how long after an alert a rung is reached.
func (r Rung) Waits() time.Duration {
	d, _ := elapsedSpan(r.After) // New refuses what it cannot read
	return d
}

// Check reports quiet hours that cannot be read.
func (q QuietHours) Check() error {
	_, zone := location(q.Zone)
	from, err1 := clockTime(q.From)
	to, err2 := clockTime(q.To)
	if err := cmp.Or(zone, err1, err2); err != nil {
		return err
	}
	if from == to {
		return errors.New("quiet hours that end when they begin are none; leave them out")
	}
	return nil
}

// Until gives the end of the quiet hours in which an instant lies; false outside
// them, and for priority 1 always.
func (q QuietHours) Until(at time.Time, priority int) (time.Time, bool) {
	if priority == 1 || q.Check() != nil {
		return at, false
	}
	loc, _ := location(q.Zone)
	from, _ := clockTime(q.From)
	to, _ := clockTime(q.To)
	today := dayOf(at.In(loc))
	for _, d := range [2]day{today.plus(-1), today} { // those of yesterday may last into today
		end := d
		if to <= from {
			end = d.plus(1)
		}
		if b, e := d.at(from, loc), end.at(to, loc); !at.Before(b) && at.Before(e) {
			return e, true
		}
	}
	return at, false
}

// procedure readies the parts of a set that are not rules.
func (c *compiler) procedure() {
	for i, h := range c.s.Recipients {
		var cd *cond
		if h.When != nil {
			var err error
			if cd, err = h.When.compile(); err != nil {
				c.hard(fmt.Sprintf("recipients.%d.when", i), "%v", err)
			}
		}
		c.law.hearers = append(c.law.hearers, cd)
	}
	for i, r := range c.s.Ladder {
		if _, err := elapsedSpan(r.After); err != nil {
			c.hard(fmt.Sprintf("ladder.%d.after", i), "%v", err)
		}
	}
	if q := c.s.QuietHours; q != nil {
		if err := q.Check(); err != nil {
			c.hard("quietHours", "%v", err)
		}
	}
	for i, f := range c.s.Forms {
		if _, err := validity(f.ValidFrom, f.ValidTo, c.loc); err != nil {
			c.hard(fmt.Sprintf("forms.%d.validFrom", i), "%v", err)
		}
	}
}

// languages are those in which the house speaks.
var languages = []string{"nl", "fr", "en"}

func (c *compiler) lintProcedure() {
	c.lintHearers()
	c.lintLadder()
	if q := c.s.QuietHours; q != nil {
		c.cites("quietHours", q.Source)
	}
	c.lintForms()
	c.lintFields("firstHour", "firstHour", c.s.FirstHour)
	for role, names := range c.s.RoleNames {
		path := "roleNames." + string(role)
		c.inList(path, "roles", role)
		for _, lang := range languages {
			if names[lang] == "" {
				c.soft(path, "%s has no name in %s", role, lang)
			}
		}
	}
}

func (c *compiler) lintHearers() {
	always := len(c.s.Recipients) == 0 // a set may leave recipients alone
	for i, h := range c.s.Recipients {
		path := fmt.Sprintf("recipients.%d", i)
		c.cites(path, h.Source)
		c.inList(path+".role", "roles", h.Role)
		if h.When == nil {
			always = true
		} else if compiled, err := h.When.compile(); err == nil {
			compiled.each(func(a *cond) { c.atom(path+".when", a, "") })
		}
	}
	if !always {
		c.soft("recipients", "nobody is told of every report; name one role without when, as the head of department (INT-09)")
	}
}

func (c *compiler) lintLadder() {
	var last Rung
	for i, r := range c.s.Ladder {
		path := fmt.Sprintf("ladder.%d", i)
		c.cites(path, r.Source)
		c.inList(path+".to", "roles", r.To)
		if r.Level != last.Level && r.Level != last.Level+1 {
			c.soft(path+".level", "the levels count from 1, step by step")
		}
		if i > 0 && r.Waits() < last.Waits() {
			c.soft(path+".after", "it comes before the step below it")
		}
		last = r
	}
}

func (c *compiler) lintForms() {
	last := map[domain.Code]valid{}
	for i, f := range c.s.Forms {
		path := fmt.Sprintf("forms.%d", i)
		c.cites(path, f.Source)
		for j, a := range f.Authority {
			if !c.s.HasCode("authorities", a) {
				c.soft(fmt.Sprintf("%s.authority.%d", path, j), "authority %q is unknown", a)
			}
		}
		c.inList(path+".regime", "regimes", f.Regime)
		c.inList(path+".stage", "stages", f.Stage)
		c.lintFields(path+".fields", "answers", f.Fields)
		if v, err := validity(f.ValidFrom, f.ValidTo, c.loc); err == nil {
			if before, ok := last[f.ID]; ok {
				c.versions(path, string(f.ID), before, v)
			}
			last[f.ID] = v
		}
	}
}

func (c *compiler) lintFields(path, list string, fields []Field) {
	seen := map[domain.Code]bool{}
	for i, f := range fields {
		at := fmt.Sprintf("%s.%d", path, i)
		c.inList(at, list, f.Code)
		if seen[f.Code] {
			c.soft(at, "%s is asked twice", f.Code)
		}
		seen[f.Code] = true
	}
}

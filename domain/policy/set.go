package policy

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"incidentledger/domain"
)

// Format is the only format of policy sets that this engine reads.
const Format = "incident-policy/1"

// A Set is one version of an organisation's policy: pure data whose canonical
// JSON has its SHA-256 as identity. Make one with Parse or New; a set is never
// changed after that and may be used by many at once.
//
// Every field that may be absent is left out of the canonical form, so that a
// field added here later never changes the hash of a set adopted before.
type Set struct {
	Format    string            `json:"format"`
	ID        domain.Code       `json:"id"`
	Version   string            `json:"version"`
	Title     map[string]string `json:"title,omitempty"`     // by language
	ValidFrom Date              `json:"validFrom,omitempty"` // inclusive; absent: from ever
	ValidTo   Date              `json:"validTo,omitempty"`   // exclusive; absent: for ever
	Zone      string            `json:"zone"`                // of dates and of terms that count days, where a rule names no other
	Tolerance string            `json:"tolerance,omitempty"` // how long after its anchor an immediate term is not yet overdue

	Sources       map[domain.Code]Source   `json:"sources"`
	Calendars     map[domain.Code]Calendar `json:"calendars,omitempty"`
	Codes         map[string][]domain.Code `json:"codes,omitempty"` // code lists by name
	Priority      Priority                 `json:"priority,omitzero"`
	ServiceLevels []ServiceLevel           `json:"serviceLevels,omitempty"`
	Authorities   []Authority              `json:"authorities,omitempty"`
	Rules         []Rule                   `json:"rules,omitempty"`

	Forms      []Form                            `json:"forms,omitempty"`
	Recipients []Hearer                          `json:"recipients,omitempty"` // who must hear of a report
	Ladder     []Rung                            `json:"ladder,omitempty"`     // lowest first
	QuietHours *QuietHours                       `json:"quietHours,omitempty"`
	FirstHour  []Field                           `json:"firstHour,omitempty"` // checklist of the golden hour (EVI-05)
	RoleNames  map[domain.Code]map[string]string `json:"roleNames,omitempty"` // the organisation's own words for roles, by language

	body      []byte
	hash      domain.Hash
	law       *law
	tolerance time.Duration
}

// A Source is what a rule rests on. The source "local" is the organisation's
// own decision, without statute.
type Source struct {
	Ref       string `json:"ref"`                 // how to cite it
	ValidFrom Date   `json:"validFrom,omitempty"` // inclusive; bounds every rule that cites it
	ValidTo   Date   `json:"validTo,omitempty"`   // exclusive
	Dated     Date   `json:"dated,omitempty"`     // of the text that was read
	Note      string `json:"note,omitempty"`
}

// Priority is the matrix of urgency and impact.
type Priority struct {
	Source domain.Code                         `json:"source"`
	Matrix map[domain.Code]map[domain.Code]int `json:"matrix"` // urgency → impact → 1..5
	Levels []PriorityLevel                     `json:"levels,omitempty"`
	Floors []ImpactFloor                       `json:"floors,omitempty"` // highest first
}

// A PriorityLevel tells how a priority is called and shown.
type PriorityLevel struct {
	Priority int               `json:"priority"`
	Name     map[string]string `json:"name"`
	Colour   domain.Code       `json:"colour"`
}

// An ImpactFloor is the least impact of damage from an amount on.
type ImpactFloor struct {
	FromEUR int64       `json:"fromEUR"`
	Impact  domain.Code `json:"impact"`
}

// An Authority is somebody outside to whom something is owed or told. Several
// with one id are its versions over time.
type Authority struct {
	ID        domain.Code   `json:"id"`
	Name      string        `json:"name"`
	Country   domain.Code   `json:"country,omitempty"`
	ValidFrom Date          `json:"validFrom,omitempty"`
	ValidTo   Date          `json:"validTo,omitempty"`
	Source    domain.Code   `json:"source"`
	Channels  []Channel     `json:"channels,omitempty"`
	Languages []domain.Code `json:"languages,omitempty"` // in which it accepts notifications; absent: not laid down
	Note      string        `json:"note,omitempty"`
}

// A Channel is a way to reach an authority.
type Channel struct {
	Kind      domain.Code `json:"kind"` // of the code list channelKinds
	Value     string      `json:"value,omitempty"`
	Mandatory bool        `json:"mandatory,omitempty"` // a notification lacking it is incomplete
	Hours     string      `json:"hours,omitempty"`
}

// Parse reads the JSON form of a set. An unknown key, a wrong type, a term that
// cannot be reckoned, an unknown calendar, zone or base rule is an error: what
// Parse returns can always be derived from. See Lint for the rest.
func Parse(b []byte) (*Set, error) {
	var s Set
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil {
		return nil, fmt.Errorf("policy set: %w", err)
	}
	if d.More() {
		return nil, errors.New("policy set: text after the end of the set")
	}
	return New(s)
}

// New makes a set of its data, as Parse does. The data must not be changed
// afterwards.
func New(s Set) (*Set, error) {
	law, faults := compile(&s)
	if err := errors.Join(asErrors(faults, true)...); err != nil {
		return nil, fmt.Errorf("policy set %s %s: %w", s.ID, s.Version, err)
	}
	b, err := canonical(s)
	if err != nil {
		return nil, fmt.Errorf("policy set %s: %w", s.ID, err)
	}
	s.law, s.body, s.hash = law, b, sha256.Sum256(b)
	for _, vs := range law.rules {
		for _, r := range vs {
			r.policy = s.hash
		}
	}
	return &s, nil
}

// Canonical gives the set's canonical JSON (RFC 8785): what is hashed.
func (s *Set) Canonical() []byte { return bytes.Clone(s.body) }

// Hash is the SHA-256 of the canonical JSON; zero for a set made neither by
// Parse nor by New.
func (s *Set) Hash() domain.Hash { return s.hash }

// HasCode implements domain.Codes.
func (s *Set) HasCode(list string, code domain.Code) bool {
	if list == "authorities" {
		return slices.ContainsFunc(s.Authorities, func(a Authority) bool { return a.ID == code })
	}
	return slices.Contains(s.Codes[list], code)
}

// CodesOf implements domain.Codes. The codes stand in the set's own order; the
// list authorities follows from the authorities.
func (s *Set) CodesOf(list string) []domain.Code {
	if list == "authorities" {
		var out []domain.Code
		for _, a := range s.Authorities {
			if !slices.Contains(out, a.ID) {
				out = append(out, a.ID)
			}
		}
		return out
	}
	return slices.Clone(s.Codes[list])
}

// Lists names the code lists, sorted.
func (s *Set) Lists() []string {
	out := []string{"authorities"}
	for name := range s.Codes {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// PriorityOf gives the priority 1..5 of an urgency and an impact (requirement
// PRI-03); false where the matrix has no such cell.
func (s *Set) PriorityOf(urgency, impact domain.Code) (int, bool) {
	p, ok := s.Priority.Matrix[urgency][impact]
	return p, ok
}

// ImpactFloor gives the least impact of damage of an amount (requirement
// PRI-02); empty where the amount says nothing.
func (s *Set) ImpactFloor(eur int64) domain.Code {
	for _, f := range s.Priority.Floors {
		if eur >= f.FromEUR {
			return f.Impact
		}
	}
	return ""
}

// CountryOf gives whose authority it is; empty where the set does not tell, or it
// is one of several countries.
func (s *Set) CountryOf(authority domain.Code) domain.Code {
	i := slices.IndexFunc(s.Authorities, func(a Authority) bool { return a.ID == authority })
	if i < 0 {
		return ""
	}
	return s.Authorities[i].Country
}

// AuthorityAt gives an authority as it was at an instant.
func (s *Set) AuthorityAt(id domain.Code, at time.Time) (Authority, bool) {
	loc, err := location(s.Zone)
	if err != nil {
		return Authority{}, false
	}
	for _, a := range s.Authorities {
		if a.ID != id {
			continue
		}
		if v, err := validity(a.ValidFrom, a.ValidTo, loc); err == nil && v.holds(at) {
			return a, true
		}
	}
	return Authority{}, false
}

// Mandatory gives the kinds of channel through which the authority must be
// notified, each of them.
func (a Authority) Mandatory() []domain.Code {
	var out []domain.Code
	for _, c := range a.Channels {
		if c.Mandatory {
			out = append(out, c.Kind)
		}
	}
	return out
}

// RuleNames names every rule of the set, those of its service levels included,
// sorted.
func (s *Set) RuleNames() []domain.Code {
	var out []domain.Code
	if s.law != nil {
		for id := range s.law.rules {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

// Rule gives the newest version of a rule as it stands after its base rule and
// service level are worked in.
func (s *Set) Rule(id domain.Code) (Rule, bool) {
	if s.law == nil || len(s.law.rules[id]) == 0 {
		return Rule{}, false
	}
	vs := s.law.rules[id]
	return vs[len(vs)-1].src, true
}

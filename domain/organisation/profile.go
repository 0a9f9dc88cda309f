package organisation

import (
	"embed"
	"maps"
	"slices"
	"strconv"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/policy"
)

// Name is the kind's name in the ledger.
const Name domain.KindName = "organisation"

//go:embed profile.go
var source embed.FS

// Docs gives what the commands and their fields are for.
func Docs() (map[string]string, error) { return domain.Docs(source) }

// Kind gives what the ledger knows of its organisation. law is asked at each
// decision for the code lists that are adopted.
func Kind(law func() (domain.Codes, []domain.Basis)) domain.Kind {
	return domain.Table[State]{Name: Name, Commands: commands, Events: events, Correctors: governing}.Kind(law)
}

// Key is the key of an organisation's profile.
func Key(org domain.OrgID) domain.Key { return domain.KeyNamed(org, Name, "profile") }

// Who may set the profile: who adopts policy.
var governing = []domain.Code{"security-officer", "coordinator", "secretary", "board", "dpo", "security-admin", "operator"}

// PhaseSet is the one phase of a profile.
const PhaseSet domain.Code = "set"

var commands = []domain.CommandRow{
	{CommandType: domain.CommandType{New: domain.Blank[SetOrganisationProfile], Begins: true, Named: true, Roles: governing, States: []domain.Code{PhaseSet},
		Events: []string{"OrganisationProfileSet"}, Example: `{"country":"NL","cbwClass":"essential","csirt":"cbw-csirt","suwiParty":true,"authorities":["ap","ibd"],` +
			`"sharedServices":["it","personnel"],"languages":["nl"],"validFrom":"2026-08-15T00:00:00+02:00","approver":"0198c2a4-7c1e-7a30-9b54-3d1f0a6b2c11"}`}},
}

var events = domain.EventTable{
	domain.Told[OrganisationProfileSet](1),
}

// OrganisationProfileSet says what the organisation is from an instant on.
type OrganisationProfileSet struct {
	Country        domain.Code     `json:"country" rule:"required,oneof=NL|BE"`
	CbwClass       domain.Code     `json:"cbwClass,omitzero" rule:"codes=cbwClasses"`
	NIS2Class      domain.Code     `json:"nis2Class,omitzero" rule:"codes=nis2Classes"`
	CSIRT          domain.Code     `json:"csirt,omitzero" rule:"codes=authorities"`
	SuwiParty      bool            `json:"suwiParty"`
	KSZConnected   bool            `json:"kszConnected"`
	KSZPolicy      bool            `json:"kszPolicy"`
	TrustService   bool            `json:"trustService"`
	Authorities    []domain.Code   `json:"authorities,omitempty" rule:"codes=authorities"`
	SharedServices []domain.Code   `json:"sharedServices,omitempty" rule:"codes=sharedServices"`
	Languages      []domain.Code   `json:"languages,omitempty" rule:"oneof=nl|fr|en|de"`
	ValidFrom      time.Time       `json:"validFrom" rule:"required"`
	Approver       domain.PersonID `json:"approver" rule:"required"`
}

// EventName implements domain.Event.
func (OrganisationProfileSet) EventName() string { return "OrganisationProfileSet" }

// SetOrganisationProfile says what the organisation is under the law from an
// instant on, the whole of it: so which duties follow from an incident that is
// reported then. The profile before it holds until that instant.
type SetOrganisationProfile struct {
	// Country is whose law applies.
	Country domain.Code `json:"country" rule:"required,oneof=NL|BE"`
	// CbwClass is its class under the Dutch Cyberbeveiligingswet.
	CbwClass domain.Code `json:"cbwClass,omitzero" rule:"codes=cbwClasses"`
	// NIS2Class is its class under the Belgian NIS2 law.
	NIS2Class domain.Code `json:"nis2Class,omitzero" rule:"codes=nis2Classes"`
	// CSIRT is the authority to which it reports significant incidents.
	CSIRT domain.Code `json:"csirt,omitzero" rule:"codes=authorities"`
	// SuwiParty says that it takes part in Suwinet: its users report inside the organisation first (INT-15).
	SuwiParty bool `json:"suwiParty,omitzero"`
	// KSZConnected says that it is connected to the Crossroads Bank for Social Security.
	KSZConnected bool `json:"kszConnected,omitzero"`
	// KSZPolicy says that the general policy of social security on major incidents is in force for it.
	KSZPolicy bool `json:"kszPolicy,omitzero"`
	// TrustService says that it provides trust services.
	TrustService bool `json:"trustService,omitzero"`
	// Authorities are those that it deals with.
	Authorities []domain.Code `json:"authorities,omitempty" rule:"codes=authorities"`
	// SharedServices are the services that it shares with another organisation (ORG-07).
	SharedServices []domain.Code `json:"sharedServices,omitempty" rule:"codes=sharedServices"`
	// Languages are those it works in.
	Languages []domain.Code `json:"languages,omitempty" rule:"oneof=nl|fr|en|de"`
	// ValidFrom is from when it is so.
	ValidFrom time.Time `json:"validFrom" rule:"required"`
	// Approver is who decided it.
	Approver domain.PersonID `json:"approver" rule:"required"`
}

// CommandName implements domain.Command.
func (SetOrganisationProfile) CommandName() string { return "SetOrganisationProfile" }

// AggregateKey implements domain.Keyed.
func (SetOrganisationProfile) AggregateKey(org domain.OrgID) domain.Key { return Key(org) }

// Decide implements domain.Decider.
func (c SetOrganisationProfile) Decide(d *domain.Deciding[State]) error {
	if was, ok := d.Told.At(c.ValidFrom); ok && was.same(OrganisationProfileSet(c)) {
		return domain.Refuse(domain.CodeNoChange, "X-03", "that is what holds then already")
	}
	if err := c.fits(d.Codes); err != nil {
		return err
	}
	return d.Emit(OrganisationProfileSet(c))
}

// fits refuses authorities of another country: duties towards them would be armed
// that nobody has. What the adopted set does not tell is taken as it is.
func (c SetOrganisationProfile) fits(codes domain.Codes) error {
	set, ok := codes.(*policy.Set)
	if !ok {
		return nil
	}
	of := func(field string, authority domain.Code) error {
		country := set.CountryOf(authority)
		if country == "" || country == c.Country {
			return nil
		}
		r := domain.Refuse(domain.CodeInvalid, "X-04", "%s is %q, an authority of %s, and the organisation's country is %s", field, authority, country, c.Country)
		r.Field = field
		for _, a := range set.Authorities {
			if (a.Country == "" || a.Country == c.Country) && !slices.Contains(r.Allowed, string(a.ID)) {
				r.Allowed = append(r.Allowed, string(a.ID))
			}
		}
		return r
	}
	if err := of("csirt", c.CSIRT); err != nil {
		return err
	}
	for i, a := range c.Authorities {
		if err := of("authorities."+strconv.Itoa(i), a); err != nil {
			return err
		}
	}
	return nil
}

// same reports whether two profiles say the same, whoever decided them and from
// whenever they hold.
func (e OrganisationProfileSet) same(o OrganisationProfileSet) bool {
	return maps.Equal(e.Fields(), o.Fields()) && slices.Equal(e.Authorities, o.Authorities) && slices.Equal(e.SharedServices, o.SharedServices) && slices.Equal(e.Languages, o.Languages)
}

// State is every profile ever set, in the order told.
type State struct{ Profiles []OrganisationProfileSet }

// Phase implements domain.Standing.
func (s State) Phase() domain.Code {
	if len(s.Profiles) == 0 {
		return ""
	}
	return PhaseSet
}

// Evolve implements domain.Evolver.
func (e OrganisationProfileSet) Evolve(s *State, _ domain.Posting) {
	s.Profiles = append(slices.Clip(s.Profiles), e)
}

// At gives the profile that holds at an instant: the one that began last. Of two
// from the same instant the one told last holds.
func (s State) At(at time.Time) (OrganisationProfileSet, bool) {
	var found OrganisationProfileSet
	ok := false
	for _, p := range s.Profiles {
		if !p.ValidFrom.After(at) && (!ok || !p.ValidFrom.Before(found.ValidFrom)) {
			found, ok = p, true
		}
	}
	return found, ok
}

// Dated gives what policies may read of the profiles: what holds from when,
// in order of time.
func (s State) Dated() []policy.Profile {
	var out []policy.Profile
	for _, p := range s.Profiles {
		out = slices.DeleteFunc(out, func(o policy.Profile) bool { return o.From.Equal(p.ValidFrom) })
		out = append(out, policy.Profile{From: p.ValidFrom, Fields: p.Fields()})
	}
	slices.SortFunc(out, func(a, b policy.Profile) int { return a.From.Compare(b.From) })
	return out
}

// Fields gives what policies may read of a profile.
func (e OrganisationProfileSet) Fields() map[policy.Path]domain.Code {
	flag := func(b bool) domain.Code { return domain.Code(strconv.FormatBool(b)) }
	m := map[policy.Path]domain.Code{
		policy.OrgCountry: e.Country, policy.OrgSuwiParty: flag(e.SuwiParty), policy.OrgKSZConnected: flag(e.KSZConnected),
		policy.OrgKSZPolicy: flag(e.KSZPolicy), policy.OrgTrustService: flag(e.TrustService),
	}
	for p, c := range map[policy.Path]domain.Code{policy.OrgCbwClass: e.CbwClass, policy.OrgNIS2Class: e.NIS2Class, policy.OrgCSIRT: e.CSIRT} {
		if c != "" {
			m[p] = c
		}
	}
	return m
}

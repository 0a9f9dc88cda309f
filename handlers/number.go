package handlers

import (
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"incidentledger/domain"
)

// FindIncident gives the incident that has a number such as 2026-0042;
// domain.ErrNotFound where none has.
type FindIncident func(number string) (domain.Key, error)

// withKeys puts, in a command's JSON, the key of each incident in the place of its
// number: people know the number, and the ledger keeps the key. What is not
// readable is left for decoding to tell.
func withKeys(kind *domain.Kind, c domain.Command, body []byte, find FindIncident) ([]byte, error) {
	if find == nil {
		return body, nil
	}
	if fields := domain.IncidentFields(c); len(fields) > 0 {
		return keysIn(body, "", fields, find)
	}
	if c.CommandName() != "CorrectFact" {
		return body, nil
	}
	var members map[string]jsontext.Value
	if json.Unmarshal(body, &members) != nil || members["fields"] == nil {
		return body, nil
	}
	fields, err := keysIn(members["fields"], "fields.", correctable(kind), find)
	if err != nil || string(fields) == string(members["fields"]) {
		return body, err
	}
	members["fields"] = fields
	return json.Marshal(members, json.Deterministic(true))
}

// correctable lists the fields of any fact of a kind that name an incident of the
// ledger's own: a correction does not say which fact it is about.
func correctable(kind *domain.Kind) []domain.IncidentField {
	var out []domain.IncidentField
	for _, ct := range kind.Commands {
		for _, f := range domain.IncidentFields(ct.New()) {
			if f.Org == "" {
				out = append(out, f)
			}
		}
	}
	return out
}

// keysIn puts the keys in the place of numbers in some members of an object; path
// is where the object stands.
func keysIn(body []byte, path string, fields []domain.IncidentField, find FindIncident) ([]byte, error) {
	var members map[string]jsontext.Value
	if json.Unmarshal(body, &members) != nil {
		return body, nil
	}
	text := func(name string) (s string) {
		_ = json.Unmarshal(members[name], &s) // what is no text is no number either
		return s
	}
	changed := false
	for _, f := range fields {
		number := text(f.Name)
		if _, err := uuid.Parse(number); number == "" || err == nil {
			continue
		}
		r := &domain.Refusal{Code: domain.CodeInvalid, Field: path + f.Name, Requirement: "contract 2"}
		if f.Org != "" && text(f.Org) != "" {
			r.Text = fmt.Sprintf("%s is %q; numbers are each organisation's own, so the incident of another goes by its id (UUID)", r.Field, clip(number))
			return nil, r
		}
		key, err := find(number)
		if errors.Is(err, domain.ErrNotFound) {
			r.Text = fmt.Sprintf("%s is %q, and no incident has that number; give one such as 2026-0042, or the incident's id (UUID)", r.Field, clip(number))
			return nil, r
		}
		if err != nil {
			return nil, err
		}
		members[f.Name], changed = jsontext.Value(`"`+key.String()+`"`), true
	}
	if !changed {
		return body, nil
	}
	return json.Marshal(members, json.Deterministic(true))
}

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
func withKeys(c domain.Command, body []byte, find FindIncident) ([]byte, error) {
	fields := domain.IncidentFields(c)
	if find == nil || len(fields) == 0 {
		return body, nil
	}
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
		r := &domain.Refusal{Code: domain.CodeInvalid, Field: f.Name, Requirement: "contract 2"}
		if f.Org != "" && text(f.Org) != "" {
			r.Text = fmt.Sprintf("%s is %q; numbers are each organisation's own, so the incident of another goes by its id (UUID)", f.Name, clip(number))
			return nil, r
		}
		key, err := find(number)
		if errors.Is(err, domain.ErrNotFound) {
			r.Text = fmt.Sprintf("%s is %q, and no incident has that number; give one such as 2026-0042, or the incident's id (UUID)", f.Name, clip(number))
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

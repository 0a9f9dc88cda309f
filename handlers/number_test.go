package handlers

import (
	"errors"
	"testing"

	"incidentledger/domain"
	"incidentledger/domain/improvement"
	"incidentledger/domain/incident"
)

// A correction of a fact that names an incident takes its number, as the fact did;
// all else of it is left as it is.
func TestACorrectionTakesTheNumberOfAnIncident(t *testing.T) {
	key := domain.NewKey("nuth", domain.OrderIDFor("nuth", domain.PersonID{}, "1"))
	find := func(number string) (domain.Key, error) {
		if number == "2026-0042" {
			return key, nil
		}
		return domain.Key{}, domain.ErrNotFound
	}
	improvements, incidents := improvement.Kind(nil), incident.Kind(nil)
	for _, c := range []struct {
		kind         *domain.Kind
		fields, want string // what the field is then, or the name of the one at fault
	}{
		{&improvements, `{"incident":"2026-0042"}`, `"` + key.String() + `"`},
		{&improvements, `{"incident":"2026-9999"}`, "fields.incident"},
		{&improvements, `{"incident":null}`, "null"},
		{&incidents, `{"into":"2026-0042"}`, `"` + key.String() + `"`},
		{&incidents, `{"title":"2026-0042"}`, `"2026-0042"`},
		{&incidents, `{"other":"2026-0042"}`, `"2026-0042"`}, // whose incident it is another field says
	} {
		cmd, err := DecodeCommand(c.kind, "CorrectFact", []byte(`{"corrects":3,"fields":`+c.fields+`,"reason":"R"}`), find)
		var r *domain.Refusal
		if errors.As(err, &r) {
			if r.Field != c.want {
				t.Errorf("%s: %v", c.fields, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		var fields map[domain.Code]domain.Value
		switch cmd := cmd.(type) {
		case *domain.CorrectFact:
			fields = cmd.Fields
		case *incident.CorrectFact:
			fields = cmd.Fields
		}
		for _, v := range fields {
			if v.String() != c.want {
				t.Errorf("%s: %s, not %s", c.fields, v, c.want)
			}
		}
		if len(fields) != 1 {
			t.Errorf("%s: %v", c.fields, fields)
		}
	}
}

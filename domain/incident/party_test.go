package incident

import (
	"encoding/json"
	"testing"

	"incidentledger/domain"
)

func TestPartyOfPlainText(t *testing.T) {
	id := domain.KeyNamed(org, "contact", "x")
	for raw, want := range map[string]Party{
		`"dpo"`:                             {Role: "dpo"},
		`"The head of Kompas"`:              {Text: "The head of Kompas"},
		`"` + id.String() + `"`:             {Contact: id},
		`{"role":"dpo"}`:                    {Role: "dpo"},
		`{"contact":"` + id.String() + `"}`: {Contact: id},
		`{"text":"dpo"}`:                    {Text: "dpo"},
	} {
		var p Party
		if err := json.Unmarshal([]byte(raw), &p); err != nil || p != want {
			t.Errorf("%s is %+v, %v; want %+v", raw, p, err, want)
		}
	}
	for _, raw := range []string{`7`, `["dpo"]`, `{"rôle":"dpo"}`, `{"contact":"dpo"}`} {
		if err := json.Unmarshal([]byte(raw), new(Party)); err == nil {
			t.Errorf("%s is taken for a party", raw)
		}
	}
}

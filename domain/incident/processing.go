package incident

import (
	"incidentledger/domain"
	"incidentledger/domain/policy"
)

// processings tells each processing of personal data that may be hit. A bare
// suspicion is one: what is known of the incident is what is known of it.
func (s *Incident) processings(f *policy.Facts) {
	if s.SuspectsLeak() {
		f.Each = map[domain.Code][]policy.Item{policy.EachProcessing: {{N: 1, At: f.At, Code: f.Code, Num: f.Num, Flag: f.Flag}}}
	}
}

package domain

import "testing"

// Names of commands in addresses and of events in subjects are the contract's.
func TestKebab(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"ReportIncident": "report-incident", "Escalate": "escalate", "ClassifyKSZMajor": "classify-ksz-major", "AttestMFA": "attest-mfa", "KSZMajorClassified": "ksz-major-classified", "IdentifyObligationAtRisk": "identify-obligation-at-risk",
	} {
		if got := Kebab(name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}

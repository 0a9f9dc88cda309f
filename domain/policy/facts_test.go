package policy

import "testing"

func TestOwed(t *testing.T) {
	for id, want := range map[ClockID]bool{
		"gdpr-33/ap/initial/1":                     true,
		"police-nl/police-nl/initial/1":            true,
		"request-answer/ibd/answer/2":              true,
		"local-p1-reaction/own/reaction/1":         false,
		"ksz-major/ksz/initial-target/1":           false,
		"supplier-update/centric/update/1":         false,
		"nis2-be-csirt-reply-expected/ccb/reply/1": false,
		"golden-hour/own/first-hour/1":             false,
		"no clock at all":                          false,
	} {
		if id.Owed() != want {
			t.Errorf("%s: owed is %t", id, !want)
		}
	}
}

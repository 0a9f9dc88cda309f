package incident

import "incidentledger/domain"

// severity is the severity that holds; empty while it was not assessed.
func (t *Told) severity() domain.Code { return t.Severity() }

// major reports whether the incident was declared major.
func (t *Told) major() bool { return t.Major }

package incident

import "incidentledger/domain"

// severity is how grave the incident is for privacy and security; empty while
// nobody classified it.
func (t *Told) severity() domain.Code { return "" }

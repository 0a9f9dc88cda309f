package api

import (
	"time"

	"incidentledger/domain"
	"incidentledger/projections/audit"
)

// Trust tells when an entry reached each level of trust; a level that is absent
// was not reached. One never stands for another.
type Trust struct {
	Sealed      time.Time `json:"sealed,omitzero" doc:"signed by the log, by its own clock"`
	Cosigned    time.Time `json:"cosigned,omitzero" doc:"cosigned by enough witnesses, by the clock of the ledger"`
	Timestamped time.Time `json:"timestamped,omitzero" doc:"by the clock of a timestamping authority (RFC 3161)"`
}

// An audited line is one of the audit, with how far its entry is trusted.
type audited struct {
	audit.Row
	Trust Trust `json:"trust" doc:"when the entry reached each level of trust"`
}

// trust tells how far an entry is trusted; not at all where nobody knows.
func (o *Office) trust(seq domain.Seq) (t Trust) {
	if o.Trust != nil {
		t = o.Trust(seq)
	}
	return t
}

package supplier

import (
	"embed"
	"slices"

	"incidentledger/domain"
)

// Name is the kind's name in the ledger.
const Name domain.KindName = "supplier"

//go:embed supplier.go contract.go care.go
var source embed.FS

// Docs gives what the commands and their fields are for.
func Docs() (map[string]string, error) { return domain.Docs(source) }

// Kind gives what the ledger knows of suppliers. law is asked at each decision
// for the code lists that are adopted, known for what the registers say; nil: for
// nothing.
func Kind(law func() (domain.Codes, []domain.Basis), known domain.Known) domain.Kind {
	return domain.Table[State]{
		Name:       Name,
		Commands:   slices.Concat(supplierCommands, contractCommands, careCommands),
		Events:     slices.Concat(supplierEvents, contractEvents, careEvents),
		Correctors: managing,
		Known:      known,
	}.Kind(law)
}

// Key is the key of the supplier with a code.
func Key(org domain.OrgID, code domain.Code) domain.Key {
	return domain.KeyNamed(org, Name, string(code))
}

// Who keeps the suppliers' register: the policy officer, who is responsible for
// it (SUP-14), and who works with suppliers.
var managing = []domain.Code{"policy-officer", "security-officer", "acib", "coordinator", "dpo", "privacy-officer", "ict", "controller", "department-head",
	"process-owner", "secretary", "chain-desk", "security-admin"}

// Phases of a supplier.
const (
	PhaseActive  domain.Code = "active"
	PhaseRetired domain.Code = "retired"
)

var inActive = []domain.Code{PhaseActive}

// State is what is known of one supplier.
type State struct {
	Supplier  SupplierAdded
	Retired   bool
	Contracts []Version // every version of every contract, in the order told
	Audits    []AuditRecorded
	Plans     []PlanRecorded
	MFA       []MFAAttested
}

// A Version is one version of a contract: its terms, and from when.
type Version struct {
	Contract ContractRecorded
	Seq      domain.Seq // of the entry that tells it
}

// Phase implements domain.Standing.
func (s State) Phase() domain.Code {
	switch {
	case s.Supplier.Code == "":
		return ""
	case s.Retired:
		return PhaseRetired
	}
	return PhaseActive
}

package supplier

import "incidentledger/domain"

var supplierCommands = []domain.CommandRow{
	{CommandType: domain.CommandType{New: domain.Blank[AddSupplier], Begins: true, Named: true, Roles: managing,
		Events:  []string{"SupplierAdded"},
		Example: `{"code":"hosting-bv","kind":"supplier","name":"Hosting BV","mayBeInvolved":true,"contact":"Service desk","phone":"+31 20 1234567","email":"desk@hosting.example"}`}},
	{CommandType: domain.CommandType{New: domain.Blank[RetireSupplier], Roles: managing, States: inActive,
		Events: []string{"SupplierRetired"}, Example: `{"reason":"The contract has ended."}`}},
}

var supplierEvents = domain.EventTable{
	domain.Told[SupplierAdded](1),
	domain.Told[SupplierRetired](1),
}

// SupplierAdded says that a supplier, vendor or partner is on the list.
type SupplierAdded struct {
	Code          domain.Code `json:"code" rule:"required"`
	Kind          domain.Code `json:"kind" rule:"required,oneof=partner|vendor|supplier"`
	MayBeInvolved bool        `json:"mayBeInvolved"`
	Name          domain.Text `json:"name,omitzero" seal:"aggregate" rule:"max=200"`
	Contact       domain.Text `json:"contact,omitzero" seal:"aggregate" rule:"max=300"`
	Phone         domain.Text `json:"phone,omitzero" seal:"aggregate" rule:"max=100"`
	Email         domain.Text `json:"email,omitzero" seal:"aggregate" rule:"max=200"`
}

// SupplierRetired says that nothing more is expected of the supplier.
type SupplierRetired struct {
	Reason domain.Text `json:"reason,omitzero" seal:"aggregate"`
}

func (SupplierAdded) EventName() string   { return "SupplierAdded" }
func (SupplierRetired) EventName() string { return "SupplierRetired" }

// AddSupplier puts a supplier, vendor or partner on the list of those who may be
// involved in a serious incident (SUP-01). CorrectFact keeps it up to date.
type AddSupplier struct {
	// Code is the short code by which orders and incidents name the supplier, for ever.
	Code domain.Code `json:"code" rule:"required"`
	// Kind is what they are to the organisation.
	Kind domain.Code `json:"kind" rule:"required,oneof=partner|vendor|supplier"`
	// MayBeInvolved says that they may be involved in a serious incident.
	MayBeInvolved bool `json:"mayBeInvolved,omitzero"`
	// Name is the supplier's name.
	Name domain.Text `json:"name" rule:"required,max=200"`
	// Contact is whom to ask for.
	Contact domain.Text `json:"contact,omitzero" rule:"max=300"`
	// Phone is the number to call.
	Phone domain.Text `json:"phone,omitzero" rule:"max=100"`
	// Email is the address to write to.
	Email domain.Text `json:"email,omitzero" rule:"max=200"`
}

// RetireSupplier takes a supplier off the list. What was agreed and what
// happened stays (SUP-01).
type RetireSupplier struct {
	// Reason says why.
	Reason domain.Text `json:"reason" rule:"required"`
}

func (AddSupplier) CommandName() string    { return "AddSupplier" }
func (RetireSupplier) CommandName() string { return "RetireSupplier" }

// AggregateKey implements domain.Keyed.
func (c AddSupplier) AggregateKey(org domain.OrgID) domain.Key { return Key(org, c.Code) }

// Decide implements domain.Decider.
func (c AddSupplier) Decide(d *domain.Deciding[State]) error {
	return d.Emit(SupplierAdded(c))
}

// Decide implements domain.Decider.
func (c RetireSupplier) Decide(d *domain.Deciding[State]) error {
	return d.Emit(SupplierRetired(c))
}

// Coherent implements domain.Coherent.
func (e SupplierAdded) Coherent(was domain.Event) error {
	if w, ok := was.(SupplierAdded); ok && w.Code != e.Code {
		return domain.Refuse(domain.CodeInvalid, "contract 3", "the code of a supplier never changes: its key follows from it; retire this one and add another")
	}
	return nil
}

// Evolve implements domain.Evolver.
func (e SupplierAdded) Evolve(s *State, _ domain.Posting) { s.Supplier = e }

// Evolve implements domain.Evolver.
func (e SupplierRetired) Evolve(s *State, _ domain.Posting) { s.Retired = true }

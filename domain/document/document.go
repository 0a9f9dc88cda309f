package document

import (
	"slices"
	"time"

	"incidentledger/domain"
)

var commands = []domain.CommandRow{
	{CommandType: domain.CommandType{New: domain.Blank[PublishDocument], Begins: true, Named: true, Roles: publishing, States: inUse,
		Events: []string{"DocumentPublished"}, Example: `{"code":"mail-down","kind":"playbook","version":"1","title":"No mail","body":"1. Call the help desk of the supplier.","services":["mail"],"categories":["outage"]}`}},
	{CommandType: domain.CommandType{New: domain.Blank[ApproveDocument], Roles: approving, States: inUse,
		Events: []string{"DocumentApproved"}, Example: `{"version":"1","approver":"0198c2a4-7c1e-7a30-9b54-3d1f0a6b2c11"}`}},
	{CommandType: domain.CommandType{New: domain.Blank[RetireDocument], Roles: slices.Concat(publishing, approving), States: inUse,
		Events: []string{"DocumentRetired"}, Example: `{"reason":"Replaced by the playbook outage."}`}},
}

var events = domain.EventTable{
	domain.Told[DocumentPublished](1),
	domain.Told[DocumentApproved](1),
	domain.Told[DocumentRetired](1),
}

// A File is a document that lies outside the ledger, known by its hash.
type File struct {
	Hash domain.Hash `json:"hash,omitzero"` // SHA-256
	Size int64       `json:"size,omitzero"` // in bytes
	Name domain.Text `json:"name,omitzero" seal:"aggregate" rule:"max=200"`
}

// An Item is one line of a checklist, known by its code.
type Item struct {
	Code domain.Code `json:"code" rule:"required"`
	Role domain.Code `json:"role,omitzero" rule:"codes=roles"` // who does it
	Text domain.Text `json:"text,omitzero" seal:"aggregate" rule:"max=500"`
}

// DocumentPublished says that a version of a document is there to be approved.
type DocumentPublished struct {
	Code         domain.Code   `json:"code" rule:"required"`
	Kind         domain.Code   `json:"kind" rule:"required,oneof=procedure|playbook|form|flow-map|checklist|policy|plan|glossary"`
	Version      domain.Code   `json:"version" rule:"required"`
	Services     []domain.Code `json:"services,omitempty"`
	Suppliers    []domain.Code `json:"suppliers,omitempty"`
	Categories   []domain.Code `json:"categories,omitempty" rule:"codes=categories"`
	Improvements []domain.Key  `json:"improvements,omitempty"`
	ReviewBy     time.Time     `json:"reviewBy,omitzero"`
	Title        domain.Text   `json:"title,omitzero" seal:"aggregate" rule:"max=200"`
	Body         domain.Text   `json:"body,omitzero" seal:"aggregate" rule:"max=20000"`
	Items        []Item        `json:"items,omitempty"`
	File         File          `json:"file,omitzero"`
}

// DocumentApproved says that a version holds from now on, and on whose decision.
type DocumentApproved struct {
	Version  domain.Code     `json:"version" rule:"required"`
	Approver domain.PersonID `json:"approver" rule:"required"`
	Grounds  domain.Text     `json:"grounds,omitzero" seal:"aggregate"`
}

// DocumentRetired says that the document no longer holds.
type DocumentRetired struct {
	Reason domain.Text `json:"reason,omitzero" seal:"aggregate"`
}

func (DocumentPublished) EventName() string { return "DocumentPublished" }
func (DocumentApproved) EventName() string  { return "DocumentApproved" }
func (DocumentRetired) EventName() string   { return "DocumentRetired" }

// PublishDocument publishes a version of a procedure, playbook, form, flow map,
// checklist, policy, plan or glossary. It holds once it is approved; earlier
// versions are kept (GOV-19). A playbook names the services and categories it is
// for, and is what is shown first when these are hit (BCM-01).
type PublishDocument struct {
	// Code is the short code of the document, for ever.
	Code domain.Code `json:"code" rule:"required"`
	// Kind is what it is.
	Kind domain.Code `json:"kind" rule:"required,oneof=procedure|playbook|form|flow-map|checklist|policy|plan|glossary"`
	// Version names this version of it.
	Version domain.Code `json:"version" rule:"required"`
	// Services are the services it is for.
	Services []domain.Code `json:"services,omitempty"`
	// Suppliers are the suppliers whose services it describes (SUP-18).
	Suppliers []domain.Code `json:"suppliers,omitempty"`
	// Categories are the categories of incident it is for.
	Categories []domain.Code `json:"categories,omitempty" rule:"codes=categories"`
	// Improvements are the ids of the improvements whose lessons it takes up (EVA-04).
	Improvements []domain.Key `json:"improvements,omitempty"`
	// ReviewBy is when it must be looked at again (EVA-08).
	ReviewBy time.Time `json:"reviewBy,omitzero"`
	// Title is what it is called.
	Title domain.Text `json:"title" rule:"required,max=200"`
	// Body is its text.
	Body domain.Text `json:"body,omitzero" rule:"max=20000"`
	// Items are the lines of a checklist.
	Items []Item `json:"items,omitempty"`
	// File is the document itself, where it lies outside the ledger.
	File File `json:"file,omitzero"`
}

// ApproveDocument decides that a version holds from now on. Who published it does
// not approve it (GOV-19).
type ApproveDocument struct {
	// Version is which.
	Version domain.Code `json:"version" rule:"required"`
	// Approver is who decided it.
	Approver domain.PersonID `json:"approver" rule:"required"`
	// Grounds says on what ground, such as the decision's date.
	Grounds domain.Text `json:"grounds,omitzero"`
}

// RetireDocument says that the document no longer holds. Its versions are kept (GOV-19).
type RetireDocument struct {
	// Reason says why.
	Reason domain.Text `json:"reason" rule:"required"`
}

func (PublishDocument) CommandName() string { return "PublishDocument" }
func (ApproveDocument) CommandName() string { return "ApproveDocument" }
func (RetireDocument) CommandName() string  { return "RetireDocument" }

// AggregateKey implements domain.Keyed.
func (c PublishDocument) AggregateKey(org domain.OrgID) domain.Key { return Key(org, c.Code) }

// Refusals of versions.
const (
	RefusedKnownVersion   domain.Code = "known_version"   // a version of that name was published
	RefusedUnknownVersion domain.Code = "unknown_version" // none was
	RefusedOwnApproval    domain.Code = "own_approval"    // by who published it
)

// Decide implements domain.Decider.
func (c PublishDocument) Decide(d *domain.Deciding[State]) error {
	if d.Told.version(c.Version) >= 0 {
		r := domain.Refuse(RefusedKnownVersion, "GOV-19", "version %s was published and never changes; give this one another name", c.Version)
		r.Field = "version"
		return r
	}
	return d.Emit(DocumentPublished(c))
}

// Decide implements domain.Decider.
func (c ApproveDocument) Decide(d *domain.Deciding[State]) error {
	i := d.Told.version(c.Version)
	if i < 0 {
		r := domain.Refuse(RefusedUnknownVersion, "GOV-19", "the document has no version %s", c.Version)
		r.Field = "version"
		return r
	}
	v := d.Told.Versions[i]
	if !v.Approved.IsZero() {
		return domain.Refuse(domain.CodeNoChange, "GOV-19", "version %s was approved at %s", c.Version, v.Approved.Format(time.RFC3339))
	}
	if v.Publisher == c.Approver {
		if err := d.Rule(domain.Refuse(RefusedOwnApproval, "GOV-19", "whoever published a version does not approve it: somebody else decides")); err != nil {
			return err
		}
	}
	return d.Emit(DocumentApproved(c))
}

// Decide implements domain.Decider.
func (c RetireDocument) Decide(d *domain.Deciding[State]) error { return d.Emit(DocumentRetired(c)) }

// Coherent implements domain.Coherent.
func (e DocumentPublished) Coherent(was domain.Event) error {
	if e.File != (File{}) && (e.File.Hash.IsZero() || e.File.Size <= 0) {
		return domain.Invalid("file", "a file is known by its hash and its size; give both")
	}
	if w, ok := was.(DocumentPublished); ok {
		if w.Code != e.Code || w.Version != e.Version {
			return domain.Invalid("version", "the codes of a document and of a version never change; publish another version")
		}
		return nil
	}
	if e.Body == "" && e.File == (File{}) && e.Items == nil {
		return domain.Invalid("body", "a document has a body, items or a file")
	}
	for i, it := range e.Items {
		if slices.ContainsFunc(e.Items[:i], func(b Item) bool { return b.Code == it.Code }) {
			return domain.Invalid("items", "items.%d: the code %s stands twice", i, it.Code)
		}
	}
	return nil
}

// Coherent implements domain.Coherent.
func (e DocumentApproved) Coherent(was domain.Event) error {
	if w, ok := was.(DocumentApproved); ok && w.Version != e.Version {
		return domain.Invalid("version", "which version was approved never changes; approve the other one")
	}
	return nil
}

// Evolve implements domain.Evolver.
func (e DocumentPublished) Evolve(s *State, p domain.Posting) {
	s.Versions = append(slices.Clip(s.Versions), Version{DocumentPublished: e, Seq: p.Seq, Publisher: p.Actor, Published: p.Occurred})
}

// Evolve implements domain.Evolver.
func (e DocumentApproved) Evolve(s *State, p domain.Posting) {
	i := s.version(e.Version)
	s.Versions = slices.Clone(s.Versions)
	s.Versions[i].Approver, s.Versions[i].Approved = e.Approver, p.Occurred
}

// Evolve implements domain.Evolver.
func (e DocumentRetired) Evolve(s *State, _ domain.Posting) { s.Retired = true }

package incident

import (
	"slices"

	"incidentledger/domain"
)

var custodyCommands = []commandRow{
	{fact: true, CommandType: domain.CommandType{New: blank[OfferCustody], Roles: investigating, States: inKept,
		Events:  []string{"CustodyOffered"},
		Example: `{"evidence":` + person + `,"to":` + person + `,"place":"Safe of the town hall","purpose":"analysis"}`}},
	{fact: true, CommandType: domain.CommandType{New: blank[AcceptCustody], States: inKept,
		Events:  []string{"CustodyAccepted"},
		Example: `{"evidence":` + person + `}`}},
	{fact: true, CommandType: domain.CommandType{New: blank[VerifyEvidence], Roles: append(slices.Clip(investigating), "auditor"), States: inKept,
		Events:  []string{"EvidenceVerified"},
		Example: `{"evidence":` + person + `,"sha256":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}`}},
	{fact: true, CommandType: domain.CommandType{New: blank[ReleaseEvidence], Roles: directing, States: inKept,
		Events:  []string{"EvidenceReleased"},
		Example: `{"evidence":` + person + `,"disposition":"returned","ground":"The case is closed; the owner needs the laptop."}`}},
}

var custodyEvents = []eventRow{
	told[CustodyOffered](1),
	told[CustodyAccepted](1),
	told[EvidenceVerified](1),
	told[EvidenceReleased](1),
}

// Refusals that keep the chain of custody unbroken (EVI-06).
const (
	RefusedHolder   domain.Code = "not_holder"  // who offers does not hold it
	RefusedOffered  domain.Code = "not_offered" // nothing was offered, or to somebody else
	RefusedReceipt  domain.Code = "no_receipt"  // somebody outside took it without signing
	RefusedReleased domain.Code = "released"    // the item left custody
)

// CustodyOffered says that the holder of an item wants to hand it over. Until
// it is accepted the holder stays who it was.
type CustodyOffered struct {
	Evidence     domain.Key   `json:"evidence" rule:"required"`
	To           Named        `json:"to"`
	Organisation domain.Text  `json:"organisation,omitzero" seal:"aggregate" rule:"max=300"`
	File         EvidenceFile `json:"file,omitzero"`
	Place        domain.Text  `json:"place,omitzero" seal:"aggregate" rule:"max=300"`
	Purpose      domain.Code  `json:"purpose" rule:"required,oneof=analysis|breach-or-offence|damages|storage|return"`
}

// CustodyAccepted says that the one offered to took the item over, and from
// whom. Somebody outside is named in the offer alone.
type CustodyAccepted struct {
	Evidence domain.Key   `json:"evidence" rule:"required"`
	From     Named        `json:"from,omitzero"`
	To       Named        `json:"to,omitzero"`
	File     EvidenceFile `json:"file,omitzero"`
}

// EvidenceVerified says whether an item is still as it was collected. Compared
// says that hashes were held against each other.
type EvidenceVerified struct {
	Evidence domain.Key  `json:"evidence" rule:"required"`
	SHA256   domain.Hash `json:"sha256,omitzero"`
	Altered  bool        `json:"altered,omitempty"` // somebody saw that it changed
	Compared bool        `json:"compared"`
	Matches  bool        `json:"matches"`
	Note     domain.Text `json:"note,omitzero" seal:"aggregate"`
}

// EvidenceReleased says that an item left custody for good, and on what ground.
type EvidenceReleased struct {
	Evidence    domain.Key  `json:"evidence" rule:"required"`
	Disposition domain.Code `json:"disposition" rule:"required,oneof=returned|handed-over|destroyed"`
	Ground      domain.Text `json:"ground,omitzero" seal:"aggregate"`
}

func (CustodyOffered) EventName() string   { return "CustodyOffered" }
func (CustodyAccepted) EventName() string  { return "CustodyAccepted" }
func (EvidenceVerified) EventName() string { return "EvidenceVerified" }
func (EvidenceReleased) EventName() string { return "EvidenceReleased" }

// OfferCustody offers an item of evidence to whoever takes it over. The holder
// gives it, or somebody on the holder's word (EVI-04, EVI-06).
type OfferCustody struct {
	// Evidence is the id that the receipt of CollectEvidence gave.
	Evidence domain.Key `json:"evidence" rule:"required"`
	// To is the id of a person, or the name of somebody outside.
	To Someone `json:"to" rule:"required"`
	// Organisation is whom somebody outside works for.
	Organisation domain.Text `json:"organisation,omitzero" rule:"max=300"`
	// File is the receipt that somebody outside signed.
	File EvidenceFile `json:"file,omitzero"`
	// Place is where it changes hands.
	Place domain.Text `json:"place" rule:"required,max=300"`
	// Purpose is what it is handed over for.
	Purpose domain.Code `json:"purpose" rule:"required,oneof=analysis|breach-or-offence|damages|storage|return"`
}

// AcceptCustody takes over an item that was offered: a hand-over counts when it
// is accepted. The person offered to gives it; for somebody outside whoever
// handles the incident does, with the signed receipt.
type AcceptCustody struct {
	// Evidence is the id that the receipt of CollectEvidence gave.
	Evidence domain.Key `json:"evidence" rule:"required"`
	// File is the signed receipt.
	File EvidenceFile `json:"file,omitzero"`
}

// VerifyEvidence states that an item is as it was collected. What does not match
// is written down all the same: nothing is worse for evidence than a silent
// difference (EVI-03).
type VerifyEvidence struct {
	// Evidence is the id that the receipt of CollectEvidence gave.
	Evidence domain.Key `json:"evidence" rule:"required"`
	// SHA256 is the hash of the file as it is now.
	SHA256 domain.Hash `json:"sha256,omitzero"`
	// File is the file as it is now: do --file reckons its hash.
	File EvidenceFile `json:"file,omitzero"`
	// Altered says that it is not as it was: a broken seal, a thing damaged.
	Altered bool `json:"altered,omitzero"`
	// Note says what was looked at.
	Note domain.Text `json:"note,omitzero"`
}

// ReleaseEvidence ends the custody of an item.
type ReleaseEvidence struct {
	// Evidence is the id that the receipt of CollectEvidence gave.
	Evidence domain.Key `json:"evidence" rule:"required"`
	// Disposition is what became of it.
	Disposition domain.Code `json:"disposition" rule:"required,oneof=returned|handed-over|destroyed"`
	// Ground says why it need not be kept any longer.
	Ground domain.Text `json:"ground" rule:"required"`
}

func (OfferCustody) CommandName() string    { return "OfferCustody" }
func (AcceptCustody) CommandName() string   { return "AcceptCustody" }
func (VerifyEvidence) CommandName() string  { return "VerifyEvidence" }
func (ReleaseEvidence) CommandName() string { return "ReleaseEvidence" }

// An EvidenceItem is one item, as far as rules need it.
type EvidenceItem struct {
	ID       domain.Key
	Form     domain.Code
	SHA256   domain.Hash // of what is digital
	Holder   Named       // by open ids alone; empty for somebody outside
	Offered  bool
	To       Named // whom it is offered to
	Signed   bool  // the offer has a signed receipt
	Verified bool  // the last look found it as it was collected
	Released domain.Code
}

// evidence finds an item in custody, or refuses.
func (d *deciding) evidence(field string, id domain.Key) (EvidenceItem, error) {
	for _, it := range d.s.Evidence.Items {
		if it.ID != id {
			continue
		}
		if it.Released != "" {
			return it, domain.Refuse(RefusedReleased, "EVI-06", "the item %s left custody: it was %s", id, it.Released)
		}
		return it, nil
	}
	return EvidenceItem{}, unknown(field, "the incident has no item of evidence %s", id)
}

func (c OfferCustody) decide(d *deciding) error {
	it, err := d.evidence("evidence", c.Evidence)
	if err != nil {
		return err
	}
	to, err := d.named("to", c.To)
	if err != nil {
		return err
	}
	if err := c.File.whole("file"); err != nil {
		return err
	}
	switch {
	case to.outsider() && c.Organisation == "":
		return malformed("organisation", "organisation is required: say whom %s works for", to.Text)
	case !to.outsider() && to == it.Holder:
		return noChange("EVI-06", "they hold the item already")
	}
	if !it.Holder.outsider() && !d.acts(it.Holder) {
		if err := d.rule(domain.Refuse(RefusedHolder, "EVI-06", "the item is held by somebody else; its holder hands it over, or say in by that it is on the holder's word")); err != nil {
			return err
		}
	}
	d.emit(CustodyOffered{Evidence: c.Evidence, To: to, Organisation: c.Organisation, File: c.File, Place: c.Place, Purpose: c.Purpose})
	return nil
}

func (c AcceptCustody) decide(d *deciding) error {
	it, err := d.evidence("evidence", c.Evidence)
	if err != nil {
		return err
	}
	if err := c.File.whole("file"); err != nil {
		return err
	}
	if !it.Offered {
		r := domain.Refuse(RefusedOffered, "EVI-06", "the item was not offered to anybody, so nobody can accept it")
		r.Allowed = []string{"OfferCustody"}
		return r
	}
	var r *domain.Refusal
	switch outside := it.To.outsider(); {
	case outside && !slices.Contains(investigating, d.o.Actor.Role):
		return domain.Refuse(domain.CodeDenied, "ORG-04", "what somebody outside took over is written down by who handles the incident, not by %s", d.o.Actor.Role)
	case outside && !it.Signed && c.File.IsZero():
		r = domain.Refuse(RefusedReceipt, "EVI-06", "somebody outside took it over: give the receipt that they signed (do --file)")
	case !outside && !d.acts(it.To):
		r = domain.Refuse(RefusedOffered, "EVI-06", "the item was offered to somebody else; they accept it themselves")
	}
	if r != nil {
		if err := d.rule(r); err != nil {
			return err
		}
	}
	d.emit(CustodyAccepted{Evidence: c.Evidence, From: it.Holder, To: it.To, File: c.File})
	return nil
}

func (c VerifyEvidence) decide(d *deciding) error {
	it, err := d.evidence("evidence", c.Evidence)
	if err != nil {
		return err
	}
	switch {
	case c.SHA256.IsZero():
		c.SHA256 = c.File.SHA256
	case !c.File.IsZero() && c.File.SHA256 != c.SHA256:
		return malformed("sha256", "sha256 is not the hash of the file given; leave one of them out")
	}
	e := EvidenceVerified{Evidence: c.Evidence, SHA256: c.SHA256, Altered: c.Altered, Note: c.Note}
	e.judge(it.SHA256)
	d.emit(e)
	switch {
	case !e.Matches:
		d.warn("evidence_altered", "EVI-03", "THE ITEM IS NOT AS IT WAS COLLECTED; what it proves is in doubt. Find out since when, and collect anew what can be")
	case !e.Compared && it.Form == "digital":
		d.warn("not_compared", "EVI-03", "no hash was given to compare, so this rests on your word alone (sha256, or do --file)")
	}
	return nil
}

// judge compares the hash given with the one collected.
func (e *EvidenceVerified) judge(collected domain.Hash) {
	e.Compared = !e.SHA256.IsZero() && !collected.IsZero()
	e.Matches = !e.Altered && (!e.Compared || e.SHA256 == collected)
}

func (c ReleaseEvidence) decide(d *deciding) error {
	it, err := d.evidence("evidence", c.Evidence)
	if err != nil {
		return err
	}
	d.emit(EvidenceReleased(c))
	if it.Offered {
		d.warn("offer_void", "EVI-06", "the item was offered and not yet accepted; that offer is void")
	}
	return nil
}

// item changes one item in a copy of the list.
func (ev *Evidence) item(id domain.Key, change func(*EvidenceItem)) {
	ev.Items = slices.Clone(ev.Items)
	for i := range ev.Items {
		if ev.Items[i].ID == id {
			change(&ev.Items[i])
		}
	}
}

func (e CustodyOffered) evolve(s *Incident, _ *posting) {
	s.Evidence.item(e.Evidence, func(it *EvidenceItem) {
		it.Offered, it.To, it.Signed = true, e.To.open(), !e.File.SHA256.IsZero()
	})
}

func (e CustodyAccepted) evolve(s *Incident, _ *posting) {
	s.Evidence.item(e.Evidence, func(it *EvidenceItem) {
		it.Holder, it.Offered, it.To, it.Signed = e.To.open(), false, Named{}, false
	})
	s.Team.add([]Named{e.To})
}

func (e EvidenceVerified) evolve(s *Incident, _ *posting) {
	s.Evidence.item(e.Evidence, func(it *EvidenceItem) { it.Verified = e.Matches })
}

func (e EvidenceReleased) evolve(s *Incident, _ *posting) {
	s.Evidence.item(e.Evidence, func(it *EvidenceItem) {
		it.Released, it.Offered, it.To = e.Disposition, false, Named{}
	})
}

// rederive implements rederiver. Who had it stands as it was offered.
func (e CustodyAccepted) rederive(_ *deciding, was domain.Event) (domain.Event, error) {
	old := was.(CustodyAccepted)
	e.From, e.To, e.Evidence = old.From, old.To, old.Evidence
	return e, nil
}

// rederive implements rederiver.
func (e EvidenceVerified) rederive(d *deciding, was domain.Event) (domain.Event, error) {
	e.Evidence = was.(EvidenceVerified).Evidence
	for _, it := range d.s.Evidence.Items {
		if it.ID == e.Evidence {
			e.judge(it.SHA256)
		}
	}
	return e, nil
}

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
}

var custodyEvents = []eventRow{
	told[CustodyOffered](1),
	told[CustodyAccepted](1),
}

// Refusals that keep the chain of custody unbroken (EVI-06).
const (
	RefusedHolder   domain.Code = "not_holder"  // who offers or releases it does not hold it
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

func (CustodyOffered) EventName() string  { return "CustodyOffered" }
func (CustodyAccepted) EventName() string { return "CustodyAccepted" }

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

func (OfferCustody) CommandName() string  { return "OfferCustody" }
func (AcceptCustody) CommandName() string { return "AcceptCustody" }

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

// holds refuses what the holder of an item alone does with it, or lets do. Whoever
// is outside has no account, so for them whoever handles the incident does it.
func (d *deciding) holds(it EvidenceItem, does string) error {
	if it.Holder.outsider() || d.acts(it.Holder) {
		return nil
	}
	return d.rule(domain.Refuse(RefusedHolder, "EVI-06", "the item is held by somebody else; its holder %s, or say in by that it is on the holder's word", does))
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
	if err := d.holds(it, "hands it over"); err != nil {
		return err
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

// rederive implements rederiver. Who had it stands as it was offered.
func (e CustodyAccepted) rederive(_ *deciding, was domain.Event) (domain.Event, error) {
	old := was.(CustodyAccepted)
	e.From, e.To, e.Evidence = old.From, old.To, old.Evidence
	return e, nil
}

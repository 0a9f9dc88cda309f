package incident

import (
	"slices"

	"incidentledger/domain"
)

var examineCommands = []commandRow{
	{fact: true, CommandType: domain.CommandType{New: blank[VerifyEvidence], Roles: append(slices.Clip(investigating), "auditor"), States: inKept,
		Events:  []string{"EvidenceVerified"},
		Example: `{"evidence":` + person + `,"sha256":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}`}},
	{fact: true, CommandType: domain.CommandType{New: blank[ReleaseEvidence], Roles: directing, States: inKept,
		Events:  []string{"EvidenceReleased"},
		Example: `{"evidence":` + person + `,"disposition":"returned","ground":"The case is closed; the owner needs the laptop."}`}},
}

var examineEvents = []eventRow{
	told[EvidenceVerified](1),
	told[EvidenceReleased](1),
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

func (EvidenceVerified) EventName() string { return "EvidenceVerified" }
func (EvidenceReleased) EventName() string { return "EvidenceReleased" }

// VerifyEvidence states that an item is as it was collected: a file by its hash, a
// thing by its seal and by looking at it. What does not match is written down all
// the same: nothing is worse for evidence than a silent difference (EVI-03). To
// look at an item nobody has to hold it: another's eyes prove the more.
type VerifyEvidence struct {
	// Evidence is the id that the receipt of CollectEvidence gave.
	Evidence domain.Key `json:"evidence" rule:"required"`
	// SHA256 is the hash of the file as it is now; required of what is digital, unless somebody saw that it changed.
	SHA256 domain.Hash `json:"sha256,omitzero"`
	// File is the file as it is now: do --file reckons its hash.
	File EvidenceFile `json:"file,omitzero"`
	// Altered says that it is not as it was: a broken seal, a thing damaged.
	Altered bool `json:"altered,omitzero"`
	// Note says what was looked at.
	Note domain.Text `json:"note,omitzero"`
}

// ReleaseEvidence ends the custody of an item. Its holder lets it go, or somebody
// on the holder's word; who does not hold it cannot give it away or destroy it
// (EVI-06).
type ReleaseEvidence struct {
	// Evidence is the id that the receipt of CollectEvidence gave.
	Evidence domain.Key `json:"evidence" rule:"required"`
	// Disposition is what became of it.
	Disposition domain.Code `json:"disposition" rule:"required,oneof=returned|handed-over|destroyed"`
	// Ground says why it need not be kept any longer.
	Ground domain.Text `json:"ground" rule:"required"`
}

func (VerifyEvidence) CommandName() string  { return "VerifyEvidence" }
func (ReleaseEvidence) CommandName() string { return "ReleaseEvidence" }

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
	if it.Form == "digital" && c.SHA256.IsZero() && !c.Altered {
		return malformed("sha256", "sha256 is required: what is digital is verified by the hash of its file as it is now (EVI-03); `do --file PATH` reckons it")
	}
	e := EvidenceVerified{Evidence: c.Evidence, SHA256: c.SHA256, Altered: c.Altered, Note: c.Note}
	e.judge(it.SHA256)
	d.emit(e)
	if !e.Matches {
		d.warn("evidence_altered", "EVI-03", "THE ITEM IS NOT AS IT WAS COLLECTED; what it proves is in doubt. Find out since when, and collect anew what can be")
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
	if err := d.holds(it, "lets it go"); err != nil {
		return err
	}
	d.emit(EvidenceReleased(c))
	if it.Offered {
		d.warn("offer_void", "EVI-06", "the item was offered and not yet accepted; that offer is void")
	}
	return nil
}

func (e EvidenceVerified) evolve(s *Incident, _ *posting) {
	s.Evidence.item(e.Evidence, func(it *EvidenceItem) { it.Verified = e.Matches && (e.Compared || it.Form != "digital") })
}

func (e EvidenceReleased) evolve(s *Incident, _ *posting) {
	s.Evidence.item(e.Evidence, func(it *EvidenceItem) {
		it.Released, it.Offered, it.To = e.Disposition, false, Named{}
	})
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

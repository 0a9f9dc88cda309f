package incident

import (
	"slices"
	"strings"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/policy"
)

var evidenceCommands = []commandRow{
	{fact: true, CommandType: domain.CommandType{New: blank[DecideEvidence], Roles: handling, States: inLive,
		Events:  []string{"EvidenceNeedDecided"},
		Example: `{"needed":true,"purposes":["breach-or-offence"],"reason":"Somebody broke in on the server."}`}},
	{fact: true, CommandType: domain.CommandType{New: blank[DecideDeferral], Roles: handling, States: inLive,
		Events:  []string{"MeasureDeferralDecided"},
		Example: `{"canWait":true,"reason":"The server is off the network; nothing gets worse."}`}},
	{fact: true, CommandType: domain.CommandType{New: blank[CollectEvidence], Roles: investigating, States: inLive,
		Events:  []string{"EvidenceCollected"},
		Example: `{"form":"digital","item":"Image of the server's disk","file":{"name":"disk.img","sha256":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08","size":4},"tool":"dd, write blocker","place":"Server room","seal":"A-1042","deviceClockOffset":"-PT2M","purpose":"breach-or-offence"}`}},
}

var evidenceEvents = []eventRow{
	told[EvidenceNeedDecided](1),
	told[MeasureDeferralDecided](1),
	told[EvidenceCollected](1),
}

// Refusals of measures that would destroy evidence.
const (
	RefusedUndecided domain.Code = "evidence_undecided" // nobody decided whether evidence is needed, or whether measures can wait
	RefusedEvidence  domain.Code = "evidence_first"     // measures wait until the evidence is secured
)

// An EvidenceFile is a file that was taken in, or one that stays outside the
// ledger and is known by its hash alone.
type EvidenceFile struct {
	// Name is what the file is called.
	Name domain.Text `json:"name,omitzero" seal:"aggregate" rule:"max=300"`
	// SHA256 is the SHA-256 of its content, 64 lower-case hexadecimal digits.
	SHA256 domain.Hash `json:"sha256,omitzero"`
	// Size is its length in bytes.
	Size int64 `json:"size,omitzero" rule:"min=0"`
	// ID is the id under which it was taken in.
	ID domain.Key `json:"id,omitzero"`
	// Stored is where it is kept: the SHA-256 of what is stored, as taking it in answered.
	Stored domain.Hash `json:"stored,omitzero"`
	// SHA512 is the SHA-512 of its content, 128 lower-case hexadecimal digits.
	SHA512 domain.Text `json:"sha512,omitzero" seal:"aggregate" rule:"max=128"`
}

// IsZero reports whether no file is given.
func (f EvidenceFile) IsZero() bool { return f == EvidenceFile{} }

// whole refuses a file that cannot be known again.
func (f EvidenceFile) whole(field string) error {
	switch {
	case f.IsZero():
		return nil
	case f.SHA256.IsZero():
		return malformed(field+".sha256", "%s.sha256 is required: without its hash nobody can show later that the file is the same", field)
	case f.Name == "":
		return malformed(field+".name", "%s.name is required", field)
	case f.ID.IsZero() != f.Stored.IsZero():
		return malformed(field+".stored", "%s.id and %s.stored go together: give both as taking the file in answered them", field, field)
	}
	return nil
}

// storedFiles gives the file, where it was taken in.
func (f EvidenceFile) storedFiles() []domain.StoredFile {
	if f.Stored.IsZero() {
		return nil
	}
	return []domain.StoredFile{{ID: f.ID, Stored: f.Stored, SHA256: f.SHA256, SHA512: f.SHA512, Size: f.Size}}
}

// unplaced is the file without where it is stored.
func (f EvidenceFile) unplaced() EvidenceFile {
	f.ID, f.Stored = domain.Key{}, domain.Hash{}
	return f
}

// corrected refuses a correction of what was measured when a file was taken in.
func (f EvidenceFile) corrected(was EvidenceFile) error {
	if f.ID == was.ID && f.Stored == was.Stored && (was.Stored.IsZero() || f.SHA256 == was.SHA256 && f.Size == was.Size) {
		return nil
	}
	return malformed("fields.file", "which file was taken in, its hash and its size were measured and cannot be corrected; collect the right one as an item of its own")
}

// EvidenceNeedDecided says whether evidence is needed, and for what.
type EvidenceNeedDecided struct {
	Needed   bool          `json:"needed"`
	Purposes []domain.Code `json:"purposes,omitempty" rule:"oneof=analysis|breach-or-offence|damages"`
	Reason   domain.Text   `json:"reason,omitzero" seal:"aggregate"`
}

// MeasureDeferralDecided says whether measures can wait until all evidence is
// collected.
type MeasureDeferralDecided struct {
	CanWait bool        `json:"canWait"`
	Reason  domain.Text `json:"reason,omitzero" seal:"aggregate"`
}

// EvidenceCollected says that an item was secured, by whom, where and how. Who
// collected it holds it until somebody accepts it from them.
type EvidenceCollected struct {
	Evidence          domain.Key   `json:"evidence"`
	Form              domain.Code  `json:"form" rule:"required,oneof=physical|digital"`
	Item              domain.Text  `json:"item,omitzero" seal:"aggregate"`
	File              EvidenceFile `json:"file,omitzero"`
	DerivedFrom       domain.Key   `json:"derivedFrom,omitzero"`
	Tool              domain.Text  `json:"tool,omitzero" seal:"aggregate" rule:"max=300"`
	Place             domain.Text  `json:"place,omitzero" seal:"aggregate" rule:"max=300"`
	Seal              domain.Text  `json:"seal,omitzero" seal:"aggregate" rule:"max=100"`
	DeviceClockOffset domain.Code  `json:"deviceClockOffset,omitzero"`
	Purpose           domain.Code  `json:"purpose" rule:"required,oneof=analysis|breach-or-offence|damages"`
	Holder            Named        `json:"holder"`
}

func (EvidenceNeedDecided) EventName() string    { return "EvidenceNeedDecided" }
func (MeasureDeferralDecided) EventName() string { return "MeasureDeferralDecided" }
func (EvidenceCollected) EventName() string      { return "EvidenceCollected" }

// DecideEvidence answers whether evidence is needed, and for what purpose
// (EVI-01). Until it is answered, measures are refused that could destroy it.
type DecideEvidence struct {
	// Needed says yes; without it the answer is no.
	Needed bool `json:"needed,omitzero"`
	// Purposes are what it must serve.
	Purposes []domain.Code `json:"purposes,omitempty" rule:"oneof=analysis|breach-or-offence|damages"`
	// Reason says why or why not.
	Reason domain.Text `json:"reason" rule:"required"`
}

// DecideDeferral answers whether measures can wait until all evidence is
// collected. If they can, they must (EVI-02).
type DecideDeferral struct {
	// CanWait says yes; without it measures go first.
	CanWait bool `json:"canWait,omitzero"`
	// Reason says what weighed heaviest.
	Reason domain.Text `json:"reason" rule:"required"`
}

// CollectEvidence says that an item of evidence was secured (EVI-03, EVI-06,
// EVI-08). What is digital is known by the hash of its file: do --file takes the
// file in and reckons it. Of a file that stays elsewhere give name, hash and size,
// and keep it safe (EVI-04).
type CollectEvidence struct {
	// Form says whether it is a thing or a file.
	Form domain.Code `json:"form" rule:"required,oneof=physical|digital"`
	// Item describes it.
	Item domain.Text `json:"item" rule:"required"`
	// File is its name, hash and size; required of what is digital.
	File EvidenceFile `json:"file,omitzero"`
	// DerivedFrom is the id of the item from which it was made, such as a disk of which it is the image.
	DerivedFrom domain.Key `json:"derivedFrom,omitzero"`
	// Tool is what it was collected with.
	Tool domain.Text `json:"tool,omitzero" rule:"max=300"`
	// Place is where it was found and secured.
	Place domain.Text `json:"place" rule:"required,max=300"`
	// Seal is the number of the seal on it.
	Seal domain.Text `json:"seal,omitzero" rule:"max=100"`
	// DeviceClockOffset is by how much the device's clock was ahead, such as PT2M, or behind, such as -PT2M.
	DeviceClockOffset domain.Code `json:"deviceClockOffset,omitzero"`
	// Purpose is what it must serve.
	Purpose domain.Code `json:"purpose" rule:"required,oneof=analysis|breach-or-offence|damages"`
}

// StoredFiles implements domain.Filed.
func (c CollectEvidence) StoredFiles() []domain.StoredFile { return c.File.storedFiles() }

// AsGiven implements domain.Refiled.
func (c CollectEvidence) AsGiven() domain.Command { c.File = c.File.unplaced(); return &c }

// StoredFiles implements domain.Filed.
func (e EvidenceCollected) StoredFiles() []domain.StoredFile { return e.File.storedFiles() }

func (DecideEvidence) CommandName() string  { return "DecideEvidence" }
func (DecideDeferral) CommandName() string  { return "DecideDeferral" }
func (CollectEvidence) CommandName() string { return "CollectEvidence" }

func (c DecideEvidence) decide(d *deciding) error {
	ev := &d.s.Evidence
	switch {
	case c.Needed && len(c.Purposes) == 0:
		return malformed("purposes", "purposes is required: say what the evidence must serve (analysis, breach-or-offence, damages)")
	case ev.Decided && c.Needed == ev.Needed && slices.Equal(c.Purposes, ev.Purposes):
		return noChange("EVI-01", "it was decided so before")
	}
	d.emit(EvidenceNeedDecided(c))
	if !c.Needed && len(ev.Items) > 0 {
		d.warn("evidence_kept", "EVI-03", "what was collected stays in custody until it is released (ReleaseEvidence)")
	}
	return nil
}

func (c DecideDeferral) decide(d *deciding) error {
	ev := &d.s.Evidence
	switch {
	case !ev.Decided:
		r := domain.Refuse(RefusedUndecided, "EVI-01", "decide first whether evidence is needed")
		r.Allowed = []string{"DecideEvidence"}
		return r
	case !ev.Needed:
		return noChange("EVI-02", "no evidence is needed, so no measure waits for it")
	case ev.Deferral && ev.CanWait == c.CanWait:
		return noChange("EVI-02", "it was decided so before")
	}
	d.emit(MeasureDeferralDecided(c))
	return nil
}

func (c CollectEvidence) decide(d *deciding) error {
	if err := c.File.whole("file"); err != nil {
		return err
	}
	if c.Form == "digital" && c.File.IsZero() {
		return malformed("file", "file is required: what is digital is known by the hash of its file (EVI-03); `do --file PATH` takes it in")
	}
	if !c.DerivedFrom.IsZero() {
		if _, err := d.evidence("derivedFrom", c.DerivedFrom); err != nil {
			return err
		}
	}
	if c.DeviceClockOffset != "" {
		if _, err := policy.Later(d.at, strings.TrimPrefix(string(c.DeviceClockOffset), "-"), "UTC"); err != nil {
			return malformed("deviceClockOffset", "deviceClockOffset: %v", err)
		}
	}
	d.emit(EvidenceCollected{
		Evidence: d.made("evidence"), Form: c.Form, Item: c.Item, File: c.File, DerivedFrom: c.DerivedFrom, Tool: c.Tool,
		Place: c.Place, Seal: c.Seal, DeviceClockOffset: c.DeviceClockOffset, Purpose: c.Purpose, Holder: d.actor(),
	})
	if ev := &d.s.Evidence; !ev.Decided {
		d.warn("evidence_undecided", "EVI-01", "whether evidence is needed, and for what, is not decided yet (DecideEvidence)")
	}
	return nil
}

// Evidence is what was decided and collected.
type Evidence struct {
	Decided, Needed   bool
	Purposes          []domain.Code
	Offence           time.Time // since when it is wanted for a breach or an offence
	Deferral, CanWait bool
	Items             []EvidenceItem // never changed in place
}

// secured reports whether the evidence is safe: something was collected, and of
// every item in custody somebody stated afterwards that it is as it was collected.
func (ev *Evidence) secured() bool {
	return len(ev.Items) > 0 && !slices.ContainsFunc(ev.Items, func(it EvidenceItem) bool { return it.Released == "" && !it.Verified })
}

// gate refuses measures that could destroy evidence (EVI-01, EVI-02).
func (ev *Evidence) gate() *domain.Refusal {
	var r *domain.Refusal
	switch {
	case !ev.Decided:
		r = domain.Refuse(RefusedUndecided, "EVI-01", "decide first whether evidence is needed: a measure can destroy it. Isolating is always possible")
		r.Allowed = []string{"DecideEvidence", "IsolateAsset"}
	case !ev.Needed || ev.secured():
	case !ev.Deferral:
		r = domain.Refuse(RefusedUndecided, "EVI-02", "decide first whether measures can wait until the evidence is collected. Isolating is always possible")
		r.Allowed = []string{"DecideDeferral", "IsolateAsset"}
	case ev.CanWait && len(ev.Items) == 0:
		r = domain.Refuse(RefusedEvidence, "EVI-02", "measures can wait, so they wait until the evidence is collected and verified; nothing is collected yet")
		r.Allowed = []string{"CollectEvidence", "DecideDeferral", "IsolateAsset"}
	case ev.CanWait:
		r = domain.Refuse(RefusedEvidence, "EVI-02", "measures can wait, so they wait until every item of evidence is verified as it was collected")
		r.Allowed = []string{"VerifyEvidence", "CollectEvidence", "DecideDeferral", "IsolateAsset"}
	}
	return r
}

func (e EvidenceNeedDecided) evolve(s *Incident, p *posting) {
	ev := &s.Evidence
	ev.Decided, ev.Needed, ev.Purposes = true, e.Needed, e.Purposes
	switch {
	case !e.Needed || !slices.Contains(e.Purposes, "breach-or-offence"):
		ev.Offence = time.Time{}
	case ev.Offence.IsZero():
		ev.Offence = p.occurred
	}
}

func (e MeasureDeferralDecided) evolve(s *Incident, _ *posting) {
	s.Evidence.Deferral, s.Evidence.CanWait = true, e.CanWait
}

func (e EvidenceCollected) evolve(s *Incident, _ *posting) {
	s.Evidence.Items = append(slices.Clip(s.Evidence.Items), EvidenceItem{
		ID: e.Evidence, Form: e.Form, SHA256: e.File.SHA256, Holder: e.Holder.open(),
	})
	s.Team.add([]Named{e.Holder})
}

// rederive implements rederiver.
func (e EvidenceCollected) rederive(_ *deciding, was domain.Event) (domain.Event, error) {
	old := was.(EvidenceCollected)
	e.Evidence, e.Holder = old.Evidence, old.Holder
	if err := e.File.corrected(old.File); err != nil {
		return e, err
	}
	if e.Form == "digital" && e.File.SHA256.IsZero() {
		return e, malformed("fields.file", "what is digital is known by the hash of its file")
	}
	return e, nil
}

package incident

import (
	"slices"

	"incidentledger/domain"
)

var exportCommands = []commandRow{
	{CommandType: domain.CommandType{New: blank[PrepareExport], Roles: append(slices.Clip(statutory), "auditor", "board"),
		Events:  []string{"ExportPrepared"},
		Example: `{"receiver":"District court of Limburg, section of civil law","ground":"Order of the court of 20 November 2026.","withhold":["reporter"]}`}},
}

var exportEvents = []eventRow{
	told[ExportPrepared](1),
}

// ExportPrepared says that the incident, up to this entry, leaves the house as an
// evidence bundle: for whom, on what ground, and which texts are kept back. It is
// the last entry of that bundle.
type ExportPrepared struct {
	Receiver domain.Text   `json:"receiver,omitzero" seal:"aggregate" rule:"max=300"`
	Ground   domain.Text   `json:"ground,omitzero" seal:"aggregate"`
	Withhold []domain.Code `json:"withhold,omitempty"`
	MaxFiles int64         `json:"maxFiles,omitzero" rule:"min=0"`
}

func (ExportPrepared) EventName() string { return "ExportPrepared" }

// PrepareExport cuts the incident's evidence bundle here: who gets it, on what
// ground, and what is withheld (ORG-06, AUD-03). The bundle itself is then cut by
// `export`, which gives this order, or by the API.
type PrepareExport struct {
	// Receiver is who gets the bundle.
	Receiver domain.Text `json:"receiver" rule:"required,max=300"`
	// Ground is why they may have it: an order of a court, a request of an authority, a law.
	Ground domain.Text `json:"ground" rule:"required"`
	// Withhold names fields whose texts are kept back, such as reporter; a receiver sees that they are, and how many.
	// The field file keeps back the evidence files themselves as well.
	Withhold []domain.Code `json:"withhold,omitempty"`
	// MaxFiles is how many bytes of evidence files the bundle holds at most, 256 MiB where it is left out: files that fit no more are kept back.
	MaxFiles int64 `json:"maxFiles,omitzero" rule:"min=0,max=1073741824"`
}

func (PrepareExport) CommandName() string { return "PrepareExport" }

func (c PrepareExport) decide(d *deciding) error {
	d.emit(ExportPrepared(c))
	return nil
}

func (ExportPrepared) evolve(*Incident, *posting) {}

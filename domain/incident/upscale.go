package incident

import (
	"regexp"
	"slices"
	"time"

	"incidentledger/domain"
)

var upscaleCommands = []commandRow{
	{fact: true, CommandType: domain.CommandType{New: blank[DecideUpscaling], Roles: append(slices.Clip(declaring), "communication"), States: inLive,
		Events:  []string{"UpscalingDecided"},
		Example: `{"direction":"up","gripLevel":"2","body":"safety-region","reason":"Three municipalities are hit."}`}},
	{fact: true, CommandType: domain.CommandType{New: blank[SwitchCommunication], Roles: append(slices.Clip(declaring), "communication"), States: inLive,
		Events:  []string{"CommunicationSwitched"},
		Example: `{"to":"safety-region","reason":"GRIP 2: the region speaks for all."}`}},
}

var upscaleEvents = []eventRow{
	told[UpscalingDecided](1),
	told[CommunicationSwitched](1),
}

// code is how codes are written. Whatever else somebody types is a name, and sealed.
var code = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

// UpscalingDecided says whether the incident was scaled up, down, or left where
// it stands, and to which level of whose organisation.
type UpscalingDecided struct {
	Direction domain.Code `json:"direction" rule:"required,oneof=up|none|down"`
	GripLevel domain.Code `json:"gripLevel,omitzero" rule:"codes=gripLevels"`
	Body      domain.Code `json:"body,omitzero"`
	BodyName  domain.Text `json:"bodyName,omitzero" seal:"aggregate"`
	Reason    domain.Text `json:"reason,omitzero" seal:"aggregate"`
	At        time.Time   `json:"at" rule:"required,past"`
}

// CommunicationSwitched says who speaks about the incident from then on.
type CommunicationSwitched struct {
	To           domain.Code     `json:"to" rule:"required,oneof=crisis-team|safety-region|own"`
	Spokesperson domain.PersonID `json:"spokesperson,omitzero"`
	Reason       domain.Text     `json:"reason,omitzero" seal:"aggregate"`
	At           time.Time       `json:"at" rule:"required,past"`
}

func (UpscalingDecided) EventName() string      { return "UpscalingDecided" }
func (CommunicationSwitched) EventName() string { return "CommunicationSwitched" }

// DecideUpscaling says whether the incident is scaled up, and to which GRIP
// level. That it is not is a decision too, and kept (MAJ-08).
type DecideUpscaling struct {
	// Direction is up, down, or none: it stays as it is.
	Direction domain.Code `json:"direction" rule:"required,oneof=up|none|down"`
	// GripLevel is the level of the regional procedure (requirements 22.12).
	GripLevel domain.Code `json:"gripLevel,omitzero" rule:"codes=gripLevels"`
	// Body is the organisation that takes the lead: a code such as safety-region, or its name.
	Body domain.Text `json:"body,omitzero" rule:"max=200"`
	// Reason says what was weighed.
	Reason domain.Text `json:"reason" rule:"required"`
}

// SwitchCommunication says that communication runs by the crisis team or the
// safety region, or by the organisation itself again (ANA-04, REG-09).
type SwitchCommunication struct {
	// To is who speaks from now on.
	To domain.Code `json:"to" rule:"required,oneof=crisis-team|safety-region|own"`
	// Spokesperson is the expert or administrator named for the press (REG-09).
	Spokesperson domain.PersonID `json:"spokesperson,omitzero"`
	// Reason says why.
	Reason domain.Text `json:"reason" rule:"required"`
}

func (DecideUpscaling) CommandName() string     { return "DecideUpscaling" }
func (SwitchCommunication) CommandName() string { return "SwitchCommunication" }

func (c DecideUpscaling) decide(d *deciding) error {
	if c.Direction == "none" && c.GripLevel != "" {
		return malformed("gripLevel", "gripLevel says to which level it goes; leave it out where it stays as it is")
	}
	e := UpscalingDecided{Direction: c.Direction, GripLevel: c.GripLevel, Reason: c.Reason, At: d.at}
	if code.MatchString(string(c.Body)) {
		e.Body = domain.Code(c.Body)
	} else {
		e.BodyName = c.Body
	}
	d.emit(e)
	return nil
}

func (c SwitchCommunication) decide(d *deciding) error {
	was := d.s.Communication
	if was == "" {
		was = "own"
	}
	if c.To == was && c.Spokesperson == d.s.Spokesperson {
		return noChange("ANA-04", "communication already runs by %s", was)
	}
	d.emit(CommunicationSwitched{To: c.To, Spokesperson: c.Spokesperson, Reason: c.Reason, At: d.at})
	return nil
}

func (e UpscalingDecided) evolve(s *Incident, _ *posting) { s.Upscaling = &e }

func (e CommunicationSwitched) evolve(s *Incident, _ *posting) {
	s.Communication, s.Spokesperson = e.To, e.Spokesperson
}

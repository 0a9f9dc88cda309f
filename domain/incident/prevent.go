package incident

import "incidentledger/domain"

var preventCommands = []commandRow{
	{fact: true, CommandType: domain.CommandType{New: blank[SkipPreventiveChange], Roles: directing, States: inLive,
		Events:  []string{"PreventiveChangeSkipped"},
		Example: `{"probability":"small","damage":"small","cost":"A new printer on each floor.","reason":"It happened once in ten years; nobody saw the page."}`}},
}

var preventEvents = []eventRow{
	told[PreventiveChangeSkipped](1),
}

// Refusals of leaving the preventive change out.
const (
	RefusedNotLight domain.Code = "not_light" // the severity demands the change
	RefusedRisk     domain.Code = "not_small" // the risk of recurrence is not small
)

// PreventiveChangeSkipped says that nothing is changed to prevent a recurrence,
// on both grounds: the risk is small and the cost out of proportion.
type PreventiveChangeSkipped struct {
	Probability domain.Code `json:"probability" rule:"required,oneof=small|medium|large"`
	Damage      domain.Code `json:"damage" rule:"required,oneof=small|medium|large"`
	Cost        domain.Text `json:"cost,omitzero" seal:"aggregate"`
	Reason      domain.Text `json:"reason,omitzero" seal:"aggregate"`
}

// EventName implements domain.Event.
func (PreventiveChangeSkipped) EventName() string { return "PreventiveChangeSkipped" }

// SkipPreventiveChange leaves out the change that would prevent a recurrence.
// Only at severity light, and only on both grounds: the risk of recurrence,
// probability times damage, is small, and cost and effort are out of proportion
// (SEV-06). From severity high on it is never skipped (SEV-07).
type SkipPreventiveChange struct {
	// Probability is how likely it happens again.
	Probability domain.Code `json:"probability" rule:"required,oneof=small|medium|large"`
	// Damage is what it would do.
	Damage domain.Code `json:"damage" rule:"required,oneof=small|medium|large"`
	// Cost is what the change would cost, in money and effort, and why that is out of proportion.
	Cost domain.Text `json:"cost" rule:"required"`
	// Reason says why the risk is small.
	Reason domain.Text `json:"reason" rule:"required"`
}

// CommandName implements domain.Command.
func (SkipPreventiveChange) CommandName() string { return "SkipPreventiveChange" }

func (c SkipPreventiveChange) decide(d *deciding) error {
	if d.s.PreventiveSkipped {
		return noChange("SEV-06", "the preventive change was skipped before")
	}
	switch s := d.s.Severity(); s {
	case "light":
	case "", "none":
		if err := d.rule(domain.Refuse(RefusedNotLight, "SEV-06", "the preventive change is skipped only at severity light; the incident has no such severity (ClassifySeverity)")); err != nil {
			return err
		}
	default:
		if err := d.rule(domain.Refuse(RefusedNotLight, "SEV-07", "at severity %s the preventive change is not skipped; propose an improvement", s)); err != nil {
			return err
		}
	}
	if extent(c.Probability)*extent(c.Damage) > extent("medium") {
		if err := d.rule(domain.Refuse(RefusedRisk, "SEV-06", "probability %s times damage %s is no small risk, so the preventive change is not skipped", c.Probability, c.Damage)); err != nil {
			return err
		}
	}
	d.emit(PreventiveChangeSkipped(c))
	return nil
}

// extent gives the number by which risk is reckoned: probability times damage.
func extent(c domain.Code) int {
	switch c {
	case "small":
		return 1
	case "medium":
		return 2
	}
	return 3
}

func (PreventiveChangeSkipped) evolve(s *Incident, _ *posting) { s.PreventiveSkipped = true }

package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/domain/policy"
)

// A detail is one incident as it stands.
type detail struct {
	Key      domain.Key     `json:"key"`
	Number   string         `json:"number,omitempty" doc:"absent for an exercise"`
	Seq      domain.Seq     `json:"seq" doc:"its last entry"`
	State    domain.Code    `json:"state" doc:"reported, registered, on-hold, resolved, closed, rejected, withdrawn, merged"`
	Recorded time.Time      `json:"recorded"`
	Report   map[string]any `json:"report" doc:"what was reported, corrections and reclassifications worked in; texts that are gone are {\"erased\":true}"`

	Playbooks    []Playbook      `json:"playbooks" doc:"what to do first: those that hold for its category or the services it hits"`
	Recipients   []domain.Code   `json:"recipients" doc:"roles that must hear of it"`
	Verdict      domain.Code     `json:"verdict,omitempty"`
	Registered   time.Time       `json:"registered,omitzero"`
	RoutedTo     domain.Code     `json:"routedTo,omitempty"`
	Into         domain.Key      `json:"into,omitzero" doc:"the incident it was merged into"`
	Owner        domain.PersonID `json:"owner,omitzero"`
	ContactPoint domain.PersonID `json:"contactPoint,omitzero"`
	Priority     priority        `json:"priority"`
	Standing     standing        `json:"standing"`
	Concerned    concerned       `json:"concerned" doc:"whom and what it touches"`
	Progress     progress        `json:"progress" doc:"how far its handling has come"`
	WaitingFor   domain.Code     `json:"waitingFor,omitempty"`
	Leg          int             `json:"leg" doc:"service leg, one more with each reopening"`
	Acknowledged time.Time       `json:"acknowledged,omitzero"`
	Resolved     time.Time       `json:"resolved,omitzero"`
	Resolution   map[string]any  `json:"resolution,omitempty" doc:"of the running leg"`
	Reopened     time.Time       `json:"reopened,omitzero"`
	Handled      time.Time       `json:"handled,omitzero"`
	Closed       time.Time       `json:"closed,omitzero"`
	ClosedOpen   []domain.Code   `json:"closedOpen,omitempty" doc:"what stood open when it was closed all the same"`

	Holds         []hold         `json:"holds"`
	Escalations   []escalation   `json:"escalations"`
	Notifications []notification `json:"notifications"`
	Aware         []awareness    `json:"aware"`
	Deviations    int            `json:"deviations" doc:"facts accepted against a rule"`
	Clocks        []clock        `json:"clocks"`
	Steps         []step         `json:"steps" doc:"the nine of the procedure, with the one that is current"`
}

type priority struct {
	Value      int           `json:"value,omitempty" doc:"1 to 5, that holds; absent: none yet"`
	Computed   int           `json:"computed,omitempty" doc:"by the matrix"`
	Overridden int           `json:"overridden,omitempty"`
	Urgency    domain.Code   `json:"urgency,omitempty"`
	Impact     domain.Code   `json:"impact,omitempty"`
	Criteria   []domain.Code `json:"criteria,omitempty"`
}

type hold struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to,omitzero" doc:"absent while it lasts"`
}

type escalation struct {
	ID           domain.Key      `json:"id"`
	To           domain.Code     `json:"to,omitempty"`
	ToPerson     domain.PersonID `json:"toPerson,omitzero"`
	Kind         domain.Code     `json:"kind"`
	Level        int             `json:"level"`
	At           time.Time       `json:"at"`
	Acknowledged time.Time       `json:"acknowledged,omitzero"`
}

type notification struct {
	ID        domain.Key    `json:"id"`
	Authority domain.Code   `json:"authority"`
	Regime    domain.Code   `json:"regime"`
	Stage     domain.Code   `json:"stage"`
	Complete  time.Time     `json:"complete,omitzero" doc:"when it had gone through every channel it must; absent: not yet"`
	Missing   []domain.Code `json:"missing,omitempty" doc:"channels that lack a delivery"`
	Channels  []channel     `json:"channels"`
	Withdrawn bool          `json:"withdrawn"`
}

type channel struct {
	Kind    domain.Code `json:"kind"`
	At      time.Time   `json:"at"`
	Outcome domain.Code `json:"outcome"`
}

type awareness struct {
	Of         domain.Code `json:"of"`
	Processing domain.Code `json:"processing,omitempty"`
	At         time.Time   `json:"at"`
}

// detail tells how a file's entries leave the incident; nil where they do not
// begin with its report. Clocks are judged at an instant.
func (q *request) detail(f *file, at time.Time) (*detail, error) {
	if err := f.fold(q.office); err != nil {
		return nil, err
	}
	st := f.state
	if st == nil {
		return nil, nil
	}
	number, err := q.numberOf(f.key)
	if err != nil {
		return nil, err
	}
	d := &detail{
		Key: f.key, Number: number, Seq: f.last(), State: st.Phase, Recorded: st.Recorded, Recipients: append([]domain.Code{}, st.Recipients...),
		Verdict: st.Verdict, Registered: st.Registered, RoutedTo: st.RoutedTo, Into: st.Into, Owner: st.Owner, ContactPoint: st.ContactPoint,
		Leg: st.Leg, Acknowledged: st.Acknowledged, Resolved: st.Resolved, Reopened: st.Reopened, Handled: st.Handled,
		Closed: st.Closed, ClosedOpen: st.ClosedOpen, Deviations: st.Deviations,
		Holds: []hold{}, Escalations: []escalation{}, Notifications: []notification{}, Aware: []awareness{}, Clocks: []clock{},
	}
	if st.Phase == incident.PhaseOnHold {
		d.WaitingFor = st.WaitingFor
	}
	if d.Playbooks = []Playbook{}; q.office.Playbooks != nil {
		d.Playbooks = append(d.Playbooks, q.office.Playbooks(st.Report.Category, st.Services())...)
	}
	d.priority(st)
	d.Standing, d.Concerned, d.Progress = standingOf(st), concernedOf(st), progressOf(st)
	d.Standing.Severities = severitiesOf(f)
	d.lists(st)
	d.Steps = q.steps(st)
	for _, id := range slices.Sorted(maps.Keys(st.Clocks)) {
		d.Clocks = append(d.Clocks, clockOf(st.Clocks[id], at))
	}
	return d, q.reword(d, f)
}

func (d *detail) priority(st *incident.Incident) {
	d.Priority = priority{Value: st.Priority(), Overridden: st.Overridden}
	if p := st.Assessed; p != nil {
		d.Priority.Computed, d.Priority.Urgency, d.Priority.Impact, d.Priority.Criteria = p.Computed, p.Urgency, p.Impact, p.Criteria
	}
}

func (d *detail) lists(st *incident.Incident) {
	for _, h := range st.Holds {
		d.Holds = append(d.Holds, hold(h))
	}
	for _, e := range st.Escalations {
		d.Escalations = append(d.Escalations, escalation(e))
	}
	for _, n := range st.Notifications {
		out := notification{ID: n.ID, Authority: n.Authority, Regime: n.Regime, Stage: n.Stage, Withdrawn: n.Withdrawn, Channels: []channel{}}
		out.Complete, out.Missing = n.Complete()
		if len(out.Missing) > 0 {
			out.Complete = time.Time{}
		}
		for _, c := range n.Channels {
			out.Channels = append(out.Channels, channel{c.Kind, c.At, c.Outcome})
		}
		d.Notifications = append(d.Notifications, out)
	}
	for _, a := range st.Aware {
		d.Aware = append(d.Aware, awareness(a))
	}
}

// reword puts the opened words of the report and of the resolution in.
func (q *request) reword(d *detail, f *file) error {
	texts, err := q.texts(f)
	if err != nil {
		return err
	}
	b, err := json.Marshal(f.state.Report)
	if err == nil {
		err = json.Unmarshal(b, &d.Report)
	}
	if err != nil {
		return fmt.Errorf("api: incident %s: %w", f.key, err)
	}
	for path, w := range texts[told{f.entries[0].Seq, "IncidentReported"}] {
		d.Report[path] = w
	}
	if d.Resolved.IsZero() {
		return nil
	}
	for _, en := range slices.Backward(f.entries) {
		if w, ok := texts[told{en.Seq, "IncidentResolved"}]; ok {
			d.Resolution = map[string]any{}
			for path, text := range w {
				d.Resolution[path] = text
			}
			return nil
		}
	}
	return nil
}

// A clock is one term of one incident, as it stands at an instant.
type clock struct {
	Key         domain.Key  `json:"key,omitzero"`
	Number      string      `json:"number,omitempty"`
	Exercise    bool        `json:"exercise,omitempty"`
	Priority    int         `json:"priority,omitempty"`
	ID          string      `json:"id"`
	Rule        domain.Code `json:"rule"`
	Recipient   domain.Code `json:"recipient" doc:"to whom something is owed; own: within the house"`
	Stage       domain.Code `json:"stage"`
	N           int         `json:"n"`
	State       domain.Code `json:"state" doc:"running, due-soon, overdue, paused, met, met-late, done (it had no fixed term) or cancelled, at the instant asked for"`
	Anchor      time.Time   `json:"anchor,omitzero"`
	AnchorPath  policy.Path `json:"anchorPath,omitempty"`
	Due         time.Time   `json:"due,omitzero" doc:"absent: the rule gives no fixed term"`
	Warn        []time.Time `json:"warn,omitempty"`
	Met         time.Time   `json:"met,omitzero"`
	Provisional bool        `json:"provisional"`
	Statutory   bool        `json:"statutory" doc:"from law or agreement; false: the organisation's own"`
	Service     bool        `json:"service" doc:"stands still while the incident is on hold"`
	Policy      domain.Hash `json:"policy,omitzero" doc:"of the policy set whose rule it follows"`
	Zone        string      `json:"zone,omitempty"`
}

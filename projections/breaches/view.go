package breaches

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/projections"
)

// Name is the view's name.
const Name = "breaches"

// New gives the register of breaches.
func New() *projections.Things {
	return &projections.Things{
		Called: Name, Number: 1, Shapes: incident.EventTypes(), Index: index, Classify: incident.Classify,
		Of: projections.Whole(incident.Name, incident.IncidentReported{}, incident.IncidentReclassified{}, incident.BreachAssessed{}, incident.SuspicionWithdrawn{},
			incident.AwarenessEstablished{}, incident.AwarenessCorrected{}, incident.AuthorityNotified{}, incident.NotificationChannelAdded{},
			incident.NotificationWithdrawn{}, incident.DataSubjectsInformed{}, incident.ControllerNotified{}),
	}
}

// A Breach is what is known of a breach of one processing, or of a suspicion
// that nobody has assessed yet.
type Breach struct {
	Key               domain.Key    `json:"key"`
	Processing        domain.Code   `json:"processing,omitempty" doc:"absent: suspected, not assessed yet"`
	OrganisationIs    domain.Code   `json:"organisationIs,omitempty" doc:"controller, joint or processor"`
	Controller        domain.Code   `json:"controller,omitempty"`
	PersonalData      domain.Code   `json:"personalData" doc:"confirmed, suspected or none"`
	Nature            []domain.Code `json:"nature,omitempty"`
	Risk              domain.Code   `json:"risk,omitempty"`
	Ongoing           bool          `json:"ongoing"`
	From              time.Time     `json:"from,omitzero"`
	To                time.Time     `json:"to,omitzero"`
	Groups            []domain.Code `json:"groups,omitempty"`
	SubjectsMin       *int64        `json:"subjectsMin,omitempty"`
	SubjectsMax       *int64        `json:"subjectsMax,omitempty"`
	Records           *int64        `json:"records,omitempty"`
	DataKinds         []domain.Code `json:"dataKinds,omitempty"`
	SpecialCategories []domain.Code `json:"specialCategories,omitempty"`
	MeasuresBefore    []domain.Code `json:"measuresBefore,omitempty"`

	Aware     time.Time   `json:"aware,omitzero" doc:"since when the organisation knows"`
	Notified  time.Time   `json:"notified,omitzero" doc:"when the authority had the notification; absent: it has none, the entry of the assessment says why"`
	Authority domain.Code `json:"authority,omitempty" doc:"that was notified"`
	Subjects  time.Time   `json:"subjectsInformed,omitzero" doc:"when all people concerned were told"`
	Processor time.Time   `json:"controllerInformed,omitzero" doc:"when the controller was told"`
	Withdrawn bool        `json:"withdrawn" doc:"the suspicion proved false"`

	Assessments []domain.Seq `json:"assessments,omitempty" doc:"the entries that assessed it; their texts tell effects, remedy and reasons"`

	projections.Stamp // who last told of its facts
}

// Of sums up the breaches of an incident: none where none was ever suspected.
func Of(t *projections.Thing) []Breach {
	var out []Breach
	bare := Breach{Key: t.Ref.Key, PersonalData: "suspected"}
	suspected, withdrawn := false, false
	aware := map[domain.Code]time.Time{}
	known := 0 // of so many of them awareness of all was given, the first ones
	for i := range t.Told {
		told := &t.Told[i]
		suspect := func(yes bool) {
			if suspected = yes || suspected; yes {
				bare.Stamp, withdrawn = told.Stamp(), false
			}
		}
		switch e := told.Event.(type) {
		case incident.IncidentReported:
			suspect(e.SuspectedDataLeak)
		case incident.IncidentReclassified:
			suspect(e.SuspectedDataLeak != nil && *e.SuspectedDataLeak)
		case incident.AwarenessEstablished:
			if e.Of == incident.OfBreach {
				suspect(true)
				aware[e.Processing] = e.AwareAt
				if e.Processing == "" {
					known = max(1, len(out))
				}
			}
		case incident.AwarenessCorrected:
			if e.Of == incident.OfBreach {
				aware[e.Processing] = e.AwareAt
			}
		case incident.SuspicionWithdrawn:
			withdrawn = true
			bare.Stamp = told.Stamp()
		case incident.BreachAssessed:
			if e.PersonalData != "none" {
				withdrawn = false
			}
			out = assess(out, e, told)
		}
	}
	if len(out) == 0 && suspected {
		out = []Breach{bare}
	}
	for i := range out {
		b := &out[i]
		b.Key, b.Withdrawn = t.Ref.Key, withdrawn
		b.Aware = aware[b.Processing]
		if b.Aware.IsZero() && i < known {
			b.Aware = aware[""]
		}
		b.told(t, i+1)
	}
	return out
}

// assess takes up an assessment in place of the last one of the same processing.
func assess(all []Breach, e incident.BreachAssessed, told *projections.Told) []Breach {
	b := Breach{
		Processing: e.Processing, OrganisationIs: e.Role, Controller: e.Controller, PersonalData: e.PersonalData, Nature: e.Nature, Risk: e.Risk,
		Ongoing: e.Ongoing, From: e.From, To: e.To, Groups: e.Groups, SubjectsMin: e.SubjectsMin, SubjectsMax: e.SubjectsMax, Records: e.Records,
		DataKinds: e.DataKinds, SpecialCategories: e.SpecialCategories, MeasuresBefore: e.MeasuresBefore, Stamp: told.Stamp(),
	}
	i := slices.IndexFunc(all, func(b Breach) bool { return b.Processing == e.Processing })
	if i < 0 {
		b.Assessments = []domain.Seq{told.Seq}
		return append(all, b)
	}
	b.Controller, b.Assessments = cmp.Or(b.Controller, all[i].Controller), append(all[i].Assessments, told.Seq)
	all[i] = b
	return all
}

// told fills in who was told of the n-th breach of an incident.
func (b *Breach) told(t *projections.Thing, n int) {
	type notice struct {
		incident.Notification
		mine bool
	}
	var notices []notice
	change := func(id domain.Key, f func(*notice)) {
		if i := slices.IndexFunc(notices, func(x notice) bool { return x.ID == id }); i >= 0 {
			f(&notices[i])
		}
	}
	assessed := map[domain.Code]bool{}
	for i := range t.Told {
		switch e := t.Told[i].Event.(type) {
		case incident.BreachAssessed:
			assessed[e.Processing] = true
		case incident.AuthorityNotified:
			mine := e.Regime == incident.RegimeGDPR && e.Stage == "initial" && !e.Foreign && answers(e.Duties, n)
			notices = append(notices, notice{incident.Notification{ID: e.Notification, Authority: e.Authority, Channels: e.Channels, Required: e.Required}, mine})
		case incident.NotificationChannelAdded:
			change(e.Notification, func(x *notice) { x.Channels = append(slices.Clip(x.Channels), e.Channel) })
		case incident.NotificationWithdrawn:
			change(e.Notification, func(x *notice) { x.mine = false })
		case incident.DataSubjectsInformed:
			if e.Complete && (e.Processing == b.Processing || e.Processing == "" && (assessed[b.Processing] || n == 1)) {
				b.Subjects = first(b.Subjects, e.At)
			}
		case incident.ControllerNotified:
			told := incident.Notification{Channels: e.Channels}
			if at, missing := told.Complete(); e.Processing == b.Processing && len(missing) == 0 && (b.Controller == "" || b.Controller == e.Controller) {
				b.Processor = first(b.Processor, at)
			}
		}
	}
	for _, x := range notices {
		if at, missing := x.Complete(); x.mine && len(missing) == 0 && (b.Notified.IsZero() || at.Before(b.Notified)) {
			b.Notified, b.Authority = at, x.Authority
		}
	}
}

// answers reports whether a notification is about the n-th breach: where it names
// no duty, about the first.
func answers(duties []domain.Code, n int) bool {
	if len(duties) == 0 {
		return n == 1
	}
	return slices.ContainsFunc(duties, func(id domain.Code) bool { return strings.HasSuffix(string(id), "/"+strconv.Itoa(n)) })
}

func first(was, at time.Time) time.Time {
	if was.IsZero() || at.Before(was) {
		return at
	}
	return was
}

func index(t *projections.Thing) [][]byte {
	if len(Of(t)) == 0 {
		return nil
	}
	return [][]byte{projections.KeyTime(nil, t.Told[0].Recorded)}
}

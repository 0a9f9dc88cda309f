package report

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/domain/policy"
)

// Which events belong to which part of the report. One that is in none stands in
// the timeline alone.
var (
	decisions = []string{"PriorityAssessed", "PriorityOverridden", "SeverityAssessed", "SeverityRaised", "CalamityDeclared", "DecisionRecorded",
		"EvidenceNeedDecided", "MeasureDeferralDecided", "UpscalingDecided", "ExpertDecided", "RecipientDecided", "DutyDecided", "ExemptionRecorded",
		"MajorIncidentDeclared", "MajorIncidentStoodDown", "CriticalIncidentDeclared", "KSZMajorClassified", "CommunicationSwitched", "ShutdownOrdered",
		"ShutdownLifted", "PlanActivated", "PlanDeactivated", "OverrunAccepted", "OverrunRejected", "BreachAssessed", "SignificanceAssessed",
		"PreventiveChangeSkipped", "IncidentEscalated", "IncidentClosed", "IncidentReopened", "ReportRejected", "ReportWithdrawn", "SuspicionWithdrawn"}
	told = []string{"AuthorityNotified", "NotificationChannelAdded", "NotificationReceiptRecorded", "NotificationWithdrawn", "ControllerNotified",
		"DataSubjectsInformed", "PartyInformed", "CustomerInformed", "ChainIncidentReported"}
	evidence = []string{"EvidenceCollected", "CustodyOffered", "CustodyAccepted", "EvidenceVerified", "EvidenceReleased"}
	measures = []string{"AssetIsolated", "MeasurePlanned", "MeasureExecuted", "MeasureFailed", "RecoveryAccessGranted", "RecoveryAccessRevoked",
		"RecoveryReviewed", "IntegrityConfirmed", "IncidentResolved"}
	findings = []string{"FindingRecorded", "AnalysisRecorded", "EvaluationSubmitted", "EvaluationApproved"}
	lessons  = []string{"LessonRecorded"}
	against  = []string{"RuleDeviated"}
)

// A book is an incident's entries, opened.
type book struct {
	state   *incident.Incident
	first   *incident.Incident // the same without what was corrected later
	lines   []Happening
	entries int
	erased  int
	opened  []openedEvent
}

type openedEvent struct {
	seq   domain.Seq
	event domain.Event
}

func (s *Source) read(ctx context.Context, key domain.Key) (*book, error) {
	b := &book{state: new(incident.Incident), first: new(incident.Incident)}
	mended := map[domain.Seq][]domain.Seq{}
	for en, err := range s.Log.Load(ctx, domain.Ref{Kind: incident.Name, Key: key}, 0) {
		if err != nil {
			return nil, err
		}
		if b.state, err = incident.Evolve(b.state, *en); err != nil {
			return nil, err
		}
		if b.first, err = incident.Evolve(b.first, uncorrecting(*en)); err != nil {
			return nil, err
		}
		events, by, erased, err := s.Opener.Open(en)
		if err != nil {
			return nil, fmt.Errorf("report: entry %d: %w", en.Seq, err)
		}
		b.entries++
		b.erased += erased
		for _, e := range events {
			if c, ok := e.(domain.Corrector); ok {
				mended[c.Correction().Seq] = append(mended[c.Correction().Seq], en.Seq)
			}
			if c, ok := e.(incident.EntryCorrected); ok {
				mended[c.Corrects] = append(mended[c.Corrects], en.Seq)
			}
			b.opened = append(b.opened, openedEvent{en.Seq, e})
			if reckoned(e) {
				continue
			}
			who, medium := s.by(en, by)
			b.lines = append(b.lines, Happening{
				Seq: en.Seq, Occurred: en.Occurred.Time, Precision: en.Occurred.Precision, Recorded: en.Recorded,
				Who: s.who(en.Actor.ID), Role: en.Actor.Role, By: who, Medium: medium, Event: e.EventName(), Facts: s.named(b.told(e)),
			})
		}
	}
	if b.entries == 0 {
		return nil, fmt.Errorf("incident %s: %w", key, domain.ErrNotFound)
	}
	for i := range b.lines {
		b.lines[i].Corrected = mended[b.lines[i].Seq]
	}
	return b, nil
}

// uncorrecting gives an entry without the corrections in it.
func uncorrecting(en domain.Entry) domain.Entry {
	en.Events = slices.DeleteFunc(slices.Clone(en.Events), func(r domain.Record) bool {
		_, corrects := r.Event.(incident.FactCorrected)
		return corrects
	})
	return en
}

// reckoned events follow from others; the terms tell of them.
func reckoned(e domain.Event) bool {
	switch e.(type) {
	case policy.ClockArmed, policy.ClockMoved, policy.ClockMet, policy.ClockCancelled, policy.ClockDueSoon,
		incident.AlertDelivered, incident.AlertFailed:
		return true
	}
	return false
}

// named puts people's names in the place of their ids.
func (s *Source) named(facts []Fact) []Fact {
	for i, f := range facts {
		if !f.person.IsZero() {
			facts[i].Value = s.who(f.person)
		}
	}
	return facts
}

func (s *Source) who(id domain.PersonID) string {
	if id.IsZero() {
		return ""
	}
	if s.Who != nil {
		if name := s.Who(id); name != "" {
			return name
		}
	}
	return id.String()
}

// by gives on whose word an entry rests, and how it came.
func (s *Source) by(en *domain.Entry, text string) (who string, medium domain.Code) {
	switch {
	case en.By == nil:
		return "", ""
	case text != "":
		return text, en.By.Medium
	case !en.By.Person.IsZero():
		return s.who(en.By.Person), en.By.Medium
	}
	return en.By.Contact.String(), en.By.Medium
}

func (b *book) of(types []string) []Happening {
	var out []Happening
	for _, l := range b.lines {
		if slices.Contains(types, l.Event) {
			out = append(out, l)
		}
	}
	return out
}

// overridden are closings with something open and priorities that are not the
// matrix's.
func (b *book) overridden() []Happening {
	return slices.DeleteFunc(b.of([]string{"IncidentClosed", "PriorityOverridden"}), func(l Happening) bool {
		return l.Event == "IncidentClosed" && !slices.ContainsFunc(l.Facts, func(f Fact) bool { return f.Field == "overridden" && f.Value == "true" })
	})
}

// report gives the fields of the report with corrections worked in, texts too.
func (b *book) report() []Fact {
	for _, o := range b.opened {
		if _, ok := o.event.(incident.IncidentReported); ok {
			return b.corrected(o)
		}
	}
	return []Fact{}
}

// corrected gives what an event says, later corrections worked in.
func (b *book) corrected(o openedEvent) []Fact {
	facts := factsOf(o.event)
	for _, later := range b.opened {
		e, ok := later.event.(incident.FactCorrected)
		if !ok || e.Corrects != o.seq || string(e.Event) != o.event.EventName() {
			continue
		}
		for name, v := range e.Fields {
			facts = slices.DeleteFunc(facts, func(f Fact) bool {
				return (f.Field == string(name) || strings.HasPrefix(f.Field, string(name)+".")) && !e.Keeps(f.Field)
			})
			if !v.IsZero() {
				anew := jsonFacts(string(name), listIn(o.event, string(name)), json.RawMessage(v.String()))
				facts = append(facts, slices.DeleteFunc(anew, func(f Fact) bool { return e.Keeps(f.Field) })...)
			}
		}
		for path, text := range e.Texts {
			facts = slices.DeleteFunc(facts, func(f Fact) bool { return f.Field == string(path) })
			facts = append(facts, Fact{Field: string(path), Value: string(text)})
		}
	}
	return facts
}

// told gives what an event says; of a correction, codes are those of the event that
// is corrected.
func (b *book) told(e domain.Event) []Fact {
	facts := factsOf(e)
	c, ok := e.(incident.FactCorrected)
	if !ok {
		return facts
	}
	for _, o := range b.opened {
		if o.seq != c.Corrects || o.event.EventName() != string(c.Event) {
			continue
		}
		for i, f := range facts {
			if path, ok := strings.CutPrefix(f.Field, "fields."); ok && f.Code {
				name, _, _ := strings.Cut(path, ".")
				facts[i].List = listIn(o.event, name)
			}
		}
	}
	return facts
}

// factsOf gives what an event says, field by field in the order of its
// declaration, without flags that only say that a text is there.
func factsOf(e domain.Event) []Fact {
	out := []Fact{}
	addFacts(&out, "", "", reflect.ValueOf(e))
	return out
}

// lists name the list of codes of a field whose declaration names none, since it
// follows from others.
var lists = map[string]string{
	"because": "because", "chain": "chains", "clock": "clocks", "clocks": "clocks", "consulted": "roles", "duties": "clocks", "duty": "clocks",
	"item": "firstHour", "leftOut": "answers", "missingAnswers": "answers", "missingChannels": "channelKinds", "open": "open", "recipients": "roles",
	"required": "channelKinds", "role": "roles", "severity": "severities", "stage": "stages", "to": "roles", "waitingFor": "waitingFor",
	"was": "severities", "weighed": "impacts",
}

// listOf gives the list of codes of a field: that of its declaration, its own name
// where the contract fixes its values.
func listOf(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	for part := range strings.SplitSeq(f.Tag.Get("rule"), ",") {
		if list, ok := strings.CutPrefix(part, "codes="); ok {
			return list
		}
		if strings.HasPrefix(part, "oneof=") {
			return name
		}
	}
	return lists[name]
}

// listIn gives the list of codes of a field of an event by its name.
func listIn(e domain.Event, name string) string {
	for _, f := range reflect.VisibleFields(reflect.TypeOf(e)) {
		if n, _, _ := strings.Cut(f.Tag.Get("json"), ","); n == name {
			return listOf(f)
		}
	}
	return ""
}

// addFacts adds what a value says; list is that of its codes.
func addFacts(out *[]Fact, path, list string, v reflect.Value) {
	switch x := v.Interface().(type) {
	case time.Time:
		if !x.IsZero() {
			*out = append(*out, Fact{Field: path, Value: x.Format(time.RFC3339), At: true})
		}
		return
	case domain.PersonID:
		if !x.IsZero() {
			*out = append(*out, Fact{Field: path, Value: x.String(), person: x})
		}
		return
	case domain.Value:
		said := jsonFacts(path, list, json.RawMessage(x.String()))
		if len(said) == 0 || x.IsZero() {
			said = []Fact{{Field: path, Value: x.String(), Code: true}}
		}
		*out = append(*out, said...)
		return
	case fmt.Stringer:
		if !v.IsZero() {
			*out = append(*out, Fact{Field: path, Value: x.String()})
		}
		return
	case domain.Code:
		if x != "" {
			*out = append(*out, Fact{Field: path, Value: string(x), Code: true, List: list})
		}
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			addFacts(out, path, list, v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
			if hint := strings.HasPrefix(name, "has") && len(name) > 3 && name[3] >= 'A' && name[3] <= 'Z'; name != "" && !hint {
				addFacts(out, strings.TrimPrefix(path+"."+name, "."), listOf(v.Type().Field(i)), v.Field(i))
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			addFacts(out, path+"."+strconv.Itoa(i), list, v.Index(i))
		}
	case reflect.Map:
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
		for _, k := range keys {
			addFacts(out, path+"."+k.String(), "", v.MapIndex(k))
		}
	case reflect.Bool:
		if v.Bool() {
			*out = append(*out, Fact{Field: path, Value: "true", Code: true})
		}
	default:
		if !v.IsZero() {
			*out = append(*out, Fact{Field: path, Value: fmt.Sprint(v.Interface())})
		}
	}
}

// jsonFacts gives what a corrected field says.
func jsonFacts(path, list string, raw json.RawMessage) []Fact {
	var v any
	if json.Unmarshal(raw, &v) != nil {
		return []Fact{{Field: path, Value: string(raw)}}
	}
	switch v := v.(type) {
	case string:
		_, err := time.Parse(time.RFC3339, v)
		return []Fact{{Field: path, Value: v, At: err == nil, Code: err != nil, List: list}}
	case bool:
		if !v {
			return nil
		}
		return []Fact{{Field: path, Value: "true", Code: true}}
	case []any:
		var out []Fact
		for i, e := range v {
			b, _ := json.Marshal(e)
			out = append(out, jsonFacts(path+"."+strconv.Itoa(i), list, b)...)
		}
		return out
	case map[string]any:
		var out []Fact
		for _, name := range slices.Sorted(maps.Keys(v)) {
			b, _ := json.Marshal(v[name])
			out = append(out, jsonFacts(path+"."+name, list, b)...)
		}
		return out
	}
	return []Fact{{Field: path, Value: string(raw)}}
}

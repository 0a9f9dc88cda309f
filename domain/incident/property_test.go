package incident

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/policy"

	"pgregory.net/rapid"
)

// anyOrder draws a command with plausible arguments, and who gives it.
func anyOrder(t *rapid.T, w *world) domain.Order {
	pick := func(label string, of ...string) string { return rapid.SampledFrom(of).Draw(t, label) }
	instant := func(label string) string {
		return w.now.Add(-time.Duration(rapid.IntRange(0, 5000).Draw(t, label)) * time.Minute).Format(time.RFC3339)
	}
	made := func(what string) string {
		for id, name := range w.names {
			if name == what && rapid.Bool().Draw(t, what) {
				return id
			}
		}
		return "0198c2a4-7c1e-7a30-9b54-3d1f0a6b2c11"
	}
	clock := func() string {
		for id := range w.s.Clocks { // any will do; the draw decides whether one is named
			if rapid.Bool().Draw(t, "clock") {
				return string(id)
			}
		}
		return "gdpr-33/ap/initial/1"
	}
	channels := func() string {
		return fmt.Sprintf(`[{"kind":%q,"at":%q,"outcome":%q,"person":"P"}]`, pick("kind", "email", "phone", "webform"), instant("at"), pick("outcome", "delivered", "failed"))
	}
	level := func(l string) string { return pick(l, "high", "medium", "low") }
	name := rapid.SampledFrom(commands).Draw(t, "command").Name()
	var args string
	switch name {
	case "ReportIncident":
		args = fmt.Sprintf(`{"kind":"incident","title":"T","description":"D","category":%q,"channel":"phone","reported":%q,"ict":%t,"suspectedDataLeak":%t,"chain":%q}`,
			pick("category", "outage", "fraud"), instant("reported"), rapid.Bool().Draw(t, "ict"), rapid.Bool().Draw(t, "leak"), pick("chain", "", "suwi"))
	case "AssessPriority":
		args = fmt.Sprintf(`{"urgency":%q,"impact":%q}`, level("urgency"), level("impact"))
	case "OverridePriority":
		args = fmt.Sprintf(`{"priority":%d,"reason":"R"}`, rapid.IntRange(1, 5).Draw(t, "priority"))
	case "MarkDueSoon":
		args = fmt.Sprintf(`{"clock":%q,"stage":"warn-1"}`, clock())
	case "MarkOverdue":
		args = fmt.Sprintf(`{"clock":%q}`, clock())
	case "ForecastOverrun":
		args = fmt.Sprintf(`{"clock":%q,"expectedAt":%q,"reason":"R"}`, clock(), w.now.Add(500*time.Hour).Format(time.RFC3339))
	case "AcceptOverrun", "RejectOverrun":
		args = fmt.Sprintf(`{"clock":%q,"agreedBy":"A","reason":"R"}`, clock())
	case "ClassifySeverity":
		args = fmt.Sprintf(`{"aspects":[%q],"extent":%q,"correctable":%t,"publicMatter":%t}`, pick("aspect", "privacy", "availability"),
			pick("extent", "limited", "considerable"), rapid.Bool().Draw(t, "correctable"), rapid.Bool().Draw(t, "public"))
	case "RecordComplaint":
		args = fmt.Sprintf(`{"received":%q,"complainant":"C","text":"T"}`, instant("received"))
	case "Reclassify":
		args = fmt.Sprintf(`{"category":%q,"suspectedDataLeak":%t,"chain":%q,"reason":"R"}`, pick("category", "outage", "fraud"), rapid.Bool().Draw(t, "leak"), pick("chain", "", "suwi"))
	case "DecideRecipient":
		args = fmt.Sprintf(`{"recipient":%q,"needed":%t,"reason":"R"}`, pick("recipient", "dpo", "hr"), rapid.Bool().Draw(t, "needed"))
	case "AcknowledgeEscalation":
		args = fmt.Sprintf(`{"escalation":%q}`, made("$escalation"))
	case "EstablishAwareness", "CorrectAwareness":
		args = fmt.Sprintf(`{"of":%q,"awareAt":%q,"basis":"B"}`, pick("of", "breach", "significant-incident"), instant("aware"))
	case "NotifyAuthority":
		args = fmt.Sprintf(`{"authority":%q,"regime":%q,"stage":%q,"submitted":%q,"channels":%s,"lateReason":"L","answers":%s}`,
			pick("authority", "ap", "suwidesk"), pick("regime", "gdpr", "suwi"), pick("stage", "initial", "initial", "supplement", "progress"), instant("submitted"), channels(),
			pick("answers", `{}`, `{"cause":"C"}`, `{"cause":{"unknown":true}}`))
	case "AssessBreach":
		args = fmt.Sprintf(`{"processing":%q,"role":%q,"personalData":%q,"nature":["integrity"],"risk":%q,"reasons":"R"}`, pick("processing", "p", "q"),
			pick("breach role", "controller", "processor"), pick("data", "none", "suspected", "confirmed"), pick("risk", "unlikely", "undetermined", "risk", "high-risk"))
	case "DecideDuty":
		args = fmt.Sprintf(`{"duty":%q,"applicable":%t,"grounds":"G"}`, clock(), rapid.Bool().Draw(t, "applicable"))
	case "RecordExemption":
		args = fmt.Sprintf(`{"duty":%q,"exemption":"no-risk","reason":"R"}`, clock())
	case "AssessSignificance":
		args = fmt.Sprintf(`{"significant":%t,"criteria":["work-lost"],"reasons":"R"}`, rapid.Bool().Draw(t, "significant"))
	case "MarkHandled":
		args = fmt.Sprintf(`{"handledAt":%q}`, instant("handled"))
	case "RecordReceipt":
		args = fmt.Sprintf(`{"notification":%q,"reference":"R","at":%q}`, made("$notification"), instant("at"))
	case "RecordIncomingMessage":
		args = fmt.Sprintf(`{"from":"ap","medium":"email","at":%q,"text":"T","tlp":"green","answerBy":%q}`, instant("at"), w.now.Format(time.RFC3339))
	case "NotifyController":
		args = fmt.Sprintf(`{"controller":"c","processing":%q,"submitted":%q,"channels":%s}`, pick("processing", "p", "q"), instant("submitted"), channels())
	case "InformDataSubjects":
		args = fmt.Sprintf(`{"processing":%q,"group":"children","count":1,"complete":%t,"medium":"letter","at":%q,"content":"C"}`,
			pick("processing", "", "p"), rapid.Bool().Draw(t, "complete"), instant("at"))
	case "InformParty":
		args = fmt.Sprintf(`{"party":%q,"medium":"phone","at":%q,"content":"C","tlp":"green"}`, pick("party", "department-head", "ap", "The mayor"), instant("at"))
	case "AddNotificationChannel":
		args = fmt.Sprintf(`{"notification":%q,"channel":%s}`, made("$notification"), strings.Trim(channels(), "[]"))
	case "WithdrawNotification":
		args = fmt.Sprintf(`{"notification":%q,"submitted":%q,"channels":%s,"reason":"R"}`, made("$notification"), instant("submitted"), channels())
	case "OfferCustody", "AcceptCustody", "VerifyEvidence", "ReleaseEvidence":
		args = strings.Replace(byName[name].Example, person, strconv.Quote(made("$evidence")), 1)
	case "CollectEvidence":
		args = strings.Replace(byName[name].Example, "digital", pick("form", "digital", "physical"), 1)
	case "DecideEvidence":
		args = pick("needed", byName[name].Example, `{"reason":"R"}`)
	case "FailMeasure":
		args = fmt.Sprintf(`{"measure":%q,"text":"T"}`, made("$measure"))
	case "ExecuteMeasure":
		args = pick("measure", byName[name].Example, fmt.Sprintf(`{"measure":%q,"text":"T","executor":"ict","authorisedBy":"dpo"}`, made("$measure")))
	case "CompleteChecklistItem":
		args = pick("item", byName[name].Example, `{"checklist":"reviews","item":"1"}`)
	case "ResolveIncident":
		args = fmt.Sprintf(`{"cause":"C","resolution":"R","restoredAt":%q}`, instant("restored"))
	case "RecordDowntime":
		args = fmt.Sprintf(`{"service":%q,"from":%q%s}`, pick("service", "mail", "web"), w.now.Truncate(24*time.Hour).Format(time.RFC3339),
			pick("to", "", fmt.Sprintf(`,"to":%q`, instant("to"))))
	case "RecordSupplierNotice":
		args = fmt.Sprintf(`{"supplier":%q,"service":"mail","receivedAt":%q,"content":"C"}`, pick("supplier", "centric", "hoster"), instant("received"))
	case "CloseIncident":
		args = pick("override", `{}`, `{"override":{"reason":"R"}}`)
	case "CorrectFact":
		field := rapid.SampledFrom([]string{
			fmt.Sprintf(`"reported":%q`, instant("corrected")), fmt.Sprintf(`"at":%q`, instant("corrected")), fmt.Sprintf(`"from":%q`, instant("corrected")),
			fmt.Sprintf(`"to":%q`, instant("corrected")), fmt.Sprintf(`"awareAt":%q`, instant("corrected")), fmt.Sprintf(`"restoredAt":%q`, instant("corrected")),
			`"suspectedDataLeak":true`, `"suspectedDataLeak":false`, `"urgency":"high"`, `"impact":"low"`, `"channels":` + channels(), `"authority":"suwidesk"`, `"chain":"suwi"`, `"discovered":null`, `"extent":"considerable"`, `"publicMatter":true`, `"needed":true`, `"track":"integrity"`,
			`"risk":"high-risk"`, `"personalData":"none"`, `"complete":true`,
			`"applicable":false`, `"significant":false`, `"stage":"supplement"`, `"answers":{}`, `"via":"uwv"`, fmt.Sprintf(`"handledAt":%q`, instant("corrected")),
		}).Draw(t, "field")
		args = fmt.Sprintf(`{"corrects":%d,"fields":{%s},"reason":"R"}`, rapid.IntRange(1, int(w.s.Seq)+1).Draw(t, "corrects"), field)
	case "CorrectEntry":
		args = fmt.Sprintf(`{"corrects":%d,"text":"T","reason":"R"}`, rapid.IntRange(1, int(w.s.Seq)+1).Draw(t, "corrects"))
	default:
		args = byName[name].Example
	}
	role := domain.Code(pick("role", "security-officer", "security-officer", "coordinator", "employee"))
	if byName[name].System {
		role = "system"
	}
	o := w.order(role, decode(t, name, args))
	o.Happened = domain.Text(pick("happened", "", "", "it was so"))
	if rapid.Bool().Draw(t, "earlier") {
		o.Occurred = domain.Moment{Time: w.now.Add(-time.Duration(rapid.IntRange(0, 600).Draw(t, "ago")) * time.Minute), Precision: domain.PrecisionMinute}
	}
	return o
}

// After any accepted sequence the clocks folded from events are those that the
// facts give; no order changes the state it is decided against; a refused order
// changes nothing; the state follows from the stored open parts alone. give
// holds each of these after every order.
func TestAnySequenceOfOrders(t *testing.T) {
	set := storyPolicy(t)
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t, set)
		w.basis.Profile[policy.OrgCbwClass] = rapid.SampledFrom([]domain.Code{"none", "essential"}).Draw(t, "class")
		w.basis.Register = shelf(rapid.SampledFrom([][]Improvement{nil, {{}}, {{Owner: true, Due: true}}}).Draw(t, "improvements"))
		first := w.order("security-officer", decode(t, "ReportIncident", `{"kind":"incident","title":"T","description":"D","category":"outage","channel":"phone"}`))
		if _, err := w.give(first); err != nil {
			t.Fatalf("%v", err)
		}
		for range rapid.IntRange(10, 40).Draw(t, "orders") {
			w.now = w.now.Add(time.Duration(rapid.IntRange(0, 900).Draw(t, "minutes")) * time.Minute)
			d, err := w.give(anyOrder(t, w))
			if err != nil {
				continue
			}
			for what, id := range d.IDs {
				w.names[id] = "$" + what
			}
			checkTodo(t, w)
		}
	})
}

// Every command, by every role, in every phase, with its example and with
// nothing filled in, gives events or a refusal and never panics.
func TestEveryCommandInEveryPhaseByEveryRole(t *testing.T) {
	set := storyPolicy(t)
	to := map[domain.Code][]string{
		"":              nil,
		PhaseReported:   {`ReportIncident {"kind":"incident","title":"T","description":"D","category":"outage","channel":"phone"}`},
		PhaseRegistered: {"VerifyReport"}, PhaseOnHold: {"VerifyReport", "PlaceOnHold"}, PhaseResolved: {"VerifyReport", "ResolveIncident"},
		PhaseClosed: {"VerifyReport", "ResolveIncident", "InformParty", "CloseIncident"}, PhaseRejected: {"RejectReport"}, PhaseWithdrawn: {"WithdrawReport"}, PhaseMerged: {"MergeReport"},
	}
	roles := append(set.CodesOf("roles"), "system", "anonymous", "nobody")
	for phase, orders := range to {
		w := newWorld(t, set)
		w.now = t0.Add(48 * time.Hour)
		if phase != "" && phase != PhaseReported {
			orders = append(to[PhaseReported], orders...)
		}
		for _, line := range orders {
			name, args, ok := strings.Cut(line, " ")
			if !ok {
				args = byName[name].Example
			}
			if _, err := w.give(w.order("security-officer", decode(t, name, args))); err != nil {
				t.Fatalf("%s on the way to %s: %v", name, phase, err)
			}
		}
		if w.s.Phase != phase {
			t.Fatalf("the orders lead to %q, not to %q", w.s.Phase, phase)
		}
		before := dump(w.s)
		for _, row := range commands {
			for _, role := range roles {
				for _, args := range []string{row.Example, "{}"} {
					d, err := Decide(w.s, w.order(role, decode(t, row.Name(), args)), w.basis)
					if _, refused := err.(*domain.Refusal); (len(d.Events) > 0) == refused {
						t.Errorf("%s %s by %s while %q: %d events and %v", row.Name(), args, role, phase, len(d.Events), err)
					}
				}
			}
			if after := dump(w.s); after != before {
				t.Fatalf("%s changed the state", row.Name())
			}
		}
	}
}

// Each field of each command that is required is refused when it is missing,
// with its name.
func TestMissingFieldIsNamed(t *testing.T) {
	set := storyPolicy(t)
	for _, row := range commands {
		ct := reflect.TypeOf(row.New()).Elem()
		for i := range ct.NumField() {
			f := ct.Field(i)
			if !strings.HasPrefix(f.Tag.Get("rule"), "required") {
				continue
			}
			w := newWorld(t, set)
			w.now = t0.Add(48 * time.Hour)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			var args map[string]json.RawMessage
			if err := json.Unmarshal([]byte(row.Example), &args); err != nil {
				t.Fatal(err)
			}
			delete(args, name)
			b, _ := json.Marshal(args)
			role := domain.Code("security-officer")
			if row.System {
				role = "system"
			}
			_, err := Decide(w.s, w.order(role, decode(t, row.Name(), string(b))), w.basis)
			r, ok := err.(*domain.Refusal)
			if !ok || r.Code != domain.CodeInvalid || r.Field != name {
				t.Errorf("%s without %s: %v", row.Name(), name, err)
			}
		}
	}
}

func TestSystemOrdersWithoutAPolicyAreNoRefusal(t *testing.T) {
	w := newWorld(t, storyPolicy(t))
	w.basis.Basis = policy.Basis{}
	_, err := Decide(w.s, w.order("employee", decode(t, "ReportIncident", `{}`)), w.basis)
	if _, refused := err.(*domain.Refusal); err == nil || refused {
		t.Fatalf("deciding without a policy set: %v; want an error that is no refusal", err)
	}
}

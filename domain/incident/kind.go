package incident

import (
	"embed"
	"fmt"

	"incidentledger/domain"
)

// Name is the kind's name in the ledger.
const Name domain.KindName = "incident"

//go:embed analysis.go aware.go breach.go chain.go checklist.go clocks.go correct.go credit.go custody.go delivery.go
//go:embed distribute.go downtime.go duty.go enisa.go escalate.go evaluation.go evidence.go export.go examine.go hold.go inform.go
//go:embed link.go log.go major.go measure.go message.go notice.go notification.go notify.go obligation.go overrun.go
//go:embed party.go people.go plan.go prevent.go priority.go processing.go recipients.go reassess.go reclassify.go recovery.go
//go:embed report.go reporter.go resolve.go review.go routing.go severity.go share.go shutdown.go significance.go
//go:embed someone.go subjects.go team.go testenvironment.go upscale.go value.go verify.go
var source embed.FS

// Docs gives what the commands and their fields are for: "Type" and
// "Type.Field" to the doc comments of this room.
func Docs() (map[string]string, error) { return domain.Docs(source) }

// Kind gives what the ledger knows of incidents. basis is asked at each decision
// for the law that holds then.
func Kind(basis func() Basis) domain.Kind {
	return domain.Kind{
		Name:     Name,
		Commands: CommandTypes(),
		Events:   EventTypes(),
		New:      func() domain.State { return new(Incident) },
		Decide: func(st domain.State, o domain.Order) (domain.Decision, error) {
			s, ok := st.(*Incident)
			if !ok {
				return domain.Decision{}, fmt.Errorf("incident %s: its state is a %T", o.Key, st)
			}
			return Decide(s, o, basis())
		},
		Evolve: func(st domain.State, en domain.Entry) (domain.State, error) {
			s, ok := st.(*Incident)
			if !ok {
				return nil, fmt.Errorf("incident %s: its state is a %T", en.Key, st)
			}
			return Evolve(s, en)
		},
	}
}

package incident

import (
	"embed"
	"fmt"

	"incidentledger/domain"
)

// Name is the kind's name in the ledger.
const Name domain.KindName = "incident"

//go:embed breach.go clocks.go correct.go delivery.go escalate.go hold.go log.go
//go:embed notification.go notify.go people.go priority.go report.go resolve.go value.go verify.go
//go:embed chain.go credit.go downtime.go notice.go obligation.go plan.go routing.go shutdown.go testenvironment.go
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

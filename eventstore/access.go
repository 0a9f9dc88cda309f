package eventstore

import (
	"crypto/subtle"
	"sync"

	"github.com/nats-io/nats-server/v2/server"

	"incidentledger/domain"
)

// Users of the embedded server. Each has what its work needs and nothing more:
//
//	bootstrap  creates streams, at the founding of an organisation and never else
//	work       publishes entries and reads ledgers
//	events     publishes integration events
//	door       answers services and follows integration events; so do the users
//	           of the listener that the configuration names
const (
	userBootstrap = "bootstrap"
	userWork      = "work"
	userEvents    = "events"
	userDoor      = "door"
)

// gatekeeper lets connections in and says what each may do. Permissions name
// the streams of the organisations there are when a connection is made, since a
// subject's wildcard stands for whole words only.
type gatekeeper struct {
	account *server.Account
	secrets map[string]string // of the program's own users, drawn at each start
	outside []Credentials

	mu   sync.Mutex
	orgs map[domain.OrgID]bool
}

// Check implements server.Authentication.
func (g *gatekeeper) Check(c server.ClientAuthentication) bool {
	given := c.GetOpts()
	same := func(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
	if want, ok := g.secrets[given.Username]; ok && same(given.Password, want) {
		c.RegisterUser(&server.User{Username: given.Username, Account: g.account, Permissions: g.permissions(given.Username)})
		return true
	}
	for _, u := range g.outside {
		if same(given.Username, u.User) && same(given.Password, u.Password) && u.Password != "" {
			c.RegisterUser(&server.User{Username: u.User, Account: g.account, Permissions: g.permissions(userDoor)})
			return true
		}
	}
	return false
}

// admit makes an organisation known to connections made from now on.
func (g *gatekeeper) admit(org domain.OrgID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.orgs[org] = true
}

func (g *gatekeeper) permissions(user string) *server.Permissions {
	switch user {
	case userBootstrap:
		return nil
	case userWork:
		return permit([]string{
			"ledger.>", "$JS.API.INFO", "$JS.API.STREAM.INFO.*", "$JS.API.STREAM.MSG.GET.*", "$JS.API.DIRECT.GET.>",
			"$JS.API.CONSUMER.>", "$JS.ACK.>", "$JS.FC.>",
		}, "_INBOX.>")
	}
	var pub []string
	g.mu.Lock()
	defer g.mu.Unlock()
	for org := range g.orgs {
		s := EventsStreamName(org)
		pub = append(pub, "$JS.API.STREAM.INFO."+s, "$JS.API.STREAM.MSG.GET."+s, "$JS.API.DIRECT.GET."+s, "$JS.API.DIRECT.GET."+s+".>")
		if user == userEvents {
			pub = append(pub, "events."+string(org)+".>")
			continue
		}
		pub = append(pub, "$JS.API.CONSUMER.CREATE."+s, "$JS.API.CONSUMER.CREATE."+s+".>", "$JS.API.CONSUMER.DURABLE.CREATE."+s+".>",
			"$JS.API.CONSUMER.INFO."+s+".*", "$JS.API.CONSUMER.MSG.NEXT."+s+".*", "$JS.API.CONSUMER.LIST."+s, "$JS.API.CONSUMER.NAMES."+s,
			"$JS.ACK."+s+".>")
	}
	pub = append(pub, "$JS.API.INFO")
	if user == userEvents {
		return permit(pub, "_INBOX.>")
	}
	return permit(append(pub, "incidentledger.>", "$SRV.>", "_INBOX.>", "_R_.>", "$JS.FC.>"), "_INBOX.>", "events.>", "incidentledger.>", "$SRV.>")
}

func permit(publish []string, subscribe ...string) *server.Permissions {
	return &server.Permissions{
		Publish:   &server.SubjectPermission{Allow: publish},
		Subscribe: &server.SubjectPermission{Allow: subscribe},
	}
}

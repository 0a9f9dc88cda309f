package alerts

import (
	"time"

	"incidentledger/domain"
)

// A Directory knows whom to tell. Both lists are in the order in which people
// are to be tried. It may be asked from many goroutines; an error means that it
// cannot tell now, and it is asked again.
type Directory interface {
	// OnCall gives those who have a role and are on call at an instant.
	OnCall(role domain.Code, at time.Time) ([]Receiver, error)
	// Person gives the ways to a person, on call or not; false where there are none.
	Person(id domain.PersonID) (Receiver, bool, error)
	// Receivers gives everybody it knows.
	Receivers() ([]Receiver, error)
}

// A Receiver is somebody on call.
type Receiver struct {
	// ID names the receiver in entries and in the ids of messages: letters, digits
	// and hyphens, never a person's name where that can be avoided.
	ID       domain.Code
	Language string        // nl, fr or en
	Roles    []domain.Code // on call or not
	Channels []Channel     // in the order in which they are tried
}

// Kinds of channel.
const (
	ByMail    domain.Code = "mail"
	ByWebhook domain.Code = "webhook"
)

// A Channel is one way to a receiver.
type Channel struct {
	Kind    domain.Code // mail or webhook
	Address string      // a mail address or a URL
	Secret  string      // of a webhook: signs as that of an Endpoint
	Safe    bool        // the incident's title may be sent
}

// A hop is one channel of one receiver, with its name in entries.
type hop struct {
	Receiver
	Channel
	code   domain.Code
	before bool // counts if it was reached before, and is not tried
}

// hops lists the ways of some receivers, in order, each receiver once.
func hops(rs []Receiver) []hop {
	var out []hop
	seen := map[domain.Code]bool{}
	for _, r := range rs {
		if seen[r.ID] {
			continue
		}
		seen[r.ID] = true
		n := map[domain.Code]int{}
		for _, ch := range r.Channels {
			n[ch.Kind]++
			out = append(out, hop{Receiver: r, Channel: ch, code: channelCode(ch.Kind, r.ID, n[ch.Kind])})
		}
	}
	return out
}

package alerts

import (
	"context"
	"errors"
	"maps"
	"time"

	"incidentledger/domain"
)

// What a message is about, as it stands in entries and in the configuration.
const (
	AboutDueSoon  domain.Code = "due-soon"
	AboutOverdue  domain.Code = "overdue"           // a term of the house
	AboutLate     domain.Code = "overdue-statutory" // a term from law or agreement: management is told (NOT-13)
	AboutDuty     domain.Code = "duty"
	AboutEscalate domain.Code = "escalation" // goes to whom it was escalated to
	AboutCalamity domain.Code = "calamity"
	AboutFailure  domain.Code = "delivery-failed"
	AboutNobody   domain.Code = "nobody-on-call" // goes to webhooks alone
	aboutTest     domain.Code = "test"
)

// Roles says which roles are told of what, where People does not.
func Roles() map[domain.Code][]domain.Code {
	return map[domain.Code][]domain.Code{
		AboutDueSoon:  {"security-officer"},
		AboutOverdue:  {"security-officer"},
		AboutLate:     {"security-officer", "secretary"},
		AboutDuty:     {"security-officer"},
		AboutCalamity: {"security-officer", "secretary"},
		AboutFailure:  {"operator"},
	}
}

// People says whom to tell of what, how, and what to do when nobody answers.
type People struct {
	Directory Directory
	Mail      *Mail // nil: nobody is reached by mail

	// To says which roles are told, by what it is about; what it leaves out is as
	// in Roles.
	To map[domain.Code][]domain.Code

	// Ladder gives the step above a level: to which role an escalation of that
	// level goes when nobody has acknowledged it after a while. nil: nowhere.
	Ladder func(level int) (to domain.Code, after time.Duration, ok bool)

	// LastResort is the receiver who is told when nobody else can be.
	LastResort domain.Code

	// Quiet gives the end of the quiet hours in which an instant lies, or the
	// instant. In them only priority 1, calamities and overdue statutory terms are
	// told of; everything else when they end. nil: there are none.
	Quiet func(at time.Time) time.Time

	// Retries are the pauses after each failed attempt by one channel; then comes
	// the next channel, or the next person. nil: 10 seconds, a minute, 5 minutes.
	Retries []time.Duration

	// Later are the pauses before each further round when everybody was tried in
	// vain. nil: from half an hour to 12 hours.
	Later []time.Duration

	// Look is how often a message that waits is looked at: meanwhile it can have
	// become urgent, or needless. 0: a minute.
	Look time.Duration

	Zone     *time.Location // of instants in messages; nil: UTC
	Language string         // of the reason that an escalation by the ladder is given; empty: nl

	// Number and Title give an incident's number and its title, empty where it has
	// none; the title is asked for a safe channel only. Link is where it can be
	// seen. nil: messages go without.
	Number func(ctx context.Context, key domain.Key) string
	Title  func(ctx context.Context, key domain.Key) string
	Link   func(key domain.Key) string
}

// complete fills in what was left out, and refuses what cannot work.
func (p People) complete() (People, error) {
	if p.Directory == nil {
		return p, errors.New("alerts: there are people to be told and no directory of them")
	}
	to := Roles()
	maps.Copy(to, p.To)
	p.To = to
	if p.Ladder == nil {
		p.Ladder = func(int) (domain.Code, time.Duration, bool) { return "", 0, false }
	}
	if p.Quiet == nil {
		p.Quiet = func(at time.Time) time.Time { return at }
	}
	if p.Retries == nil {
		p.Retries = []time.Duration{10 * time.Second, time.Minute, 5 * time.Minute}
	}
	if p.Later == nil {
		p.Later = []time.Duration{30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour, 8 * time.Hour, 12 * time.Hour}
	}
	if p.Look == 0 {
		p.Look = time.Minute
	}
	if p.Zone == nil {
		p.Zone = time.UTC
	}
	if p.Language == "" {
		p.Language = "nl"
	}
	if p.Mail != nil {
		return p, p.Mail.check()
	}
	return p, nil
}

package main

import (
	"context"
	"fmt"
	"maps"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/domain/policy"
	"incidentledger/handlers/alerts"
	"incidentledger/handlers/api"
)

// alerting is the part of the configuration file that says who is told of what
// is due.
type alerting struct {
	Webhooks     []webhook `yaml:"webhooks"`
	AllowPrivate bool      `yaml:"webhooksToPrivateAddresses"` // also over plain HTTP: for receivers in the house

	OnCall     []onCall                      `yaml:"onCall"`     // in the order in which they are tried
	LastResort domain.Code                   `yaml:"lastResort"` // name of who is told when nobody else can be
	Mail       *mailServer                   `yaml:"mail"`
	Tell       map[domain.Code][]domain.Code `yaml:"tell"`       // roles, by what there is to tell
	StaleAfter time.Duration                 `yaml:"staleAfter"` // what was past so long before its report is not told of; left out: 24h
	PublicURL  string                        `yaml:"publicURL"`  // at which the API is reached, for links
}

// webhook is one receiver of alerts.
type webhook struct {
	Name   domain.Code   `yaml:"name"`
	URL    string        `yaml:"url"`
	Secret string        `yaml:"secret"` // whsec_… as Standard Webhooks writes it
	Types  []domain.Code `yaml:"types"`  // event types, some of alerts.Types; empty: all
}

// onCall is somebody to be told, in the hours in which they are on call.
type onCall struct {
	Name     domain.Code      `yaml:"name"` // stands in the ledger: better a function than a person's name
	Org      domain.OrgID     `yaml:"org"`  // for this organisation only; empty: for each
	Person   *domain.PersonID `yaml:"person"`
	Roles    []domain.Code    `yaml:"roles"`
	Language string           `yaml:"language"`
	Mail     string           `yaml:"mail"`
	Webhook  string           `yaml:"webhook"`
	Secret   string           `yaml:"secret"` // of the webhook
	Safe     []domain.Code    `yaml:"safe"`   // channels by which titles may go: mail, webhook
	Hours    hours            `yaml:",inline"`
}

// hours come back every day or on some days of the week.
type hours struct {
	From     string   `yaml:"from"` // 18:00; left out: the whole day
	To       string   `yaml:"to"`
	Weekdays []string `yaml:"weekdays"` // mon … sun, on which they begin; left out: every day
	Zone     string   `yaml:"zone"`     // left out: that of the ledger
}

type mailServer struct {
	Host       string `yaml:"host"`
	Port       int    `yaml:"port"`
	Encryption string `yaml:"encryption"` // starttls (default), tls, or none on loopback
	User       string `yaml:"user"`
	Password   string `yaml:"password"`
	From       string `yaml:"from"`
}

var (
	weekdays   = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}
	onCallName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]{0,38}[A-Za-z0-9])?$`)
)

// check refuses what cannot work, before anything is opened.
func (a *alerting) check() error {
	seen := map[[2]string]bool{}
	known := a.LastResort == ""
	for _, o := range a.OnCall {
		at := "onCall " + string(o.Name)
		_, badMail := mail.ParseAddress(o.Mail)
		switch id := [2]string{string(o.Org), string(o.Name)}; {
		case !onCallName.MatchString(string(o.Name)):
			return fmt.Errorf("onCall: %q is no name; use 1 to 40 letters, digits and hyphens", o.Name)
		case seen[id]:
			return fmt.Errorf("%s is there twice; give each a name of its own", at)
		case o.Mail == "" && o.Webhook == "":
			return fmt.Errorf("%s has neither mail nor webhook", at)
		case o.Mail != "" && (badMail != nil || a.Mail == nil):
			return fmt.Errorf("%s: mail needs an address such as desk@example.org, and the section mail with the server", at)
		case !slices.Contains([]string{"", "nl", "fr", "en"}, o.Language):
			return fmt.Errorf("%s: language is %q; choose nl, fr or en", at, o.Language)
		default:
			seen[id] = true
		}
		if _, err := o.Hours.window(time.UTC); err != nil {
			return fmt.Errorf("%s: %w", at, err)
		}
		if o.Webhook != "" {
			e := alerts.Endpoint{Name: o.Name, URL: o.Webhook, Secret: o.Secret}
			if err := (alerts.Config{Endpoints: []alerts.Endpoint{e}, AllowPrivate: a.AllowPrivate}).Check(); err != nil {
				return err
			}
		}
		known = known || o.Name == a.LastResort
	}
	if !known {
		return fmt.Errorf("lastResort is %q, which is no name in onCall", a.LastResort)
	}
	for about := range a.Tell {
		if _, ok := alerts.Roles()[about]; !ok {
			return fmt.Errorf("tell: nobody is told of %q; choose from %v", about, slices.Sorted(maps.Keys(alerts.Roles())))
		}
	}
	c := alerts.Config{Endpoints: a.endpoints(), AllowPrivate: a.AllowPrivate, People: &alerts.People{Directory: directory{}, Mail: a.Mail.server()}}
	if err := c.Check(); err != nil {
		return err
	}
	if u, err := url.Parse(a.PublicURL); err != nil || a.PublicURL != "" && u.Host == "" {
		return fmt.Errorf("publicURL is %q; give one such as https://incidents.example.org", a.PublicURL)
	}
	return nil
}

func (a *alerting) endpoints() []alerts.Endpoint {
	var out []alerts.Endpoint
	for _, w := range a.Webhooks {
		out = append(out, alerts.Endpoint{Name: w.Name, URL: w.URL, Secret: w.Secret, Types: w.Types})
	}
	return out
}

func (m *mailServer) server() *alerts.Mail {
	if m == nil {
		return nil
	}
	return &alerts.Mail{Host: m.Host, Port: m.Port, Encryption: m.Encryption, User: m.User, Password: m.Password, From: m.From}
}

func (h *hours) window(zone *time.Location) (alerts.Window, error) {
	w := alerts.Window{Zone: zone}
	var err error
	if h.From != "" || h.To != "" {
		if w.From, err = alerts.ParseTimeOfDay(h.From); err == nil {
			w.To, err = alerts.ParseTimeOfDay(h.To)
		}
		if err != nil {
			return w, err
		}
	}
	if h.Zone != "" {
		if w.Zone, err = time.LoadLocation(h.Zone); err != nil {
			return w, fmt.Errorf("zone: %w", err)
		}
	}
	for _, d := range h.Weekdays {
		i := slices.Index(weekdays, d)
		if i < 0 {
			return w, fmt.Errorf("weekday %q; choose from %v", d, weekdays)
		}
		w.Days = append(w.Days, time.Weekday(i))
	}
	return w, nil
}

// directory is the list onCall as one organisation has it.
type directory struct {
	list []onCall
	zone *time.Location
}

// directory leaves out who is there for other organisations. Somebody who works
// for several has an address for each (ORG-08): it takes the place of the common
// one of the same name.
func (a *alerting) directory(org domain.OrgID, zone *time.Location) directory {
	d := directory{zone: zone}
	for _, o := range a.OnCall {
		own := func(other onCall) bool { return other.Name == o.Name && other.Org == org }
		if o.Org == org || o.Org == "" && !slices.ContainsFunc(a.OnCall, own) {
			d.list = append(d.list, o)
		}
	}
	return d
}

// OnCall implements alerts.Directory.
func (d directory) OnCall(role domain.Code, at time.Time) ([]alerts.Receiver, error) {
	var out []alerts.Receiver
	for i := range d.list {
		w, err := d.list[i].Hours.window(d.zone)
		if err != nil {
			return nil, err
		}
		if slices.Contains(d.list[i].Roles, role) && w.Contains(at) {
			out = append(out, d.list[i].receiver())
		}
	}
	return out, nil
}

// Person implements alerts.Directory.
func (d directory) Person(id domain.PersonID) (alerts.Receiver, bool, error) {
	for i := range d.list {
		if p := d.list[i].Person; p != nil && *p == id {
			return d.list[i].receiver(), true, nil
		}
	}
	return alerts.Receiver{}, false, nil
}

// Receivers implements alerts.Directory.
func (d directory) Receivers() ([]alerts.Receiver, error) {
	out := make([]alerts.Receiver, len(d.list))
	for i := range d.list {
		out[i] = d.list[i].receiver()
	}
	return out, nil
}

func (o *onCall) receiver() alerts.Receiver {
	r := alerts.Receiver{ID: o.Name, Language: o.Language, Roles: o.Roles}
	add := func(kind domain.Code, address, secret string) {
		if address != "" {
			r.Channels = append(r.Channels, alerts.Channel{Kind: kind, Address: address, Secret: secret, Safe: slices.Contains(o.Safe, kind)})
		}
	}
	add(alerts.ByMail, o.Mail, "")
	add(alerts.ByWebhook, o.Webhook, o.Secret)
	return r
}

// of gives what the alerts of an office work with, and whether anybody is told of
// anything. It does not say by which connection, nor where it begins.
func (a *alerting) of(o *office) (alerts.Config, bool) {
	c := alerts.Config{Org: o.org, Desk: o.desk, AllowPrivate: a.AllowPrivate, Stale: a.StaleAfter, Health: &o.health, Endpoints: a.endpoints()}
	d := a.directory(o.org, o.zone)
	if len(d.list) == 0 && a.Mail == nil {
		return c, len(c.Endpoints) > 0
	}
	p := &alerts.People{Directory: directories{d, o.people}, To: a.Tell, Ladder: o.ladder, Quiet: o.quietUntil, LastResort: a.LastResort, Mail: a.Mail.server(), Zone: o.zone, Title: o.title,
		Number: func(ctx context.Context, key domain.Key) string { return o.number(ctx, key, o.ledger.Last()) }}
	if a.PublicURL != "" {
		p.Link = func(key domain.Key) string {
			link, err := url.JoinPath(a.PublicURL, "api/v1/organisations", string(o.org), "incidents", key.String())
			if err != nil {
				return a.PublicURL
			}
			return link
		}
	}
	c.People = p
	return c, true
}

// ladder gives the step above a level by the adopted policy.
func (o *office) ladder(level int) (to domain.Code, after time.Duration, ok bool) {
	return above(o.law.current().Current.Ladder, level)
}

// above finds the step above a level and how long after it that is reached: a
// policy counts all its steps from the first alert.
func above(ladder []policy.Rung, level int) (to domain.Code, after time.Duration, ok bool) {
	for _, r := range ladder {
		switch r.Level {
		case level:
			after = -r.Waits()
		case level + 1:
			return r.To, max(after+r.Waits(), 0), true
		}
	}
	return "", 0, false
}

// quietUntil gives the end of the quiet hours of the adopted policy in which an
// instant lies, or the instant.
func (o *office) quietUntil(at time.Time) time.Time {
	if q := o.law.current().Current.QuietHours; q != nil {
		if end, quiet := q.Until(at, 0); quiet {
			return end
		}
	}
	return at
}

// title opens an incident's title for a channel that may carry it; nothing of an
// incident that is not for everybody's eyes.
func (o *office) title(ctx context.Context, key domain.Key) string {
	title, class := "", domain.PlainClass()
	for en, err := range o.ledger.Load(ctx, domain.Ref{Kind: incident.Name, Key: key}, 0) {
		if err != nil {
			return ""
		}
		opened, err := o.vault.Open(en)
		if err != nil {
			return ""
		}
		for _, e := range opened.Events {
			if change := incident.Classify(en.Seq, e); change != nil {
				if err := change(&class); err != nil {
					return ""
				}
			}
			switch e := e.(type) {
			case incident.IncidentReported:
				title = string(e.Title)
			case incident.FactCorrected:
				if t, ok := e.Texts["title"]; ok && e.Event == "IncidentReported" {
					title = string(t)
				}
			}
		}
	}
	if class.Track != incident.TrackNormal || !class.Need.IsZero() || !class.Withheld.IsZero() || class.TLP == "red" {
		return ""
	}
	return title
}

// alertingOf is what the API tells and does about the alerts of an office.
func (h *house) alertingOf(o *office) *api.Alerting {
	return &api.Alerting{
		Status: func() api.AlertStatus {
			c, ok := h.alerting.of(o)
			st := api.AlertStatus{Configured: ok, Endpoints: len(c.Endpoints), Failing: []api.AlertChannel{}}
			if c.People != nil {
				all, err := c.People.Directory.Receivers()
				if err != nil {
					h.log.Error("the directory of those on call cannot be read", "org", o.org, "err", err)
				}
				st.Receivers = len(all)
			}
			for _, ch := range o.health.Conditions() {
				if !ch.Delivered {
					st.Failing = append(st.Failing, api.AlertChannel{Channel: ch.Channel, At: ch.At, Status: ch.Status})
				}
			}
			return st
		},
		Try: func(ctx context.Context, role, receiver domain.Code) ([]api.AlertTrial, error) {
			c, _ := h.alerting.of(o)
			var wanted func(alerts.Receiver) bool
			if role != "" || receiver != "" {
				wanted = func(r alerts.Receiver) bool {
					return (role == "" || slices.Contains(r.Roles, role)) && (receiver == "" || receiver == r.ID)
				}
			}
			list, err := alerts.Try(ctx, c, wanted)
			out := make([]api.AlertTrial, len(list))
			for i, t := range list {
				out[i] = api.AlertTrial(t)
			}
			return out, err
		},
	}
}

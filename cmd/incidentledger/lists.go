package main

import (
	"context"
	"net/url"

	"github.com/spf13/cobra"
)

func (a *app) dutiesVerb() *cobra.Command {
	return a.listVerb("duties [KEY]", "Lists what is owed to others, open duties first", "duties", columns(
		"due", "due", "state", "state", "overdue", "overdue", "number", "number", "exercise", "exercise", "to", "recipient", "stage", "stage", "duty", "duty", "decided", "decided",
		"met", "met", "missing channels", "missingChannels", "missing answers", "missingAnswers", "by", "author", "role", "authorRole", "occurred", "occurred",
		"recorded", "recorded"),
		"open", "overdue", "authority", "since", "until", "exercises")
}

func (a *app) breachesVerb() *cobra.Command {
	return a.listVerb("breaches [KEY]", "Prints the register of breaches of personal data; of one incident with its words", "breaches", columns(
		"number", "number", "exercise", "exercise", "processing", "processing", "as", "organisationIs", "personal data", "personalData", "nature", "nature", "risk", "risk",
		"from", "from", "to", "to", "least", "subjectsMin", "most", "subjectsMax", "records", "records", "data", "dataKinds", "special", "specialCategories",
		"aware", "aware", "notified", "notified", "subjects told", "subjectsInformed", "false alarm", "withdrawn",
		"effects", "consequences", "remedy", "measuresTaken", "reasons", "reasons",
		"by", "author", "role", "authorRole", "occurred", "occurred", "recorded", "recorded"),
		"risk", "notified", "since", "until", "exercises")
}

func (a *app) informedVerb() *cobra.Command {
	return a.listVerb("informed [KEY]", "Lists who was told of incidents; of one incident with what they were told", "informed", columns(
		"at", "at", "number", "number", "exercise", "exercise", "who", "who", "code", "code", "person", "person", "name", "name", "media", "media", "count", "count", "stage", "stage", "tlp", "tlp",
		"withdrawn", "withdrawn", "content", "content", "by", "author", "role", "authorRole", "occurred", "occurred", "recorded", "recorded"),
		"who", "since", "until", "exercises")
}

func (a *app) obligationsVerb() *cobra.Command {
	return a.listVerb("obligations [KEY]", "Lists services that incidents hit, and what is owed to customers by them", "obligations", columns(
		"number", "number", "exercise", "exercise", "service", "service", "critical", "critical", "vital", "vital", "through", "through", "down", "down", "up", "up", "customer", "customer",
		"obligation", "obligation", "within minutes", "withinMinutes", "at risk", "atRisk", "told", "told",
		"by", "author", "role", "authorRole", "occurred", "occurred", "recorded", "recorded"),
		"untold", "down", "customer", "since", "until", "exercises")
}

// suppliersVerb lists suppliers, or the service levels of one.
func (a *app) suppliersVerb() *cobra.Command {
	var period, words string
	var limit int
	cmd := &cobra.Command{
		Use: "suppliers [CODE]", Short: "Lists suppliers; of one, how it kept the agreed uptime", Args: argsBetween(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			path, q, cols := "suppliers", url.Values{}, supplierColumns
			switch {
			case len(args) > 0 && words != "":
				return usage("--q looks for suppliers; leave the code out")
			case len(args) > 0:
				path, cols = "service-levels", levelColumns
				q.Set("supplier", args[0])
				if period != "" {
					q.Set("period", period)
				}
			case period != "":
				return usage("--period needs the code of a supplier")
			case words != "":
				q.Set("q", words)
			}
			return a.ask(cmd, func(ctx context.Context, c *client) error {
				return a.list(ctx, c, c.path(path), q, limit, cols)
			})
		},
	}
	cmd.Flags().StringVar(&words, "q", "", "see the API's q")
	cmd.Flags().StringVar(&period, "period", "", "a month, quarter or year: 2026-10, 2026-Q3 or 2026; without it the present year")
	limitFlag(cmd, &limit)
	return cmd
}

var (
	supplierColumns = columns("code", "code", "name", "name", "kind", "kind", "involved", "mayBeInvolved", "contact", "contact", "phone", "phone", "email", "email",
		"contracts", "contracts", "services", "services", "audited", "audited", "audit", "audit", "next audit", "nextAudit", "plans", "plans", "exercised", "exercised",
		"mfa", "mfa", "notices", "notices", "late", "lateNotices", "most late", "mostLateMinutes", "retired", "retired",
		"by", "author", "role", "authorRole", "occurred", "occurred", "recorded", "recorded")
	levelColumns = columns("contract", "contract", "service", "service", "from", "from", "to", "to", "agreed", "agreed", "margin", "margin", "uptime", "uptime",
		"down seconds", "downSeconds", "outages", "outages", "breach", "breach", "credit", "credit", "credit cents", "creditCents", "claimed", "claimedEUR",
		"notices", "notices", "late", "lateNotices")
)

func (a *app) improvementsVerb() *cobra.Command {
	return a.listVerb("improvements [KEY]", "Lists measures of improvement, open ones first; with a key those that an incident taught", "improvements", columns(
		"due", "due", "overdue", "overdue", "pdca", "pdca", "phase", "phase", "title", "title", "kind", "kind", "owner", "owner", "owner role", "ownerRole",
		"number", "number", "rounds", "rounds", "completed", "completed", "checked", "checked", "key", "key",
		"by", "author", "role", "authorRole", "occurred", "occurred", "recorded", "recorded"),
		"q", "open", "overdue", "owner")
}

func (a *app) contactsVerb() *cobra.Command {
	return a.listVerb("contacts", "Lists whom to reach and how, and which entries must be checked again", "contacts", columns(
		"name", "name", "organisation", "organisation", "code", "code", "roles", "roles", "lists", "lists", "channels", "channels", "on call", "onCall", "language", "language",
		"confirmed", "confirmed", "check again", "checkAgain", "retired", "retired", "by", "author", "role", "authorRole", "occurred", "occurred", "recorded", "recorded"),
		"q", "role", "list", "stale", "retired")
}

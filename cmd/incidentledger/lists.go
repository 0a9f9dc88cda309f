package main

import "github.com/spf13/cobra"

func (a *app) dutiesVerb() *cobra.Command {
	return a.listVerb("duties [KEY]", "Lists what is owed to others, open duties first", "duties", columns(
		"due", "due", "state", "state", "overdue", "overdue", "number", "number", "to", "recipient", "stage", "stage", "duty", "duty", "decided", "decided",
		"met", "met", "missing channels", "missingChannels", "missing answers", "missingAnswers", "by", "author", "role", "authorRole", "occurred", "occurred",
		"recorded", "recorded"),
		"open", "overdue", "authority", "since", "until")
}

func (a *app) breachesVerb() *cobra.Command {
	return a.listVerb("breaches [KEY]", "Prints the register of breaches of personal data; of one incident with its words", "breaches", columns(
		"number", "number", "processing", "processing", "as", "organisationIs", "personal data", "personalData", "nature", "nature", "risk", "risk",
		"from", "from", "to", "to", "least", "subjectsMin", "most", "subjectsMax", "records", "records", "data", "dataKinds", "special", "specialCategories",
		"aware", "aware", "notified", "notified", "subjects told", "subjectsInformed", "false alarm", "withdrawn",
		"effects", "consequences", "remedy", "measuresTaken", "reasons", "reasons",
		"by", "author", "role", "authorRole", "occurred", "occurred", "recorded", "recorded"),
		"risk", "notified", "since", "until")
}

func (a *app) informedVerb() *cobra.Command {
	return a.listVerb("informed [KEY]", "Lists who was told of incidents; of one incident with what they were told", "informed", columns(
		"at", "at", "number", "number", "who", "who", "code", "code", "person", "person", "name", "name", "media", "media", "count", "count", "stage", "stage", "tlp", "tlp",
		"withdrawn", "withdrawn", "content", "content", "by", "author", "role", "authorRole", "occurred", "occurred", "recorded", "recorded"),
		"who", "since", "until")
}

func (a *app) evidenceVerb() *cobra.Command {
	return a.listVerb("evidence [KEY]", "Lists evidence with its chain of custody, what is kept first; of one incident with what it is", "evidence", columns(
		"number", "number", "evidence", "evidence", "form", "form", "item", "item", "place", "place", "sha256", "sha256", "purpose", "purpose", "holder", "holder",
		"holder role", "holderRole", "offered", "offered", "verified", "verified", "released", "released", "chain", "chain",
		"by", "author", "role", "authorRole", "occurred", "occurred", "recorded", "recorded"),
		"kept", "holder", "since", "until")
}

func (a *app) obligationsVerb() *cobra.Command {
	return a.listVerb("obligations [KEY]", "Lists services that incidents hit, and what is owed to customers by them", "obligations", columns(
		"number", "number", "service", "service", "critical", "critical", "vital", "vital", "down", "down", "up", "up", "customer", "customer",
		"obligation", "obligation", "within minutes", "withinMinutes", "at risk", "atRisk", "told", "told",
		"by", "author", "role", "authorRole", "occurred", "occurred", "recorded", "recorded"),
		"untold", "down", "customer", "since", "until")
}

package main

import "github.com/spf13/cobra"

func (a *app) dutiesVerb() *cobra.Command {
	return a.listVerb("duties [KEY]", "Lists what is owed to others, open duties first", "duties", columns(
		"due", "due", "state", "state", "overdue", "overdue", "number", "number", "to", "recipient", "stage", "stage", "duty", "duty", "decided", "decided",
		"met", "met", "missing channels", "missingChannels", "missing answers", "missingAnswers", "by", "author", "role", "authorRole", "occurred", "occurred",
		"recorded", "recorded"),
		"open", "overdue", "authority", "since", "until")
}

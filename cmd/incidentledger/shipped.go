package main

import (
	"context"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"incidentledger/domain/incident"
	"incidentledger/domain/policy"
	"incidentledger/eventstore"
	"incidentledger/handlers/api"
	"incidentledger/handlers/policyfile"
)

// askOrShipped asks a ledger what can be ordered and by which codes. Where there
// is none yet it asks what the program ships, and says so.
func (a *app) askOrShipped(cmd *cobra.Command, f func(ctx context.Context, c *client) error) error {
	orgs, err := eventstore.Orgs(a.data)
	if a.server != "" || err != nil || len(orgs) > 0 {
		return a.ask(cmd, f)
	}
	c, err := shippedClient()
	if err != nil {
		return err
	}
	a.say("There is no ledger in %s yet; these are the codes of the policy set that the program ships.", a.data)
	return f(cmd.Context(), c)
}

// shippedClient asks an API of no ledger at all, where the shipped policy set
// holds. It can describe and nothing else.
func shippedClient() (*client, error) {
	set, err := policyfile.Shipped()
	if err != nil {
		return nil, err
	}
	docs, err := docsOfKinds()
	if err != nil {
		return nil, err
	}
	none := &api.Office{Org: "shipped", Zone: time.UTC, Law: func() incident.Basis { return incident.Basis{Basis: policy.Basis{Current: set}} }}
	h, err := api.New(api.Config{Offices: func() []*api.Office { return []*api.Office{none} }, Version: version, Kinds: storeKinds(), Docs: docs})
	if err != nil {
		return nil, err
	}
	return &client{http: &http.Client{Transport: &inProcess{h: h}}, base: "http://localhost/api/v1", org: string(none.Org),
		close: func() error { return nil }}, nil
}

package main

import (
	"context"
	"net/http"

	"github.com/go-json-experiment/json"
	"github.com/spf13/cobra"

	"incidentledger/domain"
)

// alertVerb tries whether people would be told.
func (a *app) alertVerb() *cobra.Command {
	cmd := &cobra.Command{Use: "alert", Short: "Tries whether people are told of what is due", Args: argsBetween(0, 0),
		RunE: func(*cobra.Command, []string) error { return usage("say what to do: incidentledger alert test") }}
	var whom struct {
		Role     domain.Code `json:"role,omitzero"`
		Receiver domain.Code `json:"receiver,omitzero"`
	}
	test := &cobra.Command{
		Use: "test", Short: "Sends a test message now by every configured channel and tells what happened", Args: argsBetween(0, 0),
		Long: "Sends a message marked as a test by every configured channel, or by those of a role or a receiver, and tells what\n" +
			"happened by each. It tells of no incident. Exit code 0: all were delivered; 1: some were not.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.ask(cmd, func(ctx context.Context, c *client) error {
				body, err := json.Marshal(whom)
				if err != nil {
					return err
				}
				var list page
				if _, err := c.ask(ctx, http.MethodPost, c.path("alerts", "test"), nil, body, &list); err != nil {
					return err
				}
				if err := a.rows(list.Items, columns("receiver", "receiver", "channel", "channel", "delivered", "delivered", "status", "status", "detail", "detail")); err != nil {
					return err
				}
				for _, it := range list.Items {
					var t struct {
						Delivered bool `json:"delivered"`
					}
					if err := json.Unmarshal(it, &t); err != nil {
						return err
					}
					if !t.Delivered {
						return &codeError{exitFailed}
					}
				}
				return nil
			})
		},
	}
	test.Flags().StringVar((*string)(&whom.Role), "role", "", "only those who have this role")
	test.Flags().StringVar((*string)(&whom.Receiver), "receiver", "", "only this receiver")
	cmd.AddCommand(test)
	return cmd
}

package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"

	"incidentledger/domain"
	"incidentledger/eventstore"
)

// Exit codes of contract 2.
const (
	exitDone     = 0
	exitFailed   = 1
	exitUsage    = 2
	exitRefused  = 3
	exitNotFound = 4
	exitConflict = 5
	exitDenied   = 6
	exitUnsound  = 7
)

// codeError ends a verb with an exit code of its own. What it says was printed.
type codeError struct{ code int }

func (e *codeError) Error() string { return fmt.Sprintf("exit %d", e.code) }

// exit prints an error for people and gives its exit code.
func (a *app) exit(err error) int {
	if err == nil {
		return exitDone
	}
	var code *codeError
	if errors.As(err, &code) {
		return code.code
	}
	var refusal *domain.Refusal
	var unsound *eventstore.UnsoundError
	var bad *usageError
	switch {
	case errors.As(err, &refusal):
		b, jerr := json.Marshal(struct {
			Code        domain.Code `json:"code"`
			Text        string      `json:"text"`
			Requirement string      `json:"requirement"`
			Field       string      `json:"field,omitzero"`
			Allowed     []string    `json:"allowed,omitempty"`
		}{refusal.Code, refusal.Text, refusal.Requirement, refusal.Field, refusal.Allowed})
		if jerr != nil {
			b = []byte(refusal.Error())
		}
		fmt.Fprintf(a.std.err, "%s\n", b)
		return refusalExit(refusal.Code)
	case errors.As(err, &unsound):
		fmt.Fprintf(a.std.err, "incidentledger: %v\n", unsound)
		return exitUnsound
	case errors.As(err, &bad), strings.HasPrefix(err.Error(), "unknown command"), strings.HasPrefix(err.Error(), "required flag"):
		fmt.Fprintf(a.std.err, "incidentledger: %v\n", err)
		return exitUsage
	}
	fmt.Fprintf(a.std.err, "incidentledger: %v\n", err)
	switch {
	case errors.Is(err, domain.ErrNotFound):
		return exitNotFound
	case errors.Is(err, domain.ErrConflict), errors.Is(err, eventstore.ErrExists):
		return exitConflict
	}
	return exitFailed
}

func refusalExit(code domain.Code) int {
	switch code {
	case domain.CodeMalformed:
		return exitUsage
	case domain.CodeNotFound:
		return exitNotFound
	case domain.CodeConflict, domain.CodeStale, domain.CodeReused:
		return exitConflict
	case domain.CodeDenied:
		return exitDenied
	}
	return exitRefused
}

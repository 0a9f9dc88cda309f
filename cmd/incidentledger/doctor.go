package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"incidentledger/domain"
	"incidentledger/domain/organisation"
	"incidentledger/eventstore"
	"incidentledger/eventstore/vault"
	"incidentledger/handlers/api"
	"incidentledger/handlers/policyfile"
)

// finding is one line of the doctor's.
type finding struct {
	Check  string `json:"check"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
}

// doctorVerb looks at what an administrator would look at, and changes nothing.
func (a *app) doctorVerb() *cobra.Command {
	return &cobra.Command{
		Use: "doctor", Short: "Looks at the installation and says what is wrong and how to mend it", Args: argsBetween(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			list := a.examine(cmd.Context())
			ill := false
			var rows []jsontext.Value
			for _, f := range list {
				ill = ill || !f.OK
				b, err := json.Marshal(f)
				if err != nil {
					return err
				}
				rows = append(rows, b)
			}
			if err := a.rows(rows, columns("check", "check", "ok", "ok", "detail", "detail")); err != nil {
				return err
			}
			if ill {
				return &codeError{exitFailed}
			}
			return nil
		},
	}
}

func (a *app) examine(ctx context.Context) []finding {
	var out []finding
	add := func(check string, err error, good string, args ...any) {
		f := finding{check, err == nil, fmt.Sprintf(good, args...)}
		if err != nil {
			f.Detail = err.Error()
		}
		out = append(out, f)
	}
	orgs, err := eventstore.Orgs(a.data)
	add("data folder", errors.Join(err, folder(a.data)), "%s, %d organisations", a.data, len(orgs))
	_, err = vault.ReadMasterKey(a.master)
	if errors.Is(err, os.ErrNotExist) && len(orgs) == 0 {
		add("master key", nil, "%s is made by init", a.master)
	} else {
		add("master key", err, "%s is readable by its owner only", a.master)
	}
	free, err := freeSpace(a.data)
	if err == nil && free < 1<<30 {
		err = fmt.Errorf("only %d MiB are free; make room: below 32 MiB orders are refused", free>>20)
	}
	add("disk", err, "%d MiB free", free>>20)
	add("clock", clockSane(time.Now()), "%s", time.Now().Format(time.RFC3339))
	_, err = policyfile.Shipped()
	add("shipped policy set", err, "loads without a fault")
	for _, org := range orgs {
		o, err := eventstore.OpenOffline(eventstore.Config{Dir: a.data, Kinds: storeKinds()}, org)
		if err != nil {
			add("ledger "+string(org), err, "")
			continue
		}
		bad, err := o.CheckCopies()
		if err == nil && len(bad) > 0 && !eventstore.InUse(a.data) {
			err = fmt.Errorf("%s; `incidentledger verify` says more", bad[0].What)
		}
		add("ledger "+string(org), err, "%d entries, in journal and stream", o.Last())
		detail, err := profileNow(ctx, o)
		add("profile "+string(org), err, "%s", detail)
		detail, err = a.filesNow(ctx, o, org)
		add("files "+string(org), err, "%s", detail)
		detail, err = a.timestamps(org, eventstore.OrgDir(a.data, org))
		add("timestamps "+string(org), err, "%s", detail)
	}
	if c, ok := a.overSocket(); ok {
		var list page
		err := c.get(ctx, "/organisations", nil, &list)
		add("server", err, "a process serves this data folder")
		for _, org := range orgs {
			detail, err := c.alerts(ctx, org)
			add("alerts "+string(org), err, "%s", detail)
			detail, err = c.kit(ctx, org)
			add("offline kit "+string(org), err, "%s", detail)
		}
		_ = c.close()
	} else {
		add("server", nil, "no process serves this data folder")
		add("alerts", nil, "nobody is told of anything while no process serves; %d on call and %d webhooks are configured", len(a.conf.Alerting.OnCall), len(a.conf.Alerting.Webhooks))
		for _, org := range orgs {
			if a.conf.Kit.Dir != "" {
				detail, err := a.conf.Kit.left(org, time.Now())
				add("offline kit "+string(org), err, "%s", detail)
			}
		}
	}
	return out
}

// profileNow tells which profile of the organisation is in force, and what to do
// where none is.
func profileNow(ctx context.Context, o *eventstore.Offline) (string, error) {
	told := newProfiles()
	for en, err := range o.ReadAll(ctx, 0) {
		if err == nil {
			err = told.entry(en)
		}
		if err != nil {
			return "", err
		}
	}
	p, ok := told.state.(domain.Dossier[organisation.State]).Told.At(time.Now())
	if !ok {
		return "none is in force: no duty of the Cyberbeveiligingswet, NIS2 or Suwi arises; say what the organisation is with " +
			"`incidentledger do SetOrganisationProfile --kind organisation`; `incidentledger commands SetOrganisationProfile` shows how", nil
	}
	return fmt.Sprintf("that of %s is in force", p.ValidFrom.Format(time.RFC3339)), nil
}

// alerts tells where the alerts of an organisation stand. A channel whose last
// delivery failed is an error.
func (c *client) alerts(ctx context.Context, org domain.OrgID) (string, error) {
	var st api.AlertStatus
	if err := c.get(ctx, "/organisations/"+string(org)+"/alerts", nil, &st); err != nil {
		return "", err
	}
	if !st.Configured {
		return "not configured: nobody is told when a term runs out; the section onCall of the configuration file says who is", nil
	}
	if len(st.Failing) > 0 {
		f := st.Failing[0]
		return "", fmt.Errorf("the last delivery by %s failed at %s (status %d), and by %d others; try `incidentledger alert test`",
			f.Channel, f.At.Format(time.RFC3339), f.Status, len(st.Failing)-1)
	}
	return fmt.Sprintf("%d on call, %d webhooks; no delivery has failed", st.Receivers, st.Endpoints), nil
}

// left tells how old the kit is that a server left when it ended. One that is
// older than a night is an error.
func (k kitConfig) left(org domain.OrgID, now time.Time) (string, error) {
	path := filepath.Join(k.Dir, string(org), "kit.html")
	st, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("there is none, and no process serves, which would make it: %w", err)
	}
	made := st.ModTime().Format(time.RFC3339)
	if now.Sub(st.ModTime()) > 25*time.Hour {
		return "", fmt.Errorf("%s is of %s, and no process serves, which would make it anew", path, made)
	}
	return fmt.Sprintf("%s is of %s; while no process serves it is not made anew", path, made), nil
}

// kit tells how the offline kit of an organisation stands. One that could not be
// made again is an error.
func (c *client) kit(ctx context.Context, org domain.OrgID) (string, error) {
	var st api.KitState
	if err := c.get(ctx, "/organisations/"+string(org)+"/kit/state", nil, &st); err != nil {
		return "", err
	}
	switch {
	case !st.Kept:
		return "none is kept: the section kit of the configuration file says in which folder", nil
	case st.Error != "" && st.Made.IsZero():
		return "", fmt.Errorf("it could not be made since the program began: %s", st.Error)
	case st.Error != "":
		return "", fmt.Errorf("that of %s in %s could not be made again: %s", st.Made.Format(time.RFC3339), st.Dir, st.Error)
	case st.Made.IsZero():
		return "it is being made in " + st.Dir, nil
	}
	return fmt.Sprintf("made at %s up to entry %d, in %s", st.Made.Format(time.RFC3339), st.Seq, st.Dir), nil
}

func folder(dir string) error {
	st, err := os.Stat(dir)
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%s does not exist yet; `incidentledger init` or `serve` makes it", dir)
	}
	if err != nil {
		return err
	}
	if st.Mode().Perm()&0o077 != 0 && st.Mode().Perm()&0o007 != 0 {
		return fmt.Errorf("others can read %s; chmod 700 %s", dir, dir)
	}
	return nil
}

func freeSpace(dir string) (int64, error) {
	for {
		var st unix.Statfs_t
		err := unix.Statfs(dir, &st)
		if errors.Is(err, unix.ENOENT) && dir != filepath.Dir(dir) {
			dir = filepath.Dir(dir)
			continue
		}
		return int64(st.Bavail) * st.Bsize, err
	}
}

// clockSane refuses a clock that cannot be right: deadlines are the product.
func clockSane(now time.Time) error {
	if now.Before(time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)) {
		return fmt.Errorf("the machine's clock says %s, which is before this program was made; set it", now.Format(time.RFC3339))
	}
	return nil
}

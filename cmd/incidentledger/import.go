package main

import (
	"context"
	"errors"
	"net/http"
	"os"

	"github.com/go-json-experiment/json"
	"github.com/spf13/cobra"

	"incidentledger/domain"
	"incidentledger/eventstore"
	"incidentledger/handlers"
	"incidentledger/handlers/intake"
)

// importVerb takes another system's log in, through the desk.
func (a *app) importVerb() *cobra.Command {
	var mapping, actor, role string
	var workers int
	cmd := &cobra.Command{
		Use: "import --mapping FILE INPUT", Short: "Takes in another system's incidents, through the desk", Args: argsBetween(1, 1),
		Long: "Takes in another system's incidents, through the desk, in one pass.\n\n" +
			"--mapping is a file, or the name of one that is shipped: volvo-vinst.yaml.\n" +
			"Refused rows are written to INPUT.refused.jsonl. Running it again repeats nothing.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if mapping == "" {
				return usage("--mapping is required")
			}
			src, err := readMapping(mapping)
			if err != nil {
				return err
			}
			m, err := intake.Load(mapping, src, kindLookup())
			if err != nil {
				return usage("%v", err)
			}
			return a.importFile(cmd.Context(), m, args[0], actor, role, workers)
		},
	}
	f := cmd.Flags()
	f.StringVar(&mapping, "mapping", "", "mapping file (YAML)")
	f.StringVar(&actor, "actor", "", "id of the person who imports")
	f.StringVar(&role, "role", "operator", "role in which it is imported, where the mapping names none")
	f.IntVar(&workers, "workers", 0, "groups worked on at once (default 64)")
	return cmd
}

func readMapping(name string) ([]byte, error) {
	src, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		if shipped, serr := intake.Shipped(name); serr == nil {
			return shipped, nil
		}
	}
	if err != nil {
		return nil, usage("%v", err)
	}
	return src, nil
}

func kindLookup() func(domain.KindName) (*domain.Kind, bool) {
	all := storeKinds()
	return func(name domain.KindName) (*domain.Kind, bool) {
		for i := range all {
			if all[i].Name == name {
				return &all[i], true
			}
		}
		return nil, false
	}
}

func (a *app) importFile(ctx context.Context, m *intake.Mapping, input, actor, role string, workers int) (err error) {
	var env handlers.Envelope
	if err := setIDs(&env, "", actor); err != nil {
		return err
	}
	in, err := os.Open(input)
	if err != nil {
		return usage("%v", err)
	}
	defer in.Close()
	st, err := in.Stat()
	if err != nil {
		return err
	}
	desk, org, closeDesk, err := a.importDesk(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeDesk()) }()
	refused := &lazyFile{path: input + ".refused.jsonl"}
	bar := a.bar("import")
	sum, err := intake.Run(ctx, intake.Config{
		Desk: desk, Org: org, Mapping: m, Name: input, Input: in, Workers: workers, Refused: refused,
		Actor:    domain.Actor{ID: env.Actor.ID, Role: domain.Code(role), For: org, Door: "import", Proof: "stated"},
		Progress: func(bytes int64, rows int) { bar.at(bytes, st.Size()) },
	})
	bar.done()
	err = errors.Join(err, refused.Close())
	for _, w := range sum.Warnings {
		a.say("%s: %s (%d rows, the first in line %d)", w.Code, w.Text, w.Rows, w.Line)
	}
	if sum.Refused > 0 {
		a.say("%d rows were refused; %s says which and why.", sum.Refused, refused.path)
	}
	b, jerr := json.Marshal(sum)
	if jerr != nil {
		return errors.Join(err, jerr)
	}
	return errors.Join(a.object(b, columns("rows", "rows", "accepted", "accepted", "repeated", "repeated", "refused", "refused", "skipped", "skipped", "orders", "orders")), err)
}

// lazyFile is made when the first byte is written; an older one of that name
// is replaced then, or removed when nothing was.
type lazyFile struct {
	path string
	f    *os.File
}

func (l *lazyFile) Write(b []byte) (n int, err error) {
	if l.f == nil {
		if l.f, err = os.OpenFile(l.path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600); err != nil {
			return 0, err
		}
	}
	return l.f.Write(b)
}

func (l *lazyFile) Close() error {
	if l.f == nil {
		if err := os.Remove(l.path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		return nil
	}
	return l.f.Close()
}

// importDesk is the desk itself where this process holds the data folder, else
// the API of whoever does.
func (a *app) importDesk(ctx context.Context) (intake.Desk, domain.OrgID, func() error, error) {
	if a.server == "" {
		h, err := openHouse(ctx, a.houseConfig())
		if err == nil {
			org, o, err := a.onlyOffice(h)
			if err != nil {
				return nil, "", nil, errors.Join(err, h.close())
			}
			return o.desk, org, h.close, nil
		}
		if !errors.Is(err, eventstore.ErrTaken) {
			return nil, "", nil, err
		}
	}
	c, err := a.connect(ctx)
	if err != nil {
		return nil, "", nil, err
	}
	return apiDesk{c}, domain.OrgID(c.org), c.close, nil
}

// onlyOffice takes the organisation that was named, or the only one there is.
func (a *app) onlyOffice(h *house) (domain.OrgID, *office, error) {
	org := domain.OrgID(a.org)
	if orgs := h.orgs(); org == "" {
		if len(orgs) != 1 {
			return "", nil, usage("there are %d organisations; choose one with --org", len(orgs))
		}
		org = orgs[0]
	}
	o, err := h.office(org)
	return org, o, err
}

// apiDesk gives orders to the desk of another process.
type apiDesk struct{ c *client }

func (d apiDesk) Give(ctx context.Context, o domain.Order) (domain.Receipt, error) {
	var r domain.Receipt
	body, err := json.Marshal(o.Command)
	if err != nil {
		return r, err
	}
	env := handlers.Envelope{
		ID: o.ID, By: o.By, Precision: o.Occurred.Precision, Happened: o.Happened,
		Correlation: o.Correlation, Causation: o.Causation,
		Actor: handlers.EnvelopeActor{ID: o.Actor.ID, Role: o.Actor.Role, For: o.Actor.For},
	}
	if !o.Occurred.IsZero() {
		env.Occurred = o.Occurred.Time.Format("2006-01-02T15:04:05.999999999Z07:00")
	}
	payload, err := withEnvelope(body, env)
	if err != nil {
		return r, err
	}
	key := ""
	if !o.Key.IsZero() && o.Command.CommandName() != "ReportIncident" {
		key = o.Key.String()
	}
	path, err := d.c.orderPath(string(o.Kind), key, o.Command.CommandName())
	if err != nil {
		return r, err
	}
	_, err = d.c.ask(ctx, http.MethodPost, path, http.Header{"Ledger-Door": {"import"}}, payload, &r)
	return r, err
}

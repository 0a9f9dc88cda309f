package find

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode"

	"pgregory.net/rapid"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/domain/ledger"
	"incidentledger/domain/policy"
	"incidentledger/eventstore"
	"incidentledger/eventstore/vault"
	"incidentledger/handlers"
	"incidentledger/handlers/policyfile"
)

// A house is a store with the ledgers of some organisations.
type house struct {
	t       testing.TB
	dir     string
	kinds   []domain.Kind
	master  vault.MasterKey
	store   *eventstore.Store
	offices map[domain.OrgID]*office
}

type office struct {
	t    testing.TB
	org  domain.OrgID
	log  *eventstore.Ledger
	keys *vault.Vault
	desk *handlers.Desk
}

func newHouse(t testing.TB, orgs ...domain.OrgID) *house {
	t.Helper()
	set, err := policyfile.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	law := func() incident.Basis {
		return incident.Basis{Basis: policy.Basis{Current: set, Sets: map[domain.Hash]*policy.Set{set.Hash(): set},
			Profile: map[policy.Path]domain.Code{policy.OrgCountry: "NL"}}}
	}
	h := &house{t: t, dir: t.TempDir(), kinds: []domain.Kind{ledger.Kind(), incident.Kind(law)}}
	if h.master, err = vault.NewMasterKey(filepath.Join(h.dir, "master.key")); err != nil {
		t.Fatal(err)
	}
	h.open()
	t.Cleanup(func() { h.close() })
	for _, org := range orgs {
		l, err := h.store.Found(t.Context(), org)
		if err != nil {
			t.Fatal(err)
		}
		v, err := vault.Create(vault.Config{Dir: h.vaultDir(org), Org: org, Master: h.master})
		if err != nil {
			t.Fatal(err)
		}
		o := h.staff(org, l, v)
		o.give(domain.Order{Kind: ledger.Name, Key: ledger.Key(org), Actor: domain.Actor{Role: "operator", For: org, Door: "system", Proof: "system"},
			Command: &ledger.FoundLedger{Origin: "test/" + domain.Code(org), LogKey: "AAAA", Country: "NL", Zone: "Europe/Amsterdam",
				Formats: []domain.Code{eventstore.EntryFormat}, Name: "Gemeente"}})
		if err := h.store.Founded(org); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

func (h *house) vaultDir(org domain.OrgID) string { return filepath.Join(h.dir, "vault-"+string(org)) }

func (h *house) open() {
	var err error
	if h.store, err = eventstore.Open(h.t.Context(), eventstore.Config{Dir: filepath.Join(h.dir, "data"), Kinds: h.kinds}); err != nil {
		h.t.Fatal(err)
	}
	h.offices = map[domain.OrgID]*office{}
}

func (h *house) staff(org domain.OrgID, l *eventstore.Ledger, v *vault.Vault) *office {
	o := &office{t: h.t, org: org, log: l, keys: v}
	o.desk = handlers.NewDesk(handlers.Config{Org: org, Log: l, Sealer: v, Kinds: h.kinds, Version: h.store.Codec().Version})
	h.offices[org] = o
	return o
}

func (h *house) close() {
	for _, o := range h.offices {
		o.keys.Close()
	}
	h.store.Close()
}

// restart closes everything and opens it again.
func (h *house) restart() {
	h.t.Helper()
	h.close()
	h.open()
	for _, org := range h.store.Orgs() {
		l, err := h.store.Ledger(org)
		if err != nil {
			h.t.Fatal(err)
		}
		v, err := vault.OpenVault(vault.Config{Dir: h.vaultDir(org), Org: org, Master: h.master})
		if err != nil {
			h.t.Fatal(err)
		}
		h.staff(org, l, v)
	}
}

func (o *office) give(order domain.Order) domain.Receipt {
	o.t.Helper()
	order.ID = handlers.NewOrderID()
	r, err := o.desk.Give(context.Background(), order)
	if err != nil {
		o.t.Fatalf("%s: %v", order.Command.CommandName(), err)
	}
	return r
}

func (o *office) do(key domain.Key, c domain.Command) domain.Receipt {
	o.t.Helper()
	return o.give(domain.Order{Kind: incident.Name, Key: key, Command: c, Actor: domain.Actor{Role: "security-officer", For: o.org, Door: "cli", Proof: "stated"}})
}

func (o *office) report(title, description domain.Text) domain.Key {
	o.t.Helper()
	return o.do(domain.Key{}, &incident.ReportIncident{Kind: "incident", Title: title, Description: description, Category: "outage", Channel: "phone", Chain: "suwi"}).Key
}

// Open implements handlers.Opener.
func (o *office) Open(en *domain.Entry) ([]domain.Event, string, int, error) {
	out, err := o.keys.Open(en)
	return out.Events, out.By, out.Erased, err
}

// index begins an index that follows the office's ledger.
func (o *office) index(open handlers.Opener) *Index {
	x := New(Config{Ledger: o.log, Opener: open, Log: slog.New(slog.DiscardHandler)})
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); _ = x.Run(ctx) }()
	o.t.Cleanup(func() { stop(); <-ended })
	return x
}

// finds searches when everything was read.
func (o *office) finds(x *Index, query string) []domain.Key {
	o.t.Helper()
	if err := x.WaitFor(o.t.Context(), o.log.Last()); err != nil {
		o.t.Fatal(err)
	}
	keys, behind := x.Search(incident.Name, query, o.log.Last())
	if behind > 0 {
		o.t.Fatalf("%d entries behind", behind)
	}
	return keys
}

// Own and foreign numbers, names and words are found whatever their case and
// accents, now and after a restart, in the one organisation (CHN-05).
func TestTextsAreFound(t *testing.T) {
	h := newHouse(t, "nuth", "sittard")
	o := h.offices["nuth"]
	first := o.report("Ransomware op de financiële server", "De coördinator zag het om 9 uur; één collega belde.")
	second := o.report("Serveur arrêté", "Le cœur du réseau est à l'arrêt depuis Noël, écrit M. Lefèvre <m.lefevre@ville.be>.")
	o.do(first, &incident.ReportToChain{Desk: "suwidesk", OwnReference: "OWN-1", CauseDomain: "other",
		Channels: []incident.Channel{{Kind: "email", At: time.Now().Add(-time.Second), Outcome: "delivered"}}})
	o.do(first, &incident.RecordChainReference{ChainReference: "SD-2026/0817", ChainPriority: 3})
	o.do(second, &incident.AddLogEntry{Text: "Zie ook nr.T-44."})
	other := h.offices["sittard"].report("Ransomware in Sittard", "Niets anders.")
	check := func() {
		t.Helper()
		x := h.offices["nuth"].index(h.offices["nuth"])
		y := h.offices["sittard"].index(h.offices["sittard"])
		for query, want := range map[string][]domain.Key{
			"OWN-1": {first}, "own-1": {first}, "SD-2026/0817": {first}, "sd-2026": {first}, "0817": {first}, "T-44": {second},
			"ransomware": {first}, "FINANCIELE": {first}, "financiële serv": {first}, "serv financiële": nil, "een collega": {first},
			"coordinator": {first}, "server ransomware": {first}, "ransomware réseau": nil,
			"arrete": {second}, "coeur": {second}, "CŒUR": {second}, "noel": {second}, "arrêt": {second}, "m.lefevre@ville.be": {second}, "Lefevre": {second},
			"serve": {second, first}, "": nil, " -- ": nil, "sittard": nil, "niets": nil, "gemeente": nil,
		} {
			if got := h.offices["nuth"].finds(x, query); !slices.Equal(got, want) {
				t.Errorf("%q finds %v, not %v", query, got, want)
			}
		}
		if got := h.offices["sittard"].finds(y, "ransomware"); !slices.Equal(got, []domain.Key{other}) {
			t.Errorf("Sittard finds %v", got)
		}
		if got := h.offices["sittard"].finds(y, "OWN-1"); got != nil {
			t.Errorf("Sittard finds what is Nuth's: %v", got)
		}
	}
	check()
	h.restart()
	check()
}

// Both versions of a corrected text are in the ledger, and both are found.
func TestCorrectedTextsAreFound(t *testing.T) {
	h := newHouse(t, "nuth")
	o := h.offices["nuth"]
	key := o.report("Een laptop is gestolen", "Uit de trein.")
	x := o.index(o)
	o.do(key, &incident.CorrectFact{Corrects: o.log.Last(), Event: "IncidentReported", Reason: "Vergissing.", Fields: fields(t, `{"title":"Een tablet is gestolen"}`)})
	for _, query := range []string{"laptop", "tablet", "vergissing"} {
		if got := o.finds(x, query); !slices.Equal(got, []domain.Key{key}) {
			t.Errorf("%q finds %v", query, got)
		}
	}
}

func fields(t *testing.T, text string) map[domain.Code]domain.Value {
	c, err := handlers.DecodeCommand(kindOfIncidents(), "CorrectFact", []byte(`{"corrects":2,"reason":"R","fields":`+text+`}`), nil)
	if err != nil {
		t.Fatal(err)
	}
	return c.(*incident.CorrectFact).Fields
}

func kindOfIncidents() *domain.Kind {
	k := incident.Kind(func() incident.Basis { return incident.Basis{} })
	return &k
}

// What is erased, unreadable or dropped is not found, and costs nothing else.
func TestWhatIsGoneIsNotFound(t *testing.T) {
	h := newHouse(t, "nuth")
	o := h.offices["nuth"]
	kept, gone := o.report("Kapotte server", "Beneden."), o.report("Kapotte laptop", "Boven.")
	erased := o.do(kept, &incident.AddLogEntry{Text: "Geheime regel."}).Seq
	broken := o.do(kept, &incident.AddLogEntry{Text: "Onleesbare regel."}).Seq
	bare, err := vault.Create(vault.Config{Dir: t.TempDir(), Org: "nuth", Master: h.master})
	if err != nil {
		t.Fatal(err)
	}
	defer bare.Close()
	x := o.index(openerFunc(func(en *domain.Entry) ([]domain.Event, string, int, error) {
		switch en.Seq {
		case erased:
			out, err := bare.Open(en)
			return out.Events, out.By, out.Erased, err
		case broken:
			return nil, "", 0, errors.New("the box was changed")
		}
		return o.Open(en)
	}))
	expect := func(query string, want ...domain.Key) {
		t.Helper()
		if got := o.finds(x, query); !slices.Equal(got, want) {
			t.Errorf("%q finds %v, not %v", query, got, want)
		}
	}
	expect("geheime")
	expect("onleesbare")
	expect("kapotte", kept, gone)
	line := o.do(gone, &incident.AddLogEntry{Text: "Nog een kapotte regel, eenmalig."}).Seq
	expect("eenmalig", gone)
	x.DropEntry(line)
	expect("eenmalig")
	expect("kapotte", gone, kept)
	x.Drop(domain.Ref{Kind: incident.Name, Key: gone})
	expect("kapotte", kept)
	expect("laptop")
	if _, there := x.words["laptop"]; there || slices.Contains(x.sorted, "laptop") {
		t.Error("a word that stands nowhere any more is kept")
	}
	o.do(gone, &incident.AddLogEntry{Text: "Er komt iets bij."})
	expect("komt", gone)
}

type openerFunc func(en *domain.Entry) ([]domain.Event, string, int, error)

func (f openerFunc) Open(en *domain.Entry) ([]domain.Event, string, int, error) { return f(en) }

// As long as the ledger is not read to its end, a search says so.
func TestASearchTellsHowFarItIsBehind(t *testing.T) {
	h := newHouse(t, "nuth")
	o := h.offices["nuth"]
	key := o.report("Kapotte server", "Beneden.")
	o.do(key, &incident.AddLogEntry{Text: "Hersteld."})
	last := o.log.Last()
	gate, held := make(chan struct{}), atomic.Bool{}
	x := o.index(openerFunc(func(en *domain.Entry) ([]domain.Event, string, int, error) {
		if en.Seq == last && held.CompareAndSwap(false, true) {
			<-gate
		}
		return o.Open(en)
	}))
	if err := x.WaitFor(t.Context(), last-1); err != nil {
		t.Fatal(err)
	}
	if keys, behind := x.Search(incident.Name, "hersteld", last); keys != nil || behind != 1 {
		t.Errorf("%v, %d behind", keys, behind)
	}
	close(gate)
	if got := o.finds(x, "hersteld"); !slices.Equal(got, []domain.Key{key}) {
		t.Errorf("finds %v", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := x.WaitFor(ctx, last+1); !errors.Is(err, context.Canceled) {
		t.Errorf("waiting for what does not come: %v", err)
	}
}

// A ledger that fails ends the waiting.
func TestAFailedLedgerEndsTheWaiting(t *testing.T) {
	x := New(Config{Ledger: failing{}})
	if err := x.Run(t.Context()); !errors.Is(err, domain.ErrUnavailable) {
		t.Errorf("run: %v", err)
	}
	if err := x.WaitFor(t.Context(), 1); !errors.Is(err, domain.ErrUnavailable) {
		t.Errorf("wait: %v", err)
	}
}

type failing struct{}

func (failing) Follow(context.Context, domain.Seq) iter.Seq2[*domain.Entry, error] {
	return func(yield func(*domain.Entry, error) bool) { yield(nil, domain.ErrUnavailable) }
}

// Whatever text is given in an order is found by each of its words, by all of
// them, and by the beginning of each.
func TestEveryWordIsFound(t *testing.T) {
	h := newHouse(t, "nuth")
	o := h.offices["nuth"]
	key := o.report("T", "D")
	x := o.index(o)
	letters := rapid.SampledFrom([]rune("aBéËñÇœßĳøİıﬁΣςЖё漢ä0129½²_-./@'’,;: \n\u00ad\u0301"))
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.StringOfN(letters, 1, 60, -1).Draw(rt, "text")
		words := strings.FieldsFunc(text, func(r rune) bool { return !unicode.In(r, unicode.L, unicode.N, unicode.M, unicode.Cf) })
		words = slices.DeleteFunc(words, func(w string) bool {
			return !strings.ContainsFunc(w, func(r rune) bool { return unicode.In(r, unicode.L, unicode.N) })
		})
		if len(words) == 0 {
			return
		}
		o.do(key, &incident.AddLogEntry{Text: domain.Text(text)})
		queries := append(slices.Clone(words), strings.Join(words, " "), text, strings.ToUpper(text))
		for _, w := range strings.Fields(text) {
			if strings.ContainsFunc(w, func(r rune) bool { return unicode.In(r, unicode.L, unicode.N) }) {
				queries = append(queries, w)
			}
		}
		for _, query := range queries {
			if got := o.finds(x, query); !slices.Equal(got, []domain.Key{key}) {
				rt.Fatalf("%q is not found by %q (%q): %v", text, query, asked(query), got)
			}
		}
	})
}

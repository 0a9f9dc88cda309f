package vault

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/uuid"

	"incidentledger/domain"
)

// reported is an event with text in every place where text can stand.
type reported struct {
	Title    domain.Text              `json:"title" seal:"aggregate"`
	Priority int                      `json:"priority"`
	Members  []domain.PersonID        `json:"members,omitempty"`
	About    domain.Text              `json:"about,omitzero" seal:"aggregate,person:members"`
	Channels []channel                `json:"channels,omitempty"`
	Answers  map[string]answer        `json:"answers,omitempty"`
	Notes    []domain.Text            `json:"notes,omitempty" seal:"aggregate"`
	Words    map[string][]domain.Text `json:"words,omitempty" seal:"aggregate"`
}

type channel struct {
	Kind   domain.Code `json:"kind"`
	Person domain.Text `json:"person" seal:"aggregate"`
}

type answer struct {
	Known bool        `json:"known"`
	Value domain.Text `json:"value" seal:"aggregate"`
}

func (reported) EventName() string { return "Reported" }

// closed is an event without text.
type closed struct {
	OK bool `json:"ok"`
}

func (closed) EventName() string { return "Closed" }

func version(name string) int {
	switch name {
	case "Reported":
		return 2
	case "Closed", "RuleDeviated":
		return 1
	}
	return 0
}

const org domain.OrgID = "org-7f3a"

var (
	master   = MasterKey{[32]byte{1, 2, 3}}
	incident = domain.Ref{Kind: "incident", Key: domain.Key{UUID: uuid.MustParse("0198aaaa-0000-7000-8000-000000000001")}}
	ann      = domain.PersonID{UUID: uuid.MustParse("0198bbbb-0000-4000-8000-000000000001")}
	bob      = domain.PersonID{UUID: uuid.MustParse("0198bbbb-0000-4000-8000-000000000002")}
)

func orderID(n int) domain.OrderID {
	return domain.OrderID{UUID: uuid.MustParse(fmt.Sprintf("0198cccc-0000-7000-8000-%012d", n))}
}

func story() []domain.Event {
	return []domain.Event{
		reported{
			Title: "Laptop of the civil registry lost \"on a train\" — één keer", Priority: 2,
			Members:  []domain.PersonID{ann, bob},
			About:    "Ann and Bob had it with them",
			Channels: []channel{{"phone", "J. Janssens"}, {"email", ""}, {"portal", "K. Peeters"}},
			Answers:  map[string]answer{"nature": {true, "loss"}, "count": {false, ""}, "cause": {true, "<theft> & more\u2028"}},
			Notes:    []domain.Text{"first", "second", "first"},
			Words:    map[string][]domain.Text{"nl": {"verloren"}, "fr": {"perdu", "égaré"}},
		},
		closed{OK: true},
		domain.RuleDeviated{Code: "late", Reason: "the mayor was abroad"},
		closed{},
	}
}

func spoken() *domain.By { return &domain.By{Medium: "phone", Text: "the mayor"} }

func config(t testing.TB) Config {
	return Config{Dir: filepath.Join(t.TempDir(), "keys", string(org)), Org: org, Master: master}
}

func mustCreate(t testing.TB, c Config) *Vault {
	t.Helper()
	v, err := Create(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.Close() })
	return v
}

func mustOpen(t testing.TB, c Config) *Vault {
	t.Helper()
	v, err := OpenVault(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.Close() })
	return v
}

func mustClose(t testing.TB, v *Vault) {
	t.Helper()
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
}

// sealed gives the entry of an order, sealed.
func sealed(t testing.TB, v *Vault, id domain.OrderID, by *domain.By, events ...domain.Event) *domain.Entry {
	t.Helper()
	en, err := trySeal(v, id, by, events...)
	if err != nil {
		t.Fatal(err)
	}
	return en
}

func trySeal(v *Vault, id domain.OrderID, by *domain.By, events ...domain.Event) (*domain.Entry, error) {
	records, openBy, boxes, err := v.Seal(context.Background(), v.org, incident, id, by, events, version)
	if err != nil {
		return nil, err
	}
	return &domain.Entry{ID: id, Org: v.org, Kind: incident.Kind, Key: incident.Key, By: openBy, Events: records, Sealed: boxes}, nil
}

// opens fails the test unless the entry opens to exactly these events.
func opens(t testing.TB, v *Vault, en *domain.Entry, by string, events ...domain.Event) {
	t.Helper()
	got, err := v.Open(en)
	if err != nil {
		t.Fatal(err)
	}
	if want := (Opened{Events: events, By: by}); !reflect.DeepEqual(got, want) {
		t.Fatalf("opened\n%+v\nwant\n%+v", got, want)
	}
}

func TestASealedEntryOpensAfterAnotherStart(t *testing.T) {
	c := config(t)
	v := mustCreate(t, c)
	before := story()
	en := sealed(t, v, orderID(1), spoken(), before...)
	if !reflect.DeepEqual(before, story()) {
		t.Fatal("sealing changed the caller's events")
	}
	opens(t, v, en, "the mayor", story()...)
	mustClose(t, v)

	v = mustOpen(t, c)
	opens(t, v, en, "the mayor", story()...)
	if v.Cut() != 0 {
		t.Errorf("cut %d bytes of a vault that was closed in good order", v.Cut())
	}
}

func TestVaultIsMadeOnceAndUsedByOne(t *testing.T) {
	c := config(t)
	if there, err := Exists(c.Dir); there || err != nil {
		t.Fatalf("Exists before Create = %v, %v", there, err)
	}
	if _, err := OpenVault(c); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("opening what is not there: %v", err)
	}
	v := mustCreate(t, c)
	if there, err := Exists(c.Dir); !there || err != nil {
		t.Fatalf("Exists after Create = %v, %v", there, err)
	}
	if _, err := OpenVault(c); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("a second program may open the vault: %v", err)
	}
	mustClose(t, v)
	before := readFile(t, c)
	if _, err := Create(c); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a vault was made over another: %v", err)
	}
	if !bytes.Equal(before, readFile(t, c)) {
		t.Error("a refused Create changed the vault")
	}
	if err := v.Close(); err != nil {
		t.Errorf("closing again: %v", err)
	}
	if _, err := trySeal(v, orderID(1), nil, story()...); !errors.Is(err, ErrClosed) {
		t.Errorf("sealing after Close: %v", err)
	}
	if info, _ := os.Stat(filepath.Join(c.Dir, fileName)); info.Mode().Perm() != 0o600 {
		t.Errorf("the vault's file has mode %v", info.Mode())
	}
}

func TestWrongMasterKeyIsToldAndChangesNothing(t *testing.T) {
	c := config(t)
	mustClose(t, mustCreate(t, c))
	before := append(readFile(t, c), "torn"...)
	writeFile(t, c, before)
	c.Master = MasterKey{[32]byte{9}}
	if _, err := OpenVault(c); !errors.Is(err, ErrWrongMasterKey) {
		t.Fatalf("err = %v", err)
	}
	if !bytes.Equal(before, readFile(t, c)) {
		t.Error("the file was changed")
	}
	c.Master = MasterKey{}
	if _, err := OpenVault(c); err == nil {
		t.Error("opened without a master key")
	}
}

func TestOrganisationsOpenNothingOfEachOther(t *testing.T) {
	c := config(t)
	v := mustCreate(t, c)
	en := sealed(t, v, orderID(1), spoken(), story()...)

	other := config(t)
	other.Org = "org-other"
	w := mustCreate(t, other)
	if _, err := w.Open(en); err == nil {
		t.Error("another organisation's vault opened the entry")
	}
	moved := *en
	moved.Org = other.Org
	if got, err := w.Open(&moved); err == nil && got.Erased != len(en.Sealed) {
		t.Errorf("another organisation's vault opened the entry as its own: %+v", got)
	}
	if _, err := w.MAC(context.Background(), domain.Order{Org: org}, nil, nil); err == nil {
		t.Error("another organisation's vault made a keyed hash")
	}
	mustClose(t, v)
	c.Org = other.Org
	if _, err := OpenVault(c); err == nil || !strings.Contains(err.Error(), "is the vault of organisation "+string(org)) {
		t.Errorf("the file of one organisation opened as that of another: %v", err)
	}
	for _, bad := range []domain.OrgID{"", "a b", "a\nb", domain.OrgID(strings.Repeat("x", 250))} {
		if _, err := Create(Config{Dir: t.TempDir(), Org: bad, Master: master}); err == nil {
			t.Errorf("a vault was made for the organisation %q", bad)
		}
	}
}

func TestMACKnowsARepetition(t *testing.T) {
	c := config(t)
	v := mustCreate(t, c)
	o := domain.Order{ID: orderID(1), Org: org}
	mac, err := v.MAC(context.Background(), o, []byte("open"), []byte("sealed"))
	if err != nil {
		t.Fatal(err)
	}
	mustClose(t, v)
	v = mustOpen(t, c)
	for _, again := range []struct {
		open, sealed string
		same         bool
	}{{"open", "sealed", true}, {"open.", "sealed", false}, {"open", "sealed.", false}, {"open", "", false}} {
		var sealed []byte
		if again.sealed != "" {
			sealed = []byte(again.sealed)
		}
		if same, err := v.Matches(o, []byte(again.open), sealed, mac); err != nil || same != again.same {
			t.Errorf("%q, %q: same %v (%v), want %v", again.open, again.sealed, same, err, again.same)
		}
	}
	w := mustCreate(t, config(t))
	foreign, err := w.MAC(context.Background(), o, []byte("open"), []byte("sealed"))
	if err != nil || foreign == mac {
		t.Error("the hash does not depend on the vault's keys:", err)
	}
	// In a vault that lacks the entry's key only the open half is compared.
	plain, err := v.MAC(context.Background(), domain.Order{ID: orderID(2), Org: org}, []byte("open"), nil)
	if err != nil || [16]byte(plain[16:]) != [16]byte{} || [16]byte(plain[:16]) != [16]byte(mac[:16]) {
		t.Errorf("without text the hash is %s (%v)", plain, err)
	}
	if same, err := v.Matches(domain.Order{ID: orderID(3), Org: org}, []byte("open"), []byte("guess"), mac); err != nil || !same {
		t.Errorf("without the entry's key: %v, %v", same, err)
	}
}

func readFile(t testing.TB, c Config) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(c.Dir, fileName))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func writeFile(t testing.TB, c Config, b []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(c.Dir, fileName), b, 0o600); err != nil {
		t.Fatal(err)
	}
}

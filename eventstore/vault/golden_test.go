package vault

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"incidentledger/domain"
)

// The files in testdata are what a vault and an entry looked like when the
// format was fixed. They must open for ever: -update is for a new sample, never
// for one that a released program wrote.
var update = flag.Bool("update", false, "write the golden files anew")

// sample is a sealed entry as the golden file keeps it.
type sample struct {
	Order     domain.OrderID
	Org       domain.OrgID
	Kind      domain.KindName
	Key       domain.Key
	By        *domain.By
	Open      []json.RawMessage // open part of each event
	SD        [][]domain.Digest
	Sealed    []domain.Box
	Canonical string
	MAC       domain.Hash
}

func goldenConfig(t *testing.T) Config {
	c := config(t)
	c.Rand = rand.NewChaCha8([32]byte([]byte("the same randomness every time..")))
	return c
}

func TestTheFormatStandsStill(t *testing.T) {
	c := goldenConfig(t)
	v := mustCreate(t, c)
	en := sealed(t, v, orderID(1), spoken(), story()...)
	s := sample{Order: en.ID, Org: en.Org, Kind: en.Kind, Key: en.Key, By: en.By, Sealed: en.Sealed, Canonical: "the order as given"}
	for _, rec := range en.Events {
		open, err := json.Marshal(rec.Event)
		if err != nil {
			t.Fatal(err)
		}
		s.Open, s.SD = append(s.Open, open), append(s.SD, rec.SD)
	}
	var err error
	if s.MAC, err = v.MAC(context.Background(), domain.Order{ID: en.ID, Org: org}, []byte(s.Canonical), []byte(s.Canonical)); err != nil {
		t.Fatal(err)
	}
	mustClose(t, v)
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "entry.json", append(text, '\n'))
	golden(t, fileName, readFile(t, c))
	golden(t, "master-key", fmt.Appendf(nil, "%s %s\n", masterHeader, b64.EncodeToString(master.secret[:])))
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if want := testdata(t, name); !bytes.Equal(got, want) {
		t.Errorf("%s is no longer written as it was:\n%s\nwant\n%s", name, got, want)
	}
}

func testdata(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func readSample(t *testing.T) sample {
	t.Helper()
	var s sample
	if err := json.Unmarshal(testdata(t, "entry.json"), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTheOldSampleOpens(t *testing.T) {
	s := readSample(t)
	m, err := ParseMasterKey(string(testdata(t, "master-key")))
	if err != nil {
		t.Fatal(err)
	}
	c := Config{Dir: t.TempDir(), Org: s.Org, Master: m}
	writeFile(t, c, testdata(t, fileName))
	v := mustOpen(t, c)
	en := &domain.Entry{ID: s.Order, Org: s.Org, Kind: s.Kind, Key: s.Key, By: s.By, Sealed: s.Sealed}
	for i, e := range story() {
		p := reflect.New(reflect.TypeOf(e))
		if err := json.Unmarshal(s.Open[i], p.Interface()); err != nil {
			t.Fatal(err)
		}
		en.Events = append(en.Events, domain.Record{Type: e.EventName(), V: 1, Event: p.Elem().Interface().(domain.Event), SD: s.SD[i]})
	}
	opens(t, v, en, "the mayor", story()...)
	if same, err := v.Matches(domain.Order{ID: s.Order, Org: s.Org}, []byte(s.Canonical), []byte(s.Canonical), s.MAC); err != nil || !same {
		t.Errorf("the keyed hash %s does not match its order (%v)", s.MAC, err)
	}
}

// TestByHand opens the sample with the package comment and the standard library
// alone, as somebody would who never saw this program.
func TestByHand(t *testing.T) {
	s := readSample(t)
	b64 := base64.RawURLEncoding
	must := func(b []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	gcm := func(key, sealed []byte, ad string) []byte {
		t.Helper()
		block, err := aes.NewCipher(key)
		if err != nil {
			t.Fatal(err)
		}
		aead, err := cipher.NewGCM(block)
		if err != nil {
			t.Fatal(err)
		}
		return must(aead.Open(nil, sealed[:12], sealed[12:], []byte(ad)))
	}
	org := string(s.Org)

	// The master key and the header.
	masterKey := must(b64.DecodeString(strings.Fields(string(testdata(t, "master-key")))[1]))
	file := testdata(t, "vault.keys")
	head := strings.SplitN(string(file), "\n", 8)
	value := func(i int, name string) string {
		got, ok := strings.CutPrefix(head[i], name+" ")
		if !ok {
			t.Fatalf("line %d is %q", i+1, head[i])
		}
		return got
	}
	if head[0] != "incidentledger-vault-1" || value(1, "org") != org || value(3, "epoch") != "1" {
		t.Fatalf("header %q", head[:7])
	}
	vault := must(hex.DecodeString(value(2, "vault")))
	wrap := must(hkdf.Key(sha256.New, masterKey, vault, "incidentledger/vault/1\nwrap\n"+org+"\n1", 32))
	check := must(hkdf.Key(sha256.New, masterKey, vault, "incidentledger/vault/1\ncheck\n"+org, 32))
	if b64.EncodeToString(check) != value(5, "check") {
		t.Fatal("the check value is another")
	}
	kek := gcm(wrap, must(b64.DecodeString(value(4, "kek"))), "incidentledger/vault/1\nkek\n"+org+"\n1")
	table := crc32.MakeTable(crc32.Castagnoli)
	if fmt.Sprintf("%08x", crc32.Checksum([]byte(strings.Join(head[:6], "\n")+"\n"), table)) != value(6, "crc") {
		t.Fatal("the header's checksum is another")
	}

	// The groups and their keys.
	keys := map[string][]byte{} // scope and kid → key
	var scopes []string
	for at := len(file) - len(head[7]); at < len(file); {
		g := file[at:]
		n := int(binary.BigEndian.Uint32(g[12:]))
		body := g[20 : 20+n]
		crc := crc32.Checksum(slices.Concat(g[:16], body), table)
		if string(g[:4]) != "ILvg" || binary.BigEndian.Uint64(g[4:]) != uint64(at) || binary.BigEndian.Uint32(g[16:]) != crc {
			t.Fatalf("no group at %d", at)
		}
		for len(body) > 0 && body[0] == 1 {
			scope, rest := string(body[2:2+body[1]]), body[2+body[1]:]
			kid := hex.EncodeToString(rest[:8])
			keys[scope+" "+kid] = gcm(kek, rest[8:68], "incidentledger/vault/1\nkey\n"+org+"\n"+scope+"\n"+kid)
			scopes = append(scopes, scope+" "+kid)
			body = rest[68:]
		}
		if len(body) > 0 && !bytes.Equal(body, []byte{2}) {
			t.Fatalf("unknown record %x", body)
		}
		at += 20 + n
	}
	if !strings.HasPrefix(scopes[0], "ledger/"+org+" ") {
		t.Errorf("the first key is that of %s", scopes[0])
	}
	half := func(key []byte, info string) string {
		mac := hmac.New(sha256.New, must(hkdf.Key(sha256.New, key, nil, info, 32)))
		mac.Write([]byte(s.Canonical))
		return hex.EncodeToString(mac.Sum(nil)[:16])
	}
	entryKey := scopes[slices.IndexFunc(scopes, func(s string) bool { return strings.HasPrefix(s, "entry/") })]
	id := strings.TrimPrefix(strings.Fields(entryKey)[0], "entry/")
	if half(keys[scopes[0]], "incidentledger/mac/1\n"+org)+half(keys[entryKey], "incidentledger/mac/1\n"+org+"\n"+id) != s.MAC.String() {
		t.Error("the keyed hash is another")
	}

	// The boxes and their disclosures.
	digests := map[string]bool{}
	for _, d := range slices.Concat(slices.Concat(s.SD...), s.By.SD) {
		digests[string(d)] = true
	}
	var texts []string
	for i, box := range s.Sealed {
		var secret []byte
		for j, scope := range box.Scopes {
			secret = append(secret, keys[scope+" "+box.Kids[j]]...)
		}
		name := fmt.Sprintf("incidentledger/box/1\n%s\n%s\n%d", org, s.Order, i)
		key := must(hkdf.Key(sha256.New, secret, nil, name, 32))
		plain := gcm(key, must(b64.DecodeString(box.Box)), name+"\n"+strings.Join(box.Scopes, "\n"))
		var disclosures []string
		if err := json.Unmarshal(plain, &disclosures); err != nil {
			t.Fatal(err)
		}
		for _, d := range disclosures {
			sum := sha256.Sum256([]byte(d))
			if digest := b64.EncodeToString(sum[:]); !digests[digest] {
				t.Errorf("disclosure %s meets no digest", d)
			} else {
				delete(digests, digest)
			}
			var parts []string
			if err := json.Unmarshal(must(b64.DecodeString(d)), &parts); err != nil || len(parts) != 3 {
				t.Fatalf("disclosure %s: %v", d, err)
			}
			texts = append(texts, parts[1]+" = "+parts[2])
		}
	}
	if len(digests) > 0 {
		t.Errorf("%d digests are left", len(digests))
	}
	slices.Sort(texts)
	want := []string{
		"about = Ann and Bob had it with them",
		"answers.cause.value = <theft> & more\u2028",
		"answers.nature.value = loss",
		"by = the mayor",
		"channels.0.person = J. Janssens",
		"channels.2.person = K. Peeters",
		"notes.0 = first", "notes.1 = second", "notes.2 = first",
		"reason = the mayor was abroad",
		"title = Laptop of the civil registry lost \"on a train\" — één keer",
		"words.fr.0 = perdu", "words.fr.1 = égaré", "words.nl.0 = verloren",
	}
	if !slices.Equal(texts, want) {
		t.Errorf("opened\n%s\nwant\n%s", strings.Join(texts, "\n"), strings.Join(want, "\n"))
	}
}

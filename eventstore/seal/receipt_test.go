package seal

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"incidentledger/domain"
)

// Whoever has a receipt can show that an entry was accepted, and whether it was
// sealed when it was promised.
func TestAReceiptHoldsTheLogToItsWord(t *testing.T) {
	t.Parallel()
	dir, e := t.TempDir(), newEntries(3)
	l := open(t, dir, e)
	leaf := domain.LeafHash([]byte(e.bytes[1]))
	receipt, err := l.Receipt(2, leaf, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	seal(t, l)
	key := logKey(t, origin, seed())
	p, err := ReadReceipt(receipt, key)
	if err != nil || p.Seq != 2 || p.Leaf != leaf || p.Origin != origin {
		t.Fatalf("the receipt says %+v, %v", p, err)
	}
	for name, c := range map[string]struct {
		promise Promise
		entries int
		leaf    domain.Hash
		says    string
	}{
		"kept":              {p, 3, leaf, ""},
		"never logged":      {Promise{origin, 9, leaf, p.By}, 3, leaf, "the ledger ends with entry 3"},
		"another entry":     {p, 3, domain.LeafHash([]byte("another")), "accepted was"},
		"sealed too late":   {Promise{origin, 2, leaf, time.Now().Add(-time.Hour)}, 3, leaf, "and was at"},
		"not sealed at all": {Promise{origin, 4, leaf, p.By}, 4, leaf, "and is not"},
	} {
		a, err := OpenAudit(dir, origin, key)
		if err != nil {
			t.Fatal(err)
		}
		a.n = domain.Seq(c.entries)
		err = a.Kept(c.promise, c.leaf)
		if (err == nil) != (c.says == "") || err != nil && (!errors.Is(err, ErrContradicted) || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s: %v", name, err)
		}
		a.Close()
	}
	for name, bad := range map[string][]byte{
		"another key": nil,
		"no receipt":  l.Head().Note,
		"changed":     bytes.Replace(receipt, []byte("\n2\n"), []byte("\n3\n"), 1),
	} {
		k := key
		if bad == nil {
			bad, k = receipt, logKey(t, origin, otherSeed(4))
		}
		if p, err := ReadReceipt(bad, k); err == nil {
			t.Errorf("%s: read as %+v", name, p)
		}
	}
}

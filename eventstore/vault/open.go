package vault

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"incidentledger/domain"
)

// Opened is what an entry says once its boxes are open.
type Opened struct {
	Events []domain.Event // in the entry's order; what could not be opened stays empty
	By     string         // the text of on whose word; empty if there is none or it could not be opened
	Erased int            // boxes under a key that the vault does not hold: erased, or lost
}

// Err is domain.ErrErased where a key was missing, else nil. Whether it was
// erased or lost cannot be told here; see [Vault.Open].
func (o Opened) Err() error {
	if o.Erased > 0 {
		return domain.ErrErased
	}
	return nil
}

// opening gathers disclosures by the record whose digest they meet.
type opening struct {
	owner  map[domain.Digest]int // digests not met yet → index of their record, or ofBy
	fields []map[string]string   // of each record: path → text
	by     string
}

const ofBy = -1

// Open opens the boxes of an entry and puts every text in its place. The entry
// is not changed. A box under a key that the vault does not hold is counted in
// Erased and is no error; all else that is not exactly as sealed is: a box of another entry,
// place or ledger, a disclosure that meets no digest, or meets one twice, and,
// where every box opens, a digest that no disclosure meets.
//
// A key that the vault does not hold was either erased or lost with a part of
// its file, and an entry does not tell which. Who opens a ledger has to ask
// [Vault.Holds] for the keys its entries name, and [Vault.ClosedWell], before
// a text is shown as erased or a new key is made for a scope that had one.
//
// Open looks at boxes and digests alone. That the entry is the one in the ledger
// is for its hash to show.
func (v *Vault) Open(en *domain.Entry) (Opened, error) {
	out, _, err := v.open(en, nil)
	if err != nil {
		return Opened{}, fmt.Errorf("vault: entry %s: %w", en.ID, err)
	}
	return out, nil
}

// OpenSome opens the boxes of an entry as Open does, and puts back only what keep
// wants, by its path within an event, such as "title" or "channels.0.person", or
// "by". It gives the disclosures that it kept as well, in order.
func (v *Vault) OpenSome(en *domain.Entry, keep func(path string) bool) (Opened, []string, error) {
	out, kept, err := v.open(en, keep)
	if err != nil {
		return Opened{}, nil, fmt.Errorf("vault: entry %s: %w", en.ID, err)
	}
	return out, kept, nil
}

func (v *Vault) open(en *domain.Entry, keep func(path string) bool) (Opened, []string, error) {
	if err := v.serves(en.Org); err != nil {
		return Opened{}, nil, err
	}
	o, err := newOpening(en)
	if err != nil {
		return Opened{}, nil, err
	}
	var out Opened
	var kept []string
	for i, box := range en.Sealed {
		disclosures, gone, err := v.openBox(boxName(v.org, en.ID, i), box)
		if err != nil {
			return Opened{}, nil, fmt.Errorf("box %d: %w", i, err)
		}
		if gone {
			out.Erased++
		}
		for _, d := range disclosures {
			path, err := o.take(d, keep)
			if err != nil {
				return Opened{}, nil, fmt.Errorf("box %d: %w", i, err)
			}
			if keep != nil && keep(path) {
				kept = append(kept, d)
			}
		}
	}
	if out.Erased == 0 && len(o.owner) > 0 {
		return Opened{}, nil, fmt.Errorf("%d digests meet no disclosure in its boxes", len(o.owner))
	}
	out.By = o.by
	for i, rec := range en.Events {
		e := rec.Event
		if len(o.fields[i]) > 0 {
			if e, err = domain.PutBack(e, o.fields[i]); err != nil {
				return Opened{}, nil, err
			}
		}
		out.Events = append(out.Events, e)
	}
	return out, kept, nil
}

func newOpening(en *domain.Entry) (*opening, error) {
	o := &opening{owner: map[domain.Digest]int{}, fields: make([]map[string]string, len(en.Events))}
	add := func(sd []domain.Digest, owner int) error {
		for _, d := range sd {
			if _, twice := o.owner[d]; twice {
				return fmt.Errorf("the digest %s stands in it twice", d)
			}
			o.owner[d] = owner
		}
		return nil
	}
	for i, rec := range en.Events {
		if rec.Event == nil {
			return nil, fmt.Errorf("event %d (%s) was not decoded", i, rec.Type)
		}
		if err := add(rec.SD, i); err != nil {
			return nil, err
		}
	}
	if en.By != nil {
		return o, add(en.By.SD, ofBy)
	}
	return o, nil
}

// take gives a disclosure to the record that holds its digest, where keep wants it
// (nil wants all), and tells its path.
func (o *opening) take(disclosure string, keep func(path string) bool) (string, error) {
	digest := digestOf(disclosure)
	owner, ok := o.owner[digest]
	if !ok {
		return "", fmt.Errorf("a disclosure meets no digest of the entry, or one that was met before (%s)", digest)
	}
	delete(o.owner, digest)
	path, value, err := readDisclosure(disclosure)
	if err != nil || keep != nil && !keep(path) {
		return path, err
	}
	if owner == ofBy {
		if path != byPath || o.by != "" {
			return "", fmt.Errorf("a disclosure of %q stands where on whose word should", path)
		}
		o.by = value
		return path, nil
	}
	if o.fields[owner] == nil {
		o.fields[owner] = map[string]string{}
	}
	if _, twice := o.fields[owner][path]; twice {
		return "", fmt.Errorf("event %d: the field %s is disclosed twice", owner, path)
	}
	o.fields[owner][path] = value
	return path, nil
}

// openBox gives the disclosures in a box, or says that a key of it is missing.
func (v *Vault) openBox(name string, box domain.Box) (disclosures []string, gone bool, err error) {
	if box.Alg != boxAlg {
		return nil, false, fmt.Errorf("its algorithm is %q; this program knows %q", box.Alg, boxAlg)
	}
	if len(box.Scopes) == 0 || len(box.Kids) != len(box.Scopes) || !slices.IsSorted(box.Scopes) {
		return nil, false, errors.New("its scopes are not sorted or do not each have a key")
	}
	keys := make([]scopeKey, len(box.Scopes))
	for i, scope := range box.Scopes {
		if err := checkScope(scope); err != nil {
			return nil, false, err
		}
		key, found, err := v.find(scope)
		switch {
		case err != nil:
			return nil, false, err
		case !found:
			gone = true
		case key.id() != box.Kids[i]:
			return nil, false, fmt.Errorf("it names the key %s of scope %s; the vault has %s", box.Kids[i], scope, key.id())
		}
		keys[i] = key
	}
	if gone {
		return nil, true, nil
	}
	sealed, err := b64.DecodeString(box.Box)
	if err != nil || strings.ContainsAny(box.Box, "\r\n") || len(sealed) < nonceSize+tagSize {
		return nil, false, errors.New("it is not base64url of a nonce and a ciphertext")
	}
	plain, err := newGCM(boxKey(name, keys)).Open(nil, sealed[:nonceSize], sealed[nonceSize:], boxAD(name, box.Scopes))
	if err != nil {
		return nil, false, errors.New("it was changed, or belongs to another entry or place")
	}
	if err := json.Unmarshal(plain, &disclosures); err != nil {
		return nil, false, fmt.Errorf("its content is not an array of disclosures: %w", err)
	}
	if len(disclosures) == 0 {
		return nil, false, errors.New("it is empty")
	}
	return disclosures, false, nil
}

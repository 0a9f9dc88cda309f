package vault

import (
	"context"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"unicode/utf8"

	"incidentledger/domain"
)

// A scopeHash stands for a scope in memory: the first half of its SHA-256.
type scopeHash [16]byte

func hashScope(scope []byte) scopeHash {
	sum := sha256.Sum256(scope)
	return scopeHash(sum[:16])
}

// scopeKey is the key of one scope, unwrapped.
type scopeKey struct {
	kid    [kidSize]byte
	secret [keySize]byte
}

// id is the kid as it stands in a box.
func (k scopeKey) id() string { return hex.EncodeToString(k.kid[:]) }

// freshKey is a key that is not durable yet.
type freshKey struct {
	scopeKey
	group *group
}

// group is what the next write and fsync make durable at once.
type group struct {
	body  []byte
	fresh []freshPlace
	done  chan struct{} // closed when err is set
	err   error
}

// freshPlace is where in its group's body a new key stands.
type freshPlace struct {
	hash scopeHash
	at   int
}

// take gives the key of every scope, in their order, and makes those that are
// missing. The keys are durable only when await of the groups succeeded; until
// then nothing sealed under them may be shown to anybody.
func (v *Vault) take(ctx context.Context, scopes []string) ([]scopeKey, []*group, error) {
	keys := make([]scopeKey, len(scopes))
	var groups []*group
	for i, scope := range scopes {
		if err := checkScope(scope); err != nil {
			return nil, nil, err
		}
		key, g, err := v.takeOne(ctx, scope)
		if err != nil {
			return nil, nil, err
		}
		keys[i] = key
		if g != nil && (len(groups) == 0 || groups[len(groups)-1] != g) {
			groups = append(groups, g)
		}
	}
	return keys, groups, nil
}

func (v *Vault) takeOne(ctx context.Context, scope string) (scopeKey, *group, error) {
	h := hashScope([]byte(scope))
	for {
		v.mu.Lock()
		if err := v.usable(); err != nil {
			v.mu.Unlock()
			return scopeKey{}, nil, err
		}
		if f, ok := v.pending[h]; ok {
			v.mu.Unlock()
			return f.scopeKey, f.group, nil
		}
		if _, ok := v.index[h]; ok {
			v.mu.Unlock()
			key, _, err := v.find(scope)
			return key, nil, err
		}
		if full := v.next; full != nil && len(full.body) >= v.groupMax {
			v.mu.Unlock()
			if err := v.await(ctx, []*group{full}); err != nil {
				return scopeKey{}, nil, err
			}
			continue
		}
		f, err := v.begin(scope, h)
		v.mu.Unlock()
		return f.scopeKey, f.group, err
	}
}

// begin makes a key and puts it in the next group. The caller holds mu.
func (v *Vault) begin(scope string, h scopeHash) (freshKey, error) {
	key, record, err := newKey(v.kek, v.org, scope, v.random)
	if err != nil {
		return freshKey{}, fmt.Errorf("scope %s: %w", scope, err)
	}
	if v.next == nil {
		v.next = &group{done: make(chan struct{})}
		select {
		case v.wake <- struct{}{}:
		default: // the committer has been told and has not looked yet
		}
	}
	g := v.next
	g.fresh = append(g.fresh, freshPlace{h, len(g.body)})
	g.body = append(g.body, record...)
	f := freshKey{key, g}
	v.pending[h] = f
	return f, nil
}

// await returns when all groups are durable, or says why one is not.
func (v *Vault) await(ctx context.Context, groups []*group) error {
	for _, g := range groups {
		select {
		case <-g.done:
			if g.err != nil {
				return g.err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// commit writes one group after the other until the vault is closed. While one
// is being synced, the next one gathers.
func (v *Vault) commit() {
	defer close(v.stopped)
	for range v.wake {
		v.mu.Lock()
		g := v.next
		v.next = nil
		v.mu.Unlock()
		if g == nil {
			continue
		}
		off := v.end + groupHeader
		g.err = v.write(g.body)
		v.mu.Lock()
		for _, p := range g.fresh {
			if g.err == nil {
				v.index[p.hash] = off + int64(p.at)
				v.cache.put(p.hash, v.pending[p.hash].scopeKey)
			}
			delete(v.pending, p.hash)
		}
		v.mu.Unlock()
		close(g.done)
	}
}

// write appends a group and syncs it. Where nothing could be written the file is
// as before and may be tried again; where the fsync failed the vault is broken.
func (v *Vault) write(body []byte) error {
	v.mu.Lock()
	broken := v.broken
	v.mu.Unlock()
	if broken != nil {
		return broken
	}
	if _, err := v.file.WriteAt(appendGroup(nil, v.end, body), v.end); err != nil {
		err = fmt.Errorf("%w: keys could not be written to %s: %w", domain.ErrUnavailable, v.name, err)
		if terr := v.file.Truncate(v.end); terr != nil {
			return v.breakOff(fmt.Errorf("%w; undoing that: %w", err, terr))
		}
		return err
	}
	if err := v.file.Sync(); err != nil {
		return v.breakOff(fmt.Errorf("%s: %w", v.name, err))
	}
	v.end += groupHeader + int64(len(body))
	v.dirty = true
	return nil
}

func (v *Vault) breakOff(cause error) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.broken = fmt.Errorf("%w: %w: %w", domain.ErrUnavailable, ErrBroken, cause)
	return v.broken
}

// find gives the durable key of a scope, if there is one.
func (v *Vault) find(scope string) (key scopeKey, found bool, err error) {
	h := hashScope([]byte(scope))
	v.mu.Lock()
	off, found := v.index[h]
	if !found {
		v.mu.Unlock()
		return scopeKey{}, false, nil
	}
	key, cached := v.cache.get(h)
	v.mu.Unlock()
	if cached {
		return key, true, nil
	}
	record := make([]byte, keyRecordSize(scope))
	if _, err := v.file.ReadAt(record, off); err != nil {
		return scopeKey{}, false, fmt.Errorf("%s: reading the key of %s at offset %d: %w", v.name, scope, off, err)
	}
	key, ok := openKey(v.kek, v.org, scope, record)
	if !ok {
		return scopeKey{}, false, &DamageError{v.name, off, "the key of " + scope + " does not unwrap"}
	}
	v.mu.Lock()
	v.cache.put(h, key)
	v.mu.Unlock()
	return key, true, nil
}

// newKey draws a key for a scope and gives its record.
func newKey(kek cipher.AEAD, org domain.OrgID, scope string, random io.Reader) (scopeKey, []byte, error) {
	var b [kidSize + keySize + nonceSize]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return scopeKey{}, nil, fmt.Errorf("randomness: %w", err)
	}
	key := scopeKey{[kidSize]byte(b[:]), [keySize]byte(b[kidSize:])}
	nonce := b[kidSize+keySize:]
	wrapped := kek.Seal(nonce, nonce, key.secret[:], keyAD(org, scope, key.id()))
	return key, appendKeyRecord(nil, scope, key.kid, wrapped), nil
}

// openKey unwraps the key in a record that should be the scope's.
func openKey(kek cipher.AEAD, org domain.OrgID, scope string, record []byte) (scopeKey, bool) {
	prefix := string([]byte{recordKey, byte(len(scope))}) + scope
	if len(record) != keyRecordSize(scope) || string(record[:len(prefix)]) != prefix {
		return scopeKey{}, false
	}
	rest := record[len(prefix):]
	key := scopeKey{kid: [kidSize]byte(rest)}
	wrapped := rest[kidSize:]
	secret, err := kek.Open(nil, wrapped[:nonceSize], wrapped[nonceSize:], keyAD(org, scope, key.id()))
	if err != nil {
		return scopeKey{}, false
	}
	key.secret = [keySize]byte(secret)
	return key, true
}

func keyAD(org domain.OrgID, scope, kid string) []byte {
	return []byte(lines(vaultLabel, "key", string(org), scope, kid))
}

// checkScope refuses what cannot be a scope, so that scopes joined by newlines
// can be read in one way only.
func checkScope(scope string) error {
	bad := scope == "" || len(scope) > scopeMax || !utf8.ValidString(scope)
	for _, r := range scope {
		bad = bad || r < ' ' || r == 0x7f
	}
	if bad {
		return fmt.Errorf("%q is not a scope: it must have 1 to %d bytes of printable text", scope, scopeMax)
	}
	return nil
}

package vault

import (
	"context"
	"fmt"
	"runtime"
	"slices"

	"incidentledger/domain"
)

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

// held is the key of one scope of an order.
type held struct {
	scope string
	scopeKey
}

// holding is the keys of an order: so few that looking is quicker than a map.
type holding []held

func (h holding) of(scope string) (scopeKey, bool) {
	for i := range h {
		if h[i].scope == scope {
			return h[i].scopeKey, true
		}
	}
	return scopeKey{}, false
}

// take gives the key of every scope and makes those that are missing, all in
// one group, so that an order waits for one fsync. The keys are durable only
// when await of the groups succeeded; until then nothing sealed under them may
// be shown to anybody.
func (v *Vault) take(ctx context.Context, scopes []string) (holding, []*group, error) {
	for _, scope := range scopes {
		if err := checkScope(scope); err != nil {
			return nil, nil, err
		}
	}
	keys, groups, full, err := v.gather(scopes)
	for ; full != nil && err == nil; keys, groups, full, err = v.gather(scopes) {
		if err := v.await(ctx, []*group{full}); err != nil {
			return nil, nil, err
		}
	}
	if err != nil {
		return nil, nil, err
	}
	for _, scope := range scopes {
		if _, ok := keys.of(scope); ok {
			continue
		}
		key, _, err := v.find(scope)
		if err != nil {
			return nil, nil, err
		}
		keys = append(keys, held{scope, key})
	}
	return keys, groups, nil
}

// gather gives the keys of scopes that are in memory, after making the missing
// ones, and the groups in which those stand that are not durable yet. Where a key
// is missing and the next group is full, it makes none and gives that group to be
// awaited first.
func (v *Vault) gather(scopes []string) (keys holding, groups []*group, full *group, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := v.usable(); err != nil {
		return nil, nil, nil, err
	}
	keys = make(holding, 0, len(scopes))
	begun := false
	for _, scope := range scopes {
		h := hashScope([]byte(scope))
		if _, durable := v.index[h]; durable {
			if key, cached := v.cache.get(h); cached {
				keys = append(keys, held{scope, key})
			}
			continue
		}
		f, ok := v.pending[h]
		if !ok {
			if g := v.next; !begun && g != nil && len(g.body) >= v.groupMax {
				return nil, nil, g, nil
			}
			begun = true // what is begun stays in one group
			if f, err = v.begin(scope, h); err != nil {
				return nil, nil, nil, err
			}
		}
		keys = append(keys, held{scope, f.scopeKey})
		if !slices.Contains(groups, f.group) {
			groups = append(groups, f.group)
		}
	}
	return keys, groups, nil, nil
}

// begin makes a key and puts it in the next group. The caller holds mu.
func (v *Vault) begin(scope string, h scopeHash) (freshKey, error) {
	if v.readOnly {
		return freshKey{}, fmt.Errorf("scope %s has no key: %w", scope, ErrReadOnly)
	}
	g := v.next
	if g == nil {
		g = &group{done: make(chan struct{})}
	}
	at := len(g.body)
	body, key, err := newKey(g.body, v.kek, v.org, scope, v.random)
	if err != nil {
		return freshKey{}, fmt.Errorf("scope %s: %w", scope, err)
	}
	g.body, g.fresh = body, append(g.fresh, freshPlace{h, at})
	if v.next == nil {
		v.next = g
		select {
		case v.wake <- struct{}{}:
		default: // the committer has been told and has not looked yet
		}
	}
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
		// Whoever can run now may need a key, too: a larger group costs no more.
		runtime.Gosched()
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
				key := v.pending[p.hash].scopeKey
				v.index[p.hash] = place{off + int64(p.at), key.kid}
				v.cache.put(p.hash, key)
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

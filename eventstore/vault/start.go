package vault

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// OpenVault opens a vault that is there. A wrong master key is
// ErrWrongMasterKey; damage that no crash leaves is a *DamageError; in both
// cases nothing is changed. What looks as a crash leaves keys that nobody was
// given is cut off, after a durable copy was put beside the file; Cut and CutFile
// tell how much and where.
//
// With ReadOnly no lock is taken and nothing is changed, so the file may be in
// use by another program. The keys are those that stood in the file at this
// moment, synced or not; entries appended to the ledger since may name others.
// Reading ends at the first damage: the keys behind it are simply not there, and
// Damage tells of it. Damage to the header or to the ledger's own key is an error
// all the same. Seal, MAC and whatever needs a new key give ErrReadOnly.
func OpenVault(c Config) (*Vault, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	path := filepath.Join(c.Dir, fileName)
	mode := os.O_RDWR
	if c.ReadOnly {
		mode = os.O_RDONLY
	}
	f, err := os.OpenFile(path, mode, 0)
	if err != nil {
		return nil, fmt.Errorf("vault: organisation %s: %w", c.Org, err)
	}
	if !c.ReadOnly {
		if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
			return nil, errors.Join(fmt.Errorf("vault: organisation %s: %s is in use by another program: %w", c.Org, path, err), f.Close())
		}
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("vault: organisation %s: %w", c.Org, err), f.Close())
	}
	v, err := start(c, f, info.Size(), path)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("vault: organisation %s: %w", c.Org, err), f.Close())
	}
	return v, nil
}

// start reads a vault's file and starts its committer. On an error the file is
// still the caller's.
func start(c Config, f file, size int64, path string) (*Vault, error) {
	head := make([]byte, min(size, headerMax))
	if _, err := f.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	h, n, err := parseHeader(head)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if h.org != c.Org {
		return nil, fmt.Errorf("%s is the vault of organisation %s", path, h.org)
	}
	kek, err := h.unwrap(c.Master)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	v := &Vault{
		org: c.Org, name: path, random: c.random(), kek: newGCM(kek), file: f, readOnly: c.ReadOnly,
		index:    make(map[scopeHash]place, size/120),
		pending:  map[scopeHash]freshKey{},
		cache:    newCache(c.CacheKeys),
		groupMax: bodyMax / 2,
		wake:     make(chan struct{}, 1),
		stopped:  make(chan struct{}),
	}
	if err := v.readAll(int64(n), size); err != nil {
		return nil, err
	}
	key, _, err := v.find(ledgerScope(c.Org))
	if err != nil {
		return nil, err
	}
	v.macKey = derive(key.secret[:], nil, lines("incidentledger/mac/1", string(c.Org)))
	if v.readOnly {
		close(v.stopped) // there is nothing to commit
	} else {
		go v.commit()
	}
	return v, nil
}

// readAll indexes every key, cuts off what a crash left, and makes durable what
// it believes.
func (v *Vault) readAll(start, size int64) error {
	last, read, clean := start, start, false
	end, err := scan(v.file, v.name, start, size, func(body []byte, off int64) error {
		var err error
		clean, err = eachRecord(body, func(scope []byte, at int) error {
			h := hashScope(scope)
			if _, twice := v.index[h]; twice {
				return fmt.Errorf("scope %s has a second key", scope)
			}
			kid := [kidSize]byte(body[at+2+len(scope):])
			v.index[h] = place{off + int64(at), kid}
			return nil
		})
		if err != nil {
			return &DamageError{v.name, off, err.Error()}
		}
		last, read = off-groupHeader, off+int64(len(body))
		return nil
	})
	if damage := (*DamageError)(nil); v.readOnly && errors.As(err, &damage) {
		v.damage, end = damage, read
	} else if v.readOnly && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)) {
		end = read // whoever writes there took a write back meanwhile
	} else if err != nil {
		return err
	}
	if _, found := v.index[hashScope([]byte(ledgerScope(v.org)))]; !found {
		return &DamageError{v.name, start, "the ledger's own key is missing"}
	}
	v.end, v.cut = end, size-end
	v.closedWell = clean && v.cut == 0
	if v.closedWell || v.readOnly {
		return nil
	}
	v.dirty = !clean
	return v.settle(last)
}

// settle makes the file durable after a crash. The last whole group may stand in
// the page cache only: the program may have been killed before its fsync, or
// the fsync failed and marked the pages as written. So it is written anew. All
// groups before it were synced when it was begun.
func (v *Vault) settle(last int64) error {
	if v.cut > 0 {
		name, err := keepTail(v.file, v.name, v.end, v.cut)
		if err != nil {
			return fmt.Errorf("%s: nothing was cut, for the %d bytes that a crash left at offset %d could not be kept: %w", v.name, v.cut, v.end, err)
		}
		v.cutFile = name
		if err := v.file.Truncate(v.end); err != nil {
			return fmt.Errorf("%s: cutting %d bytes that a crash left: %w", v.name, v.cut, err)
		}
	}
	group := make([]byte, v.end-last)
	if _, err := v.file.ReadAt(group, last); err != nil {
		return fmt.Errorf("%s: reading at offset %d: %w", v.name, last, err)
	}
	if _, err := v.file.WriteAt(group, last); err != nil {
		return fmt.Errorf("%s: writing at offset %d: %w", v.name, last, err)
	}
	if err := v.file.Sync(); err != nil {
		return fmt.Errorf("%s: %w", v.name, err)
	}
	return nil
}

package vault

import (
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"incidentledger/domain"
)

const (
	fileName = "vault.keys"

	// DefaultCacheKeys is how many unwrapped keys are kept in memory where
	// nothing else is configured: about 10 MiB.
	DefaultCacheKeys = 1 << 16
)

// ErrBroken says that an fsync of the vault failed. What the page cache then
// holds is unknown, so the vault refuses everything until it is opened anew. It
// comes together with domain.ErrUnavailable.
var ErrBroken = errors.New("the vault's file could not be synced and is trusted no more; end the program and start it again")

// ErrClosed says that the vault was closed. Nothing was written.
var ErrClosed = fmt.Errorf("the vault is closed: %w", domain.ErrUnavailable)

// ErrReadOnly says that what was asked needs a vault that was not opened with
// ReadOnly. Nothing was written.
var ErrReadOnly = errors.New("the vault was opened for reading only")

// A Config says which vault to create or open.
type Config struct {
	Dir       string       // folder of this organisation's vault, outside the data backup
	Org       domain.OrgID // whose keys; printable, without spaces
	Master    MasterKey
	CacheKeys int       // unwrapped keys kept in memory; 0: DefaultCacheKeys
	ReadOnly  bool      // see OpenVault; Create refuses it
	Rand      io.Reader // source of keys, salts and nonces; nil: crypto/rand. Safe for concurrent use if the vault is used so
}

// A Vault is one organisation's open vault. All its methods may be called at the
// same time. It owns its file until it is closed, unless it was opened with
// ReadOnly.
type Vault struct {
	org    domain.OrgID
	name   string // of the file, for errors
	random io.Reader
	kek    cipher.AEAD
	macKey []byte
	file   file

	// What was found when it was opened.
	readOnly   bool
	closedWell bool
	damage     error // with readOnly only
	cut        int64
	cutFile    string

	mu       sync.Mutex
	index    map[scopeHash]place    // durable keys
	pending  map[scopeHash]freshKey // keys on their way to the disk
	next     *group                 // what the committer takes next; nil: nothing
	cache    cache
	broken   error
	closed   bool
	groupMax int // a group is closed for more when its body has this many bytes

	wake    chan struct{} // tells the committer that there is a group
	stopped chan struct{} // closed when the committer has ended

	// The committer's own, once the vault is open.
	end   int64 // where the next group goes
	dirty bool  // groups were written since the last record of a good close
}

// file is what the vault does with its file.
type file interface {
	io.ReaderAt
	io.WriterAt
	Truncate(size int64) error
	Sync() error
	Close() error
}

// Exists reports whether there is a vault in a folder.
func Exists(dir string) (bool, error) {
	_, err := os.Stat(filepath.Join(dir, fileName))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("vault: %w", err)
	}
	return true, nil
}

// Create makes a new vault, with its folder where needed, and opens it. It
// returns when file and folders are synced. A vault that is there already is an
// error (fs.ErrExist) and stays as it is.
func Create(c Config) (*Vault, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	if c.ReadOnly {
		return nil, fmt.Errorf("vault: organisation %s: creating: %w", c.Org, ErrReadOnly)
	}
	if err := create(c); err != nil {
		return nil, fmt.Errorf("vault: organisation %s: creating: %w", c.Org, err)
	}
	return OpenVault(c)
}

func create(c Config) error {
	path := filepath.Join(c.Dir, fileName)
	if exists, err := Exists(c.Dir); err != nil {
		return err
	} else if exists {
		return fmt.Errorf("%s: %w", path, fs.ErrExist)
	}
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return err
	}
	h, kek, err := newHeader(c.Org, c.Master, c.random())
	if err != nil {
		return err
	}
	scope := ledgerScope(c.Org)
	record, _, err := newKey(nil, newGCM(kek), c.Org, scope, c.random())
	if err != nil {
		return err
	}
	b := h.encode()
	b = appendGroup(b, int64(len(b)), record)
	b = appendGroup(b, int64(len(b)), []byte{recordClosed})

	// The name appears only when the content is durable.
	tmp := path + ".new"
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(tmp, path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp))
	}
	return errors.Join(syncDir(c.Dir), syncDir(filepath.Dir(filepath.Clean(c.Dir))))
}

// Close waits for the keys under way, notes the good close and gives up the
// file. Closing again does nothing.
func (v *Vault) Close() error {
	v.mu.Lock()
	if v.closed {
		v.mu.Unlock()
		<-v.stopped
		return nil
	}
	v.closed = true
	close(v.wake)
	v.mu.Unlock()
	<-v.stopped

	v.mu.Lock()
	broken := v.broken
	v.mu.Unlock()
	var err error
	if v.dirty && broken == nil {
		err = v.write([]byte{recordClosed})
	}
	if err = errors.Join(err, v.file.Close()); err != nil {
		return fmt.Errorf("vault: organisation %s: closing: %w", v.org, err)
	}
	return nil
}

// serves reports why the vault cannot serve an organisation now.
func (v *Vault) serves(org domain.OrgID) error {
	if org != v.org {
		return fmt.Errorf("this is the vault of organisation %s, not of %q", v.org, org)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.usable()
}

// usable reports why the vault serves nobody. The caller holds mu.
func (v *Vault) usable() error {
	if v.broken != nil {
		return v.broken
	}
	if v.closed {
		return ErrClosed
	}
	return nil
}

func (c Config) check() error {
	if c.Master.IsZero() {
		return fmt.Errorf("vault: organisation %s: no master key was given", c.Org)
	}
	if err := checkScope(ledgerScope(c.Org)); err != nil || c.Org == "" || strings.Contains(string(c.Org), " ") {
		return fmt.Errorf("vault: organisation %q: this is not the id of an organisation", c.Org)
	}
	return nil
}

func (c Config) random() io.Reader {
	if c.Rand == nil {
		return rand.Reader
	}
	return c.Rand
}

func ledgerScope(org domain.OrgID) string { return "ledger/" + string(org) }

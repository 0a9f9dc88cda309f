package locker

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"incidentledger/domain"
)

// Keys are the keys of files, as the vault has them.
type Keys interface {
	NewFileKey(ctx context.Context, id domain.Key) ([]byte, error) // on disk when it returns
	FileKey(id domain.Key) ([]byte, error)                         // domain.ErrErased: there is none
}

// A Config says which files.
type Config struct {
	Dir  string // made when the first file comes
	Org  domain.OrgID
	Keys Keys  // nil: only what needs none: Check and List
	Most int64 // bytes that a file may have; 0: DefaultMost
}

// DefaultMost is how large a file may be where nothing else is configured.
const DefaultMost = 4 << 30

// ErrTooLarge says that a file has more bytes than are taken in.
var ErrTooLarge = errors.New("the file is larger than may be taken in")

// ErrRecent says that a file may not be removed yet.
var ErrRecent = errors.New("somebody may be about to give the order that names it")

// A DamageError says that a stored file is not what was taken in.
type DamageError struct {
	Address domain.Hash
	What    string
}

func (e *DamageError) Error() string {
	return fmt.Sprintf("the stored file %s is damaged: %s", e.Address, e.What)
}

// A Locker is one organisation's files. All its methods may be called at the same
// time, by several processes as well.
type Locker struct {
	c    Config
	mu   sync.Mutex // held by who names a file or removes one
	made bool       // the folder is there, and synced
}

// New gives the files in a folder.
func New(c Config) *Locker {
	if c.Most == 0 {
		c.Most = DefaultMost
	}
	return &Locker{c: c}
}

func (l *Locker) path(address domain.Hash) string {
	return filepath.Join(l.c.Dir, address.String())
}

// open opens a stored file; domain.ErrNotFound where there is none.
func (l *Locker) open(address domain.Hash) (*os.File, int64, error) {
	f, err := os.Open(l.path(address))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, fmt.Errorf("locker: no file %s is stored: %w", address, domain.ErrNotFound)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("locker: %w", err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &DamageError{address, "it is no plain file"}
	}
	if err != nil {
		f.Close()
		return nil, 0, fmt.Errorf("locker: %w", err)
	}
	return f, info.Size(), nil
}

// Hold is Look for an order that is about to name the file: it is not removed
// before another day has passed.
func (l *Locker) Hold(address domain.Hash, now time.Time) (domain.StoredFile, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s, err := l.Look(address)
	if err != nil {
		return s, err
	}
	if err := os.Chtimes(l.path(address), time.Time{}, now); err != nil {
		return s, fmt.Errorf("locker: %w: %w", domain.ErrUnavailable, err)
	}
	return s, nil
}

// An Item is what lies in the folder.
type Item struct {
	Name    string      `json:"name"`             // of the file there
	Address domain.Hash `json:"stored,omitzero"`  // zero: it never came in whole
	Size    int64       `json:"size"`             // on disk
	Since   time.Time   `json:"since"`            // it came, or was last about to be named
	Strange bool        `json:"strange,omitzero"` // nobody knows what this is
}

// List lists what lies in the folder, by name.
func (l *Locker) List() ([]Item, error) {
	entries, err := os.ReadDir(l.c.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("locker: %w", err)
	}
	var out []Item
	for _, e := range entries {
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // it came in, or went, meanwhile
		}
		if err != nil {
			return nil, fmt.Errorf("locker: %w", err)
		}
		it := Item{Name: e.Name(), Size: info.Size(), Since: info.ModTime()}
		if b, err := hex.DecodeString(e.Name()); err == nil && len(b) == sha256.Size && hex.EncodeToString(b) == e.Name() {
			it.Address = domain.Hash(b)
		} else {
			it.Strange = !isIncoming(e.Name())
		}
		out = append(out, it)
	}
	return out, nil
}

// Remove removes a file that no entry names; that nobody does is for the caller
// to know. One that came, or was about to be named, after an instant stays:
// ErrRecent.
func (l *Locker) Remove(name string, before time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	items, err := l.List()
	if err != nil {
		return err
	}
	for _, it := range items {
		switch {
		case it.Name != name:
		case it.Strange:
			return fmt.Errorf("locker: %s is not of this program and stays: %w", name, domain.ErrNotFound)
		case it.Since.After(before):
			return fmt.Errorf("locker: %s: %w", name, ErrRecent)
		default:
			if err := os.Remove(filepath.Join(l.c.Dir, name)); err != nil {
				return fmt.Errorf("locker: %w", err)
			}
			return syncDir(l.c.Dir)
		}
	}
	return fmt.Errorf("locker: no file %s is stored: %w", name, domain.ErrNotFound)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

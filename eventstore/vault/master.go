package vault

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const masterHeader = "incidentledger-master-key-1"

// b64 is base64url without padding. Strict: one text for one value, so that no
// bit of a box or digest can change unseen.
var b64 = base64.RawURLEncoding.Strict()

// A MasterKey wraps the key encryption keys of vaults. It never shows its
// secret when printed. The zero MasterKey is none.
type MasterKey struct{ secret [32]byte }

// Format prints that there is a key, never which.
func (MasterKey) Format(f fmt.State, _ rune) { fmt.Fprint(f, "(master key)") }

// IsZero reports whether there is no key.
func (m MasterKey) IsZero() bool { return m == MasterKey{} }

// NewMasterKey makes a master key and writes it to a new file that only its
// owner may read. It returns when file and folder are synced. A file that is
// already there is left as it is and is an error.
func NewMasterKey(path string) (MasterKey, error) {
	var m MasterKey
	if _, err := rand.Read(m.secret[:]); err != nil {
		return MasterKey{}, fmt.Errorf("vault: master key %s: %w", path, err)
	}
	fail := func(err error) (MasterKey, error) {
		return MasterKey{}, fmt.Errorf("vault: master key %s: %w", path, err)
	}
	if _, err := os.Lstat(path); err == nil {
		return fail(fmt.Errorf("there is a file already, and overwriting a master key would make its ledgers unreadable for ever; use it, or choose another place: %w", fs.ErrExist))
	} else if !errors.Is(err, fs.ErrNotExist) {
		return fail(err)
	}
	// The name appears only when the content is durable.
	tmp := path + ".new"
	if err := os.Remove(tmp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fail(err)
	}
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fail(err)
	}
	_, err = fmt.Fprintf(f, "%s %s\n", masterHeader, b64.EncodeToString(m.secret[:]))
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(tmp, path)
	}
	if err == nil {
		err = syncDir(filepath.Dir(path))
	}
	if err != nil {
		return fail(err)
	}
	return m, nil
}

// ReadMasterKey reads a master key's file. It refuses a file that others than
// its owner may read or write.
func ReadMasterKey(path string) (MasterKey, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return MasterKey{}, fmt.Errorf("vault: master key %s: there is no such file; name the place where it is kept, or put it back from its backup: without it nothing sealed can be read: %w", path, err)
	}
	if err != nil {
		return MasterKey{}, fmt.Errorf("vault: master key %s: %w", path, err)
	}
	if !info.Mode().IsRegular() || info.Size() > 4096 {
		return MasterKey{}, fmt.Errorf("vault: master key %s: this is not a master key file", path)
	}
	if perm := info.Mode().Perm(); perm&0o077 != 0 {
		return MasterKey{}, fmt.Errorf("vault: master key %s: others may use this file (mode %04o); run chmod 600 on it", path, perm)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return MasterKey{}, fmt.Errorf("vault: master key %s: %w", path, err)
	}
	m, err := ParseMasterKey(string(text))
	if err != nil {
		return MasterKey{}, fmt.Errorf("vault: master key %s: %w", path, err)
	}
	return m, nil
}

// ParseMasterKey reads the line that a master key's file holds. Its errors never
// quote what was given.
func ParseMasterKey(text string) (MasterKey, error) {
	header, value, ok := strings.Cut(strings.TrimSuffix(text, "\n"), " ")
	if !ok || header != masterHeader {
		return MasterKey{}, fmt.Errorf("this is not a master key: it must be one line that begins with %q", masterHeader+" ")
	}
	secret, err := b64.DecodeString(value)
	if err != nil || len(secret) != len(MasterKey{}.secret) || strings.ContainsAny(value, "\r\n") {
		return MasterKey{}, errors.New("the master key is damaged: after its header stand 43 characters of base64url; put the file back from its backup")
	}
	m := MasterKey{[32]byte(secret)}
	if m.IsZero() {
		return MasterKey{}, errors.New("the master key is all zeros; put the file back from its backup")
	}
	return m, nil
}

// syncDir makes the names in a folder durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if cerr := d.Close(); err == nil {
		err = cerr
	}
	return err
}

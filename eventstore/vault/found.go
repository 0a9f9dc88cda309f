package vault

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// ClosedWell reports whether the file ended with the record of a good close when
// the vault was opened; that of a new vault does. After a good close it must:
// false then says that the end of the file is gone. True does not say that
// nothing is gone, for an older copy of the file ends so too, and so may a file
// that was cut where it was closed once before; [Vault.Holds] tells that.
func (v *Vault) ClosedWell() bool { return v.closedWell }

// Holds reports whether the vault has a durable key of a scope and it is the one
// with this kid, written as in a box. A scope that has no key, has another key,
// or whose key is still on its way to the disk gives false, and so does what is
// no scope or no kid. It looks at what was read and checked when the vault was
// opened, and at what was synced since: nothing is read or unwrapped, so it takes
// well under a microsecond, and a key whose wrapping was changed together with
// its group's checksum is found by opening a box only. An error says that the
// vault is closed or broken.
func (v *Vault) Holds(scope, kid string) (bool, error) {
	h := hashScope([]byte(scope))
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := v.usable(); err != nil {
		return false, fmt.Errorf("vault: scope %s: %w", scope, err)
	}
	p, found := v.index[h]
	var have [2 * kidSize]byte
	hex.Encode(have[:], p.kid[:])
	return found && string(have[:]) == kid, nil
}

// Cut is how many bytes at the end of the file were no whole group and were cut
// off when the vault was opened. After a crash they belonged to keys that nobody
// had been given yet, unless the disk damaged what was synced. With ReadOnly it
// is how many were left unread; nothing is cut then.
func (v *Vault) Cut() int64 { return v.cut }

// CutFile is the path of the file in which the bytes that were cut off are kept;
// empty where nothing was cut.
func (v *Vault) CutFile() string { return v.cutFile }

// Damage is the *DamageError at which reading a vault with ReadOnly ended, and
// for which it would not have been opened without; nil where there is none. What
// a crash leaves at the end, or a program that is writing there at this moment,
// is no damage: that is in Cut alone.
func (v *Vault) Damage() error { return v.damage }

// keepTail copies n bytes of a vault's file from offset off on into a new file
// beside it and syncs that. It gives the new file's path. After a crash between
// copying and cutting, the same bytes are kept once more.
func keepTail(from io.ReaderAt, path string, off, n int64) (string, error) {
	f, err := newCutFile(path)
	if err != nil {
		return "", err
	}
	copied, err := io.Copy(f, io.NewSectionReader(from, off, n))
	if err == nil && copied != n {
		err = io.ErrUnexpectedEOF
	}
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil { // it holds nothing that the vault's file does not
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	return f.Name(), syncDir(filepath.Dir(path))
}

// newCutFile makes an empty file under the number behind the highest in use.
func newCutFile(path string) (*os.File, error) {
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	last := 0
	for _, e := range entries {
		if number, ok := strings.CutPrefix(e.Name(), filepath.Base(path)+".cut-"); ok {
			if i, err := strconv.Atoi(number); err == nil {
				last = max(last, i)
			}
		}
	}
	return os.OpenFile(fmt.Sprintf("%s.cut-%04d", path, last+1), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
}

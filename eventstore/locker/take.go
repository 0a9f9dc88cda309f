package locker

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/age"
	"github.com/google/uuid"

	"incidentledger/domain"
)

const (
	incoming = "incoming-"
	block    = 64 << 10                  // bytes read at once, and held back until all are known to be right
	trailer  = sha256.Size + sha512.Size // bytes behind the content
)

func isIncoming(name string) bool { return strings.HasPrefix(name, incoming) }

// Take takes a file in. When it returns, file, key and folder are on disk, and an
// order may name it. Where it fails nothing stays but, after a crash, what has no
// name.
//
// What r fails with comes back as it is. [ErrTooLarge]: there is too much of it.
// An error that wraps domain.ErrUnavailable is of the disk.
func (l *Locker) Take(ctx context.Context, r io.Reader) (_ domain.StoredFile, err error) {
	u, err := uuid.NewRandom()
	if err != nil {
		return domain.StoredFile{}, fmt.Errorf("locker: %w", err)
	}
	s := domain.StoredFile{ID: domain.Key{UUID: u}}
	key, err := l.c.Keys.NewFileKey(ctx, s.ID)
	if err != nil {
		return domain.StoredFile{}, err
	}
	if err := l.makeDir(); err != nil {
		return domain.StoredFile{}, unavailable(err)
	}
	tmp, err := os.CreateTemp(l.c.Dir, incoming)
	if err != nil {
		return domain.StoredFile{}, unavailable(err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(tmp.Name()))
		}
	}()
	err = l.fill(ctx, tmp, r, recipient{l.c.Org, s.ID, key}, &s)
	if cerr := tmp.Close(); err == nil && cerr != nil {
		err = unavailable(cerr)
	}
	if err != nil {
		return domain.StoredFile{}, err
	}
	if err := os.Rename(tmp.Name(), l.path(s.Stored)); err != nil {
		return domain.StoredFile{}, unavailable(err)
	}
	if err := syncDir(l.c.Dir); err != nil {
		return domain.StoredFile{}, unavailable(err)
	}
	return s, nil
}

// fill writes and syncs an encrypted file and notes what it is.
func (l *Locker) fill(ctx context.Context, to *os.File, r io.Reader, under recipient, s *domain.StoredFile) error {
	address, short, long := sha256.New(), sha256.New(), sha512.New()
	w, err := age.Encrypt(io.MultiWriter(to, address), under)
	if err != nil {
		return unavailable(err)
	}
	all := io.MultiWriter(w, short, long)
	for buf, more := make([]byte, block), true; more; {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := r.Read(buf)
		if more = err == nil; !more && err != io.EOF { // an unexpected end is no end
			return err
		}
		if s.Size += int64(n); s.Size > l.c.Most {
			return fmt.Errorf("locker: %w: %d bytes are the most", ErrTooLarge, l.c.Most)
		}
		if _, err := all.Write(buf[:n]); err != nil {
			return unavailable(err)
		}
	}
	short.Sum(s.SHA256[:0])
	s.SHA512 = domain.Text(hex.EncodeToString(long.Sum(nil)))
	_, err = w.Write(long.Sum(short.Sum(nil)))
	if err == nil {
		err = w.Close()
	}
	if err == nil {
		err = to.Chmod(0o400)
	}
	if err == nil {
		err = to.Sync()
	}
	if err != nil {
		return unavailable(err)
	}
	address.Sum(s.Stored[:0])
	return nil
}

// makeDir makes the folder where there is none. It is synced once in the life of
// a process: an earlier one may have died in between.
func (l *Locker) makeDir() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.made {
		return nil
	}
	if err := os.MkdirAll(l.c.Dir, 0o700); err != nil {
		return err
	}
	err := syncDir(filepath.Dir(l.c.Dir))
	l.made = err == nil
	return err
}

func unavailable(err error) error {
	return fmt.Errorf("locker: the file could not be stored: %w: %w", domain.ErrUnavailable, err)
}

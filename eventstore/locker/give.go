package locker

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"

	"filippo.io/age"

	"incidentledger/domain"
)

// Look tells what a stored file is, by what was written behind its content when
// it was taken in. It reads the ends of the file only; Copy and Check read all of
// it. domain.ErrNotFound: there is no such file; domain.ErrErased: its key is
// gone; a *[DamageError]: it is not what was taken in.
func (l *Locker) Look(address domain.Hash) (domain.StoredFile, error) {
	f, size, err := l.open(address)
	if err != nil {
		return domain.StoredFile{}, err
	}
	defer f.Close()
	id := &identity{org: l.c.Org, keys: l.c.Keys}
	r, n, err := age.DecryptReaderAt(f, size, id)
	if err != nil {
		return domain.StoredFile{}, unreadable(address, err)
	}
	var sums [trailer]byte
	if n < trailer {
		return domain.StoredFile{}, &DamageError{address, "it is too short"}
	}
	if _, err := r.ReadAt(sums[:], n-trailer); err != nil && !errors.Is(err, io.EOF) {
		return domain.StoredFile{}, unreadable(address, err)
	}
	return domain.StoredFile{ID: id.id, Stored: address, SHA256: domain.Hash(sums[:sha256.Size]),
		SHA512: domain.Text(hex.EncodeToString(sums[sha256.Size:])), Size: n - trailer}, nil
}

// unreadable says why a file cannot be read: its key, else the file itself.
func unreadable(address domain.Hash, err error) error {
	if errors.Is(err, domain.ErrErased) || errors.Is(err, domain.ErrUnavailable) {
		return fmt.Errorf("locker: file %s: %w", address, err)
	}
	return &DamageError{address, err.Error()}
}

// Copy writes the content of a stored file and hashes all of it again on the way,
// as it is stored and as it was. The last of it is written only when every hash
// agrees: what is damaged never comes out whole. told, where given, hears how many
// bytes were written.
func (l *Locker) Copy(ctx context.Context, w io.Writer, address domain.Hash, told func(done int64)) (domain.StoredFile, error) {
	s, err := l.Look(address)
	if err != nil {
		return s, err
	}
	f, _, err := l.open(address)
	if err != nil {
		return s, err
	}
	defer f.Close()
	stored, short, long := sha256.New(), sha256.New(), sha512.New()
	in := io.TeeReader(f, stored)
	r, err := age.Decrypt(in, &identity{org: l.c.Org, keys: l.c.Keys})
	if err != nil {
		return s, unreadable(address, err)
	}
	sums, buf := io.MultiWriter(short, long), make([]byte, block)
	for left := s.Size; ; left -= block {
		if err := ctx.Err(); err != nil {
			return s, err
		}
		part := buf[:min(left, block)]
		if _, err := io.ReadFull(r, part); err != nil {
			return s, unreadable(address, err)
		}
		sums.Write(part)
		if left <= block {
			if err := ends(r, in, stored, address, long.Sum(short.Sum(nil))); err != nil {
				return s, err
			}
		}
		if _, err := w.Write(part); err != nil {
			return s, err
		}
		if told != nil {
			told(s.Size - left + int64(len(part)))
		}
		if left <= block {
			return s, nil
		}
	}
}

// ends checks what stands behind the content, and that nothing else does.
func ends(r, in io.Reader, stored hash.Hash, address domain.Hash, sums []byte) error {
	rest, err := io.ReadAll(io.LimitReader(r, trailer+1))
	if err == nil {
		_, err = io.Copy(io.Discard, in)
	}
	if err != nil {
		return unreadable(address, err)
	}
	switch {
	case domain.Hash(stored.Sum(nil)) != address:
		return &DamageError{address, fmt.Sprintf("what is stored has the SHA-256 %x", stored.Sum(nil))}
	case string(rest) != string(sums):
		return &DamageError{address, "its content has not the hashes that it was taken in with"}
	}
	return nil
}

// Check hashes a stored file as it lies there, which needs no key.
func (l *Locker) Check(ctx context.Context, address domain.Hash, told func(done int64)) error {
	f, _, err := l.open(address)
	if err != nil {
		return err
	}
	defer f.Close()
	h, done := sha256.New(), int64(0)
	for buf := make([]byte, block); ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := f.Read(buf)
		h.Write(buf[:n])
		if done += int64(n); told != nil {
			told(done)
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return &DamageError{address, err.Error()}
		}
	}
	if got := domain.Hash(h.Sum(nil)); got != address {
		return &DamageError{address, "what is stored has the SHA-256 " + got.String()}
	}
	return nil
}

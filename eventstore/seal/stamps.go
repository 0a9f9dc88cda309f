package seal

import (
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"incidentledger/domain"
)

// GoodTSA tells whether a timestamping authority may be called so.
func GoodTSA(name string) bool { return goodTSA.MatchString(name) }

// goodTSA is what a timestamping authority may be called.
var goodTSA = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)

// stamps is a file of timestamps, in the order in which they came.
type stamps struct {
	f     *os.File
	end   int64
	index []stamped
	read  []byte // what was read of it
}

// A stamped is where a timestamp stands in the file.
type stamped struct {
	Stamp
	imprint string
	off     int64
	len     int
}

// readStamps reads the file. A torn record at the end is left out; anything else
// that is not whole is an error that wraps [ErrDamaged].
func readStamps(path string) (*stamps, error) {
	b, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	s := &stamps{read: b}
	for rest := b; len(rest) > 0; {
		body, _, more, n, err := parseRecord("timestamp", rest)
		if err != nil && !wholeBehind("timestamp", rest[1:]) {
			break
		}
		var at stamped
		if err == nil {
			at, err = readStamped(body, more)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: offset %d: %w: %w", path, s.end, ErrDamaged, err)
		}
		at.off, at.len = s.end+int64(n-len(body)-1), len(body)
		s.index = append(s.index, at)
		s.end += int64(n)
		rest = rest[n:]
	}
	return s, nil
}

// readStamped reads what one record says. It was judged before it was kept.
func readStamped(body []byte, more []string) (stamped, error) {
	if len(more) != 2 || !goodTSA.MatchString(more[1]) {
		return stamped{}, errors.New("its first line does not say of how many entries it is, and by whom")
	}
	size, err := strconv.ParseUint(more[0], 10, 63)
	if err != nil {
		return stamped{}, err
	}
	t, err := readToken(body)
	if err != nil {
		return stamped{}, err
	}
	cert, err := x509.ParseCertificate(t.signer)
	if err != nil {
		return stamped{}, err
	}
	return stamped{Stamp: Stamp{TSA: more[1], Size: domain.Seq(size), At: t.at, Expires: cert.NotAfter, Subject: cert.Subject.String()}, imprint: string(t.imprint)}, nil
}

// openStamps reads the file and opens it for more. What was torn is written over.
func openStamps(path string) (*stamps, error) {
	s, err := readStamps(path)
	if err != nil {
		return nil, err
	}
	s.read = nil
	if s.f, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return nil, err
	}
	if err := errors.Join(s.f.Truncate(s.end), s.f.Sync(), syncDir(filepath.Dir(path))); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), s.f.Close())
	}
	return s, nil
}

// append keeps a timestamp and makes it durable.
func (s *stamps) append(tsa string, size domain.Seq, stored []byte, now time.Time) (stamped, error) {
	more := []string{strconv.FormatUint(uint64(size), 10), tsa}
	at, err := readStamped(stored, more)
	if err != nil {
		return at, err
	}
	b, head := formRecord("timestamp", stored, now, " "+more[0]+" "+more[1])
	if _, err := s.f.WriteAt(b, s.end); err != nil {
		return at, fmt.Errorf("%s: %w", s.f.Name(), err)
	}
	if err := unix.Fdatasync(int(s.f.Fd())); err != nil {
		return at, fmt.Errorf("%s: fdatasync: %w", s.f.Name(), err)
	}
	at.off, at.len = s.end+int64(head), len(stored)
	s.index = append(s.index, at)
	s.end += int64(len(b))
	return at, nil
}

// stored gives a timestamp of a file that was read and not opened for more.
func (s *stamps) stored(at stamped) []byte { return s.read[at.off:][:at.len] }

// earliest gives the timestamp that shows an entry at the earliest instant.
func earliest(index []stamped, seq domain.Seq) (first stamped, ok bool) {
	for _, at := range index {
		if at.Size >= seq && (!ok || at.At.Before(first.At)) {
			first, ok = at, true
		}
	}
	return first, ok
}

// renewal is how long before a certificate ages out its timestamps are to be
// renewed.
const renewal = 90 * 24 * time.Hour

// ageing gives the newest timestamp where its certificate, and that of every
// other one that came within a week before it, ages out soon. A newer timestamp
// covers all entries that an older one covers, and so renews it.
func ageing(index []stamped, now time.Time) (Stamp, bool) {
	if len(index) == 0 {
		return Stamp{}, false
	}
	newest := slices.MaxFunc(index, func(a, b stamped) int { return a.At.Compare(b.At) })
	for _, at := range index {
		if at.At.After(newest.At.AddDate(0, 0, -7)) && at.Expires.After(now.Add(renewal)) {
			return Stamp{}, false
		}
	}
	return newest.Stamp, true
}

package bundle

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"path"
	"slices"
	"strings"
	"unicode"
)

// mostFiles bounds how many files a bundle that is read may have. Their sizes are
// bounded by that of the archive, for they are stored as they are.
const mostFiles = 1 << 20

// errUnreadable says that a file is no archive, or only a part of one.
var errUnreadable = errors.New("this is no bundle, or only a part of one")

// writeZip writes files, sorted by name, each stored as it is. The same files
// give the same bytes.
func writeZip(w io.Writer, files map[string][]byte) error {
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	z := zip.NewWriter(w)
	for _, name := range names {
		h := &zip.FileHeader{Name: name, Method: zip.Store, ReaderVersion: 20, CRC32: crc32.ChecksumIEEE(files[name]),
			CompressedSize64: uint64(len(files[name])), UncompressedSize64: uint64(len(files[name]))}
		h.SetMode(0o644)
		// The first day that the format can name: when a bundle was made says
		// nothing about what is in it.
		//lint:ignore SA1019 CreateRaw writes this field, and would leave out Modified
		h.ModifiedDate = 1<<5 | 1
		f, err := z.CreateRaw(h)
		if err == nil {
			_, err = f.Write(files[name])
		}
		if err != nil {
			return fmt.Errorf("bundle: %s: %w", name, err)
		}
	}
	return z.Close()
}

// readZip reads an archive of writeZip and refuses any other: its bytes are those
// that its files give, so that nothing in it can be read in two ways.
func readZip(b []byte) (map[string][]byte, error) {
	const end = 22 // bytes of the record that ends an archive
	if len(b) < end || !bytes.HasPrefix(b, []byte("PK\x03\x04")) || !bytes.HasPrefix(b[len(b)-end:], []byte("PK\x05\x06")) {
		return nil, errUnreadable
	}
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, err
	}
	if len(z.File) > mostFiles {
		return nil, fmt.Errorf("it has %d files; %d are the most", len(z.File), mostFiles)
	}
	files, folded := make(map[string][]byte, len(z.File)), map[string]bool{}
	for _, f := range z.File {
		if err := goodName(f.Name); err != nil {
			return nil, err
		}
		if low := strings.ToLower(f.Name); folded[low] {
			return nil, fmt.Errorf("two files are called %s", low)
		} else {
			folded[low] = true
		}
		if f.Method != zip.Store || f.UncompressedSize64 > uint64(len(b)) {
			return nil, fmt.Errorf("%s is not stored as it is", f.Name)
		}
		r, err := f.Open()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		data, err := io.ReadAll(r)
		if err = errors.Join(err, r.Close()); err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		files[f.Name] = data
	}
	var again bytes.Buffer
	if err := writeZip(&again, files); err != nil {
		return nil, err
	}
	if !bytes.Equal(again.Bytes(), b) {
		return nil, errors.New("the archive says more, or less, than its files do")
	}
	return files, nil
}

// goodName refuses names that lead elsewhere or look like another.
func goodName(name string) error {
	bad := name == "" || path.Clean(name) != name || path.IsAbs(name) || name == ".." || strings.HasPrefix(name, "../") || strings.Contains(name, `\`)
	for _, r := range name {
		bad = bad || r > unicode.MaxASCII || r <= ' '
	}
	if bad {
		return fmt.Errorf("%q is no good name of a file", name)
	}
	return nil
}

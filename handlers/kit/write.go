package kit

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// A File is one file of a kit. Begins and Mark are what every such file has, so
// that an older one is known by them.
type File struct {
	Name   string
	Data   []byte
	Begins string
	Mark   string
}

// Write puts the files into a folder, making it where there is none: readable by
// their owner only, durably, each whole or not at all. A file that is there and is
// no kit is an error, and then nothing is written.
func Write(dir string, files ...File) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for _, f := range files {
		if err := f.mayReplace(filepath.Join(dir, f.Name)); err != nil {
			return err
		}
	}
	for _, f := range files {
		if err := f.put(dir); err != nil {
			return err
		}
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// mayReplace refuses to write over what is no older kit.
func (f File) mayReplace(path string) error {
	st, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if st.Mode().IsRegular() {
		was, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if bytes.HasPrefix(was, []byte(f.Begins)) && bytes.Contains(was, []byte(f.Mark)) {
			return nil
		}
	}
	return fmt.Errorf("%s is no offline kit and is not written over; move it away or choose another folder", path)
}

// put writes the file beside where it belongs, and then puts it there.
func (f File) put(dir string) error {
	path := filepath.Join(dir, "."+f.Name+".new")
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) { // what a crash left
		return err
	}
	tmp, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = tmp.Write(f.Data)
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err == nil {
		err = os.Rename(path, filepath.Join(dir, f.Name))
	}
	if err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

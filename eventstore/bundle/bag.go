package bundle

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
)

const (
	bagDeclaration = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
	payload        = "data/"
)

// bag adds the tag files of RFC 8493 to a payload. info is the content of
// bag-info.txt.
func bag(files map[string][]byte, info string) {
	files["manifest-sha256.txt"] = manifest(files, func(name string) bool { return strings.HasPrefix(name, payload) })
	files["bagit.txt"] = []byte(bagDeclaration)
	files["bag-info.txt"] = []byte(info)
	files["tagmanifest-sha256.txt"] = manifest(files, func(name string) bool { return !strings.HasPrefix(name, payload) && name != "tagmanifest-sha256.txt" })
}

// manifest lists files and their SHA-256, in the form that sha256sum checks.
func manifest(files map[string][]byte, in func(name string) bool) []byte {
	var out []byte
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if in(name) {
			sum := sha256.Sum256(files[name])
			out = append(hex.AppendEncode(out, sum[:]), "  "+name+"\n"...)
		}
	}
	return out
}

// tagFiles are the files of a bag beside its payload.
var tagFiles = []string{"bag-info.txt", "bagit.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt"}

// checkBag checks that a bag holds its tag files, nothing else beside its payload,
// and that they are those of its files.
func checkBag(files map[string][]byte) error {
	for _, name := range tagFiles {
		if _, ok := files[name]; !ok {
			return fmt.Errorf("%s is missing", name)
		}
	}
	want := maps.Clone(files)
	bag(want, string(files["bag-info.txt"]))
	for name := range want {
		if !strings.HasPrefix(name, payload) && !slices.Contains(tagFiles, name) {
			return fmt.Errorf("%s belongs to no bag", name)
		}
		if string(want[name]) != string(files[name]) {
			return fmt.Errorf("%s does not agree with the files", name)
		}
	}
	return nil
}

package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strconv"
	"strings"

	"incidentledger/domain"
)

const (
	vaultMagic = "incidentledger-vault-1"
	vaultLabel = "incidentledger/vault/1"
	headerMax  = 1024 // a header is about 350 bytes
	keySize    = 32
	nonceSize  = 12
	tagSize    = 16
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// ErrWrongMasterKey says that a vault was made under another master key.
var ErrWrongMasterKey = errors.New("the master key is not the one this vault was made with; name the right file")

// header is the text at the beginning of a vault's file.
type header struct {
	org   domain.OrgID
	vault [16]byte
	epoch int
	kek   []byte // wrapped: nonce and ciphertext
	check []byte
}

// newHeader draws a vault id and a key encryption key, and wraps the latter.
func newHeader(org domain.OrgID, m MasterKey, random io.Reader) (header, []byte, error) {
	h := header{org: org, epoch: 1}
	kek := make([]byte, keySize)
	nonce := make([]byte, nonceSize)
	for _, b := range [][]byte{h.vault[:], kek, nonce} {
		if _, err := io.ReadFull(random, b); err != nil {
			return header{}, nil, err
		}
	}
	h.check = derive(m.secret[:], h.vault[:], lines(vaultLabel, "check", string(org)))
	gcm := newGCM(derive(m.secret[:], h.vault[:], h.wrapInfo()))
	h.kek = gcm.Seal(nonce, nonce, kek, h.kekAD())
	return h, kek, nil
}

// unwrap gives the key encryption key, or ErrWrongMasterKey.
func (h header) unwrap(m MasterKey) ([]byte, error) {
	check := derive(m.secret[:], h.vault[:], lines(vaultLabel, "check", string(h.org)))
	if subtle.ConstantTimeCompare(check, h.check) != 1 {
		return nil, ErrWrongMasterKey
	}
	gcm := newGCM(derive(m.secret[:], h.vault[:], h.wrapInfo()))
	kek, err := gcm.Open(nil, h.kek[:nonceSize], h.kek[nonceSize:], h.kekAD())
	if err != nil {
		return nil, errors.New("the wrapped key in the header is damaged; put the file back from its backup")
	}
	return kek, nil
}

func (h header) wrapInfo() string {
	return lines(vaultLabel, "wrap", string(h.org), strconv.Itoa(h.epoch))
}

func (h header) kekAD() []byte {
	return []byte(lines(vaultLabel, "kek", string(h.org), strconv.Itoa(h.epoch)))
}

func (h header) encode() []byte {
	b := fmt.Appendf(nil, "%s\norg %s\nvault %x\nepoch %d\nkek %s\ncheck %s\n",
		vaultMagic, h.org, h.vault, h.epoch, b64.EncodeToString(h.kek), b64.EncodeToString(h.check))
	return fmt.Appendf(b, "crc %08x\n", crc32.Checksum(b, castagnoli))
}

var errNoHeader = errors.New("the header is damaged; put the file back from its backup")

// parseHeader reads the header at the beginning of b and gives its length.
func parseHeader(b []byte) (header, int, error) {
	first, _, _ := strings.Cut(string(b), "\n")
	if first != vaultMagic {
		if strings.HasPrefix(first, "incidentledger-vault-") && len(first) < 32 {
			return header{}, 0, fmt.Errorf("the vault is of format %q, this program reads %q; use a newer program", first, vaultMagic)
		}
		return header{}, 0, errNoHeader
	}
	rest, n := string(b), 0
	field := func(name string) string {
		line, after, ok := strings.Cut(rest, "\n")
		value, found := strings.CutPrefix(line, name)
		if !ok || !found {
			return ""
		}
		n += len(line) + 1
		rest = after
		return value
	}
	var h header
	field(vaultMagic)
	h.org = domain.OrgID(field("org "))
	vault, err1 := hex.DecodeString(field("vault "))
	epoch, err2 := strconv.Atoi(field("epoch "))
	kek, err3 := b64.DecodeString(field("kek "))
	check, err4 := b64.DecodeString(field("check "))
	field("crc ")
	if errors.Join(err1, err2, err3, err4) != nil || len(vault) != len(h.vault) || len(kek) != nonceSize+keySize+tagSize || len(check) != keySize {
		return header{}, 0, errNoHeader
	}
	h.vault, h.epoch, h.kek, h.check = [16]byte(vault), epoch, kek, check
	// One text for one header: whatever differs from what would be written,
	// the checksum included, is damage.
	if string(h.encode()) != string(b[:n]) {
		return header{}, 0, errNoHeader
	}
	return h, n, nil
}

// lines joins with newlines. No part may hold one.
func lines(parts ...string) string { return strings.Join(parts, "\n") }

// derive is HKDF-SHA-256 to a key of 32 bytes: the first block of its output.
func derive(secret, salt []byte, info string) []byte {
	prk := hmac256(salt, secret)
	var buf [160]byte
	key := hmac256(prk[:], append(append(buf[:0], info...), 1))
	return key[:]
}

// hmac256 is HMAC-SHA-256 under a key of at most 64 bytes. It and derive give
// what crypto/hmac and crypto/hkdf give; those make a dozen objects to do so, and
// every entry needs some four of them.
func hmac256(key, message []byte) [sha256.Size]byte {
	var pad [sha256.BlockSize]byte
	if copy(pad[:], key) < len(key) {
		panic("hmac: a key of the vault has at most 64 bytes")
	}
	for i := range pad {
		pad[i] ^= 0x36
	}
	h := sha256.New()
	h.Write(pad[:])
	h.Write(message)
	var sum [sha256.Size]byte
	h.Sum(sum[:0])
	for i := range pad {
		pad[i] ^= 0x36 ^ 0x5c
	}
	h.Reset()
	h.Write(pad[:])
	h.Write(sum[:])
	h.Sum(sum[:0])
	return sum
}

// newGCM is AES-256-GCM under a key of 32 bytes.
func newGCM(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic("aes: the key has 32 bytes: " + err.Error())
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		panic("gcm: AES has blocks of 16 bytes: " + err.Error())
	}
	return gcm
}

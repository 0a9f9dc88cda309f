package vault

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
)

// What is derived here is what the standard library derives.
func TestDeriveIsHKDF(t *testing.T) {
	for _, size := range []int{0, 1, 31, 32, 64, 96, 1000} {
		secret := bytes.Repeat([]byte{0xa7}, size)
		for _, salt := range [][]byte{nil, []byte("16 bytes of salt"), bytes.Repeat([]byte{3}, sha256.BlockSize)} {
			info := strings.Repeat("info", size/3)
			want, err := hkdf.Key(sha256.New, secret, salt, info, keySize)
			if err != nil {
				t.Fatal(err)
			}
			if got := derive(secret, salt, info); !bytes.Equal(got, want) {
				t.Errorf("secret of %d bytes, salt of %d: %x, not %x", size, len(salt), got, want)
			}
			mac := hmac.New(sha256.New, salt)
			mac.Write(secret)
			if got := hmac256(salt, secret); !bytes.Equal(got[:], mac.Sum(nil)) {
				t.Errorf("message of %d bytes, key of %d: %x, not %x", size, len(salt), got, mac.Sum(nil))
			}
		}
	}
}

// A disclosure is the JSON that the JSON library writes, whatever was typed.
func TestADisclosureIsJSON(t *testing.T) {
	salt := [saltSize]byte{1, 2, 3}
	for _, text := range []string{"", "plain", "\"\\/\b\f\n\r\t", "\x00\x1f\x7f", "<&>'", "é€😀\u2028\u2029\ufffd", strings.Repeat("\n", 5000)} {
		want, err := json.Marshal([3]string{b64.EncodeToString(salt[:]), "a." + text, text})
		if err != nil {
			t.Fatal(err)
		}
		got, _, err := newDisclosure(salt, "a."+text, text)
		if err != nil || got != b64.EncodeToString(want) {
			t.Errorf("%q: %s, %v; want %s", text, got, err, b64.EncodeToString(want))
		}
	}
	for _, bad := range []string{"\xff", "half \xc3"} {
		if _, _, err := newDisclosure(salt, "title", bad); err == nil {
			t.Errorf("%q is no UTF-8 and was taken", bad)
		}
	}
}

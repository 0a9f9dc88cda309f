package seal

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// VerifierKey gives the key with which anybody checks the checkpoints of a log,
// in the form of c2sp.org/signed-note: origin, id of the key, public half.
func VerifierKey(origin string, public ed25519.PublicKey) (string, error) {
	return note.NewEd25519VerifierKey(origin, public)
}

// keys gives what signs under a log's origin with an Ed25519 key, and what
// checks it.
func keys(origin string, seed []byte) (note.Signer, note.Verifiers, error) {
	if len(seed) != ed25519.SeedSize {
		return nil, nil, fmt.Errorf("the seed of the log's key has %d bytes instead of %d", len(seed), ed25519.SeedSize)
	}
	vkey, err := VerifierKey(origin, ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey))
	if err != nil {
		return nil, nil, err
	}
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return nil, nil, err
	}
	// note.NewSigner reads the form of the verifier's key, with the seed in the
	// place of the public half.
	id, _, _ := strings.Cut(strings.TrimPrefix(vkey, origin+"+"), "+")
	const algEd25519 = 1
	secret := base64.StdEncoding.EncodeToString(append([]byte{algEd25519}, seed...))
	signer, err := note.NewSigner("PRIVATE+KEY+" + origin + "+" + id + "+" + secret)
	return signer, note.VerifierList(verifier), err
}

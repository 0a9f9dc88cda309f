package seal

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"incidentledger/domain"
)

// A Declined says why a witness does not cosign a checkpoint, in the terms of
// c2sp.org/tlog-witness.
type Declined struct {
	Status int        // of HTTP: 400, 403, 404, 409 or 422
	Size   domain.Seq // with 409: of the largest checkpoint that it cosigned
	Why    string
}

func (e *Declined) Error() string { return e.Why }

// HTTP gives the answer to whoever asked.
func (e *Declined) HTTP() (status int, contentType, body string) {
	if e.Status == http.StatusConflict {
		return e.Status, "text/x.tlog.size", strconv.FormatUint(uint64(e.Size), 10) + "\n"
	}
	return e.Status, "text/plain; charset=utf-8", e.Why + "\n"
}

func declined(status int, format string, args ...any) error {
	return &Declined{Status: status, Why: fmt.Sprintf(format, args...)}
}

// WitnessConfig says whose checkpoints a witness cosigns and how.
type WitnessConfig struct {
	Dir  string   // where it remembers; made where there is none
	Name string   // the name of its key, such as "example.org/witness"
	Seed []byte   // of its Ed25519 key, 32 bytes; never that of a log
	Logs []string // verifier keys of the logs; the name of each is the log's origin
}

// A Witness cosigns the checkpoints of other logs: it says of each that it is
// the largest it has seen of that log, and that it agrees with all before. What
// it says is on disk before it says it. Its methods may be called by any number
// of goroutines.
type Witness struct {
	cfg    WitnessConfig
	signer *torchwood.CosignatureSigner
	logs   map[string]note.Verifiers // by origin

	mu sync.Mutex
}

// OpenWitness opens a witness.
func OpenWitness(c WitnessConfig) (*Witness, error) {
	if len(c.Seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("witness %s: the seed of its key has %d bytes instead of %d", c.Name, len(c.Seed), ed25519.SeedSize)
	}
	w := &Witness{cfg: c, logs: map[string]note.Verifiers{}}
	var err error
	if w.signer, err = torchwood.NewCosignatureSigner(c.Name, ed25519.NewKeyFromSeed(c.Seed)); err != nil {
		return nil, fmt.Errorf("witness %s: %w", c.Name, err)
	}
	own, err := publicOf(w.Key())
	if err != nil {
		return nil, err
	}
	keys := map[string][]note.Verifier{}
	for _, vkey := range c.Logs {
		v, err := note.NewVerifier(vkey)
		if err != nil {
			return nil, fmt.Errorf("witness %s: log %q: %w", c.Name, vkey, err)
		}
		public, err := publicOf(vkey)
		if err == nil && public == own {
			err = errors.New("it has the key of the witness itself")
		}
		if err != nil {
			return nil, fmt.Errorf("witness %s: log %s: %w", c.Name, v.Name(), err)
		}
		keys[v.Name()] = append(keys[v.Name()], v)
	}
	for origin, list := range keys {
		w.logs[origin] = note.VerifierList(list...)
	}
	return w, os.MkdirAll(c.Dir, 0o700)
}

// Key gives the verifier key of its cosignatures.
func (w *Witness) Key() string { return w.signer.Verifier().String() }

// AddCheckpoint judges the body of an add-checkpoint request and gives the
// signature line that answers it. A [*Declined] says why it does not cosign.
func (w *Witness) AddCheckpoint(body []byte) ([]byte, error) {
	old, proof, checkpoint, err := parseAdd(body)
	if err != nil {
		return nil, declined(http.StatusBadRequest, "the request is malformed: %v", err)
	}
	origin, _, _ := bytes.Cut(checkpoint, []byte("\n"))
	check, known := w.logs[string(origin)]
	if !known {
		return nil, declined(http.StatusNotFound, "this witness does not know the log %.100q", origin)
	}
	n, err := note.Open(checkpoint, check)
	if err != nil {
		return nil, declined(http.StatusForbidden, "no valid signature of the log: %v", err)
	}
	c, err := torchwood.ParseCheckpoint(n.Text)
	if err == nil && int64(old) > c.N {
		err = fmt.Errorf("the checkpoint has %d entries, fewer than the old size %d", c.N, old)
	}
	if err != nil {
		return nil, declined(http.StatusBadRequest, "the request is malformed: %v", err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	last, err := w.last(c.Origin, check)
	if err != nil {
		return nil, err
	}
	if size := domain.Seq(last.N); size != old {
		return nil, &Declined{Status: http.StatusConflict, Size: size, Why: fmt.Sprintf("the last cosigned checkpoint has %d entries", size)}
	}
	if err := consistent(last, c.Tree, proof); err != nil {
		return nil, declined(http.StatusUnprocessableEntity, "not consistent with what was cosigned: %v", err)
	}
	// Signatures of strangers are left out of what is kept.
	n.UnverifiedSigs = nil
	cosigned, err := note.Sign(n, w.signer)
	if err != nil {
		return nil, err
	}
	if err := writeFileSync(w.path(c.Origin), cosigned); err != nil {
		return nil, err
	}
	return lastLine(cosigned), nil
}

// Checkpoint gives the largest checkpoint that it cosigned of the log whose
// origin has this SHA-256, in lower-case hexadecimal digits; nil where there is
// none.
func (w *Witness) Checkpoint(originHash string) ([]byte, error) {
	for origin := range w.logs {
		if nameOf(origin) != originHash {
			continue
		}
		b, err := os.ReadFile(w.path(origin))
		if errors.Is(err, os.ErrNotExist) {
			return nil, nil
		}
		return b, err
	}
	return nil, nil
}

// last gives the largest tree that was cosigned of a log; the empty one where
// none was.
func (w *Witness) last(origin string, check note.Verifiers) (tlog.Tree, error) {
	b, err := os.ReadFile(w.path(origin))
	if errors.Is(err, os.ErrNotExist) {
		return tlog.Tree{Hash: sha256.Sum256(nil)}, nil
	}
	if err != nil {
		return tlog.Tree{}, err
	}
	n, err := note.Open(b, check)
	if err != nil {
		return tlog.Tree{}, fmt.Errorf("witness %s: %s: %w", w.cfg.Name, w.path(origin), err)
	}
	c, err := torchwood.ParseCheckpoint(n.Text)
	return c.Tree, err
}

func (w *Witness) path(origin string) string {
	return filepath.Join(w.cfg.Dir, nameOf(origin)+".note")
}

func nameOf(origin string) string {
	h := sha256.Sum256([]byte(origin))
	return hex.EncodeToString(h[:])
}

// consistent checks that a tree holds the last one.
func consistent(last, next tlog.Tree, proof tlog.TreeProof) error {
	switch {
	case next.N == 0 && next.Hash != sha256.Sum256(nil):
		return errors.New("the empty tree has another root")
	case last.N == 0:
		if len(proof) > 0 {
			return errors.New("there is nothing to prove from the empty tree")
		}
		return nil
	case last.N == next.N:
		if len(proof) > 0 || last.Hash != next.Hash {
			return errors.New("the same size has another root")
		}
		return nil
	}
	return tlog.CheckTree(proof, next.N, next.Hash, last.N, last.Hash)
}

// parseAdd reads the body of add-checkpoint: the old size, the proof, an empty
// line, and the checkpoint.
func parseAdd(body []byte) (old domain.Seq, proof tlog.TreeProof, checkpoint []byte, err error) {
	head, checkpoint, found := bytes.Cut(body, []byte("\n\n"))
	if !found {
		return 0, nil, nil, errors.New("there is no empty line before the checkpoint")
	}
	lines := strings.Split(string(head), "\n")
	digits, ok := strings.CutPrefix(lines[0], "old ")
	n, err := strconv.ParseInt(digits, 10, 64)
	if !ok || err != nil || n < 0 || strconv.FormatInt(n, 10) != digits {
		return 0, nil, nil, fmt.Errorf("the first line is %q instead of the old size", lines[0])
	}
	const most = 63
	if len(lines)-1 > most {
		return 0, nil, nil, fmt.Errorf("the proof has %d hashes; %d are the most", len(lines)-1, most)
	}
	for _, line := range lines[1:] {
		b, err := base64.StdEncoding.Strict().DecodeString(line)
		if err != nil || len(b) != tlog.HashSize {
			return 0, nil, nil, fmt.Errorf("%q is no hash in base64", line)
		}
		proof = append(proof, tlog.Hash(b))
	}
	return domain.Seq(n), proof, checkpoint, nil
}

// lastLine gives the last line of a note: the newest signature.
func lastLine(signed []byte) []byte {
	return signed[bytes.LastIndexByte(signed[:len(signed)-1], '\n')+1:]
}

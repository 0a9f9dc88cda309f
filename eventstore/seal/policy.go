package seal

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"

	"incidentledger/domain"
)

// ErrQuorum says that fewer witnesses cosigned a checkpoint than the policy asks.
var ErrQuorum = errors.New("not cosigned by enough witnesses")

// skew is how far the clock of a witness may run ahead of ours.
const skew = 5 * time.Minute

// A Policy says which logs are believed, and which witnesses must have cosigned
// a checkpoint of theirs, as c2sp.org/tlog-policy has it.
type Policy struct {
	Witnesses []Party
	text      torchwood.Policy
	hands     map[string]bool // name and id of every key; true: of a witness
}

// A Party is a witness as a policy names it.
type Party struct {
	Name string // within the policy
	Key  string // its verifier key
	URL  string // its submission prefix; empty: it is not asked from here
}

// ParsePolicy reads a policy. Beyond what the parser of torchwood refuses it
// refuses one key under two names, also where one is that of a log and the other
// that of a witness: the same hand would count twice.
func ParsePolicy(text []byte) (*Policy, error) {
	p := &Policy{hands: map[string]bool{}}
	seen := map[string]string{}
	for i, line := range strings.Split(string(text), "\n") {
		line, _, _ = strings.Cut(line, "#")
		f := strings.Fields(line)
		var name, vkey string
		switch {
		case len(f) >= 2 && f[0] == "log":
			name, vkey = "the log", f[1]
			if v, err := note.NewVerifier(vkey); err == nil {
				p.hands[hand(v.Name(), v.KeyHash())] = false
			}
		case len(f) >= 3 && f[0] == "witness":
			name, vkey = f[1], f[2]
			party := Party{Name: name, Key: vkey}
			if len(f) > 3 {
				party.URL = f[3]
			}
			p.Witnesses = append(p.Witnesses, party)
			if v, err := torchwood.NewCosignatureVerifier(vkey); err == nil {
				p.hands[hand(v.Name(), v.KeyHash())] = true
			}
		default:
			continue
		}
		public, err := publicOf(vkey)
		if err != nil {
			return nil, fmt.Errorf("witness policy: line %d: %w", i+1, err)
		}
		if other, twice := seen[public]; twice {
			return nil, fmt.Errorf("witness policy: line %d: %s has the same key as %s; a key counts once", i+1, name, other)
		}
		seen[public] = name
	}
	var err error
	if p.text, err = torchwood.ParsePolicy(text); err != nil {
		return nil, fmt.Errorf("witness policy: %w", err)
	}
	return p, nil
}

// publicOf gives the public half of an Ed25519 verifier key, whatever its name.
func publicOf(vkey string) (string, error) {
	f := strings.SplitN(vkey, "+", 3)
	if len(f) == 3 {
		if b, err := base64.StdEncoding.DecodeString(f[2]); err == nil && len(b) == 1+ed25519.PublicKeySize {
			return string(b[1:]), nil
		}
	}
	return "", fmt.Errorf("%q is no verifier key of an Ed25519 key", vkey)
}

func hand(name string, id uint32) string { return fmt.Sprintf("%s+%08x", name, id) }

// Check opens a checkpoint of a log of the policy. A cosignature counts where
// its time lies neither before the checkpoint was signed nor after now. Both
// instants are the caller's; signed zero: nobody knows. [ErrQuorum]: the log
// signed it, and too few witnesses did; the head is given all the same.
func (p *Policy) Check(checkpoint []byte, signed, now time.Time) (Head, error) {
	n, err := note.Open(checkpoint, p.text)
	if err != nil {
		return Head{}, err
	}
	c, err := torchwood.ParseCheckpoint(n.Text)
	if err != nil {
		return Head{}, err
	}
	if c.Extension != "" {
		return Head{}, errors.New("a checkpoint of this program has three lines")
	}
	var counted []note.Signature
	var refused []string
	byLog := false
	for _, sig := range n.Sigs {
		if !p.hands[hand(sig.Name, sig.Hash)] {
			byLog = byLog || sig.Name == c.Origin
		} else if err := timely(sig, signed, now); err != nil {
			refused = append(refused, err.Error())
			continue
		}
		counted = append(counted, sig)
	}
	if !byLog {
		return Head{}, fmt.Errorf("the log %s, as the policy knows it, did not sign it", c.Origin)
	}
	head := Head{Size: domain.Seq(c.N), Root: domain.Hash(c.Hash), At: signed, Note: checkpoint}
	if err := p.text.Check(c.Origin, counted); err != nil {
		return head, fmt.Errorf("%w: %w%s", ErrQuorum, err, listed(refused))
	}
	return head, nil
}

func timely(sig note.Signature, signed, now time.Time) error {
	at, err := torchwood.CosignatureTimestamp(sig)
	if err != nil {
		return fmt.Errorf("%s: %w", sig.Name, err)
	}
	when := time.Unix(at, 0).UTC()
	switch {
	case at == 0:
		return fmt.Errorf("%s gives no time", sig.Name)
	case when.After(now.Add(skew)):
		return fmt.Errorf("%s cosigned in the future, at %s", sig.Name, when.Format(time.RFC3339))
	case when.Before(signed.Add(-skew)):
		return fmt.Errorf("%s cosigned at %s, before the checkpoint was signed", sig.Name, when.Format(time.RFC3339))
	}
	return nil
}

func listed(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return " (" + strings.Join(lines, "; ") + ")"
}

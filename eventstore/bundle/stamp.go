package bundle

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"incidentledger/domain"
	"incidentledger/eventstore/seal"
)

// stampName is the name of a timestamp, of so many entries and by a TSA.
func stampName(size domain.Seq, tsa string) string {
	return fmt.Sprintf("%stimestamps/%d.%s.tsr", payload, uint64(size), tsa)
}

// checkStamps checks the timestamps, each over the checkpoint that its name tells,
// by roots from elsewhere. One that is wrong in itself contradicts; one that the
// roots do not know proves nothing.
func (v *verifier) checkStamps() {
	parts, data := v.under("timestamps", ".tsr")
	if len(parts) == 0 && v.roots == nil {
		return // nobody speaks of any
	}
	var first seal.Stamp
	why := errors.New("no timestamp is over the checkpoint of the bundle")
	for _, part := range parts {
		size, tsa, _ := strings.Cut(part, ".")
		note, own := v.files[payload+"checkpoints/"+size+".note"], size == fmt.Sprint(v.tree.N)
		if own {
			note = v.checkpoint
		}
		if note == nil {
			v.claim("timestamp", Contradicted, "the checkpoint of %s entries that %s stamped is not here", size, tsa)
			return
		}
		s, err := seal.CheckStamp(data(part), note, v.roots, v.now)
		switch {
		case errors.Is(err, seal.ErrToken):
			v.claim("timestamp", Contradicted, "timestamp by %s over %s entries: %v", tsa, size, err)
			return
		case err != nil && own:
			why = err
		case err == nil:
			n, _ := strconv.ParseUint(size, 10, 63) // as many as its checkpoint has
			v.stamps = append(v.stamps, moment{domain.Seq(n), s.At, true})
			if own && (first.At.IsZero() || s.At.Before(first.At)) {
				first = s
			}
		}
	}
	if first.At.IsZero() {
		v.claim("timestamp", NotProven, "%v", why)
		return
	}
	v.claim("timestamp", Proven, "the checkpoint was there at %s, says %s; whether that is a qualified timestamp the trusted lists tell", first.At.Format(time.RFC3339), first.Subject)
}

var (
	certificate = regexp.MustCompile(`(?s)-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----`)
	namesALog   = regexp.MustCompile(`(?m)^log `)
)

// Certificates gives the certificates in a text, and nothing else of it.
func Certificates(text []byte) (out []byte) {
	for _, c := range certificate.FindAll(text, -1) {
		out = append(append(out, c...), '\n')
	}
	return out
}

// ReadAnchors reads files that came by another way than bundles. Each is a policy,
// or certificates in PEM that stand behind timestamps, or both.
func ReadAnchors(texts ...[]byte) (policies []*seal.Policy, roots *seal.Roots, err error) {
	var pems []byte
	for _, text := range texts {
		found, rest := Certificates(text), certificate.ReplaceAll(text, nil)
		pems = append(pems, found...)
		if len(found) > 0 && !namesALog.Match(rest) {
			continue
		}
		p, err := seal.ParsePolicy(rest)
		if err != nil {
			return nil, nil, err
		}
		policies = append(policies, p)
	}
	if len(pems) > 0 {
		roots, err = seal.ParseRoots(pems)
	}
	return policies, roots, err
}

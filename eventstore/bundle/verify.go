package bundle

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"incidentledger/domain"
	"incidentledger/eventstore/seal"
)

// Format names the form of a bundle.
const Format = "incidentledger/bundle/1"

// Verdicts on a claim.
const (
	Proven       = "PROVEN"
	NotProven    = "NOT PROVEN"
	Contradicted = "CONTRADICTED"
)

// A Claim is one thing that a bundle was checked for.
type Claim struct{ Name, Verdict, Detail string }

// A Result is what a verifier found.
type Result struct {
	Claims   []Claim
	Entries  []*Stored // that the bundle holds, in order; for whoever knows what they mean
	Policies map[domain.Hash][]byte
	About    About
}

// A Stored entry of a bundle, and what of it is disclosed.
type Stored struct {
	Seq         domain.Seq
	Bytes       []byte
	Disclosures []string
}

// About is what bundle.json says.
type About struct {
	V        string       `json:"v"`
	Org      domain.OrgID `json:"org"`
	Origin   string       `json:"origin"`
	Incident domain.Key   `json:"incident"`
	Export   domain.Seq   `json:"export"`
}

// ErrUnreadable says that there is no bundle to check.
var ErrUnreadable = errUnreadable

// What bundle.json says, and the names of the files of a payload, exactly: two
// verifiers in two languages read them in one way.
var (
	aboutForm = regexp.MustCompile(`^{"v":"incidentledger/bundle/1","org":"([a-z0-9-]+)","origin":"([!#-\[\]-~]+)","incident":"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})","export":([1-9][0-9]{0,17})}\n$`)
	known     = regexp.MustCompile(`^data/(bundle\.json|verify\.py|(report|README)\.(nl|fr|en)\.(html|txt)|entries/[0-9]{20}\.json|disclosures/[0-9]{20}\.txt|` +
		`proofs/[0-9]{20}\.tlog-proof|checkpoints/[1-9][0-9]*\.note|consistency/[1-9][0-9]*\.txt|policies/[0-9a-f]{64}\.json|evidence/[0-9a-f]{64}|` +
		`timestamps/[1-9][0-9]*\.[a-z0-9][a-z0-9-]{0,39}\.tsr)$`)
)

func readAbout(b []byte) (About, error) {
	m := aboutForm.FindStringSubmatch(string(b))
	if m == nil {
		return About{}, fmt.Errorf("%w: bundle.json is not in the form %s, which this verifier reads", errUnreadable, Format)
	}
	a := About{V: Format, Org: domain.OrgID(m[1]), Origin: m[2]}
	if err := a.Incident.UnmarshalText([]byte(m[3])); err != nil {
		return About{}, fmt.Errorf("%w: %w", errUnreadable, err)
	}
	n, err := strconv.ParseUint(m[4], 10, 63)
	a.Export = domain.Seq(n)
	return a, err
}

// Verify checks a bundle against anchors from elsewhere: policies, which logs are
// believed and by whom they must be cosigned, and roots, by which timestamps are
// judged; nil: there are none. Without a policy nothing is proven but that the
// bundle agrees with itself. now bounds the times of cosignatures and timestamps.
// [ErrUnreadable]: it is no bundle, or of a version that this one does not know.
func Verify(b []byte, anchors []*seal.Policy, roots *seal.Roots, now time.Time) (*Result, error) {
	files, err := readZip(b)
	if errors.Is(err, errUnreadable) {
		return nil, err
	}
	v := &verifier{anchors: anchors, roots: roots, now: now, entries: map[domain.Seq]*entry{}, Result: Result{Policies: map[domain.Hash][]byte{}}}
	if err != nil {
		v.claim("container", Contradicted, "%v", err)
		return &v.Result, nil
	}
	if v.files, err = unwrap(files); err == nil {
		err = checkBag(v.files)
	}
	if err != nil {
		v.claim("container", Contradicted, "%v", err)
		return &v.Result, nil
	}
	if v.About, err = readAbout(v.files["data/bundle.json"]); err != nil {
		return nil, err
	}
	for name := range v.files {
		if strings.HasPrefix(name, payload) && !known.MatchString(name) {
			v.claim("container", Contradicted, "%s belongs to no bundle", name)
			return &v.Result, nil
		}
	}
	v.claim("container", Proven, "%d files agree with their manifests", len(v.files))
	for _, check := range []func() error{v.readEntries, v.checkProofs, v.checkChain, v.checkBasis, v.checkDisclosures, v.checkFiles} {
		if err := check(); err != nil {
			return &v.Result, nil // what follows rests on it
		}
	}
	v.checkAnchors()
	v.checkStamps()
	v.checkTimes()
	return &v.Result, nil
}

type verifier struct {
	Result
	files   map[string][]byte
	anchors []*seal.Policy
	roots   *seal.Roots
	now     time.Time

	entries    map[domain.Seq]*entry
	checkpoint []byte // to which all proofs are
	tree       tlog.Tree
	stamps     []moment // of timestamps that the roots stand behind
}

func (v *verifier) claim(name, verdict, format string, args ...any) {
	v.Claims = append(v.Claims, Claim{name, verdict, fmt.Sprintf(format, args...)})
}

// judge adds a claim: contradicted by the error, where there is one.
func (v *verifier) judge(name string, err error, format string, args ...any) error {
	if err != nil {
		v.claim(name, Contradicted, "%v", err)
		return err
	}
	v.claim(name, Proven, format, args...)
	return nil
}

// unwrap takes the one folder off that all files lie in.
func unwrap(files map[string][]byte) (map[string][]byte, error) {
	out, folder := map[string][]byte{}, ""
	for name, data := range files {
		top, rest, found := strings.Cut(name, "/")
		if !found || folder != "" && top != folder {
			return nil, errors.New("its files do not lie in one folder")
		}
		folder, out[rest] = top, data
	}
	return out, nil
}

// under gives the files of a folder of the payload, by the part of their names
// between folder and suffix, in order.
func (v *verifier) under(folder, suffix string) ([]string, func(part string) []byte) {
	name := func(part string) string { return payload + folder + "/" + part + suffix }
	var parts []string
	for file := range v.files {
		if rest, ok := strings.CutPrefix(file, payload+folder+"/"); ok {
			if part, ok := strings.CutSuffix(rest, suffix); ok && name(part) == file {
				parts = append(parts, part)
			}
		}
	}
	slices.Sort(parts)
	return parts, func(part string) []byte { return v.files[name(part)] }
}

func seqName(seq domain.Seq) string { return fmt.Sprintf("%020d", uint64(seq)) }

// readEntries reads the stored bytes of every entry.
func (v *verifier) readEntries() error {
	err := func() error {
		parts, data := v.under("entries", ".json")
		for _, part := range parts {
			n, err := strconv.ParseUint(part, 10, 63)
			seq := domain.Seq(n)
			if err != nil || seqName(seq) != part {
				return fmt.Errorf("%s is no sequence of an entry", part)
			}
			e, err := readEntry(seq, data(part))
			if err != nil {
				return fmt.Errorf("entry %d: %w", seq, err)
			}
			if e.Org != v.About.Org {
				return fmt.Errorf("entry %d is of the organisation %s, the bundle of %s", seq, e.Org, v.About.Org)
			}
			v.entries[seq] = e
			v.Entries = append(v.Entries, &Stored{Seq: seq, Bytes: data(part)})
		}
		if v.entries[v.About.Export] == nil {
			return fmt.Errorf("entry %d, by which the bundle was made, is not in it", v.About.Export)
		}
		return nil
	}()
	if err != nil {
		return v.judge("entries", err, "")
	}
	return nil
}

// checkProofs checks that every entry stands at its place in one tree.
func (v *verifier) checkProofs() error {
	err := func() error {
		parts, data := v.under("proofs", ".tlog-proof")
		if len(parts) != len(v.Entries) {
			return fmt.Errorf("there are %d proofs for %d entries", len(parts), len(v.Entries))
		}
		for _, s := range v.Entries {
			if err := v.checkProof(s.Seq, data(seqName(s.Seq))); err != nil {
				return fmt.Errorf("proof of entry %d: %w", s.Seq, err)
			}
		}
		return nil
	}()
	return v.judge("integrity and place", err, "the bytes of %d entries stand at their places among the first %d of the log", len(v.Entries), v.tree.N)
}

func (v *verifier) checkProof(seq domain.Seq, b []byte) error {
	index, p, checkpoint, err := readProof(b)
	if err != nil {
		return err
	}
	if v.checkpoint == nil {
		c, err := readCheckpoint(checkpoint)
		if err != nil {
			return err
		}
		if c.Origin != v.About.Origin {
			return fmt.Errorf("its checkpoint is of %s, the bundle of %s", c.Origin, v.About.Origin)
		}
		v.checkpoint, v.tree = checkpoint, c.Tree
	}
	switch {
	case !bytes.Equal(checkpoint, v.checkpoint):
		return errors.New("it has another checkpoint than the others")
	case index != int64(seq)-1:
		return fmt.Errorf("it is for place %d", index+1)
	case seq == 0 || int64(seq) > v.tree.N:
		return fmt.Errorf("the log has %d entries", v.tree.N)
	}
	return tlog.CheckRecord(p, v.tree.N, v.tree.Hash, index, tlog.Hash(v.entries[seq].leaf))
}

// checkChain checks that the incident's own chain is there without a gap, from
// its first entry to ExportPrepared, and ends there.
func (v *verifier) checkChain() error {
	n := 0
	err := func() error {
		last := v.entries[v.About.Export]
		if !slices.ContainsFunc(last.Events, func(e event) bool { return e.Type == "ExportPrepared" }) || last.Key != v.About.Incident {
			return fmt.Errorf("entry %d does not prepare the export of incident %s", last.seq, v.About.Incident)
		}
		chain := map[domain.Seq]bool{}
		for e := last; ; n++ {
			chain[e.seq] = true
			if e.Key != last.Key || e.Kind != last.Kind {
				return fmt.Errorf("entry %d is of another incident", e.seq)
			}
			if e.Prev == 0 {
				n++
				break
			}
			before := v.entries[e.Prev]
			switch {
			case e.Prev >= e.seq:
				return fmt.Errorf("entry %d names entry %d as the one before it", e.seq, e.Prev)
			case before == nil:
				return fmt.Errorf("entry %d of the incident is missing: entry %d names it as the one before it", e.Prev, e.seq)
			case before.leaf != e.PrevHash:
				return fmt.Errorf("entry %d names another entry %d than the one here", e.seq, e.Prev)
			case before.Recorded > e.Recorded:
				return fmt.Errorf("entry %d was recorded at %s, before entry %d", e.seq, e.Recorded, e.Prev)
			}
			e = before
		}
		for seq, e := range v.entries {
			if e.Key == last.Key && e.Kind == last.Kind && !chain[seq] {
				return fmt.Errorf("entry %d is of the incident and does not stand in its chain", seq)
			}
		}
		return nil
	}()
	return v.judge("completeness", err, "the incident has %d entries up to its export in entry %d; each names the one before it, and none is missing", n, v.About.Export)
}

// checkBasis checks that what the decisions read is there: the entries that they
// name, and the policy sets by their SHA-256.
func (v *verifier) checkBasis() error {
	sets, data := v.under("policies", ".json")
	err := func() error {
		for _, set := range sets {
			sum := sha256.Sum256(data(set))
			if hex.EncodeToString(sum[:]) != set {
				return fmt.Errorf("the policy set %s has the SHA-256 %x", set, sum)
			}
			v.Policies[sum] = data(set)
		}
		for _, seq := range slices.Sorted(maps.Keys(v.entries)) {
			for _, b := range v.entries[seq].Basis {
				at := v.entries[b.Seq]
				switch {
				case at == nil || at.Kind != b.Kind || at.Key != b.Key:
					return fmt.Errorf("entry %d was decided by entry %d (%s), which is not here", seq, b.Seq, b.Kind)
				case b.Kind == "policy" && !slices.Contains(sets, b.Hash.String()):
					return fmt.Errorf("entry %d was decided by the policy set %s, which is not here", seq, b.Hash)
				case b.Kind != "policy" && b.Hash != at.leaf:
					return fmt.Errorf("entry %d was decided by another entry %d than the one here", seq, b.Seq)
				}
			}
		}
		return nil
	}()
	return v.judge("basis", err, "what the decisions read is here, and %d policy sets", len(sets))
}

// checkDisclosures checks that what is disclosed is what was sealed.
func (v *verifier) checkDisclosures() error {
	shown, hidden := 0, 0
	err := func() error {
		parts, data := v.under("disclosures", ".txt")
		byName := map[string]bool{}
		for _, s := range v.Entries {
			name := seqName(s.Seq)
			if slices.Contains(parts, name) {
				byName[name] = true
				s.Disclosures = lines(data(name))
			}
			left, err := v.entries[s.Seq].undisclosed(s.Disclosures)
			if err != nil {
				return fmt.Errorf("entry %d: %w", s.Seq, err)
			}
			shown, hidden = shown+len(s.Disclosures), hidden+left
		}
		if len(byName) != len(parts) {
			return errors.New("there are disclosures of entries that are not here")
		}
		return nil
	}()
	return v.judge("disclosures", err, "%d texts are those that were sealed; %d more were written and are withheld or erased", shown, hidden)
}

func lines(b []byte) []string {
	if len(b) == 0 {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
}

// checkAnchors checks who signed the checkpoint, by what was brought from
// elsewhere.
func (v *verifier) checkAnchors() {
	if len(v.anchors) == 0 {
		v.claim("signature of the log", NotProven, "no anchor was given: the bundle agrees with itself, and whoever made it may have made all of it")
		return
	}
	var why error
	for _, p := range v.anchors {
		_, err := p.Check(v.checkpoint, time.Time{}, v.now)
		var wrong *note.InvalidSignatureError
		switch {
		case err == nil:
			v.claim("signature of the log", Proven, "the checkpoint is signed by the log %s", v.About.Origin)
			if n := len(p.Witnesses); n > 0 {
				v.claim("witnesses", Proven, "as many of %d witnesses as the anchor asks cosigned it", n)
			}
			return
		case errors.As(err, &wrong):
			v.claim("signature of the log", Contradicted, "%v", err)
			return
		case errors.Is(err, seal.ErrQuorum):
			v.claim("signature of the log", Proven, "the checkpoint is signed by the log %s", v.About.Origin)
			v.claim("witnesses", NotProven, "%v", err)
			return
		}
		why = err
	}
	v.claim("signature of the log", NotProven, "no anchor names the key that signed the checkpoint: it is another log, or a forgery (%v)", why)
}

package bundle

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"incidentledger/domain"
	"incidentledger/eventstore/seal"
)

// slack is how far the clock of a desk may be from those of the witnesses.
const slack = 5 * time.Minute

// A moment is a size of the log at an instant that somebody else vouches for.
type moment struct {
	size domain.Seq
	at   time.Time

	// stamp: by a timestamp. It shows what was there; that no more was there, only
	// witnesses can tell, for they see every head.
	stamp bool
}

// checkTimes narrows down when each entry was written: not before the last
// cosigned checkpoint that does not hold it, and before the first one, cosigned
// or stamped, that does.
// What an entry says of itself must lie in between.
func (v *verifier) checkTimes() {
	moments, err := v.moments()
	if err != nil {
		v.claim("time", Contradicted, "%v", err)
		return
	}
	var widest time.Duration
	open := 0 // entries with nothing before them
	for _, s := range v.Entries {
		at, err := time.Parse(time.RFC3339Nano, v.entries[s.Seq].Recorded)
		if err != nil {
			v.claim("time", Contradicted, "entry %d: %v", s.Seq, err)
			return
		}
		from, to := window(append(moments, v.stamps...), s.Seq)
		if at.Before(from.Add(-slack)) || !to.IsZero() && at.After(to.Add(slack)) {
			v.claim("time", Contradicted, "entry %d says that it was recorded at %s; it was not in the log at %s, and was at %s",
				s.Seq, at.Format(time.RFC3339), from.Format(time.RFC3339), to.Format(time.RFC3339))
			return
		}
		switch {
		case from.IsZero():
			open++
		case to.Sub(from) > widest:
			widest = to.Sub(from)
		}
	}
	if len(moments) == 0 {
		v.claim("time", NotProven, "no witness of an anchor vouches for a time: when the entries were written rests on the word of the organisation, and a timestamp shows only that they were not written later")
		return
	}
	v.claim("time", Proven, "every entry was in the log when witnesses say so, none was backdated by more than %s; of %d entries only that they are not later", widest+2*slack, open)
}

// window gives the last instant at which the log did not hold an entry yet, and
// the first at which it did.
func window(moments []moment, seq domain.Seq) (from, to time.Time) {
	for _, m := range moments {
		switch {
		case m.size >= seq && (to.IsZero() || m.at.Before(to)):
			to = m.at
		case m.size < seq && !m.stamp:
			from = m.at
		}
	}
	return from, to
}

// moments reads the earlier checkpoints and that of the proofs, as far as an
// anchor's witnesses cosigned them, in order of size. Each must be a part of the
// last.
func (v *verifier) moments() ([]moment, error) {
	var out []moment
	add := func(c torchwood.Checkpoint, signed []byte) {
		if at := v.vouched(signed); !at.IsZero() {
			out = append(out, moment{size: domain.Seq(c.N), at: at})
		}
	}
	sizes, data := v.under("checkpoints", ".note")
	_, proofs := v.under("consistency", ".txt")
	for _, size := range sizes {
		signed := data(size)
		c, err := readCheckpoint(signed)
		if err == nil {
			err = v.part(size, c, proofs(size))
		}
		if err != nil {
			return nil, fmt.Errorf("checkpoint of %s entries: %w", size, err)
		}
		add(c, signed)
	}
	last, err := readCheckpoint(v.checkpoint)
	if err != nil {
		return nil, err
	}
	add(last, v.checkpoint)
	slices.SortStableFunc(out, func(a, b moment) int { return int(a.size) - int(b.size) })
	return out, nil
}

// part checks that the tree of an earlier checkpoint is a part of that of the
// proofs.
func (v *verifier) part(size string, c torchwood.Checkpoint, proof []byte) error {
	hashes, err := readHashes(lines(proof))
	switch {
	case err != nil:
		return err
	case strconv.FormatInt(c.N, 10) != size:
		return fmt.Errorf("it has %d", c.N)
	case c.Origin != v.About.Origin:
		return fmt.Errorf("it is of %s", c.Origin)
	case c.N < 1 || c.N >= v.tree.N:
		return fmt.Errorf("the proofs are to %d entries", v.tree.N)
	case string(writeHashes(hashes)) != string(proof):
		return fmt.Errorf("the bytes of its proof are not those of a proof")
	}
	return tlog.CheckTree(hashes, v.tree.N, v.tree.Hash, c.N, c.Hash)
}

// vouched gives the instant by which enough witnesses of an anchor had cosigned
// a checkpoint; zero where they did not.
func (v *verifier) vouched(signed []byte) time.Time {
	for _, p := range v.anchors {
		if len(p.Witnesses) == 0 {
			continue
		}
		if _, err := p.Check(signed, time.Time{}, v.now); err == nil {
			return latest(signed, p)
		}
	}
	return time.Time{}
}

// latest gives the time of the newest cosignature by a witness of a policy.
func latest(signed []byte, p *seal.Policy) time.Time {
	var last time.Time
	for _, w := range p.Witnesses {
		verifier, err := torchwood.NewCosignatureVerifier(w.Key)
		if err != nil {
			continue
		}
		n, err := note.Open(signed, note.VerifierList(verifier))
		if err != nil {
			continue
		}
		if at, err := torchwood.CosignatureTimestamp(n.Sigs[0]); err == nil && time.Unix(at, 0).After(last) {
			last = time.Unix(at, 0).UTC()
		}
	}
	return last
}

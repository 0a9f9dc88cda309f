package seal

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"incidentledger/domain"
)

// promise is within how long after it was recorded an entry is sealed, as a
// receipt says.
const promise = 10 * time.Second

const receiptFormat = "incidentledger/receipt/1"

// A Promise is what a receipt says: that an entry with this leaf hash stands in
// the log at this place, and is sealed by then.
type Promise struct {
	Origin string
	Seq    domain.Seq
	Leaf   domain.Hash
	By     time.Time // UTC, in whole seconds
}

// Receipt signs a promise about an accepted entry: a note of five lines, under
// the log's key, each line one member of Promise behind the name of the form.
// Who keeps it can show later that the entry was accepted, whatever became of it.
func (l *Log) Receipt(seq domain.Seq, leaf domain.Hash, recorded time.Time) ([]byte, error) {
	by := recorded.Add(promise + time.Second - time.Nanosecond).UTC().Truncate(time.Second)
	text := fmt.Sprintf("%s\n%s\n%d\n%s\n%s\n", receiptFormat, l.cfg.Origin, seq, base64.StdEncoding.EncodeToString(leaf[:]), by.Format(time.RFC3339))
	return note.Sign(&note.Note{Text: text}, l.signer)
}

// ReadReceipt checks a receipt with the key of a log and gives what it promises.
func ReadReceipt(receipt []byte, key string) (Promise, error) {
	v, err := note.NewVerifier(key)
	if err != nil {
		return Promise{}, err
	}
	n, err := note.Open(receipt, note.VerifierList(v))
	if err != nil {
		return Promise{}, err
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) != 6 || lines[0] != receiptFormat {
		return Promise{}, errors.New("it is no receipt")
	}
	p := Promise{Origin: lines[1]}
	seq, err := strconv.ParseUint(lines[2], 10, 63)
	leaf, err2 := base64.StdEncoding.DecodeString(lines[3])
	var err3 error
	p.By, err3 = time.Parse(time.RFC3339, lines[4])
	if err := errors.Join(err, err2, err3); err != nil || len(leaf) != len(p.Leaf) || p.Origin != v.Name() {
		return Promise{}, errors.Join(errors.New("the receipt is malformed"), err)
	}
	p.Seq, p.Leaf = domain.Seq(seq), domain.Hash(leaf)
	return p, nil
}

// Kept says whether a promise was kept, once all entries were taken: nil, or an
// error that wraps [ErrContradicted].
func (a *Audit) Kept(p Promise, leaf domain.Hash) error {
	if p.Seq > a.n {
		return fmt.Errorf("%w: entry %d was accepted, and the ledger ends with entry %d", ErrContradicted, p.Seq, a.n)
	}
	if leaf != p.Leaf {
		return fmt.Errorf("%w: entry %d has the leaf hash %s, accepted was %s", ErrContradicted, p.Seq, leaf, p.Leaf)
	}
	pt, ok := a.points.covering(p.Seq)
	switch {
	case !ok:
		return fmt.Errorf("%w: entry %d was to be sealed by %s, and is not", ErrContradicted, p.Seq, p.By.Format(time.RFC3339))
	case pt.at.After(p.By):
		return fmt.Errorf("%w: entry %d was to be sealed by %s, and was at %s", ErrContradicted, p.Seq, p.By.Format(time.RFC3339), pt.at.Format(time.RFC3339))
	}
	return nil
}

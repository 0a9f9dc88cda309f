package find

import (
	"cmp"
	"encoding/binary"
	"maps"
	"slices"
	"strings"
	"sync"

	"incidentledger/domain"
)

// An Index finds aggregates of one organisation by the words in their texts. It
// may be used by any number of goroutines.
type Index struct {
	c Config

	reading sync.Mutex // held while an entry is opened and added: nothing that is dropped comes back

	mu      sync.RWMutex
	seq     domain.Seq // the last entry that was read
	err     error      // why no more are
	moved   chan struct{}
	things  map[domain.Ref]uint32
	all     []thing // by number
	entries []place // those with words, by number
	words   map[string]*postings
	sorted  []string // the words in order, without fresh
	fresh   []string // words that came since
}

// A thing is an aggregate.
type thing struct {
	ref  domain.Ref
	last domain.Seq
}

// A place is an entry, and whose it is.
type place struct {
	seq   domain.Seq
	thing uint32
}

// postings are the numbers of the entries with a word, each as the difference to
// the one before.
type postings struct {
	last uint32 // plus one; 0: none yet
	list []byte
}

func (p *postings) add(entry uint32) {
	if entry+1 == p.last {
		return
	}
	p.list = binary.AppendUvarint(p.list, uint64(entry+1-p.last))
	p.last = entry + 1
}

func (p *postings) each(yield func(entry uint32)) {
	at := uint32(0)
	for b := p.list; len(b) > 0; {
		d, n := binary.Uvarint(b)
		b = b[n:]
		at += uint32(d)
		yield(at - 1)
	}
}

// New makes an index that knows of nothing; Run fills it.
func New(c Config) *Index {
	return &Index{c: c.complete(), moved: make(chan struct{}), things: map[domain.Ref]uint32{}, words: map[string]*postings{}}
}

// add takes in an entry with the words that stand in it.
func (x *Index) add(en *domain.Entry, words []string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.take(en, words)
	x.seq = max(x.seq, en.Seq)
	close(x.moved)
	x.moved = make(chan struct{})
}

func (x *Index) take(en *domain.Entry, words []string) {
	n, known := x.things[en.Ref()]
	if !known && len(words) == 0 {
		return
	}
	if !known {
		n = uint32(len(x.all))
		x.things[en.Ref()] = n
		x.all = append(x.all, thing{ref: en.Ref()})
	}
	x.all[n].last = max(x.all[n].last, en.Seq)
	if len(words) == 0 {
		return
	}
	number := uint32(len(x.entries))
	x.entries = append(x.entries, place{en.Seq, n})
	for _, w := range words {
		p := x.words[w]
		if p == nil {
			w = strings.Clone(w) // of the text nothing else stays
			p = &postings{}
			x.words[w] = p
			x.fresh = append(x.fresh, w)
		}
		p.add(number)
	}
	if len(x.fresh) > 1000+len(x.sorted)/8 {
		x.sort()
	}
}

func (x *Index) sort() {
	x.sorted, x.fresh = slices.Sorted(maps.Keys(x.words)), nil
}

// Search gives the aggregates of a kind in whose texts all words of a query stand;
// of the last one, and of reference numbers, the beginning is enough. What was
// written to last comes first. behind is how many entries of a ledger that ends
// with upTo are not read yet: what stands in them is not found.
func (x *Index) Search(kind domain.KindName, query string, upTo domain.Seq) (keys []domain.Key, behind uint64) {
	words := asked(query)
	x.mu.RLock()
	defer x.mu.RUnlock()
	behind = uint64(upTo - min(upTo, x.seq))
	if len(words) == 0 {
		return nil, behind
	}
	var hits []bool
	for i, w := range words {
		has := x.whole
		if i == len(words)-1 || strings.ContainsFunc(w, outside) {
			has = x.beginning
		}
		if i == 0 {
			hits = has(w)
			continue
		}
		for n, also := range has(w) {
			hits[n] = hits[n] && also
		}
	}
	var found []thing
	for i, hit := range hits {
		if hit && x.all[i].ref.Kind == kind {
			found = append(found, x.all[i])
		}
	}
	slices.SortFunc(found, func(a, b thing) int { return cmp.Compare(b.last, a.last) })
	for _, t := range found {
		keys = append(keys, t.ref.Key)
	}
	return keys, behind
}

// whole marks the aggregates with a word.
func (x *Index) whole(word string) []bool {
	out := make([]bool, len(x.all))
	x.mark(word, out)
	return out
}

// beginning marks the aggregates with a word that begins so.
func (x *Index) beginning(word string) []bool {
	out := make([]bool, len(x.all))
	from, _ := slices.BinarySearch(x.sorted, word)
	for _, w := range x.sorted[from:] {
		if !strings.HasPrefix(w, word) {
			break
		}
		x.mark(w, out)
	}
	for _, w := range x.fresh {
		if strings.HasPrefix(w, word) {
			x.mark(w, out)
		}
	}
	return out
}

func (x *Index) mark(word string, things []bool) {
	if p := x.words[word]; p != nil {
		p.each(func(entry uint32) { things[x.entries[entry].thing] = true })
	}
}

// Drop takes out what stands in the texts of an aggregate. Its keys are destroyed
// before: what of it is still to be read adds nothing either.
func (x *Index) Drop(ref domain.Ref) {
	x.drop(func(p place) bool { return x.all[p.thing].ref == ref })
}

// DropEntry takes out what stands in the texts of an entry, likewise.
func (x *Index) DropEntry(seq domain.Seq) {
	x.drop(func(p place) bool { return p.seq == seq })
}

// drop takes entries out of every list, and forgets words that stand nowhere else.
func (x *Index) drop(gone func(place) bool) {
	x.reading.Lock()
	defer x.reading.Unlock()
	x.mu.Lock()
	defer x.mu.Unlock()
	out := make([]bool, len(x.entries))
	for i, p := range x.entries {
		out[i] = gone(p)
	}
	for w, p := range x.words {
		var kept postings
		p.each(func(entry uint32) {
			if !out[entry] {
				kept.add(entry)
			}
		})
		*p = kept
		if kept.last == 0 {
			delete(x.words, w)
		}
	}
	x.sort()
}

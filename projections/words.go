package projections

import (
	"hash/maphash"
	"sync"
)

// words remembers words that were read lately, each at the place that its hash
// names. Rows hold few different ones, so nearly all are found there.
type words [256]string

// Snapshots hand theirs on, so that most queries find every word there.
var wordsFree = sync.Pool{New: func() any { return new(words) }}

var wordSeed = maphash.MakeSeed()

// of gives a word as a string.
func (w *words) of(p []byte) string {
	at := &w[maphash.Bytes(wordSeed, p)%uint64(len(w))]
	if *at != string(p) {
		*at = string(p)
	}
	return *at
}

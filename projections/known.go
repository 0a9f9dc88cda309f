package projections

// known is rows in memory, in order of first touch.
type known struct {
	rows  []row
	index map[string]int32 // by key, which lies in the arena
	arena arena
}

type row struct {
	key, val []byte
	there    bool // false: known to be absent
	dirty    bool
}

type was struct {
	at int32
	row
}

// Known rows become old once there are this many, or they take this much. A
// view's rows in memory so take twice that at most, and a batch more.
const (
	knownRows  = 1 << 16
	knownBytes = 6 << 20
)

func (k *known) reset() {
	if k.index == nil {
		k.index = map[string]int32{}
	}
	clear(k.index)
	clear(k.rows)
	k.rows = k.rows[:0]
	k.arena.reset()
}

// An arena holds bytes that are freed all at once.
type arena struct {
	chunks [][]byte
	at     int // chunk in use
	used   int
}

const arenaChunk = 256 << 10

func (a *arena) copy(p []byte) []byte {
	a.used += len(p)
	for {
		if a.at == len(a.chunks) {
			a.chunks = append(a.chunks, make([]byte, 0, max(arenaChunk, len(p))))
		}
		c := a.chunks[a.at]
		if n := len(c); n+len(p) <= cap(c) {
			c = append(c, p...)
			a.chunks[a.at] = c
			return c[n : n+len(p) : n+len(p)]
		}
		a.at++
	}
}

func (a *arena) reset() {
	for i := range a.chunks {
		a.chunks[i] = a.chunks[i][:0]
	}
	a.at, a.used = 0, 0
}

package alerts

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"incidentledger/domain"
)

// Health remembers how the last delivery by each channel ended, since the
// program began. It may be used by many at once; a nil one forgets everything.
type Health struct {
	mu   sync.Mutex
	last map[domain.Code]Condition
}

// A Condition is how the last attempt by a channel ended.
type Condition struct {
	Channel   domain.Code
	At        time.Time
	Delivered bool
	Status    int
}

func (h *Health) note(channel domain.Code, status int, err error) {
	if h == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.last == nil {
		h.last = map[domain.Code]Condition{}
	}
	h.last[channel] = Condition{channel, time.Now(), err == nil, status}
}

// Conditions lists what is known, by channel.
func (h *Health) Conditions() []Condition {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := make([]Condition, 0, len(h.last))
	for _, c := range h.last {
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b Condition) int { return cmp.Compare(a.Channel, b.Channel) })
	return out
}

package intake

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
)

// A row is one record of the log.
type row struct {
	line   int    // on which it begins, from 1
	raw    string // as it stands in the log, for whoever mends it
	names  *header
	fields []string
	object map[string]string // in place of names and fields, for JSON Lines
	fault  *fault            // why it cannot be read; nil: it can

	group string
	when  reading
}

// A header says which column stands where.
type header struct {
	names []string
	index map[string]int
}

func newHeader(names []string) (*header, error) {
	h := &header{names: names, index: make(map[string]int, len(names))}
	for i, n := range names {
		if _, ok := h.index[n]; ok && n != "" {
			return nil, fmt.Errorf("the log has two columns named %q; give the names in input.columns of the mapping", n)
		}
		h.index[n] = i
	}
	return h, nil
}

// get gives a column's value without blanks around it; a column that the row
// does not have is empty.
func (r *row) get(column string) string {
	if r.object != nil {
		return strings.TrimSpace(r.object[column])
	}
	if i, ok := r.names.index[column]; ok && i < len(r.fields) {
		return strings.TrimSpace(r.fields[i])
	}
	return ""
}

// identity is a hash of what makes the row that row: the named columns, or all.
// It does not depend on the order in which columns stand.
func (r *row) identity(columns []column) [sha256.Size]byte {
	var names []string
	switch {
	case len(columns) > 0:
		for _, c := range columns {
			names = append(names, c.s)
		}
	case r.object != nil:
		for n := range r.object {
			names = append(names, n)
		}
	default:
		names = slices.Clone(r.names.names)
	}
	slices.Sort(names)
	h := sha256.New()
	put := func(s string) {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(s))))
		h.Write([]byte(s))
	}
	for _, n := range names {
		put(n)
		put(r.get(n))
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// A fault is why a row, or one of its orders, is refused before the desk sees
// it. Its code stands beside those of the desk's refusals.
type fault struct {
	code   string
	reason string
}

func faultf(code, format string, args ...any) *fault {
	return &fault{code, fmt.Sprintf(format, args...)}
}

// mark tells rows of a log apart: half a hash of group and identity.
func (r *row) mark(identity [sha256.Size]byte) [16]byte {
	h := sha256.Sum256(append(identity[:], r.group...))
	return [16]byte(h[:16])
}

package domain

import (
	"bytes"
	"crypto/sha256"
	"slices"
)

// A Class is what access to an aggregate depends on: its open access attributes.
// All aggregates of a class are judged alike, so that one judgement a class and
// reader is enough. The organisation is that of the ledger.
type Class struct {
	Track    Code // normal or integrity
	TLP      Code // traffic light protocol; empty: none was set
	Withheld Hash // names the set of persons from whom it is kept; zero: none
	Need     Hash // names the set of the only persons who may see it; zero: it is not narrowed
	Set      Seq  // the entry that set the confidentiality after the report; 0: none did
}

// PlainClass is the class of an aggregate of which nothing special is known.
func PlainClass() Class { return Class{Track: "normal"} }

// NeedOf names a set of persons: the same in any order.
func NeedOf(persons []PersonID) Hash {
	if len(persons) == 0 {
		return Hash{}
	}
	ids := slices.Clone(persons)
	slices.SortFunc(ids, func(a, b PersonID) int { return bytes.Compare(a.UUID[:], b.UUID[:]) })
	d := sha256.New()
	d.Write([]byte("incidentledger/need/1\x00"))
	for _, id := range slices.Compact(ids) {
		d.Write(id.UUID[:])
	}
	var h Hash
	d.Sum(h[:0])
	return h
}

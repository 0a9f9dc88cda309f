package deadlines

import (
	"encoding/binary"

	"incidentledger/domain"
	"incidentledger/domain/organisation"
	"incidentledger/domain/policy"
	"incidentledger/projections"
)

// A Law says what terms rest on: the last entry of the adopted policy, and of the
// organisation's profile; 0 where there is none.
type Law struct{ Policy, Profile domain.Seq }

// age orders laws by time. Both entries only ever grow, so of two laws the one
// with the smaller sum is the older.
func (l Law) age() uint64 { return uint64(l.Policy) + uint64(l.Profile) }

// ageOf gives the age of the law that an entry was decided by.
func ageOf(en *domain.Entry) uint64 {
	var l Law
	for _, b := range en.Basis {
		switch b.Kind {
		case policy.AdoptionKind:
			l.Policy = b.Seq
		case organisation.Name:
			l.Profile = b.Seq
		}
	}
	return l.age()
}

func changesLaw(en *domain.Entry) bool {
	return en.Kind == policy.AdoptionKind || en.Kind == organisation.Name
}

func lawKey(kind domain.KindName) []byte { return append([]byte{'c'}, kind...) }

func indexLaw(age uint64, key domain.Key) []byte {
	return append(binary.BigEndian.AppendUint64([]byte{'l'}, age), key.UUID[:]...)
}

// Behind gives the law that holds now and the open incidents that were judged
// last by an older one: their terms may have to be derived anew.
func (d *Deadlines) Behind() (law Law, behind []domain.Key, err error) {
	for kind, seq := range map[domain.KindName]*domain.Seq{policy.AdoptionKind: &law.Policy, organisation.Name: &law.Profile} {
		if v, found := d.r.Get(lawKey(kind)); found {
			dv := d.r.Dec(v)
			if *seq = domain.Seq(dv.Num()); dv.Err() != nil {
				return law, nil, projections.ErrRow
			}
		}
	}
	for k := range scan(d.r, 'l', []byte{'l'}, indexLaw(law.age(), domain.Key{})) {
		dk := projections.NewDec(k[9:])
		behind = append(behind, domain.Key{UUID: dk.ID()})
		if dk.Err() != nil {
			return law, nil, projections.ErrRow
		}
	}
	return law, behind, d.r.Err()
}

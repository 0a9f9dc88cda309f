package eventstore

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"incidentledger/domain"
)

const (
	recordMagic  = "ILJ1"
	recordHeader = 48
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// aggID is the first half of SHA-256 of "kind/key": how the journal names an
// aggregate.
type aggID [16]byte

func aggOf(ref domain.Ref) aggID {
	var buf [64]byte
	sum := sha256.Sum256(append(append(append(buf[:0], ref.Kind...), '/'), ref.Key.String()...))
	return aggID(sum[:16])
}

func aggOfString(kindKey string) aggID {
	sum := sha256.Sum256([]byte(kindKey))
	return aggID(sum[:16])
}

// recHead is the header of a journal record.
type recHead struct {
	size    int
	crc     uint32
	seq     domain.Seq
	durable domain.Seq
	agg     aggID
}

// appendRecord adds one journal record to buf.
func appendRecord(buf []byte, seq, durable domain.Seq, agg aggID, stored []byte) []byte {
	start := len(buf)
	buf = append(buf, recordMagic...)
	buf = binary.BigEndian.AppendUint32(buf, uint32(len(stored)))
	buf = append(buf, 0, 0, 0, 0, 0, 0, 0, 0)
	buf = binary.BigEndian.AppendUint64(buf, uint64(seq))
	buf = binary.BigEndian.AppendUint64(buf, uint64(durable))
	buf = append(buf, agg[:]...)
	buf = append(buf, stored...)
	binary.BigEndian.PutUint32(buf[start+8:], crc32.Checksum(buf[start+12:], castagnoli))
	return buf
}

// parseRecord reads the record at the start of b. The stored bytes are a part
// of b. More than its bytes may follow.
func parseRecord(b []byte) (recHead, []byte, error) {
	var h recHead
	if len(b) < recordHeader {
		return h, nil, fmt.Errorf("%d bytes where a record header of %d should be", len(b), recordHeader)
	}
	if string(b[:4]) != recordMagic {
		return h, nil, fmt.Errorf("no record begins here")
	}
	h.size = int(binary.BigEndian.Uint32(b[4:]))
	h.crc = binary.BigEndian.Uint32(b[8:])
	h.seq = domain.Seq(binary.BigEndian.Uint64(b[16:]))
	h.durable = domain.Seq(binary.BigEndian.Uint64(b[24:]))
	h.agg = aggID(b[32:48])
	if h.size > MaxEntry {
		return h, nil, fmt.Errorf("a record of %d bytes is too long", h.size)
	}
	if len(b) < recordHeader+h.size {
		return h, nil, fmt.Errorf("the record is cut off")
	}
	if crc32.Checksum(b[12:recordHeader+h.size], castagnoli) != h.crc {
		return h, nil, fmt.Errorf("the checksum of record %d does not match", h.seq)
	}
	return h, b[recordHeader : recordHeader+h.size : recordHeader+h.size], nil
}

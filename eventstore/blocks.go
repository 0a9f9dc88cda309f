package eventstore

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/minio/highwayhash"

	"incidentledger/domain"
)

// JetStream keeps a stream's messages in block files, <n>.blk. A record is,
// little-endian: length (4; the high bit says that headers follow), sequence
// (8; high bits mark deletions), time (8), subject length (2), subject, where
// headers follow their length (4) and bytes, the message, and a HighwayHash-64
// (8) keyed with SHA-256 of "<stream>-<n>". This holds for nats-server 2.15
// without compression and encryption, which the ledger's streams never use.
const (
	blkHead     = 22
	blkHash     = 8
	blkHeaders  = 1 << 31
	blkDeleted  = 1<<63 | 1<<62
	blkMaxSize  = 32 << 20
	blkSuffix   = ".blk"
	streamState = "index.db"
)

// blkRecord is one message as it lies in a block.
type blkRecord struct {
	Seq     domain.Seq
	Subject string
	Data    []byte // part of the block's bytes
	at      int    // where Data begins in the block
}

// blockFile is one block with its number.
type blockFile struct {
	n    int
	path string
}

// blockFiles lists the blocks in a stream's folder in order.
func blockFiles(msgs string) ([]blockFile, error) {
	names, err := os.ReadDir(msgs)
	if err != nil {
		return nil, err
	}
	var out []blockFile
	for _, e := range names {
		digits, ok := strings.CutSuffix(e.Name(), blkSuffix)
		if !ok {
			continue
		}
		n, err := strconv.Atoi(digits)
		if err != nil {
			return nil, fmt.Errorf("%s is no block name", filepath.Join(msgs, e.Name()))
		}
		out = append(out, blockFile{n, filepath.Join(msgs, e.Name())})
	}
	slices.SortFunc(out, func(a, b blockFile) int { return a.n - b.n })
	return out, nil
}

// errBlockDamage says that a block does not hold what JetStream wrote.
var errBlockDamage = errors.New("block damaged")

// scanBlock calls each for every record of a block in order. Where the bytes do
// not check it returns the offset of the first bad record and an error that
// wraps errBlockDamage. Errors of each end the scan and are returned as they are.
func scanBlock(stream string, blk blockFile, each func(r blkRecord, off int) error) (int, error) {
	b, done, err := mapFile(blk.path)
	if err != nil {
		return 0, err
	}
	defer done()
	check, err := newBlockCheck(stream, blk.n)
	if err != nil {
		return 0, err
	}
	off := 0
	for off < len(b) {
		r, n, why := check.record(b, off)
		if why == "" && r.Seq&blkDeleted != 0 {
			why = fmt.Sprintf("message %d was deleted", r.Seq&^blkDeleted)
		}
		if why != "" {
			return off, fmt.Errorf("%s: %w", why, errBlockDamage)
		}
		if err := each(r, off); err != nil {
			return off, err
		}
		off += n
	}
	return off, nil
}

// blockCheck checks the records of one block against their checksums.
type blockCheck struct {
	hh  *highwayhash.Digest64
	sum [blkHash]byte
}

func newBlockCheck(stream string, n int) (*blockCheck, error) {
	key := sha256.Sum256([]byte(fmt.Sprintf("%s-%d", stream, n)))
	hh, err := highwayhash.NewDigest64(key[:])
	return &blockCheck{hh: hh}, err
}

// record reads the record at off and gives it with its length, or says why the
// bytes there are none.
func (c *blockCheck) record(b []byte, off int) (r blkRecord, n int, why string) {
	le := binary.LittleEndian
	if off+blkHead > len(b) {
		return r, 0, "the record is cut off"
	}
	rl := le.Uint32(b[off:])
	headers := rl&blkHeaders != 0
	rl &^= blkHeaders
	seq := le.Uint64(b[off+4:])
	slen := int(le.Uint16(b[off+20:]))
	if rl < blkHead+blkHash || rl > blkMaxSize || int(rl) < blkHead+slen+blkHash {
		return r, 0, "the record's length is impossible"
	}
	end := off + int(rl)
	if end > len(b) {
		return r, 0, "the record is cut off"
	}
	at := off + blkHead + slen
	c.hh.Reset()
	c.hh.Write(b[off+4 : off+20])
	c.hh.Write(b[off+blkHead : at])
	if headers {
		if at+4 > end-blkHash {
			return r, 0, "the header length is cut off"
		}
		hlen := int(le.Uint32(b[at:]))
		if hlen < 0 || at+4+hlen > end-blkHash {
			return r, 0, "the header length is impossible"
		}
		c.hh.Write(b[at+4 : end-blkHash])
		at += 4 + hlen
	} else {
		c.hh.Write(b[at : end-blkHash])
	}
	if string(c.hh.Sum(c.sum[:0])) != string(b[end-blkHash:end]) {
		return r, 0, fmt.Sprintf("the checksum of message %d does not match", seq&^blkDeleted)
	}
	return blkRecord{
		Seq: domain.Seq(seq), Subject: string(b[off+blkHead : off+blkHead+slen]),
		Data: b[at : end-blkHash : end-blkHash], at: at,
	}, int(rl), ""
}

package eventstore

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"incidentledger/domain"
)

// Whatever bytes there are, reading them ends in an entry or an error. What was
// read and is current is written again in a form that reads the same.
func FuzzDecode(f *testing.F) {
	c := testCodec(f)
	for _, en := range []*domain.Entry{sparse(), whole()} {
		b, err := c.Encode(en)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
		f.Add(bytes.Replace(b, []byte(`"v":2,"open":{"word":"disk","n":3}`), []byte(`"v":1,"open":{"text":"disk"}`), 1))
	}
	lost, err := encodeLost(3, domain.Hash{})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(lost)
	f.Fuzz(func(t *testing.T, b []byte) {
		en, err := c.Decode(3, b)
		if err != nil {
			if en != nil {
				t.Fatalf("%v, and an entry", err)
			}
			return
		}
		if en.Hash != domain.LeafHash(b) || en.Size != len(b) {
			t.Fatalf("hash %s, size %d", en.Hash, en.Size)
		}
		for _, r := range en.Events {
			if r.V != c.Version(r.Type) {
				return // a retired shape is never written again
			}
		}
		again, err := c.Encode(en)
		if errors.Is(err, domain.ErrTooLarge) {
			return // today's form may be longer by what was left out then
		}
		if err != nil {
			t.Fatalf("what was read is not written: %v", err)
		}
		back, err := c.Decode(3, again)
		if err != nil {
			t.Fatalf("what was written is not read: %v\n%s", err, again)
		}
		en.Hash, en.Size, back.Hash, back.Size = domain.Hash{}, 0, domain.Hash{}, 0
		if !sameEntry(en, back) {
			t.Fatalf("read as\n%+v\nand then as\n%+v", en, back)
		}
	})
}

// A record is taken for one only with its checksum, and its bytes are those
// that were written.
func FuzzParseRecord(f *testing.F) {
	f.Add(appendRecord(nil, 1, 0, aggOfString("note/1"), []byte(`{"v":1}`)))
	f.Add(appendRecord(appendRecord(nil, 2, 1, aggID{}, nil), 3, 2, aggID{1}, bytes.Repeat([]byte{7}, 300)))
	f.Add(make([]byte, recordHeader))
	f.Add([]byte(recordMagic + "\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, stored, err := parseRecord(b)
		if err != nil {
			return
		}
		// The four bytes after the checksum are zero when this program writes
		// them, and under the checksum whatever they are.
		again := appendRecord(nil, h.seq, h.durable, h.agg, stored)
		if bytes.Equal(b[12:16], make([]byte, 4)) && !bytes.Equal(again, b[:len(again)]) {
			t.Fatalf("record %d is written as %x and was %x", h.seq, again, b[:len(again)])
		}
	})
}

// A journal of arbitrary bytes is read to its end without a panic, and gives
// records in order only.
func FuzzScanJournal(f *testing.F) {
	var log []byte
	for seq := range domain.Seq(3) {
		log = appendRecord(log, seq+1, seq, aggID{}, []byte("entry"))
	}
	f.Add(log)
	f.Add(append(bytes.Clone(log), make([]byte, 64)...))
	f.Add(append(bytes.Clone(log), "torn"...))
	dir := f.TempDir()
	path := segmentPath(dir, 1)
	f.Fuzz(func(t *testing.T, b []byte) {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		next := domain.Seq(1)
		if _, err := scanJournal(dir, func(h recHead, _ []byte) error {
			if h.seq < next {
				t.Fatalf("record %d after %d", h.seq, next-1)
			}
			next = h.seq + 1
			return nil
		}); err != nil && errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	})
}

// A block of arbitrary bytes is read up to the first byte that does not check.
func FuzzScanBlock(f *testing.F) {
	f.Add([]byte{})
	f.Add(make([]byte, blkHead+blkHash))
	f.Add([]byte{0x1e, 0, 0, 0x80, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff})
	block := appendBlock(f, appendBlock(f, nil, 1, "ledger.nuth.note.1", "", "one"), 2, "ledger.nuth.note.1", "NATS/1.0\r\n\r\n", "two")
	f.Add(block)
	f.Add(block[:len(block)-3])
	path := filepath.Join(f.TempDir(), "1"+blkSuffix)
	f.Fuzz(func(t *testing.T, b []byte) {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		end, seen := 0, 0
		off, err := scanBlock("LEDGER_nuth", blockFile{1, path}, func(r blkRecord, off int) error {
			if off != end || r.at+len(r.Data) > len(b) {
				t.Fatalf("message %d lies at %d to %d of %d bytes; the one before it ended at %d", r.Seq, off, r.at+len(r.Data), len(b), end)
			}
			end = r.at + len(r.Data) + blkHash
			seen++
			return nil
		})
		if err == nil && off != len(b) || off > len(b) {
			t.Fatalf("the scan ended at %d of %d bytes: %v", off, len(b), err)
		}
		if bytes.Equal(b, block) && (err != nil || seen != 2) {
			t.Fatalf("of the whole block %d messages were read: %v", seen, err)
		}
	})
}

// appendBlock adds a message to a block as JetStream lays it down.
func appendBlock(t testing.TB, block []byte, seq uint64, subject, headers, data string) []byte {
	t.Helper()
	le := binary.LittleEndian
	size := blkHead + len(subject) + len(data) + blkHash
	flag := uint32(0)
	if headers != "" {
		size, flag = size+4+len(headers), blkHeaders
	}
	rec := le.AppendUint32(nil, uint32(size)|flag)
	rec = le.AppendUint64(rec, seq)
	rec = le.AppendUint64(rec, 1) // time
	rec = le.AppendUint16(rec, uint16(len(subject)))
	rec = append(rec, subject...)
	check, err := newBlockCheck("LEDGER_nuth", 1)
	if err != nil {
		t.Fatal(err)
	}
	check.hh.Reset()
	check.hh.Write(rec[4:20])
	check.hh.Write(rec[blkHead:])
	if headers != "" {
		rec = le.AppendUint32(rec, uint32(len(headers)))
	}
	check.hh.Write([]byte(headers + data))
	rec = append(rec, headers+data...)
	return append(block, check.hh.Sum(rec)[:size]...)
}

// Whatever an entry says, it is written in a form that reads the same or not
// written at all: nothing is acknowledged that the next start could not read.
func TestWhatIsWrittenCanBeRead(t *testing.T) {
	t.Parallel()
	c := testCodec(t)
	rapid.Check(t, func(t *rapid.T) {
		en := whole()
		word := rapid.OneOf(rapid.StringMatching(`[a-z-]{1,12}`), rapid.String(), rapid.SampledFrom([]string{"", `"`, `\`, "\n", "é", "\u2028", "<"}))
		text := func(name string) string { return word.Draw(t, name) }
		switch rapid.IntRange(0, 6).Draw(t, "what") {
		case 0:
			en.Actor.Role = domain.Code(text("role"))
		case 1:
			en.Actor.For = domain.OrgID(text("for"))
		case 2:
			en.By.Medium = domain.Code(text("medium"))
		case 3:
			en.Events[0].Event = noted{Word: domain.Code(text("word")), N: rapid.Int().Draw(t, "n")}
		case 4:
			en.Org = domain.OrgID(text("org"))
		case 5:
			en.Prev = domain.Seq(rapid.Uint64().Draw(t, "prev"))
		case 6:
			en.Command = text("command")
		}
		b, err := c.Encode(en)
		if err != nil {
			return
		}
		back, err := c.Decode(0, b)
		if err != nil {
			t.Fatalf("written, and not read: %v\n%s", err, b)
		}
		back.Hash, back.Size = domain.Hash{}, 0
		if !sameEntry(back, en) {
			t.Fatalf("written as\n%+v\nand read as\n%+v", en, back)
		}
	})
}

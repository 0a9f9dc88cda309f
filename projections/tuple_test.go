package projections

import (
	"bytes"
	"cmp"
	"testing"
	"time"

	"pgregory.net/rapid"

	"incidentledger/domain"
)

func instants() *rapid.Generator[time.Time] {
	return rapid.Custom(func(t *rapid.T) time.Time {
		if rapid.IntRange(0, 9).Draw(t, "zero") == 0 {
			return time.Time{}
		}
		from, to := time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)
		return time.Unix(rapid.Int64Range(from.Unix(), to.Unix()).Draw(t, "s"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns")).UTC()
	})
}

func TestKeysKeepTheirOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := instants().Draw(t, "a"), instants().Draw(t, "b")
		if got, want := bytes.Compare(KeyTime(nil, a), KeyTime(nil, b)), a.Compare(b); got != want {
			t.Fatalf("keys of %s and %s compare %d, want %d", a, b, got, want)
		}
		m, n := rapid.Uint64().Draw(t, "m"), rapid.Uint64().Draw(t, "n")
		if got := bytes.Compare(KeySeq(nil, domain.Seq(m)), KeySeq(nil, domain.Seq(n))); got != cmp.Compare(m, n) {
			t.Fatalf("keys of %d and %d compare %d", m, n, got)
		}
		s, r := rapid.StringMatching(`[a-z]{0,4}`).Draw(t, "s"), rapid.StringMatching(`[a-z]{0,4}`).Draw(t, "r")
		if got := bytes.Compare(append(KeyText(nil, s), 255), append(KeyText(nil, r), 1)); s != r && got != cmp.Compare(s, r) {
			t.Fatalf("keys of %q and %q compare %d", s, r, got)
		}
	})
}

func TestTuplesReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, i := rapid.Uint64().Draw(t, "n"), rapid.Int64().Draw(t, "i")
		at := instants().Draw(t, "at")
		text, raw := rapid.String().Draw(t, "text"), rapid.SliceOf(rapid.Byte()).Draw(t, "raw")
		code := rapid.StringMatching(`[a-z-]{0,9}`).Draw(t, "code")
		class := Class{Track: domain.Code(code), TLP: "amber", Need: domain.LeafHash(raw), Set: domain.Seq(n)}
		b := KeyText(Bytes(Text(Time(Int(Num(nil, n), i), at), text), raw), code)
		b = AppendClass(KeyUint32(KeySeq(b, domain.Seq(n)), uint32(n)), class)
		d := NewDec(b)
		if d.Num() != n || d.Int() != i || !d.Time().Equal(at) || d.Text() != text || !bytes.Equal(d.Bytes(), raw) || d.KeyText() != code ||
			d.Seq() != domain.Seq(n) || d.Uint32() != uint32(n) || d.Class() != class || d.Len() != 0 || d.Err() != nil {
			t.Fatalf("does not read back: %v", d.Err())
		}
		cut := NewDec(b[:rapid.IntRange(0, len(b)-1).Draw(t, "cut")])
		cut.Num()
		cut.Int()
		cut.Time()
		cut.Text()
		cut.Bytes()
		cut.KeyText()
		cut.Seq()
		cut.Uint32()
		cut.Class()
		if cut.Err() == nil {
			t.Fatal("a row that was cut short reads without an error")
		}
	})
}

func TestAfterIsBehindEveryKeyOfAPrefix(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		prefix, rest := rapid.SliceOf(rapid.Byte()).Draw(t, "prefix"), rapid.SliceOf(rapid.Byte()).Draw(t, "rest")
		end := After(prefix)
		if end != nil && bytes.Compare(append(bytes.Clone(prefix), rest...), end) >= 0 {
			t.Fatalf("%x begins with %x and is not before %x", rest, prefix, end)
		}
		if end != nil && bytes.HasPrefix(end, prefix) {
			t.Fatalf("%x begins with %x", end, prefix)
		}
	})
}

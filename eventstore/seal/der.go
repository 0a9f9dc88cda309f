package seal

import "errors"

// errDER says that bytes are not ASN.1 in its one distinguished form.
var errDER = errors.New("its ASN.1 is not in distinguished form (DER)")

// A der is one element of DER.
type der struct {
	tag  byte
	raw  []byte // all of it
	body []byte
}

// deepest is how deep elements may lie in each other.
const deepest = 32

// parseDER reads one element that fills b, and makes sure that everything in it
// is DER too: short tags, definite lengths in the fewest bytes.
func parseDER(b []byte) (der, error) {
	d, rest, err := nextDER(b)
	if err != nil || len(rest) > 0 {
		return der{}, errDER
	}
	return d, d.sound(0)
}

func nextDER(b []byte) (d der, rest []byte, err error) {
	if len(b) < 2 || b[0]&0x1f == 0x1f {
		return d, nil, errDER
	}
	n, head := int(b[1]), 2
	if n >= 0x80 {
		more := n - 0x80
		if more < 1 || more > 3 || len(b) < 2+more {
			return d, nil, errDER
		}
		n, head = 0, 2+more
		for _, c := range b[2:head] {
			n = n<<8 | int(c)
		}
		if n < 0x80 || n>>(8*(more-1)) == 0 {
			return d, nil, errDER
		}
	}
	if len(b) < head+n {
		return d, nil, errDER
	}
	return der{b[0], b[:head+n], b[head : head+n]}, b[head+n:], nil
}

func (d der) sound(depth int) error {
	if d.tag&0x20 == 0 {
		return nil
	}
	if depth == deepest {
		return errDER
	}
	for b := d.body; len(b) > 0; {
		child, rest, err := nextDER(b)
		if err == nil {
			err = child.sound(depth + 1)
		}
		if err != nil {
			return err
		}
		b = rest
	}
	return nil
}

// children gives the elements within an element that was found sound.
func (d der) children() (out []der) {
	for b := d.body; len(b) > 0; {
		child, rest, err := nextDER(b)
		if err != nil {
			return nil
		}
		out, b = append(out, child), rest
	}
	return out
}

// fields gives the elements within a constructed element where they are those
// that the tags name, and nothing otherwise.
func (d der) fields(tag byte, tags string) []der {
	c := d.children()
	if d.tag != tag || len(c) != len(tags) {
		return nil
	}
	for i := range c {
		if c[i].tag != tags[i] {
			return nil
		}
	}
	return c
}

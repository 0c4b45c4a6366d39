package reqlog

import (
	"encoding/binary"
	"errors"
	"math"
	"time"
)

var errPayload = errors.New("the record's payload is damaged")

// coder writes or reads a list of fields; the same visiting code does both, so the two can't drift apart.
// A field that is missing at the end of a section reads as zero: fields may be added at the end of a section
// without breaking the records of older versions, and newer fields are passed over.
type coder struct {
	out     []byte // when writing
	in      string // when reading; decoded strings are parts of it
	reading bool
	err     error
}

func (c *coder) uint(v *uint64) {
	if !c.reading {
		c.out = binary.AppendUvarint(c.out, *v)
		return
	}
	if c.in == "" || c.err != nil {
		*v = 0
		return
	}
	var x uint64
	for shift := 0; shift < 64 && c.in != ""; shift += 7 {
		b := c.in[0]
		c.in = c.in[1:]
		x |= uint64(b&0x7f) << shift
		if b < 0x80 {
			*v = x
			return
		}
	}
	c.err = errPayload
}

// number codes any integer, small values of either sign in few bytes.
func number[T ~int | ~int64](c *coder, v *T) {
	u := uint64(*v)<<1 ^ uint64(int64(*v)>>63)
	c.uint(&u)
	if c.reading {
		*v = T(int64(u>>1) ^ -int64(u&1))
	}
}

func text[T ~string | ~[]byte](c *coder, v *T) {
	n := uint64(len(*v))
	c.uint(&n)
	switch {
	case !c.reading:
		c.out = append(c.out, *v...)
	case n > uint64(len(c.in)):
		c.err = errPayload
	case n > 0:
		*v, c.in = T(c.in[:n]), c.in[n:]
	}
}

func (c *coder) bool(v *bool) {
	u := uint64(0)
	if *v {
		u = 1
	}
	c.uint(&u)
	if c.reading {
		*v = u != 0
	}
}

func float(c *coder, v *float64) {
	if !c.reading {
		c.out = binary.LittleEndian.AppendUint64(c.out, math.Float64bits(*v))
		return
	}
	if len(c.in) < 8 {
		c.err = errPayload
		return
	}
	*v = math.Float64frombits(binary.LittleEndian.Uint64([]byte(c.in[:8])))
	c.in = c.in[8:]
}

// time codes an instant in nanoseconds; it is read back in UTC. The zero time stays zero.
func (c *coder) time(v *time.Time) {
	n := int64(0)
	if !v.IsZero() {
		n = v.UnixNano()
	}
	number(c, &n)
	if c.reading && n != 0 {
		*v = time.Unix(0, n).UTC()
	}
}

func optional[T any](c *coder, v **T, visit func(*coder, *T)) {
	there := *v != nil
	c.bool(&there)
	if !there || c.err != nil {
		return
	}
	if c.reading {
		*v = new(T)
	}
	visit(c, *v)
}

func list[T any](c *coder, v *[]T, visit func(*coder, *T)) {
	n := uint64(len(*v))
	c.uint(&n)
	if !c.reading {
		for i := range *v {
			visit(c, &(*v)[i])
		}
		return
	}
	if n > uint64(len(c.in)) {
		c.err = errPayload // every element takes at least a byte
		return
	}
	for range n {
		if c.err != nil {
			return
		}
		var item T
		visit(c, &item)
		*v = append(*v, item)
	}
}

// section codes v with its length in front, which is what makes room for later fields.
func section[T any](c *coder, v *T, visit func(*coder, *T)) {
	if !c.reading {
		at := len(c.out)
		c.out = append(c.out, 0, 0, 0, 0)
		visit(c, v)
		binary.LittleEndian.PutUint32(c.out[at:], uint32(len(c.out)-at-4))
		return
	}
	if c.in == "" || c.err != nil {
		return
	}
	if len(c.in) < 4 {
		c.err = errPayload
		return
	}
	n := binary.LittleEndian.Uint32([]byte(c.in[:4]))
	if uint64(n) > uint64(len(c.in)-4) {
		c.err = errPayload
		return
	}
	inner := coder{in: c.in[4 : 4+n], reading: true}
	c.in = c.in[4+n:]
	visit(&inner, v)
	c.err = inner.err
}

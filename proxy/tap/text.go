package tap

import (
	"fmt"
	"unicode/utf8"
)

// budget bounds what a tap keeps of a message.
type budget struct {
	left  int   // bytes that may still be kept
	tails int   // texts that keep their last bytes although the budget is spent
	cut   int64 // bytes that were left out
	text  int64 // bytes of generated text that were seen, kept or not
}

const (
	overhead  = 256     // what a field costs besides its text
	tailBytes = 4 << 10 // kept of the end of a text whose middle is cut
	maxTails  = 16
)

// take reserves n bytes, all or nothing.
func (b *budget) take(n int) bool {
	if n > b.left {
		b.cut += int64(n)
		return false
	}
	b.left -= n
	return true
}

// text collects the pieces of a JSON string in their escaped form, as they stand between the quotes: joining them needs no
// decoding. When the budget is spent the head stays, the latest pieces are kept as the tail, and the middle is dropped.
type text struct {
	head  []byte
	tail  []byte
	ends  []int // where the pieces in tail end
	cut   int64 // bytes dropped between head and tail
	begun bool  // the budget ran out within this text
}

func (t *text) add(piece string, b *budget) {
	if !t.begun && len(piece) <= b.left {
		b.left -= len(piece)
		t.head = append(t.head, piece...)
		return
	}
	if !t.begun {
		t.begun = true
		n := safeCut(piece, b.left)
		t.head = append(t.head, piece[:n]...)
		b.left -= n
		piece = piece[n:]
	}
	if t.tail == nil {
		if b.tails == maxTails {
			t.drop(len(piece), b)
			return
		}
		b.tails++
		t.tail = make([]byte, 0, 2*tailBytes)
	}
	t.addTail(piece, b)
}

func (t *text) addTail(piece string, b *budget) {
	if len(piece) > tailBytes {
		t.drop(len(t.tail), b)
		t.tail, t.ends = t.tail[:0], t.ends[:0]
		from := safeStart(piece, len(piece)-tailBytes)
		t.drop(from, b)
		piece = piece[from:]
	}
	if len(t.tail)+len(piece) > cap(t.tail) {
		t.shrink(b)
	}
	t.tail = append(t.tail, piece...)
	t.ends = append(t.ends, len(t.tail))
}

// shrink drops the oldest pieces of the tail.
func (t *text) shrink(b *budget) {
	k := 0
	for k < len(t.ends)-1 && len(t.tail)-t.ends[k] > tailBytes {
		k++
	}
	gone := t.ends[k]
	t.drop(gone, b)
	t.tail = append(t.tail[:0], t.tail[gone:]...)
	kept := t.ends[:0]
	for _, end := range t.ends[k+1:] {
		kept = append(kept, end-gone)
	}
	t.ends = kept
}

func (t *text) drop(n int, b *budget) {
	t.cut += int64(n)
	b.cut += int64(n)
}

func (t *text) empty() bool { return len(t.head) == 0 && len(t.tail) == 0 && t.cut == 0 }

// appendTo appends the escaped text, with a mark where something was cut.
func (t *text) appendTo(dst []byte) []byte {
	dst = append(dst, t.head...)
	if t.cut > 0 {
		dst = append(dst, cutMark(t.cut)...)
	}
	return append(dst, t.tail...)
}

func cutMark(n int64) string { return fmt.Sprintf("…[%d bytes cut]…", n) }

// safeCut returns the largest length of at most n at which an escaped text can be cut without breaking a character or an
// escape sequence. It may separate the halves of a surrogate pair, which is still valid JSON.
func safeCut(piece string, n int) int {
	i := 0
	for i < len(piece) {
		next := i + unit(piece[i:])
		if next > n {
			break
		}
		i = next
	}
	return i
}

// safeStart returns the smallest offset of at least n at which a character or an escape sequence starts.
func safeStart(piece string, n int) int {
	i := 0
	for i < n {
		i += unit(piece[i:])
	}
	return i
}

// unit is the length of the first character or escape sequence.
func unit(s string) int {
	switch {
	case s[0] == '\\' && len(s) > 1 && s[1] == 'u':
		return min(6, len(s))
	case s[0] == '\\':
		return min(2, len(s))
	case s[0] < utf8.RuneSelf:
		return 1
	}
	_, n := utf8.DecodeRuneInString(s)
	return n
}

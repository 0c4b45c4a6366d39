package body

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// MaxDepth is how deep arrays and objects may nest. It bounds the recursion here and in every parser behind.
const MaxDepth = 512

// failure is why a scan stopped.
type failure uint8

const (
	failNone failure = iota
	failSyntax
	failEnd // the text ended inside a value
	failDepth
	failEncoding
)

// span is a member of the outermost object. The offsets of the key and of a string value include the quotes.
type span struct {
	keyStart, keyEnd, valueStart, valueEnd int
}

// scanner checks a JSON text (RFC 8259) in one pass: grammar, UTF-8, depth. On the way it notes where the members of the
// outermost object are. It accepts what encoding/json.Valid accepts, less invalid UTF-8 and less what is nested too deep.
//
// Its methods take the offset to read at and return the offset after what they read, or -1 after calling fail.
type scanner struct {
	data    []byte
	members []span // of the outermost object, in order; nil = they are not wanted
	depth   int
	why     failure
	at      int // offset of the failure
}

// scan checks the whole text.
func (s *scanner) scan() bool {
	i := s.value(s.space(0))
	if i < 0 {
		return false
	}
	if i = s.space(i); i < len(s.data) {
		s.fail(failSyntax, i)
		return false
	}
	return true
}

func (s *scanner) fail(why failure, at int) int {
	if why == failSyntax && at >= len(s.data) {
		why = failEnd
	}
	s.why, s.at = why, at
	return -1
}

func (s *scanner) space(i int) int {
	for i < len(s.data) && s.data[i] <= ' ' {
		switch s.data[i] {
		case ' ', '\n', '\t', '\r':
			i++
		default:
			return i
		}
	}
	return i
}

func (s *scanner) value(i int) int {
	if i >= len(s.data) {
		return s.fail(failEnd, i)
	}
	switch c := s.data[i]; c {
	case '"':
		return s.text(i + 1)
	case '{':
		return s.object(i)
	case '[':
		return s.array(i)
	case 't':
		return s.literal(i, "true")
	case 'f':
		return s.literal(i, "false")
	case 'n':
		return s.literal(i, "null")
	case '-':
		return s.number(i + 1)
	default:
		return s.number(i)
	}
}

// object reads an object, i being at its brace.
func (s *scanner) object(i int) int {
	if s.depth == MaxDepth {
		return s.fail(failDepth, i)
	}
	s.depth++
	if i = s.space(i + 1); i < len(s.data) && s.data[i] == '}' {
		s.depth--
		return i + 1
	}
	for {
		m := span{keyStart: i}
		if i >= len(s.data) || s.data[i] != '"' {
			return s.fail(failSyntax, i)
		}
		if i = s.text(i + 1); i < 0 {
			return -1
		}
		m.keyEnd = i
		if i = s.space(i); i >= len(s.data) || s.data[i] != ':' {
			return s.fail(failSyntax, i)
		}
		m.valueStart = s.space(i + 1)
		if i = s.value(m.valueStart); i < 0 {
			return -1
		}
		m.valueEnd = i
		if s.depth == 1 && s.members != nil {
			s.members = append(s.members, m)
		}
		i = s.space(i)
		if i >= len(s.data) {
			return s.fail(failEnd, i)
		}
		switch s.data[i] {
		case '}':
			s.depth--
			return i + 1
		case ',':
			i = s.space(i + 1)
		default:
			return s.fail(failSyntax, i)
		}
	}
}

// array reads an array, i being at its bracket.
func (s *scanner) array(i int) int {
	if s.depth == MaxDepth {
		return s.fail(failDepth, i)
	}
	s.depth++
	if i = s.space(i + 1); i < len(s.data) && s.data[i] == ']' {
		s.depth--
		return i + 1
	}
	for {
		if i = s.value(i); i < 0 {
			return -1
		}
		i = s.space(i)
		if i >= len(s.data) {
			return s.fail(failEnd, i)
		}
		switch s.data[i] {
		case ']':
			s.depth--
			return i + 1
		case ',':
			i = s.space(i + 1)
		default:
			return s.fail(failSyntax, i)
		}
	}
}

func (s *scanner) literal(i int, word string) int {
	for k := range len(word) {
		if i+k >= len(s.data) || s.data[i+k] != word[k] {
			return s.fail(failSyntax, i+k)
		}
	}
	return i + len(word)
}

// number reads a number, i being behind its sign.
func (s *scanner) number(i int) int {
	d := s.data
	if i < len(d) && d[i] == '0' {
		i++
	} else if i = s.digits(i); i < 0 {
		return -1
	}
	if i < len(d) && d[i] == '.' {
		if i = s.digits(i + 1); i < 0 {
			return -1
		}
	}
	if i < len(d) && d[i]|0x20 == 'e' {
		i++
		if i < len(d) && (d[i] == '+' || d[i] == '-') {
			i++
		}
		return s.digits(i)
	}
	return i
}

// digits reads one digit or more.
func (s *scanner) digits(i int) int {
	from := i
	for i < len(s.data) && s.data[i]-'0' <= 9 {
		i++
	}
	if i == from {
		return s.fail(failSyntax, i)
	}
	return i
}

// text reads the rest of a string, i being behind its opening quote. Plain ASCII, nearly all there is in a prompt, goes
// eight bytes at a time.
func (s *scanner) text(i int) int {
	d := s.data
	for {
		for i+8 <= len(d) {
			stop := special(binary.LittleEndian.Uint64(d[i:]))
			if stop != 0 {
				i += bits.TrailingZeros64(stop) >> 3
				break
			}
			i += 8
		}
		if i >= len(d) {
			return s.fail(failEnd, i)
		}
		switch c := d[i]; {
		case c == '"':
			return i + 1
		case c == '\\':
			i = s.escape(i + 1)
		case c < ' ':
			return s.fail(failSyntax, i)
		case c < utf8.RuneSelf:
			i++
		default:
			i = s.multibyte(i)
		}
		if i < 0 {
			return -1
		}
	}
}

// special marks the bytes of a word that end a run of plain text: quotes, backslashes, control characters, non-ASCII.
// In the result the lowest set bit belongs to the first such byte; bits above it may be wrong.
func special(w uint64) uint64 {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	quote, slash := w^('"'*ones), w^('\\'*ones)
	control := (w - ' '*ones) &^ w
	return (w | control | (quote-ones)&^quote | (slash-ones)&^slash) & tops
}

// escape reads the rest of an escape sequence, i being behind the backslash. A lone surrogate is valid JSON.
func (s *scanner) escape(i int) int {
	if i >= len(s.data) {
		return s.fail(failEnd, i)
	}
	switch s.data[i] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 1
	case 'u':
		for k := i + 1; k <= i+4; k++ {
			if k >= len(s.data) || !isHex(s.data[k]) {
				return s.fail(failSyntax, k)
			}
		}
		return i + 5
	default:
		return s.fail(failSyntax, i)
	}
}

func isHex(c byte) bool {
	return c-'0' <= 9 || (c|0x20)-'a' <= 5
}

// multibyte reads a run of non-ASCII characters. Pairs of three-byte characters (the bulk of Chinese, Japanese and Korean
// text) are checked in one go.
func (s *scanner) multibyte(i int) int {
	d := s.data
	for i < len(d) && d[i] >= utf8.RuneSelf {
		if i+8 <= len(d) && threeByteTwice(binary.LittleEndian.Uint64(d[i:])) {
			i += 6
			continue
		}
		r, n := utf8.DecodeRune(d[i:])
		if r == utf8.RuneError && n == 1 {
			return s.fail(failEncoding, i)
		}
		i += n
	}
	return i
}

// threeByteTwice reports whether the first six bytes of a word are two valid three-byte sequences. It says no to leading
// bytes E0 and ED, whose second byte is restricted further.
func threeByteTwice(w uint64) bool {
	const mask, want = 0x0000_C0C0F0_C0C0F0, 0x0000_8080E0_8080E0
	if w&mask != want {
		return false
	}
	a, b := byte(w), byte(w>>24)
	return a != 0xE0 && a != 0xED && b != 0xE0 && b != 0xED
}

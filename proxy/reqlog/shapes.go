package reqlog

import (
	"bytes"
)

// shape finds a secret that starts at i, where its anchor was seen, and returns where it ends; 0 = there is none.
type shape struct {
	anchor string
	match  func(s *scan, i int) (from, to int)
}

// scan is one pass over a text. The marks keep it linear on texts made to be slow.
type scan struct {
	b        []byte
	spans    spanList
	noJWT    int // no token of three parts begins before this offset
	urlsDone int // parameters of URLs up to here have been looked at
}

// anchors find all known shapes in one pass that looks at two bytes at a time.
type anchors struct {
	pairs [1 << 16 / 64]uint64 // first two bytes of the anchors
	by    [256][]shape         // by first byte
}

func newAnchors(keyPrefix string) *anchors {
	shapes := []shape{
		{"sk-", wordRun(3, 20)},
		{"AIza", run(4, 35, 35, isToken)},
		{"AKIA", run(4, 16, 16, isUpper)},
		{"ASIA", run(4, 16, 16, isUpper)},
		{"github_pat_", run(11, 60, 0, isWord)},
		{"hf_", run(3, 30, 0, isWord)},
		{"xoxa-", run(5, 10, 0, isToken)}, {"xoxb-", run(5, 10, 0, isToken)}, {"xoxp-", run(5, 10, 0, isToken)},
		{"xoxr-", run(5, 10, 0, isToken)}, {"xoxs-", run(5, 10, 0, isToken)},
		{"eyJ", jwt},
		{"-----BEGIN ", privateKey},
		{"earer", bearer}, {"EARER", bearer},
		{"://", address},
	}
	for _, kind := range []string{"p", "o", "u", "s", "r"} {
		shapes = append(shapes, shape{"gh" + kind + "_", run(4, 36, 0, isWord)})
	}
	if len(keyPrefix) >= 3 {
		shapes = append(shapes, shape{keyPrefix, wordRun(len(keyPrefix), 16)})
	}
	a := new(anchors)
	for _, s := range shapes {
		pair := uint(s.anchor[0])<<8 | uint(s.anchor[1])
		a.pairs[pair/64] |= 1 << (pair % 64)
		a.by[s.anchor[0]] = append(a.by[s.anchor[0]], s)
	}
	return a
}

// find adds the secrets of known shape.
func (a *anchors) find(s *scan) {
	b := s.b
	if len(b) < 3 {
		return
	}
	pair := uint(b[0])
	for i := 1; i < len(b); i++ {
		pair = pair<<8&0xff00 | uint(b[i])
		if a.pairs[pair/64]>>(pair%64)&1 != 0 {
			i = max(i, a.at(s, i-1))
			pair = uint(b[i])
		}
	}
}

// at looks for a secret whose anchor begins at i and returns the offset of its last byte, or 0.
func (a *anchors) at(s *scan, i int) int {
	for _, shape := range a.by[s.b[i]] {
		if s.b[i+1] != shape.anchor[1] || !bytes.HasPrefix(s.b[i:], []byte(shape.anchor)) || inEscape(s.b, i) {
			continue
		}
		if from, to := shape.match(s, i); to > from {
			s.spans.add(from, to, shape.anchor[0] == '-')
			return to - 1
		}
	}
	return 0
}

// run matches an anchor of length skip and then at least least bytes of a class, at most most (0 = all there are).
func run(skip, least, most int, class func(byte) bool) func(*scan, int) (int, int) {
	return func(s *scan, i int) (from, to int) {
		to = i + skip
		for to < len(s.b) && class(s.b[to]) && (most == 0 || to < i+skip+most) {
			to++
		}
		if to < i+skip+least {
			return 0, 0
		}
		return i, to
	}
}

// wordRun is run for anchors that are also the end of ordinary words, as in "task-" and "disk-".
func wordRun(skip, least int) func(*scan, int) (int, int) {
	match := run(skip, least, 0, isToken)
	return func(s *scan, i int) (from, to int) {
		if !startsWord(s.b, i) {
			return 0, 0
		}
		return match(s, i)
	}
}

// startsWord reports whether no word goes on at i. The letter of an escape such as \n is not part of a word.
func startsWord(b []byte, i int) bool {
	if i == 0 || !isWord(b[i-1]) {
		return true
	}
	if i >= 2 && b[i-2] == '\\' {
		return bytes.IndexByte([]byte("nrtbf"), b[i-1]) >= 0
	}
	return i >= 6 && b[i-6] == '\\' && b[i-5] == 'u'
}

// inEscape reports whether b[i] is one of the digits of a JSON escape such as \u000A.
func inEscape(b []byte, i int) bool {
	for back := 2; back <= 5 && back <= i; back++ {
		if b[i-back] == '\\' && b[i-back+1] == 'u' {
			return true
		}
	}
	return false
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_'
}
func isToken(c byte) bool { return isWord(c) || c == '-' }
func isUpper(c byte) bool { return c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' }

// jwt matches three base64url parts with dots between them (RFC 7519).
func jwt(s *scan, i int) (from, to int) {
	if i < s.noJWT || !startsWord(s.b, i) {
		return 0, 0
	}
	to = i
	for part := range 3 {
		start := to
		for to < len(s.b) && isToken(s.b[to]) {
			to++
		}
		if part == 0 {
			s.noJWT = to // another start in the same first part would fail for the same reason
		}
		if to == start || part < 2 && (to >= len(s.b) || s.b[to] != '.') {
			return 0, 0
		}
		if part < 2 {
			to++
		}
	}
	return i, to
}

// bearer matches the credentials of RFC 6750 after the word "Bearer", which stays.
func bearer(s *scan, i int) (from, to int) {
	from = i + len("earer")
	if i == 0 || s.b[i-1]|0x20 != 'b' {
		return 0, 0
	}
	for from < len(s.b) && (isSpace(s.b[from])) {
		from++
	}
	if from == i+len("earer") {
		return 0, 0
	}
	to = from
	for to < len(s.b) && (isToken(s.b[to]) || bytes.IndexByte([]byte(".~+/="), s.b[to]) >= 0) {
		to++
	}
	if to-from < 16 {
		return 0, 0
	}
	return from, to
}

const longestPEM = 16 << 10

// privateKey matches a PEM block (RFC 7468) of a private key, also with its line breaks escaped. Without its end line, the
// lines of base64 that follow are taken.
func privateKey(s *scan, i int) (from, to int) {
	begin := s.b[i:min(i+80, len(s.b))]
	label, _, ok := bytes.Cut(begin[len("-----BEGIN "):], []byte("-----"))
	if !ok || !bytes.HasSuffix(label, []byte("PRIVATE KEY")) && !bytes.HasSuffix(label, []byte("PRIVATE KEY BLOCK")) {
		return 0, 0
	}
	for _, c := range label {
		if !isUpper(c) && c != ' ' {
			return 0, 0
		}
	}
	body := i + len("-----BEGIN ") + len(label) + len("-----")
	window := s.b[body:min(body+longestPEM, len(s.b))]
	end := []byte("-----END " + string(label) + "-----")
	if n := bytes.Index(window, end); n >= 0 && pemRun(window[:n], " -:,") == n {
		return i, body + n + len(end)
	}
	return i, body + pemRun(window, "")
}

// pemRun tells how many bytes at the start of b can belong to a PEM body: base64, line breaks plain or escaped, and extra.
func pemRun(b []byte, extra string) int {
	for i := 0; i < len(b); i++ {
		c := b[i]
		switch {
		case isWord(c) && c != '_', c == '+', c == '/', c == '=', c == '\n', c == '\r', c == '\t':
		case bytes.IndexByte([]byte(extra), c) >= 0:
		case c == '\\':
			n := i
			for n < len(b) && b[n] == '\\' {
				n++
			}
			if n == len(b) || b[n] != 'n' && b[n] != 'r' && b[n] != 't' && b[n] != '/' {
				return i
			}
			i = n
		default:
			return i
		}
	}
	return len(b)
}

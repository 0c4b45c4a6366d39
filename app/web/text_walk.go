package web

import (
	"strings"
	"unicode/utf8"
)

// A body may have many megabytes, a page shows a part of it. So a text is never indented or copied as a whole: it is walked over
// in small pieces, and only those that are shown are written.

const pieceBytes = 1024 // of a long stretch of text

// walker goes over a text piece by piece: as it is, or with the line breaks and the indentation of pretty JSON. A copy of it is a
// position to go on from.
type walker struct {
	text   string
	pretty bool
	at     int
	depth  int
	closes int  // where the string ends in which this is
	breaks bool // a line ends before the next piece
}

// walk begins at the start of a text. What is no JSON, or wanted raw, is walked over as it is.
func walk(text string, raw bool) walker { return walker{text: text, pretty: !raw && wellFormed(text)} }

// piece is a stretch of a text. Those of pretty JSON may begin a line, and are then indented by their depth.
type piece struct {
	text  string
	line  bool
	depth int
}

func (w *walker) next() (p piece, ok bool) {
	switch {
	case w.at < w.closes:
		return w.take(runeStart(w.text, w.at, min(w.at+pieceBytes, w.closes))), true
	case w.pretty:
		return w.token()
	case w.at == len(w.text):
		return piece{}, false
	}
	end := min(w.at+pieceBytes, len(w.text))
	if i := strings.IndexByte(w.text[w.at:end], '\n'); i >= 0 {
		return w.take(w.at + i + 1), true
	}
	return w.take(runeStart(w.text, w.at, end)), true
}

func (w *walker) take(end int) piece {
	p := piece{text: w.text[w.at:end]}
	w.at = end
	return p
}

// token is the next token of JSON. Those that are empty or come before a value take what follows along.
func (w *walker) token() (p piece, ok bool) {
	w.at = skipSpace(w.text, w.at)
	if w.at == len(w.text) {
		return p, false
	}
	line, depth, start := w.breaks, w.depth, w.at
	w.breaks = false
	switch w.text[start] {
	case '"':
		w.closes = stringEnd(w.text, start)
		p = w.take(start + 1)
	case '{', '[':
		end := skipSpace(w.text, start+1)
		if closing := w.text[end]; closing == '}' || closing == ']' {
			w.at = end + 1
			p.text = w.text[start:start+1] + w.text[end:w.at]
			break
		}
		p = w.take(start + 1)
		w.depth++
		w.breaks = true
	case '}', ']':
		w.depth--
		line, depth = true, w.depth
		p = w.take(start + 1)
	case ',':
		p = w.take(start + 1)
		w.breaks = true
	case ':':
		w.at++
		p.text = ": "
	default:
		p = w.take(literalEnd(w.text, start))
	}
	p.line, p.depth = line, depth
	return p, true
}

func skipSpace(text string, i int) int {
	for i < len(text) && isSpace(text[i]) {
		i++
	}
	return i
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }

// stringEnd is behind the quote that closes the string that opens at i; without one it is 0.
func stringEnd(text string, i int) int {
	for i++; ; {
		quote := strings.IndexByte(text[i:], '"')
		if quote < 0 {
			return 0
		}
		i += quote + 1
		escapes := 0
		for text[i-2-escapes] == '\\' {
			escapes++
		}
		if escapes%2 == 0 {
			return i
		}
	}
}

// literalEnd is behind a number or a word of JSON; i when there is none.
func literalEnd(text string, i int) int {
	for i < len(text) && ofLiterals[text[i]] {
		i++
	}
	return i
}

// ofLiterals are the characters of numbers, true, false and null.
var ofLiterals = func() (set [256]bool) {
	for _, c := range "0123456789+-.eEtrufalsn" {
		set[c] = true
	}
	return set
}()

// runeStart is end, or a little before it, so that no character is cut.
func runeStart(text string, start, end int) int {
	for back := 0; back < utf8.UTFMax && end < len(text) && end-back > start; back++ {
		if utf8.RuneStart(text[end-back]) {
			return end - back
		}
	}
	return end
}

// wellFormed reports whether a text is built like JSON: closed strings, brackets in pairs, nothing else but numbers and words
// around them. It does not check where commas are: that is for who reads it to see, and takes as long again.
func wellFormed(text string) bool {
	var open []byte
	i := skipSpace(text, 0)
	if i == len(text) || text[i] != '{' && text[i] != '[' {
		return false
	}
	for i < len(text) {
		switch c := text[i]; {
		case c == '"':
			if i = stringEnd(text, i); i == 0 {
				return false
			}
		case c == '{' || c == '[':
			open = append(open, c+2) // the closing bracket
			i++
		case c == '}' || c == ']':
			if len(open) == 0 || open[len(open)-1] != c {
				return false
			}
			open = open[:len(open)-1]
			if i++; len(open) == 0 {
				return skipSpace(text, i) == len(text)
			}
		case c == ',' || c == ':' || isSpace(c):
			i++
		case ofLiterals[c]:
			i = literalEnd(text, i)
		default:
			return false
		}
	}
	return false
}

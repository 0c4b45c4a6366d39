package rules

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// glob is a pattern of * (any text) and ? (one character) for the whole of a text. Nothing else is special.
type glob struct {
	parts []string // what stands between the stars
	fold  bool
}

func newGlob(pattern string, fold bool) (g *glob, problem string) {
	if n := utf8.RuneCountInString(pattern); n > maxPatternChars {
		return nil, fmt.Sprintf("the pattern has %d characters; at most %d are allowed", n, maxPatternChars)
	}
	if fold {
		pattern = strings.ToLower(pattern)
	}
	return &glob{parts: strings.Split(pattern, "*"), fold: fold}, ""
}

// match takes the leftmost place for each part between two stars: if any choice leads to a match, that one does. Without
// question marks it takes time in proportion to the text.
func (g *glob) match(text string) bool {
	if g.fold {
		text = strings.ToLower(text)
	}
	last := len(g.parts) - 1
	size, ok := matchStart(g.parts[0], text)
	if !ok || last == 0 {
		return ok && size == len(text)
	}
	text = text[size:]
	for _, part := range g.parts[1:last] {
		end := findPart(part, text)
		if end < 0 {
			return false
		}
		text = text[end:]
	}
	return matchEnd(g.parts[last], text)
}

// findPart returns where the leftmost match of the part ends, or -1.
func findPart(part, text string) int {
	if !strings.Contains(part, "?") {
		if i := strings.Index(text, part); i >= 0 {
			return i + len(part)
		}
		return -1
	}
	for start := range text {
		if size, ok := matchStart(part, text[start:]); ok {
			return start + size
		}
	}
	return -1
}

func matchStart(part, text string) (size int, ok bool) {
	for part != "" {
		want, wantSize := utf8.DecodeRuneInString(part)
		got, gotSize := utf8.DecodeRuneInString(text[size:])
		if gotSize == 0 || want != '?' && want != got {
			return 0, false
		}
		part, size = part[wantSize:], size+gotSize
	}
	return size, true
}

func matchEnd(part, text string) bool {
	for part != "" {
		want, wantSize := utf8.DecodeLastRuneInString(part)
		got, gotSize := utf8.DecodeLastRuneInString(text)
		if gotSize == 0 || want != '?' && want != got {
			return false
		}
		part, text = part[:len(part)-wantSize], text[:len(text)-gotSize]
	}
	return true
}

package tokens

import (
	"iter"
	"unicode"
	"unicode/utf8"
)

const (
	// maxRun bounds runs of one class of characters: merging byte pairs takes time quadratic in the length of a word.
	maxRun = 256
	// maxSegment bounds, in bytes, what is encoded between two looks at the clock.
	maxSegment = 4 << 10
)

// segments cuts a text into pieces of at most maxSegment bytes without runs longer than maxRun. clean tells that a cut
// does not change the number of tokens: the patterns of both encodings never join a space to what stands before it.
func segments(text string) iter.Seq2[string, bool] {
	return func(yield func(piece string, clean bool) bool) {
		for len(text) > 0 {
			end, clean := cut(text)
			if !yield(text[:end], clean) {
				return
			}
			text = text[end:]
		}
	}
}

// cut returns the end of the first piece of a text.
func cut(text string) (end int, clean bool) {
	var (
		run, lastGood int
		class, prev   runeClass
	)
	for i := 0; i < len(text); {
		r, size := rune(text[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(text[i:])
		}
		class = classify(r, prev)
		if r == ' ' && prev != space && i > 0 {
			lastGood = i
		}
		if class != prev {
			run = 0
		}
		if run++; run > maxRun || i+size > maxSegment {
			if lastGood > 0 {
				return lastGood, true
			}
			return i, false
		}
		prev = class
		i += size
	}
	return len(text), true
}

type runeClass byte

const (
	symbol runeClass = iota
	letter
	digit
	space
)

// classify sorts runes as the patterns of the encodings do. Marks belong to whatever they follow.
func classify(r rune, prev runeClass) runeClass {
	switch {
	case r < utf8.RuneSelf:
		return asciiClass[r]
	case unicode.IsLetter(r):
		return letter
	case unicode.IsMark(r):
		return prev
	case unicode.IsSpace(r):
		return space
	case unicode.IsNumber(r):
		return digit
	}
	return symbol
}

var asciiClass = func() (classes [utf8.RuneSelf]runeClass) {
	for r := range rune(utf8.RuneSelf) {
		switch {
		case unicode.IsLetter(r):
			classes[r] = letter
		case unicode.IsSpace(r):
			classes[r] = space
		case unicode.IsDigit(r):
			classes[r] = digit
		}
	}
	return classes
}()

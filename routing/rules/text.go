package rules

import (
	"strings"
	"unicode/utf8"
)

// foldChunk is how much text is lowered at a time: texts can be tens of megabytes.
const foldChunk = 32 << 10

// contains finds needle in text; fold ignores case. It takes time in proportion to the text.
func contains(text, needle string, fold bool) bool {
	if !fold {
		return strings.Contains(text, needle)
	}
	needle = strings.ToLower(needle)
	// A chunk overlaps the next by as much as a match can span; a lowered character can have fewer bytes than it had.
	overlap := len(needle)*utf8.UTFMax + utf8.UTFMax
	for len(text) > foldChunk+overlap {
		end := runeStart(text, foldChunk+overlap)
		if strings.Contains(strings.ToLower(text[:end]), needle) {
			return true
		}
		text = text[runeStart(text, foldChunk):]
	}
	return strings.Contains(strings.ToLower(text), needle)
}

// runeStart moves i back to where a character begins. Bytes that are no characters stay where they are.
func runeStart(text string, i int) int {
	for back := range utf8.UTFMax {
		if i-back <= 0 || utf8.RuneStart(text[i-back]) {
			return i - back
		}
	}
	return i
}

func hasPrefix(text, prefix string, fold bool) bool {
	if !fold {
		return strings.HasPrefix(text, prefix)
	}
	lowered := strings.ToLower(prefix)
	end := min(len(text), len(lowered)*utf8.UTFMax)
	return strings.HasPrefix(strings.ToLower(text[:end]), lowered)
}

func hasSuffix(text, suffix string, fold bool) bool {
	if !fold {
		return strings.HasSuffix(text, suffix)
	}
	lowered := strings.ToLower(suffix)
	start := max(0, len(text)-len(lowered)*utf8.UTFMax)
	return strings.HasSuffix(strings.ToLower(text[start:]), lowered)
}

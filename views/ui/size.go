package ui

import "unicode/utf8"

// Beginning is a text as far as it fits into so many bytes of HTML.
func Beginning(text string, most int) string {
	size := 0
	for i, r := range text {
		if size += runeSize(r); size > most {
			return text[:i] + "…"
		}
	}
	return text
}

// HTMLSize is how many bytes a text takes in HTML.
func HTMLSize(text string) (size int) {
	for _, r := range text {
		size += runeSize(r)
	}
	return size
}

func runeSize(r rune) int {
	switch r {
	case '"', '\'', '&':
		return 5
	case '<', '>':
		return 4
	}
	return utf8.RuneLen(r)
}

package answers

import (
	"hash/fnv"
	"strings"
	"unicode/utf8"
)

// quoteLimit is how many bytes of the prompt an answer repeats.
const quoteLimit = 120

// sentences are what answers are made of after the quotation.
var sentences = []string{
	"Squirrels bury acorns in autumn and find most of them again.",
	"Each nut is kept in its own place, so that a thief never finds them all.",
	"The forest grows from the ones that were forgotten.",
	"A good plan is short, and it names what could go wrong.",
	"In winter the nest is lined with moss, leaves and feathers.",
	"The answer depends on the season, the tree and the squirrel.",
	"Measure first — then decide what to change.",
	"That is all there is to say about it.",
}

// prose is the answer to a prompt: a quotation, which holds characters of several bytes, and sentences chosen by the prompt.
func prose(prompt string) string {
	h := fnv.New64a()
	h.Write([]byte(prompt))
	seed := h.Sum64()
	var out strings.Builder
	out.WriteString("You said: “" + shorten(prompt, quoteLimit) + "”.")
	for range 3 {
		out.WriteString(" " + sentences[seed%uint64(len(sentences))])
		seed = seed*6364136223846793005 + 1442695040888963407
		seed ^= seed >> 33
	}
	return out.String()
}

// shorten cuts s to at most limit bytes without cutting a character, and makes it one line.
func shorten(s string, limit int) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit] + "…"
}

// longPiece is how many bytes a piece of text may have.
const longPiece = 16

// pieces splits text as a stream does: a word with the space before it, and long words, as JSON is made of, in parts. Joined
// again they are the text.
func pieces(text string) []string {
	var out []string
	for start := 0; start < len(text); {
		end := start + 1
		for end < len(text) && text[end] != ' ' {
			end++
		}
		out = append(out, fragments(text[start:end], longPiece)...)
		start = end
	}
	return out
}

// fragments splits s into parts of about n bytes, as tool arguments are streamed.
func fragments(s string, n int) []string {
	var out []string
	for len(s) > n {
		cut := n
		for cut < len(s) && !utf8.RuneStart(s[cut]) {
			cut++
		}
		out = append(out, s[:cut])
		s = s[cut:]
	}
	if s != "" {
		out = append(out, s)
	}
	return out
}

// tokens counts the tokens of a text: one for each piece.
func tokens(text string) int { return len(pieces(text)) }

package tap

import (
	"bytes"

	"github.com/tidwall/gjson"
)

// plain recognises the chunks most streams consist of: equal to the one before but for the text of the one delta. Comparing
// them costs a twentieth of reading them.
type plain struct {
	prefix, suffix []byte // what stands before and behind the text; nil = nothing learnt yet
	index          int64  // of the choice
	misses         int    // chunks in a row that were learnt and not seen again
}

// maxMisses is when learning is given up: streams whose chunks differ elsewhere too, by a counter or padding.
const maxMisses = 8

// text returns the escaped text of a chunk that differs from the learnt one in nothing else.
func (p *plain) text(data []byte) (escaped []byte, ok bool) {
	n := len(p.prefix)
	if n == 0 || len(data) < n+len(p.suffix) || !bytes.HasPrefix(data, p.prefix) || !bytes.HasSuffix(data, p.suffix) {
		return nil, false
	}
	escaped = data[n : len(data)-len(p.suffix)]
	// A quote in between would end the text early; a backslash at its end would escape the quote that ends it.
	if bytes.IndexByte(escaped, '"') >= 0 || bytes.HasSuffix(escaped, []byte{'\\'}) {
		return nil, false
	}
	p.misses = 0
	return escaped, true
}

// learn remembers a chunk that is nothing but the text of one delta.
func (p *plain) learn(data []byte, root gjson.Result) {
	if p.misses >= maxMisses {
		return
	}
	choices := root.Get("choices").Array()
	if len(choices) != 1 || holdsUsage(data) {
		return
	}
	choice := choices[0]
	delta, content := choice.Get("delta"), choice.Get("delta.content")
	if content.Type != gjson.String || len(delta.Map()) != 1 || given(choice.Get("finish_reason")) || given(choice.Get("usage")) || given(root.Get("error")) {
		return
	}
	// Offsets of nested values are not kept; the text is found again by the end of its delta.
	at := bytes.LastIndex(data, []byte(delta.Raw))
	inside := bytes.Index([]byte(delta.Raw), []byte(content.Raw))
	if at < 0 || inside < 0 || bytes.Count(data, []byte(delta.Raw)) != 1 {
		return
	}
	start := at + inside + 1
	end := start + len(content.Raw) - 2
	p.prefix = append(p.prefix[:0], data[:start]...)
	p.suffix = append(p.suffix[:0], data[end:]...)
	p.index = choice.Get("index").Int()
	p.misses++
}

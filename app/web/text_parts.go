package web

import (
	"strings"
)

// textPart is a part of a long text.
type textPart struct {
	text  string
	n, of int  // which of how many, from 1
	line  bool // it begins a line
}

// textParts cuts a text into parts of so many bytes of HTML and returns one of them; the first or last one when there is none
// such. Parts begin where a piece does: mostly at a line.
func textParts(start walker, room, asked int) textPart {
	shown := start
	n, size := 1, 0
	for w := start; ; {
		before := w
		p, ok := w.next()
		if !ok {
			break
		}
		add := p.htmlSize()
		if size+add > room && size > 0 {
			if n, size = n+1, 0; n <= asked {
				shown = before
			}
		}
		size += add
	}
	part := textPart{n: max(min(asked, n), 1), of: n, text: shown.write(room)}
	p, _ := shown.next()
	part.line = p.line
	return part
}

// write writes what comes next, as far as there is room for it.
func (w walker) write(room int) string {
	var out strings.Builder
	for size := 0; ; {
		p, ok := w.next()
		add := p.htmlSize()
		if !ok || size > 0 && size+add > room {
			return out.String()
		}
		size += add
		if p.line && out.Len() > 0 {
			out.WriteByte('\n')
		}
		if p.line {
			indent(&out, p.depth)
		}
		out.WriteString(p.text)
	}
}

func indent(out *strings.Builder, depth int) {
	for range depth {
		out.WriteString("  ")
	}
}

// htmlSize is how many bytes a piece takes in HTML.
func (p *piece) htmlSize() int {
	size := len(p.text)
	for i := range len(p.text) {
		size += int(escaped[p.text[i]])
	}
	if p.line {
		size += 1 + 2*p.depth
	}
	return size
}

// escaped are how many bytes more a character takes in HTML.
var escaped = [256]byte{'"': 4, '\'': 4, '&': 4, '<': 3, '>': 3}

package llm

// Progress follows a JSON object or array that arrives in pieces and knows when it has ended, without keeping it.
type Progress struct {
	depth    int
	started  bool
	inString bool
	escaped  bool
	done     bool
}

// Feed takes the next piece.
func (p *Progress) Feed(s string) {
	for i := range len(s) {
		p.step(s[i])
	}
}

func (p *Progress) step(c byte) {
	switch {
	case p.escaped:
		p.escaped = false
	case p.inString:
		p.inString = c != '"'
		p.escaped = c == '\\'
	case c == '"':
		p.started, p.inString = true, true
	case c == '{' || c == '[':
		p.started = true
		p.depth++
	case c == '}' || c == ']':
		p.depth--
		p.done = p.depth <= 0
	case c > ' ':
		p.started = true
	}
}

// Done reports whether a whole object or array has arrived.
func (p *Progress) Done() bool { return p.done }

// Whole reports whether nothing is missing: either a whole value has arrived or none has begun.
func (p *Progress) Whole() bool { return p.done || !p.started }

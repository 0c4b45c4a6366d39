package web

import (
	"slices"
	"strconv"

	"squirrel/views/pages"
	"squirrel/views/ui"
)

const (
	maxDiffLines  = 1000 // that are compared at once, of each text
	diffContext   = 3
	diffLineBytes = 60 // of HTML around a line
)

// comparison is what differs between two texts, from a place on, as far as there is room for it.
type comparison struct {
	lines []pages.DiffLine
	next  *[2]int // where in both texts to go on; nil = that was all
}

// compare compares two texts line by line. Only what is shown is looked at closely: of what both begin with nothing is read but
// that it is the same, and no more lines are held against each other than fit into a page.
func compare(a, b walker, room int) (c comparison) {
	skipped := skipSame(&a, &b)
	for {
		w := newDiffWindow(a, b)
		done := w.done(&a, &b)
		if w.differs() {
			if c.write(w, skipped, room); c.next == nil && !done {
				c.next = &[2]int{a.at, b.at}
			}
			return c
		}
		if skipped += len(w.from); done {
			return c
		}
	}
}

// skipSame goes to a few lines before the first one that differs, and tells how many lines are skipped.
func skipSame(a, b *walker) (skipped int) {
	same := a.at + commonStart(a.text[a.at:], b.text[b.at:])
	if a.at != b.at || a.pretty != b.pretty {
		return 0
	}
	lines := []walker{*a}
	for w := *a; ; {
		before := w
		p, ok := w.next()
		if !ok || w.at > same || w.closes > same {
			break
		}
		if begins := p.line || !w.pretty && p.text[len(p.text)-1] == '\n'; begins {
			if w.pretty {
				lines = append(lines, before)
			} else {
				lines = append(lines, w)
			}
			if len(lines) > diffContext+1 {
				lines = slices.Delete(lines, 0, 1)
				skipped++
			}
		}
	}
	a.from(lines[0])
	b.from(lines[0])
	return skipped
}

// from goes to where another walker is, in a text that has been the same up to there.
func (w *walker) from(other walker) {
	other.text = w.text
	*w = other
}

// diffWindow are lines that are compared at once, and how one becomes the other.
type diffWindow struct {
	a, b     walker
	from, to []diffLine
	steps    []diffStep
	whole    bool // both texts end here
}

// diffStep keeps (' '), drops ('-') or adds ('+') a line; i and j are the lines before which it stands.
type diffStep struct {
	kind byte
	i, j int
}

func newDiffWindow(a, b walker) *diffWindow {
	w := &diffWindow{a: a, b: b, from: linesOf(a), to: linesOf(b)}
	w.whole = len(w.from) < maxDiffLines && len(w.to) < maxDiffLines
	w.steps = changes(w.from, w.to)
	return w
}

func linesOf(w walker) (lines []diffLine) {
	for len(lines) < maxDiffLines {
		l, ok := w.line()
		if !ok {
			break
		}
		lines = append(lines, l)
	}
	return lines
}

func (w *diffWindow) differs() bool {
	return slices.ContainsFunc(w.steps, func(s diffStep) bool { return s.kind != ' ' })
}

// done goes on behind the window, and reports that nothing is there. Where one text is ahead of the other, the next window begins
// with the last lines that are the same in both.
func (w *diffWindow) done(a, b *walker) bool {
	if w.whole {
		return true
	}
	for n := len(w.steps) - 1; n >= 0; n-- {
		if s := w.steps[n]; s.kind == ' ' && s.i >= maxDiffLines/2 && s.j >= maxDiffLines/2 {
			w.steps = w.steps[:n+1]
			w.from, w.to = w.from[:s.i+1], w.to[:s.j+1]
			break
		}
	}
	*a, *b = behind(w.from, w.a), behind(w.to, w.b)
	return false
}

// write adds the steps of a window as lines, without those that are far from any change. Where the room ends, the next part begins.
func (c *comparison) write(w *diffWindow, skipped, room int) {
	near := w.nearChanges()
	for n, s := range w.steps {
		if !near[n] {
			skipped++
			continue
		}
		text := w.text(n)
		if room -= ui.HTMLSize(text) + diffLineBytes; room < 0 && len(c.lines) > 0 {
			c.next = &[2]int{placeOf(w.from, s.i, w.a), placeOf(w.to, s.j, w.b)}
			return
		}
		c.skip(skipped)
		skipped = 0
		c.lines = append(c.lines, pages.DiffLine{Kind: s.kind, Text: text})
	}
	c.skip(skipped)
}

func (c *comparison) skip(n int) {
	if n > 0 {
		c.lines = append(c.lines, pages.DiffLine{Kind: '@', Text: strconv.Itoa(n)})
	}
}

// nearChanges marks the steps that change something, and those around them.
func (w *diffWindow) nearChanges() []bool {
	near := make([]bool, len(w.steps))
	for n, s := range w.steps {
		if s.kind != ' ' {
			for k := max(n-diffContext, 0); k <= min(n+diffContext, len(w.steps)-1); k++ {
				near[k] = true
			}
		}
	}
	return near
}

// text is the line of a step. Of two long lines of which one takes the place of the other, it is where they differ.
func (w *diffWindow) text(n int) string {
	s := w.steps[n]
	var line diffLine
	var other int
	switch {
	case s.kind == '+':
		line, other = w.to[s.j], n-1
	case s.kind == '-':
		line, other = w.from[s.i], n+1
	default:
		return w.from[s.i].shown()
	}
	if other < 0 || other >= len(w.steps) {
		return line.shown()
	}
	switch o := w.steps[other]; {
	case s.kind == '+' && o.kind == '-':
		return line.shownFrom(commonStart(line.whole, w.from[o.i].whole))
	case s.kind == '-' && o.kind == '+':
		return line.shownFrom(commonStart(line.whole, w.to[o.j].whole))
	}
	return line.shown()
}

// placeOf is where in its text the n-th of the lines from a place on begins, or where they end.
func placeOf(lines []diffLine, n int, from walker) int {
	if n < len(lines) {
		return lines[n].begin.at
	}
	return behind(lines, from).at
}

// behind goes on behind the lines from a place on.
func behind(lines []diffLine, from walker) walker {
	if len(lines) > 0 {
		from = lines[len(lines)-1].begin
		_, _ = from.line() // it was there a moment ago
	}
	return from
}

// changes finds the longest common subsequence of lines.
func changes(a, b []diffLine) (steps []diffStep) {
	length := make([][]uint16, len(a)+1)
	for i := range length {
		length[i] = make([]uint16, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i].sum == b[j].sum {
				length[i][j] = length[i+1][j+1] + 1
			} else {
				length[i][j] = max(length[i+1][j], length[i][j+1])
			}
		}
	}
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i].sum == b[j].sum:
			steps = append(steps, diffStep{' ', i, j})
			i, j = i+1, j+1
		case i < len(a) && (j == len(b) || length[i+1][j] >= length[i][j+1]):
			steps = append(steps, diffStep{'-', i, j})
			i++
		default:
			steps = append(steps, diffStep{'+', i, j})
			j++
		}
	}
	return steps
}

// seek goes to the piece that begins at a place, or to the first one behind it.
func (w walker) seek(at int) walker {
	for w.at < at {
		if _, ok := w.next(); !ok {
			break
		}
	}
	return w
}

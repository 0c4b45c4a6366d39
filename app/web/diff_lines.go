package web

import (
	"hash/maphash"
	"strings"

	"squirrel/views/ui"
)

const maxLineText = 600 // bytes of HTML of a line in a comparison

// diffLine is a line of a text that is compared. Lines are the same when their sums are: a long one is never kept.
type diffLine struct {
	text  string // as far as it is shown
	whole string // where it stands in the text, without its indentation
	sum   uint64
	begin walker
}

var lineSeed = maphash.MakeSeed()

// line is the next line of a text.
func (w *walker) line() (l diffLine, ok bool) {
	var sum maphash.Hash
	var text strings.Builder
	sum.SetSeed(lineSeed)
	l.begin = *w
	start := -1
	for {
		before := *w
		p, more := w.next()
		if !more || p.line && ok {
			*w = before
			break
		}
		if ok = true; start < 0 {
			start = w.at - len(p.text)
		}
		if p.line {
			indent(&text, p.depth)
		}
		_, _ = sum.WriteString(p.text) // it never fails
		if text.Len() < maxLineText {
			text.WriteString(p.text)
		}
		if !w.pretty && strings.HasSuffix(p.text, "\n") {
			break
		}
	}
	if l.sum = sum.Sum64(); ok {
		l.text, l.whole = strings.TrimSuffix(text.String(), "\n"), w.text[max(start, 0):w.at]
	}
	return l, ok
}

// shown is a line as far as there is room for it.
func (l *diffLine) shown() string {
	if len(l.whole) <= maxLineText && ui.HTMLSize(l.text) <= maxLineText {
		return l.text
	}
	return ui.Beginning(l.text, maxLineText) + " (" + ui.Bytes(int64(len(l.whole))) + ")"
}

// shownFrom is a long line from a little before the place where it differs from another one.
func (l *diffLine) shownFrom(differs int) string {
	const before = 80
	if len(l.whole) <= maxLineText || differs <= before+maxLineText/2 {
		return l.shown()
	}
	from := runeStart(l.whole, 0, min(differs-before, len(l.whole)))
	return "…" + ui.Beginning(l.whole[from:min(from+maxLineText, len(l.whole))], maxLineText) + " (" + ui.Bytes(int64(len(l.whole))) + ")"
}

// commonStart is how many bytes two texts begin with in common.
func commonStart(a, b string) (n int) {
	const stride = 4096
	most := min(len(a), len(b))
	for n+stride <= most && a[n:n+stride] == b[n:n+stride] {
		n += stride
	}
	for n < most && a[n] == b[n] {
		n++
	}
	return n
}

package rules

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode/utf8"
)

// Bounds of regular expressions: with them a match takes milliseconds whatever text a client sends. Globs share the
// bound on their length.
const (
	maxPatternChars = 512
	maxProgram      = 2000 // instructions
	patternBytes    = 64 << 10
)

// regex is a compiled expression.
type regex struct {
	re       *regexp.Regexp
	literals []string // stand in every text that matches
}

func newRegex(pattern string, fold bool) (r *regex, problem string) {
	if n := utf8.RuneCountInString(pattern); n > maxPatternChars {
		return nil, fmt.Sprintf("the expression has %d characters; at most %d are allowed", n, maxPatternChars)
	}
	flags := syntax.Perl
	if fold {
		flags |= syntax.FoldCase
	}
	tree, err := syntax.Parse(pattern, flags)
	if err != nil {
		return nil, explainSyntax(pattern, flags, err)
	}
	program, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return nil, "the expression can't be compiled"
	}
	if n := len(program.Inst); n > maxProgram {
		return nil, fmt.Sprintf("the expression is too complex: %d steps, at most %d are allowed", n, maxProgram)
	}
	if fold {
		pattern = "(?i:" + pattern + ")"
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, "the expression can't be compiled"
	}
	return &regex{re: re, literals: requiredLiterals(tree)}, ""
}

// match first looks for the literals, which is a hundred times faster than the expression and most often settles it.
func (r *regex) match(text string) bool {
	for _, literal := range r.literals {
		if !strings.Contains(text, literal) {
			return false
		}
	}
	return r.re.MatchString(text)
}

// requiredLiterals finds literals that no match can do without.
func requiredLiterals(tree *syntax.Regexp) (literals []string) {
	switch tree.Op {
	case syntax.OpLiteral:
		if text := string(tree.Rune); tree.Flags&syntax.FoldCase == 0 && !strings.ContainsRune(text, utf8.RuneError) {
			return []string{text} // U+FFFD is left out: it also matches bytes that are no characters
		}
	case syntax.OpCapture, syntax.OpPlus:
		return requiredLiterals(tree.Sub[0])
	case syntax.OpRepeat:
		if tree.Min > 0 {
			return requiredLiterals(tree.Sub[0])
		}
	case syntax.OpConcat:
		for _, sub := range tree.Sub {
			literals = append(literals, requiredLiterals(sub)...)
		}
	}
	return literals
}

// explainSyntax tells what is wrong with an expression, and at which character.
func explainSyntax(pattern string, flags syntax.Flags, err error) string {
	var wrong *syntax.Error
	if !errors.As(err, &wrong) {
		return "the expression is not valid"
	}
	at := len(pattern)
	switch wrong.Code {
	case syntax.ErrUnexpectedParen:
		at = firstFailure(pattern, flags, wrong.Code)
	case syntax.ErrMissingParen, syntax.ErrTrailingBackslash:
	default:
		if i := strings.Index(pattern, wrong.Expr); i >= 0 {
			at = i
		}
	}
	return fmt.Sprintf("the expression is not valid at character %d: %s", utf8.RuneCountInString(pattern[:at])+1, wrong.Code)
}

// firstFailure finds the character that makes a prefix of the pattern fail in the given way.
func firstFailure(pattern string, flags syntax.Flags, code syntax.ErrorCode) int {
	for i := range pattern {
		var wrong *syntax.Error
		if _, err := syntax.Parse(pattern[:i+1], flags); errors.As(err, &wrong) && wrong.Code == code {
			return i
		}
	}
	return len(pattern)
}

// textEnds keeps what is matched of texts that are too long altogether: the first half of the allowance is used up as
// texts arrive; of what follows the last half is kept.
type textEnds struct {
	room    int    // left of the first half
	split   string // the text that did not fit into the first half
	front   int    // how much of split did
	full    bool
	last    []string // what came after split
	lastLen int
}

// first reports whether the whole text belongs to the first half; if not, it is kept for match.
func (t *textEnds) first(text string) bool {
	switch {
	case t.full:
		t.push(text)
		return false
	case len(text) > t.room:
		t.split, t.front, t.full = text, t.room, true
		return false
	default:
		t.room -= len(text)
		return true
	}
}

const endsBytes = patternBytes / 2

func (t *textEnds) push(text string) {
	t.last = append(t.last, text)
	t.lastLen += len(text) + 1 // an empty text isn't free
	for len(t.last) > 1 && t.lastLen-len(t.last[0])-1 >= endsBytes {
		t.lastLen -= len(t.last[0]) + 1
		t.last = t.last[1:]
	}
}

// match looks at the texts that were kept, newest first.
func (t *textEnds) match(r *regex) bool {
	room := endsBytes
	for i := len(t.last) - 1; i >= 0 && room > 0; i-- {
		text := t.last[i]
		if r.match(text[max(0, len(text)-room):]) {
			return true
		}
		room -= len(text)
	}
	return t.full && r.match(cut(t.split, t.front, max(0, room)))
}

// cut keeps the front and the end of a text, with a line break where the middle was, which no "." matches.
func cut(text string, front, end int) string {
	if len(text) <= front+end {
		return text
	}
	if end == 0 {
		return text[:front]
	}
	return text[:front] + "\n" + text[len(text)-end+1:]
}

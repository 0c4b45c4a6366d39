package tokens

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tidwall/gjson"
)

// budget is the time one count may take. What is left then is estimated from its length.
const budget = 200 * time.Millisecond

// counter adds up the tokens of one request.
type counter struct {
	ctx      context.Context
	rules    rules
	enc      *encoder
	deadline time.Time

	n       int64 // tokens of overheads, pictures and data
	words   int64 // tokens of text, as o200k_base or the model's own encoding has them
	exact   bool  // nothing was estimated so far
	spent   bool  // the budget is used up or the caller is gone
	encoded int   // bytes that were encoded,
	made    int   // and the tokens they made: the rate for what is estimated
}

func newCounter(ctx context.Context, model string) *counter {
	name, exact := Encoding(model)
	enc := encoders[name]() // the first use builds it; the budget begins after that
	return &counter{ctx: ctx, rules: rulesOf(model), enc: enc, deadline: time.Now().Add(budget), exact: exact}
}

// add counts tokens that a rule tells.
func (c *counter) add(n int64) { c.n += n }

// estimate counts tokens that are a guess.
func (c *counter) estimate(n int64) { c.n, c.exact = c.n+n, false }

// text counts a text.
func (c *counter) text(s string) {
	for piece, clean := range segments(s) {
		if c.isSpent() {
			c.guess(s)
			return
		}
		s = s[len(piece):]
		made := c.enc.count(piece)
		c.encoded, c.made = c.encoded+len(piece), c.made+made
		c.words += int64(made)
		c.exact = c.exact && clean
	}
}

func (c *counter) isSpent() bool {
	if !c.spent {
		select {
		case <-c.ctx.Done():
			c.spent = true
		default:
			c.spent = time.Now().After(c.deadline)
		}
	}
	return c.spent
}

// guess estimates a text from its length: at the rate of what was encoded so far when that is enough to go by, else four
// ASCII characters, or one other, to a token.
func (c *counter) guess(s string) {
	c.exact = false
	if c.encoded >= maxSegment {
		c.words += int64(len(s)) * int64(c.made) / int64(c.encoded)
		return
	}
	runes := utf8.RuneCountInString(s)
	wide := (len(s) - runes) / 2 // most characters beyond ASCII have three bytes
	c.words += int64(wide + (max(0, runes-wide)+3)/4)
}

// total is the count in the model's own tokens.
func (c *counter) total() int64 { return c.n + (c.words*c.rules.textPercent+50)/100 }

// json counts a JSON value that no rule covers by its text without white space, and data in it by its size.
func (c *counter) json(v gjson.Result) {
	c.exact = false
	switch {
	case v.Type == gjson.String:
		c.opaque(v.Str)
	case c.isSpent():
		c.guess(v.Raw)
	case len(v.Raw) > 1<<10 && strings.Contains(v.Raw, ";base64,"):
		c.estimate(int64(len(v.Raw)) / bytesPerPDFToken)
	default:
		c.text(v.Get("@ugly").Raw)
	}
}

// opaque counts a string that may be text or encoded data.
func (c *counter) opaque(s string) {
	if strings.HasPrefix(s, "data:") {
		c.estimate(int64(len(s)) / bytesPerPDFToken)
		return
	}
	c.text(s)
}

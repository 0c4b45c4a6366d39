package pages

import (
	"context"
	"io"
	"strconv"
	"strings"
	"sync"

	"github.com/a-h/templ"
)

// PlayColumn is one of several requests that are sent at once.
type PlayColumn struct {
	Title   string
	RouteID string
	Stream  PlayStream
}

// columnAnswer is what came of one of them.
type columnAnswer struct {
	Title  string
	Said   []ChatPart // of a stream
	Answer PlayAnswer
	Err    error
}

// maxColumnText is how much of a streamed answer a column shows at the end, in bytes; its log has all of it.
const maxColumnText = 256 << 10

// piece is a stretch of one answer on its way into the page.
type piece struct {
	column    int
	text      string
	reasoning bool
	sign      string // "began": the text is the id of the request; "ended": nothing follows; empty: the text was said
}

// hear keeps what was said, so that the column can be shown whole at the end.
func (a *columnAnswer) hear(p piece) {
	if p.sign != "" {
		return
	}
	kind := "text"
	if p.reasoning {
		kind = "reasoning"
	}
	size := 0
	for _, part := range a.Said {
		size += len(part.Text)
	}
	if size+len(p.text) > maxColumnText {
		return
	}
	if last := len(a.Said) - 1; last >= 0 && a.Said[last].Kind == kind {
		a.Said[last].Text += p.text
		return
	}
	a.Said = append(a.Said, ChatPart{Kind: kind, Text: p.text})
}

// flowingColumns performs all requests at once and writes their pieces into the page as they arrive; a script sorts them into
// columns. At the end the columns are written whole, for everybody.
func flowingColumns(columns []PlayColumn) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		answers := make([]columnAnswer, len(columns))
		if _, err := io.WriteString(w, `<div id="live-pieces" hidden>`); err != nil {
			return err
		}
		pieces := performColumns(ctx, columns, answers)
		out := &flow{w: w}
		var failed error
		for p := range pieces {
			answers[p.column].hear(p)
			if failed == nil {
				if failed = out.piece(p); failed != nil {
					cancel() // the page was closed: so are the requests
				}
			}
		}
		if failed != nil {
			return failed
		}
		if _, err := io.WriteString(w, "</div>"); err != nil {
			return err
		}
		return columnAnswers(answers).Render(ctx, w)
	})
}

// performColumns starts the requests. The channel is closed when all answers are there.
func performColumns(ctx context.Context, columns []PlayColumn, answers []columnAnswer) <-chan piece {
	pieces := make(chan piece)
	var all sync.WaitGroup
	for i := range columns {
		answers[i].Title = columns[i].Title
		all.Go(func() {
			tell := func(p piece) error {
				if p.text == "" && p.sign == "" {
					return nil
				}
				select {
				case pieces <- p:
					return nil
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			answer, err := columns[i].Stream(ctx, PlaySink{
				Began: func(id string) error { return tell(piece{column: i, text: id, sign: "began"}) },
				Say: func(text string, reasoning bool) error {
					return tell(piece{column: i, text: text, reasoning: reasoning})
				},
			})
			_ = tell(piece{column: i, sign: "ended"}) // who is gone needs no sign
			answers[i].Answer, answers[i].Err = answer, err
		})
	}
	go func() {
		all.Wait()
		close(pieces)
	}()
	return pieces
}

// piece writes a stretch of one column. What follows the element tells the script that it is whole.
func (f *flow) piece(p piece) error {
	var b strings.Builder
	b.WriteString(`<data value="` + strconv.Itoa(p.column) + `"`)
	switch {
	case p.sign != "":
		b.WriteString(` class="` + p.sign + `"`)
	case p.reasoning:
		b.WriteString(` class="reasoning"`)
	}
	b.WriteString(">" + templ.EscapeString(p.text) + "</data>\n")
	if _, err := io.WriteString(f.w, b.String()); err != nil {
		return err
	}
	return f.flush()
}

package pages

import (
	"io"
	"net/http"

	"github.com/a-h/templ"
)

// flow writes pieces of text into a page, each as soon as it is there. Reasoning stands in a paragraph of its own.
type flow struct {
	w         io.Writer
	open      bool
	reasoning bool
}

func (f *flow) say(text string, reasoning bool) error {
	if text == "" {
		return nil
	}
	if f.open && f.reasoning != reasoning {
		f.shut()
	}
	if !f.open {
		class := "whitespace-pre-wrap text-sm"
		if reasoning {
			class = "whitespace-pre-wrap text-sm text-ink-3"
		}
		if _, err := io.WriteString(f.w, `<div dir="auto" class="`+class+`">`); err != nil {
			return err
		}
		f.open, f.reasoning = true, reasoning
	}
	if _, err := io.WriteString(f.w, templ.EscapeString(text)); err != nil {
		return err
	}
	return f.flush()
}

func (f *flow) shut() {
	if f.open {
		_, _ = io.WriteString(f.w, "</div>") // what follows fails the same way, and says so
		f.open = false
	}
}

// flush sends what templ has gathered; it may be buffered in one of two ways.
func (f *flow) flush() error {
	switch w := f.w.(type) {
	case interface{ Flush() error }:
		return w.Flush()
	case http.Flusher:
		w.Flush()
	}
	return nil
}

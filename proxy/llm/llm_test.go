package llm

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// script is an Encoder that writes down what it is told.
type script struct{ lines []string }

func (s *script) say(format string, args ...any) {
	s.lines = append(s.lines, fmt.Sprintf(format, args...))
}

func (s *script) Start(id, _ string, u Usage) { s.say("start %s %d", id, u.Input) }
func (s *script) Open(p Part)                 { s.say("open %T", p) }
func (s *script) Delta(text string)           { s.say("delta %s", text) }
func (s *script) Seal(t *Thinking)            { s.say("seal %s", t.Seal) }
func (s *script) Cite(c Citation)             { s.say("cite %s", c.URL) }
func (s *script) Close()                      { s.say("close") }
func (s *script) Finish(stop StopReason, q string, u Usage) {
	s.say("finish %s%s %d", stop, q, u.Output)
}
func (s *script) Fail(e *Error)      { s.say("fail %s", e.Message) }
func (s *script) Take() []byte       { return nil }
func (s *script) Dropped() []Dropped { return nil }

func call(key int) Event { return Event{Kind: EventBlock, Block: key, Part: &ToolCall{Name: "f"}} }
func delta(key int, text string) Event {
	return Event{Kind: EventDelta, Block: key, Text: text}
}
func text(key int) Event     { return Event{Kind: EventBlock, Block: key, Part: &Text{}} }
func thinking(key int) Event { return Event{Kind: EventBlock, Block: key, Part: &Thinking{}} }

func TestSequencer(t *testing.T) {
	end := Event{Kind: EventEnd}
	for name, tc := range map[string]struct {
		in   []Event
		want string
	}{
		"nothing but an end": {[]Event{end, end}, "start  0|finish end 0"},
		"two starts": {
			[]Event{{Kind: EventStart, ID: "a", Usage: Usage{Input: 3, Known: true}}, {Kind: EventStart, ID: "b"}, end},
			"start a 3|finish end 0",
		},
		"calls that interleave": {
			[]Event{call(1), delta(1, `{"a"`), call(2), delta(2, `{`), delta(1, `:1}`), delta(2, `}`), end},
			`start  0|open *llm.ToolCall|delta {"a"|delta :1}|close|open *llm.ToolCall|delta {|delta }|close|finish tool 0`,
		},
		"a call without arguments before another": {
			[]Event{call(1), call(2), delta(2, `{}`), end},
			`start  0|open *llm.ToolCall|close|open *llm.ToolCall|delta {}|close|finish tool 0`,
		},
		"text that waits for a call": {
			[]Event{call(1), delta(1, `{`), thinking(2), delta(2, "x"), {Kind: EventSeal, Block: 2, Part: &Thinking{Seal: "s"}}, {Kind: EventBlockEnd, Block: 2}, delta(1, `}`), end},
			`start  0|open *llm.ToolCall|delta {|delta }|close|open *llm.Thinking|delta x|seal s|close|finish tool 0`,
		},
		"thinking goes on after text": {
			[]Event{thinking(1), delta(1, "a"), text(2), delta(2, "b"), delta(1, "c"), end},
			"start  0|open *llm.Thinking|delta a|close|open *llm.Text|delta b|close|open *llm.Thinking|delta c|close|finish end 0",
		},
		"late arguments are lost": {
			[]Event{call(1), delta(1, `{}`), {Kind: EventBlockEnd, Block: 1}, delta(1, "x"), end},
			"start  0|open *llm.ToolCall|delta {}|close|finish tool 0",
		},
		"the first reason counts": {
			[]Event{{Kind: EventStop, Stop: StopLength}, {Kind: EventStop, Stop: StopFilter}, {Kind: EventUsage, Usage: Usage{Output: 5}}, end, delta(1, "x")},
			"start  0|finish length 5",
		},
		"an error ends it":   {[]Event{{Kind: EventError, Err: &Error{Message: "m"}}, text(1), end}, "fail m"},
		"a delta unheard of": {[]Event{delta(7, "x"), end}, "start  0|open *llm.Text|delta x|close|finish end 0"},
	} {
		s := &script{}
		seq := NewSequencer(s)
		for _, e := range tc.in {
			if err := seq.Push(e); err != nil {
				t.Fatal(err)
			}
		}
		if got := strings.Join(s.lines, "|"); got != tc.want {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, tc.want)
		}
	}
}

func TestSequencerBounds(t *testing.T) {
	for name, e := range map[string]func(i int) Event{
		"blocks": text,
		"text":   func(int) Event { return delta(1, strings.Repeat("x", 1<<20)) },
	} {
		seq := NewSequencer(&script{})
		var err error
		for i := 0; i < 5000 && err == nil; i++ {
			err = seq.Push(e(i))
		}
		if !errors.Is(err, ErrTooMuch) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSettleStop(t *testing.T) {
	for _, tc := range []struct {
		told  StopReason
		calls int
		whole bool
		want  StopReason
	}{
		{StopEnd, 1, true, StopTool}, {StopLength, 1, true, StopTool}, {StopLength, 1, false, StopLength}, {StopUnknown, 2, true, StopTool},
		{StopTool, 0, true, StopEnd}, {StopUnknown, 0, true, StopEnd}, {StopFilter, 0, true, StopFilter}, {StopPause, 0, true, StopPause},
	} {
		if got := SettleStop(tc.told, tc.calls, tc.whole); got != tc.want {
			t.Errorf("%+v: %s", tc, got)
		}
	}
}

func TestProgress(t *testing.T) {
	for text, want := range map[string][2]bool{
		"": {false, true}, " ": {false, true}, "{": {false, false}, `{"a":"}\""}`: {true, true}, `[{}]`: {true, true}, `"x"`: {false, false}, `{"a":"\`: {false, false},
	} {
		var p Progress
		for i := range len(text) {
			p.Feed(text[i : i+1])
		}
		if p.Done() != want[0] || p.Whole() != want[1] {
			t.Errorf("%q: done %v, whole %v", text, p.Done(), p.Whole())
		}
	}
}

func TestSeals(t *testing.T) {
	for _, want := range []Thinking{
		{Seal: "a.b=", Format: SealOpenAI, ID: "rs_1"}, {Seal: "x", Format: SealAnthropic, Redacted: true}, {Seal: "y"},
	} {
		var got Thinking
		if !UnwrapSeal(WrapSeal(&want), &got) || got != want {
			t.Errorf("%+v became %+v", want, got)
		}
	}
	if UnwrapSeal("EqRealSignature==", &Thinking{}) {
		t.Error("a real signature is no package")
	}
}

func TestSafeName(t *testing.T) {
	for name, keep := range map[string]bool{"read_file-2": true, "a.b": false, "": false, strings.Repeat("x", 65): false} {
		got := SafeName(name, 64)
		if keep != (got == name) || len(got) > 64 || got != SafeName(got, 64) {
			t.Errorf("%q became %q", name, got)
		}
	}
	if SafeName("a.b", 64) == SafeName("a:b", 64) {
		t.Error("two names became one")
	}
}

func TestReasoning(t *testing.T) {
	for effort, budget := range map[string]int64{"none": 0, "minimal": 1024, "low": 1024, "medium": 8192, "high": 16384, "xhigh": 32768, "max": 32768, "new": 8192} {
		r := Reasoning{Effort: effort}
		if got := r.AsBudget(); got != budget {
			t.Errorf("%s: %d", effort, got)
		}
	}
	if (Reasoning{Mode: ThinkingEnabled, Budget: 10}).AsBudget() != 1024 || (Reasoning{}).AsEffort() != "" {
		t.Error("bounds")
	}
}

func TestDropsAreBounded(t *testing.T) {
	var d Drops
	for i := range 1000 {
		d.Add(fmt.Sprint(i), "r")
		d.Add("0", "again")
	}
	if len(d.List()) != maxDrops {
		t.Error(len(d.List()))
	}
}

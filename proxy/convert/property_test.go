package convert

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"squirrel/models"
	"squirrel/proxy/convert/wire"
	"squirrel/proxy/llm"
)

// randomEvent makes any event, sensible or not.
func randomEvent(r *rand.Rand) llm.Event {
	e := llm.Event{Kind: llm.EventKind(r.IntN(10) + 1), Block: r.IntN(5), ID: "id", Model: "m"}
	if e.Kind == llm.EventError && r.IntN(4) > 0 {
		e.Kind = llm.EventDelta
	}
	if e.Kind == llm.EventEnd && r.IntN(3) > 0 {
		e.Kind = llm.EventBlock
	}
	e.Text = []string{"", "a", `{"x":`, `1}`, `{}`, "\n\"\\", "é\xff"}[r.IntN(7)]
	e.Stop = []llm.StopReason{llm.StopEnd, llm.StopLength, llm.StopTool, llm.StopFilter, llm.StopUnknown}[r.IntN(5)]
	e.Usage = llm.Usage{Input: r.Int64N(100), Output: r.Int64N(100), Known: r.IntN(2) == 0}
	e.Err = &llm.Error{Type: llm.ErrOverloaded, Message: "busy"}
	e.Citation = llm.Citation{URL: []string{"", "https://example.com"}[r.IntN(2)]}
	sealed := &llm.Thinking{Seal: "s", Format: []string{llm.SealAnthropic, llm.SealOpenAI, ""}[r.IntN(3)]}
	switch r.IntN(5) {
	case 0:
		e.Part = &llm.Text{Refusal: r.IntN(4) == 0}
	case 1:
		e.Part = sealed
	case 2:
		e.Part = &llm.Thinking{Redacted: true, Seal: "r", Format: llm.SealAnthropic}
	default:
		e.Part = &llm.ToolCall{ID: fmt.Sprint("call_", r.IntN(9)), Name: "f", Custom: r.IntN(6) == 0}
	}
	if e.Kind == llm.EventSeal {
		e.Part = sealed
	}
	return e
}

// TestLaw3_NoIllegalOrder feeds random events to every encoder: whatever comes in, the order that goes out is legal.
func TestLaw3_NoIllegalOrder(t *testing.T) {
	for seed := range uint64(3000) {
		for _, p := range protocols {
			r := rand.New(rand.NewPCG(seed, 1))
			enc := codecs[p].newEncoder(llm.AnswerOptions{ID: "X", IncludeUsage: seed%2 == 0})
			seq := llm.NewSequencer(enc)
			for range r.IntN(40) {
				if err := seq.Push(randomEvent(r)); err != nil {
					t.Fatal(err)
				}
			}
			_ = seq.Push(llm.Event{Kind: llm.EventEnd})
			_ = seq.Push(llm.Event{Kind: llm.EventDelta, Text: "too late"})
			out := enc.Take()
			if err := legal(p, events(out)); err != nil {
				t.Fatalf("seed %d, %s: %v\n%s", seed, p, err, out)
			}
		}
	}
}

// text returns what a stream says, block by block, in a form that is the same for every protocol.
func said(t *testing.T, p models.Protocol, answer []byte) (text, thinking, calls string) {
	t.Helper()
	r, err := codecs[p].decodeResponse(answer)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range r.Parts {
		switch part := part.(type) {
		case *llm.Text:
			text += part.Text
		case *llm.Thinking:
			thinking += part.Text
		case *llm.ToolCall:
			calls += part.Name + part.Arguments + ";"
		}
	}
	return text, thinking, calls
}

// TestLaw7_StreamEndsAsTheWholeAnswer compares the final object of a Responses stream with the whole answer.
func TestLaw7_StreamEndsAsTheWholeAnswer(t *testing.T) {
	stream := `data: {"id":"c1","model":"m","choices":[{"index":0,"delta":{"role":"assistant","reasoning_content":"Hm."}}]}

data: {"choices":[{"index":0,"delta":{"content":"Hel"}}]}

data: {"choices":[{"index":0,"delta":{"content":"lo"}}]}

data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"t1","function":{"name":"f","arguments":"{\"a\":1}"}}]}}]}

data: {"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":7,"completion_tokens":3}}

data: [DONE]
`
	whole := `{"id":"c1","model":"m","choices":[{"index":0,"message":{"role":"assistant","reasoning_content":"Hm.","content":"Hello",
		"tool_calls":[{"id":"t1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}]},"finish_reason":"tool_calls"}],
		"usage":{"prompt_tokens":7,"completion_tokens":3}}`
	answer, _, err := Response(models.ProtocolResponses, models.ProtocolOpenAI, []byte(whole), Options{})
	if err != nil {
		t.Fatal(err)
	}
	out, err := run(NewStream(models.ProtocolResponses, models.ProtocolOpenAI, Options{}), []byte(stream))
	if err != nil {
		t.Fatal(err)
	}
	list := events(out)
	last := wire.Parse([]byte(list[len(list)-1].data)).Get("response")
	if string(last) != string(answer) {
		t.Errorf("stream ends with\n%s\nwhole answer\n%s", last, answer)
	}
	text, thinking, calls := said(t, models.ProtocolResponses, last)
	if text != "Hello" || thinking != "Hm." || calls != `f{"a":1};` {
		t.Errorf("said %q, thought %q, called %q", text, thinking, calls)
	}
}

package convert

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"squirrel/models"
	"squirrel/proxy/llm"
)

// maker makes random requests and answers out of what one protocol can say, in the form decoding gives them.
type maker struct {
	*rand.Rand
	dialect llm.Dialect
	n       int
}

func (m *maker) some() bool { return m.IntN(2) == 0 }

func (m *maker) word() string {
	m.n++
	return fmt.Sprintf("w%d \"é\n\\", m.n)
}

func (m *maker) user() llm.Message {
	parts := []llm.Part{&llm.Text{Text: m.word()}}
	if m.some() {
		parts = append(parts, &llm.Image{Source: llm.Source{MediaType: "image/png", Data: "iVBORw0KGgo="}})
	}
	if m.some() {
		parts = append(parts, &llm.Document{Source: llm.Source{MediaType: "application/pdf", Data: "JVBERi0="}, Name: "a.pdf"})
	}
	return llm.Message{Role: llm.RoleUser, Parts: parts}
}

func (m *maker) thinking() *llm.Thinking {
	t := &llm.Thinking{Text: m.word(), Seal: "c2VhbA==", Format: llm.SealAnthropic}
	if m.dialect == llm.Responses {
		t.Format, t.ID = llm.SealOpenAI, "rs_1"
	}
	return t
}

// assistant and the results of its calls.
func (m *maker) turn() []llm.Message {
	var parts, results []llm.Part
	if m.some() {
		parts = append(parts, m.thinking())
	}
	parts = append(parts, &llm.Text{Text: m.word()})
	for i := range m.IntN(3) {
		m.n++
		id := fmt.Sprintf("call_%d_%d", m.n, i)
		parts = append(parts, &llm.ToolCall{ID: id, Name: "f", Arguments: `{"n":1.10,"big":12345678901234567890}`})
		results = append(results, &llm.ToolResult{CallID: id, Parts: []llm.Part{&llm.Text{Text: m.word()}}})
	}
	turn := []llm.Message{{Role: llm.RoleAssistant, Parts: parts}}
	if len(results) > 0 {
		turn = append(turn, llm.Message{Role: llm.RoleTool, Parts: results})
	}
	return turn
}

func (m *maker) request() *llm.Request {
	r := &llm.Request{From: m.dialect, Model: "m", MaxOutput: 1 + m.Int64N(9000), Temperature: "0.10", TopP: "1.0", Stream: m.some()}
	if m.dialect == llm.Responses {
		r.MaxOutput += 16
	}
	r.Messages = append(r.Messages, llm.Message{Role: llm.RoleSystem, Parts: []llm.Part{&llm.Text{Text: m.word()}}})
	for range 1 + m.IntN(3) {
		r.Messages = append(r.Messages, m.user())
		r.Messages = append(r.Messages, m.turn()...)
	}
	r.Messages = append(r.Messages, m.user())
	no := false
	r.Tools = []llm.Tool{{From: m.dialect, Name: "f", Description: m.word(), Schema: json.RawMessage(`{"type":"object","properties":{}}`), Strict: &no}}
	r.ToolChoice = llm.ToolChoice{Mode: []llm.ChoiceMode{llm.ChoiceAuto, llm.ChoiceNone, llm.ChoiceRequired}[m.IntN(3)]}
	if m.some() {
		r.ToolChoice = llm.ToolChoice{Mode: llm.ChoiceTool, Name: "f"}
	}
	if m.some() && r.ToolChoice.Mode != llm.ChoiceNone {
		r.ParallelTools = &no
	}
	switch m.dialect {
	case llm.Messages:
		r.TopK, r.Stop, r.User = "5", []string{"a", "b"}, "u"
		r.Reasoning = llm.Reasoning{Mode: llm.ThinkingEnabled, Budget: 1024, Effort: "max"}
	case llm.Chat:
		r.Seed, r.Stop, r.N, r.User, r.CacheKey = "12345678901234567890", []string{"a"}, 2, "u", "k"
		r.Reasoning.Effort = "minimal"
		r.IncludeUsage = r.Stream
	default:
		r.User, r.SafetyID, r.Verbosity = "u", "s", "low"
		r.Reasoning = llm.Reasoning{Effort: "xhigh", Summary: "auto"}
	}
	r.Format = &llm.Format{Kind: llm.FormatSchema, Schema: json.RawMessage(`{"type":"object"}`)}
	if m.dialect != llm.Messages {
		r.Format.Name, r.Format.Strict = "n", &no
	}
	return r
}

// plain takes out what tells where a message stood, which encoding need not keep.
func plain(r *llm.Request) *llm.Request {
	for i := range r.Messages {
		r.Messages[i].Index = 0
	}
	r.Echo = nil
	return r
}

func TestLaw1_RequestRoundTrip(t *testing.T) {
	for seed := range uint64(500) {
		for _, p := range protocols {
			c := codecs[p]
			m := maker{Rand: rand.New(rand.NewPCG(seed, 2)), dialect: c.dialect}
			want := m.request()
			if p == models.ProtocolAnthropic || p == models.ProtocolResponses {
				want.Messages[0].Index = -1
			}
			for i := range want.Messages[1:] {
				want.Messages[i+1].Index = i
			}
			body, dropped, err := c.encodeRequest(want, llm.RequestOptions{Model: "m"})
			if err != nil || len(dropped) > 0 {
				t.Fatalf("%s: %v, dropped %v", p, err, dropped)
			}
			got, err := c.decodeRequest(body)
			if err != nil {
				t.Fatalf("%s: %v\n%s", p, err, body)
			}
			if !reflect.DeepEqual(plain(got), plain(want)) {
				a, _ := json.Marshal(got)
				b, _ := json.Marshal(want)
				t.Fatalf("%s, seed %d:\ngot  %s\nwant %s\nbody %s", p, seed, a, b, body)
			}
		}
	}
}

func TestLaw1_AnswerRoundTrip(t *testing.T) {
	for seed := range uint64(500) {
		for _, p := range protocols {
			c := codecs[p]
			m := maker{Rand: rand.New(rand.NewPCG(seed, 3)), dialect: c.dialect}
			want := &llm.Response{
				From: c.dialect, ID: prefixes[p] + "1", Model: "m", Parts: m.turn()[0].Parts, Stop: llm.StopLength,
				Usage: llm.Usage{Input: 100 + m.Int64N(100), Output: 50, CachedInput: 40, CacheWrite: 20, Reasoning: 10, Known: true},
			}
			want.Settle()
			if p != models.ProtocolAnthropic {
				want.Created = 1700000000
			}
			body, dropped := c.encodeResponse(want, llm.AnswerOptions{Created: want.Created})
			got, err := c.decodeResponse(body)
			if err != nil || len(dropped) > 0 || !reflect.DeepEqual(got, want) {
				a, _ := json.Marshal(got)
				b, _ := json.Marshal(want)
				t.Fatalf("%s, seed %d: %v, dropped %v\ngot  %s\nwant %s\nbody %s", p, seed, err, dropped, a, b, body)
			}
		}
	}
}

var prefixes = map[models.Protocol]string{
	models.ProtocolOpenAI: "chatcmpl-", models.ProtocolResponses: "resp_", models.ProtocolAnthropic: "msg_",
}

// TestLaw1_ThroughAnotherProtocol sends thinking, calls and text through a client of every other protocol and back.
func TestLaw1_ThroughAnotherProtocol(t *testing.T) {
	for _, upstream := range protocols {
		for _, client := range protocols {
			m := maker{Rand: rand.New(rand.NewPCG(1, 4)), dialect: codecs[upstream].dialect}
			thought := m.thinking()
			want := []llm.Part{thought, &llm.Text{Text: "t"}, &llm.ToolCall{ID: "call_1", Name: "f", Arguments: `{"a":1}`}}
			answer, _ := codecs[client].encodeResponse(&llm.Response{Parts: want}, llm.AnswerOptions{})
			got, err := codecs[client].decodeResponse(answer)
			if err != nil {
				t.Fatal(err)
			}
			history := &llm.Request{From: codecs[client].dialect, Messages: []llm.Message{
				{Role: llm.RoleUser, Parts: []llm.Part{&llm.Text{Text: "q"}}},
				{Role: llm.RoleAssistant, Parts: got.Parts},
				{Role: llm.RoleTool, Parts: []llm.Part{&llm.ToolResult{CallID: "call_1", Parts: []llm.Part{&llm.Text{Text: "r"}}}}},
			}}
			body, _, err := codecs[upstream].encodeRequest(history, llm.RequestOptions{Model: "m"})
			if err != nil {
				t.Fatal(err)
			}
			back, err := codecs[upstream].decodeRequest(body)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(back.Messages[1].Parts, want) {
				a, _ := json.Marshal(back.Messages[1].Parts)
				b, _ := json.Marshal(want)
				t.Errorf("%s through %s:\ngot  %s\nwant %s", upstream, client, a, b)
			}
		}
	}
}

package tokens

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"squirrel/models"
)

// cookbookMessages and cookbookTools are the examples of OpenAI's cookbook, with the counts of its API:
// https://github.com/openai/openai-cookbook/blob/main/examples/How_to_count_tokens_with_tiktoken.ipynb
const (
	cookbookMessages = `[
		{"role":"system","content":"You are a helpful, pattern-following assistant that translates corporate jargon into plain English."},
		{"role":"system","name":"example_user","content":"New synergies will help drive top-line growth."},
		{"role":"system","name":"example_assistant","content":"Things working well together will increase revenue."},
		{"role":"system","name":"example_user","content":"Let's circle back when we have more bandwidth to touch base on opportunities for increased leverage."},
		{"role":"system","name":"example_assistant","content":"Let's talk later when we're less busy about how to do better."},
		{"role":"user","content":"This late pivot means we don't have time to boil the ocean for the client deliverable."}]`
	cookbookTools = `"messages":[
		{"role":"system","content":"You are a helpful assistant that can answer to questions about the weather."},
		{"role":"user","content":"What's the weather like in San Francisco?"}],
		"tools":[{"type":"function","function":{"name":"get_current_weather","description":"Get the current weather in a given location",
		"parameters":{"type":"object","properties":{
			"location":{"type":"string","description":"The city and state, e.g. San Francisco, CA"},
			"unit":{"type":"string","description":"The unit of temperature to return","enum":["celsius","fahrenheit"]}},
		"required":["location"]}}}]`
)

func countChat(t *testing.T, model, members string) (int64, bool) {
	t.Helper()
	return CountRequest(t.Context(), models.EndpointChat, models.ProtocolOpenAI, []byte("{"+members+"}"), model)
}

func TestCountRequest_Cookbook(t *testing.T) {
	for model, want := range map[string]int64{
		"gpt-3.5-turbo": 129, "gpt-4-0613": 129, "gpt-4": 129, "gpt-4o": 124, "gpt-4o-mini": 124,
	} {
		if n, exact := countChat(t, model, `"messages":`+cookbookMessages); n != want || !exact {
			t.Errorf("%s: %d, %v; want %d", model, n, exact, want)
		}
	}
	for model, want := range map[string]int64{"gpt-3.5-turbo": 105, "gpt-4": 105, "gpt-4o": 101, "gpt-4o-mini": 101} {
		if n, exact := countChat(t, model, cookbookTools); n != want || exact {
			t.Errorf("%s with tools: %d, %v; want %d, estimated", model, n, exact, want)
		}
	}
}

func TestCountRequest_Endpoints(t *testing.T) {
	for _, tc := range []struct {
		name     string
		endpoint models.Endpoint
		model    string
		body     string
		want     int64
		exact    bool
	}{
		{"embedding", models.EndpointEmbeddings, "text-embedding-3-small", `{"input":"tiktoken is great!"}`, 6, true},
		{"embeddings", models.EndpointEmbeddings, "text-embedding-3-small", `{"input":["tiktoken is great!","2 + 2 = 4"]}`, 13, true},
		{"token ids", models.EndpointEmbeddings, "text-embedding-3-small", `{"input":[[1,2,3],[4]]}`, 4, true},
		{"completion", models.EndpointCompletions, "davinci-002", `{"prompt":"tiktoken is great!","suffix":"2 + 2 = 4"}`, 13, true},
		{"prompt as ids", models.EndpointCompletions, "davinci-002", `{"prompt":[1,2,3]}`, 3, true},
		{"moderation", models.EndpointModerations, "gpt-4o", `{"input":[{"type":"text","text":"tiktoken is great!"}]}`, 6, true},
		{"speech", models.EndpointSpeech, "gpt-4o", `{"input":"tiktoken is great!","voice":"x"}`, 6, true},
		{"image", models.EndpointImages, "gpt-4o", `{"prompt":"tiktoken is great!"}`, 6, true},
		{"responses, text", models.EndpointResponses, "gpt-4o", `{"input":"tiktoken is great!"}`, 13, true},
		{"responses, items", models.EndpointResponses, "gpt-4o",
			`{"instructions":"2 + 2 = 4","input":[{"role":"user","content":[{"type":"input_text","text":"tiktoken is great!"}]}]}`, 24, true},
		{"responses, state at the provider", models.EndpointResponses, "gpt-4o", `{"input":"tiktoken is great!","previous_response_id":"resp_1"}`, 13, false},
		{"responses, null state", models.EndpointResponses, "gpt-4o", `{"input":"tiktoken is great!","previous_response_id":null}`, 13, true},
		{"messages, documented example", models.EndpointCountTokens, "claude-3-5-sonnet",
			`{"system":"You are a scientist","messages":[{"role":"user","content":"Hello, Claude"}]}`, 14, false},
		{"unknown endpoint", "/v1/other", "gpt-4o", `{"messages":[{"role":"user","content":"tiktoken is great!"}]}`, 13, true},
		{"multipart", models.EndpointTranscriptions, "whisper-1", "--boundary\r\n", 0, false},
		{"empty", models.EndpointChat, "gpt-4o", "", 0, false},
		{"list", models.EndpointChat, "gpt-4o", "[1]", 0, false},
	} {
		n, exact := CountRequest(t.Context(), tc.endpoint, models.ProtocolOpenAI, []byte(tc.body), tc.model)
		if n != tc.want || exact != tc.exact {
			t.Errorf("%s: %d, %v; want %d, %v", tc.name, n, exact, tc.want, tc.exact)
		}
	}
}

func TestCountRequest_EveryPartCounts(t *testing.T) {
	text := strings.Repeat("one two three four ", 50) // 200 tokens
	for endpoint, bodies := range map[models.Endpoint][]string{
		models.EndpointChat: {
			`{"messages":[{"role":"user","content":[{"type":"text","text":"%s"}]}]}`,
			`{"messages":[{"role":"assistant","tool_calls":[{"type":"function","function":{"name":"f","arguments":"%s"}}]}]}`,
			`{"messages":[{"role":"assistant","function_call":{"name":"f","arguments":"%s"}}]}`,
			`{"messages":[{"role":"assistant","content":null,"refusal":"%s"}]}`,
			`{"messages":[{"role":"tool","tool_call_id":"x","content":"%s"}]}`,
			`{"messages":[{"role":"user","content":[{"type":"new_part","words":"%s"}]}]}`,
			`{"tools":[{"type":"function","function":{"name":"f","description":"%s"}}]}`,
			`{"functions":[{"name":"f","description":"%s"}]}`,
			`{"tools":[{"type":"custom","custom":{"description":"%s"}}]}`,
			`{"tools":[{"function":{"name":"f","parameters":{"type":"object","properties":{"a":{"type":"array","items":{"anyOf":[{"type":"object","properties":{"b":{"type":["string","null"],"description":"%s"}}}]}}}}}}]}`,
			`{"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"description":"%s"}}}}`,
			`{"prediction":{"type":"content","content":"%s"}}`,
		},
		models.EndpointResponses: {
			`{"instructions":"%s"}`,
			`{"input":[{"type":"function_call","name":"f","arguments":"%s"}]}`,
			`{"input":[{"type":"custom_tool_call","name":"f","input":"%s"}]}`,
			`{"input":[{"type":"function_call_output","output":"%s"}]}`,
			`{"input":[{"type":"function_call_output","output":[{"type":"input_text","text":"%s"}]}]}`,
			`{"input":[{"type":"reasoning","summary":[{"type":"summary_text","text":"%s"}]}]}`,
			`{"input":[{"type":"web_search_call","action":{"query":"%s"}}]}`,
			`{"input":[{"role":"assistant","content":[{"type":"refusal","refusal":"%s"}]}]}`,
			`{"text":{"format":{"type":"json_schema","schema":{"description":"%s"}}}}`,
			`{"tools":[{"type":"function","name":"f","description":"%s"}]}`,
		},
		models.EndpointMessages: {
			`{"system":"%s"}`,
			`{"system":[{"type":"text","text":"%s"}]}`,
			`{"messages":[{"role":"user","content":"%s"}]}`,
			`{"messages":[{"role":"assistant","content":[{"type":"tool_use","name":"f","input":{"a":"%s"}}]}]}`,
			`{"messages":[{"role":"user","content":[{"type":"tool_result","content":"%s"}]}]}`,
			`{"messages":[{"role":"user","content":[{"type":"tool_result","content":[{"type":"text","text":"%s"}]}]}]}`,
			`{"messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"%s"}]}]}`,
			`{"messages":[{"role":"user","content":[{"type":"document","source":{"type":"text","data":"%s"}}]}]}`,
			`{"messages":[{"role":"user","content":[{"type":"document","source":{"type":"content","content":"%s"}}]}]}`,
			`{"messages":[{"role":"user","content":[{"type":"search_result","content":[{"type":"text","text":"%s"}]}]}]}`,
			`{"output_config":{"format":{"type":"json_schema","schema":{"description":"%s"}}}}`,
		},
	} {
		for _, body := range bodies {
			with, _ := CountRequest(t.Context(), endpoint, models.ProtocolOpenAI, fmt.Appendf(nil, body, text), "gpt-4o")
			without, _ := CountRequest(t.Context(), endpoint, models.ProtocolOpenAI, fmt.Appendf(nil, body, ""), "gpt-4o")
			if got := with - without; got < 195 || got > 210 {
				t.Errorf("%s %s: the text counts as %d tokens", endpoint, body, got)
			}
		}
	}
}

func TestCountRequest_ClaudeToolPrompt(t *testing.T) {
	body := `{"tools":[{"name":"f","input_schema":{}}]%s}`
	count := func(model, choice string) int64 {
		n, _ := CountRequest(t.Context(), models.EndpointMessages, models.ProtocolAnthropic, fmt.Appendf(nil, body, choice), model)
		return n
	}
	if got := count("claude-sonnet-4-0", "") - count("claude-sonnet-4-0", `,"tool_choice":{"type":"any"}`); got != 346-313 {
		t.Errorf("the documented prompts differ by %d", got)
	}
	if got := count("claude-sonnet-4-5", "") - count("claude-sonnet-4-0", ""); got != 497-346 {
		t.Errorf("the prompt of 4.5 is longer by %d", got)
	}
}

func TestIsRecentClaude(t *testing.T) {
	for model, want := range map[string]bool{
		"claude-opus-4-7": true, "anthropic/claude-opus-4.8": true, "claude-sonnet-5": true, "claude-opus-5-5": true, "claude-fable-5": true,
		"us.anthropic.claude-haiku-5-v1:0": true, "claude-opus-4-6": false, "claude-sonnet-4-5-20250929": false,
		"claude-3-5-sonnet-20241022": false, "claude-3-opus": false, "claude-2.1": false,
	} {
		if got := isRecentClaude(baseName(model)); got != want {
			t.Errorf("%s: %v", model, got)
		}
	}
}

// TestD08_HugeRequestsAreBounded counts requests far beyond the budget: the time is bounded, the count is flagged and of
// the right size.
func TestD08_HugeRequestsAreBounded(t *testing.T) {
	Warm()
	var words strings.Builder // no piece of which comes twice: those are not counted again
	for i := range 320_000 {
		fmt.Fprintf(&words, "the quick brown fox jumps over the lazy dog %d and runs away ", i)
	}
	messages := strings.Repeat(`{"role":"user","content":"hello there, how are you?"},`, 200_000)
	tool := `{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{"a":{"type":"string"}}}}},`
	for name, tc := range map[string]struct {
		body     string
		from, to int64
	}{
		"5 M tokens in one text": {`{"messages":[{"role":"user","content":"` + words.String() + `"}]}`, 4_000_000, 6_000_000},
		"200k messages":          {`{"messages":[` + messages[:len(messages)-1] + `]}`, 1_500_000, 4_000_000},
		"200k tools":             {`{"tools":[` + strings.Repeat(tool, 200_000) + `{}]}`, 1_000_000, 10_000_000},
		"40 MB of one letter":    {`{"messages":[{"role":"user","content":"` + strings.Repeat("a", 40<<20) + `"}]}`, 4_000_000, 12_000_000},
		"20 MB of wide runes":    {`{"messages":[{"role":"user","content":"` + strings.Repeat("𠀀", 5<<20) + `"}]}`, 4_000_000, 20_000_000},
		"10 MB of escapes":       {`{"messages":[{"role":"user","content":"` + strings.Repeat(`\n\"`, 2_500_000) + `"}]}`, 500_000, 5_000_000},
	} {
		began := time.Now()
		n, exact := CountRequest(t.Context(), models.EndpointChat, models.ProtocolOpenAI, []byte(tc.body), "gpt-4o")
		took := time.Since(began)
		t.Logf("%s: %d tokens of %d MB in %s", name, n, len(tc.body)>>20, took)
		if exact || n < tc.from || n > tc.to {
			t.Errorf("%s: %d, %v; want an estimate between %d and %d", name, n, exact, tc.from, tc.to)
		}
		if took > 5*time.Second { // generous: the race detector and a busy machine are slow
			t.Errorf("%s took %s", name, took)
		}
	}
}

func TestCountRequest_EndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for text, want := range map[string]int64{strings.Repeat("abcd", 100): 107, strings.Repeat("世", 100): 107} {
		body := `{"messages":[{"role":"user","content":"` + text + `"}]}`
		if n, exact := CountRequest(ctx, models.EndpointChat, models.ProtocolOpenAI, []byte(body), "gpt-4o"); n != want || exact {
			t.Errorf("%.12s: %d, %v; want the estimate %d", text, n, exact, want)
		}
	}
}

func FuzzCountRequest(f *testing.F) {
	endpoints := []models.Endpoint{models.EndpointChat, models.EndpointResponses, models.EndpointMessages, models.EndpointEmbeddings, models.EndpointCompletions}
	for i, seed := range []string{
		`{"messages":` + cookbookMessages + `}`, `{` + cookbookTools + `}`, `{"input":[[1,2],"a",{"type":"input_image","image_url":"data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAA"}]}`,
		`{"messages":[{"role":"user","content":[{"type":"image","source":{"type":"base64","data":"/9j/4AAQ"}},{"type":"document","source":{"type":"url"}}]}]}`,
		`{"tools":[{"name":"a","parameters":{"anyOf":[{"enum":[1,"b"]},{"type":"array"}]}}]`, `{"a":`, "{\xff", strings.Repeat("[", 100),
	} {
		f.Add(byte(i), []byte(seed))
	}
	f.Fuzz(func(t *testing.T, which byte, body []byte) {
		began := time.Now()
		n, _ := CountRequest(t.Context(), endpoints[int(which)%len(endpoints)], models.ProtocolOpenAI, body, []string{"gpt-4o", "claude-sonnet-5", "gpt-4"}[int(which)%3])
		if n < 0 {
			t.Fatalf("%d tokens", n)
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Fatalf("took %s", took)
		}
	})
}

func BenchmarkCountRequest(b *testing.B) {
	Warm()
	for _, size := range []int{1, 100, 400} {
		body := []byte(`{"messages":[{"role":"user","content":"` + strings.Repeat("The quick brown fox, it jumps over 42 lazy dogs.\\n ", size*20) + `"}]}`)
		b.Run(fmt.Sprintf("%dKB", len(body)>>10), func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				CountRequest(b.Context(), models.EndpointChat, models.ProtocolOpenAI, body, "gpt-4o")
			}
		})
	}
}

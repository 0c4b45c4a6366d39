package tap

import (
	"testing"

	"squirrel/models"

	"github.com/tidwall/gjson"
)

func TestReadUsage(t *testing.T) {
	for name, tc := range map[string]struct {
		protocol models.Protocol
		text     string
		want     models.Usage
	}{
		"openai": {models.ProtocolOpenAI, `{"prompt_tokens":100,"completion_tokens":50,"total_tokens":150,
			"prompt_tokens_details":{"cached_tokens":40,"audio_tokens":7},"completion_tokens_details":{"reasoning_tokens":30,"audio_tokens":3}}`,
			models.Usage{Input: 100, Output: 50, CachedInput: 40, Reasoning: 30, AudioInput: 7, AudioOutput: 3, Known: true}},
		"embeddings": {models.ProtocolOpenAI, `{"prompt_tokens":8,"total_tokens":8}`, models.Usage{Input: 8, Known: true}},
		"deepseek": {models.ProtocolOpenAI, `{"prompt_tokens":495,"completion_tokens":144,"total_tokens":639,"prompt_cache_hit_tokens":320,"prompt_cache_miss_tokens":175}`,
			models.Usage{Input: 495, Output: 144, CachedInput: 320, Known: true}},
		"moonshot": {models.ProtocolOpenAI, `{"prompt_tokens":20,"completion_tokens":5,"total_tokens":25,"cached_tokens":16}`,
			models.Usage{Input: 20, Output: 5, CachedInput: 16, Known: true}},
		"openrouter": {models.ProtocolOpenAI, `{"prompt_tokens":90,"completion_tokens":5,"total_tokens":95,"prompt_tokens_details":{"cached_tokens":10,"cache_write_tokens":60}}`,
			models.Usage{Input: 90, Output: 5, CachedInput: 10, CacheWrite: 60, Known: true}},
		"xai": {models.ProtocolOpenAI, `{"prompt_tokens":291,"completion_tokens":26,"total_tokens":513,"completion_tokens_details":{"reasoning_tokens":196}}`,
			models.Usage{Input: 291, Output: 222, Reasoning: 196, Known: true}},
		"gemini": {models.ProtocolOpenAI, `{"prompt_tokens":10,"completion_tokens":20,"total_tokens":100}`,
			models.Usage{Input: 10, Output: 90, Reasoning: 70, Known: true}},
		"cache beside the input": {models.ProtocolOpenAI, `{"prompt_tokens":10,"completion_tokens":20,"total_tokens":100,"prompt_tokens_details":{"cached_tokens":70}}`,
			models.Usage{Input: 80, Output: 20, CachedInput: 70, Known: true}},
		"reasoning above the completion": {models.ProtocolOpenAI, `{"prompt_tokens":10,"completion_tokens":20,"reasoning_tokens":30}`,
			models.Usage{Input: 10, Output: 50, Reasoning: 30, Known: true}},
		"responses": {models.ProtocolResponses, `{"input_tokens":90,"input_tokens_details":{"cached_tokens":12},"output_tokens":15,"output_tokens_details":{"reasoning_tokens":7},"total_tokens":105}`,
			models.Usage{Input: 90, Output: 15, CachedInput: 12, Reasoning: 7, Known: true}},
		"images":        {models.ProtocolOpenAI, `{"input_tokens":9,"output_tokens":196,"total_tokens":205,"input_tokens_details":{"text_tokens":9,"image_tokens":0}}`, models.Usage{Input: 9, Output: 196, Known: true}},
		"transcription": {models.ProtocolOpenAI, `{"type":"tokens","input_tokens":14,"input_token_details":{"text_tokens":0,"audio_tokens":14},"output_tokens":45,"total_tokens":59}`, models.Usage{Input: 14, Output: 45, AudioInput: 14, Known: true}},
		"seconds":       {models.ProtocolOpenAI, `{"type":"duration","seconds":9}`, models.Usage{}},
		"anthropic": {models.ProtocolAnthropic, `{"input_tokens":10,"cache_read_input_tokens":200,"cache_creation_input_tokens":30,"output_tokens":5}`,
			models.Usage{Input: 240, Output: 5, CachedInput: 200, CacheWrite: 30, Known: true}},
		"anthropic, cached for an hour": {models.ProtocolAnthropic, `{"input_tokens":10,"cache_creation_input_tokens":704,"output_tokens":5,
			"cache_creation":{"ephemeral_5m_input_tokens":248,"ephemeral_1h_input_tokens":456}}`,
			models.Usage{Input: 714, Output: 5, CacheWrite: 704, CacheHour: 456, Known: true}},
		"anthropic, compacted": {models.ProtocolAnthropic, `{"input_tokens":612,"output_tokens":2819,"iterations":[{"type":"compaction","input_tokens":60385,"output_tokens":522,
			"cache_read_input_tokens":5,"cache_creation_input_tokens":6},{"type":"message","input_tokens":612,"output_tokens":2819},{"type":"advisor_message","input_tokens":1,"output_tokens":1}]}`,
			models.Usage{Input: 61008, Output: 3341, CachedInput: 5, CacheWrite: 6, Known: true}},
		"nonsense": {models.ProtocolOpenAI, `{"prompt_tokens":"7","completion_tokens":-5,"total_tokens":null,"prompt_tokens_details":[],"completion_tokens_details":7}`,
			models.Usage{Known: true}},
		"empty": {models.ProtocolOpenAI, `{}`, models.Usage{}},
	} {
		if got := readUsage(gjson.Parse(tc.text), tc.protocol).usage(); got != tc.want {
			t.Errorf("%s: %+v, want %+v", name, got, tc.want)
		}
	}
}

func TestUsage_LaterEventsDoNotZeroEarlierOnes(t *testing.T) {
	start := `{"type":"message_start","message":{"id":"m","content":[],"usage":{"input_tokens":10,"cache_read_input_tokens":20,"cache_creation_input_tokens":5,"output_tokens":1}}}`
	for delta, want := range map[string]models.Usage{
		`{"output_tokens":9}`: {Input: 35, Output: 9, CachedInput: 20, CacheWrite: 5, Known: true},
		`{"input_tokens":0,"cache_read_input_tokens":0,"output_tokens":9}`:                      {Input: 35, Output: 9, CachedInput: 20, CacheWrite: 5, Known: true},
		`{"input_tokens":40,"cache_read_input_tokens":20,"output_tokens":9}`:                    {Input: 65, Output: 9, CachedInput: 20, CacheWrite: 5, Known: true},
		`{"input_tokens":null,"output_tokens":9,"output_tokens_details":{"thinking_tokens":4}}`: {Input: 35, Output: 9, CachedInput: 20, CacheWrite: 5, Reasoning: 4, Known: true},
		`null`: {Input: 35, Output: 1, CachedInput: 20, CacheWrite: 5, Known: true},
	} {
		r := stream(models.EndpointMessages, models.ProtocolAnthropic, start, `{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":`+delta+`}`)
		if r.Usage != want {
			t.Errorf("message_delta with %s: %+v, want %+v", delta, r.Usage, want)
		}
		d := decode(t, r.Message)
		if num(at(d, "usage", "input_tokens")) < 10 || num(at(d, "usage", "cache_read_input_tokens")) != 20 {
			t.Errorf("message_delta with %s: the message says %v", delta, d["usage"])
		}
	}
}

func TestUsage_WhereverAStreamTellsIt(t *testing.T) {
	want := models.Usage{Input: 3, Output: 4, Known: true}
	told := `{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}`
	for name, chunks := range map[string][]string{
		"own chunk":         {`{"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop"}]}`, `{"choices":[],"usage":` + told + `}`},
		"before the finish": {`{"choices":[],"usage":` + told + `}`, `{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}`},
		"with the finish":   {`{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":` + told + `}`},
		"in the choice":     {`{"choices":[{"index":0,"delta":{},"finish_reason":"stop","usage":` + told + `}]}`},
		"groq":              {`{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"x_groq":{"usage":` + told + `}}`},
		"growing": {`{"choices":[{"index":0,"delta":{"content":"a"}}],"usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4}}`,
			`{"choices":[{"index":0,"delta":{"content":"b"},"finish_reason":"stop"}],"usage":` + told + `}`},
		"zeroed at the end": {`{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":` + told + `}`, `{"choices":[],"usage":{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}}`},
	} {
		r := stream(models.EndpointChat, models.ProtocolOpenAI, chunks...)
		if r.Usage != want || r.FinishReason != "stop" {
			t.Errorf("%s: %+v, finish %q", name, r.Usage, r.FinishReason)
		}
	}
}

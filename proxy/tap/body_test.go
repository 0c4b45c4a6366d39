package tap

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"squirrel/models"
	"squirrel/proxy/sse"
)

// whole observes an answer that is no stream.
func whole(e models.Endpoint, p models.Protocol, text string) Result {
	tap := New(e, p, false, 10<<20)
	_, _ = tap.Write([]byte(text))
	return tap.Result()
}

func TestBodies(t *testing.T) {
	for name, tc := range map[string]struct {
		endpoint models.Endpoint
		protocol models.Protocol
		text     string
		usage    models.Usage
		finish   string
	}{
		"embeddings":   {models.EndpointEmbeddings, openAI, `{"object":"list","data":[{"embedding":[0.1,2e-3]}],"model":"e","usage":{"prompt_tokens":8,"total_tokens":8}}`, models.Usage{Input: 8, Known: true}, ""},
		"images":       {models.EndpointImages, openAI, `{"created":1,"data":[{"b64_json":"AA"},{"b64_json":"BB"}],"usage":{"input_tokens":5,"output_tokens":100,"total_tokens":105}}`, models.Usage{Input: 5, Output: 100, Images: 2, Known: true}, ""},
		"images, bare": {models.EndpointImageEdits, openAI, `{"created":1,"data":[{"url":"https://x"}]}`, models.Usage{Images: 1}, ""},
		"moderations":  {models.EndpointModerations, openAI, `{"id":"modr","model":"o","results":[{"flagged":false}]}`, models.Usage{}, ""},
		"count_tokens": {models.EndpointCountTokens, anthropic, `{"input_tokens":2095}`, models.Usage{}, ""},
		"completions":  {models.EndpointCompletions, openAI, `{"id":"c","choices":[{"text":"a","finish_reason":"length"}],"usage":{"prompt_tokens":1,"completion_tokens":2}}`, models.Usage{Input: 1, Output: 2, Known: true}, "length"},
		"responses":    {models.EndpointResponses, responses, `{"id":"r","status":"incomplete","incomplete_details":{"reason":"content_filter"},"output":[]}`, models.Usage{}, "content_filter"},
		"usage null":   {models.EndpointChat, openAI, `{"choices":[{"finish_reason":"stop","message":{"content":"hi"}}],"usage":null}`, models.Usage{}, "stop"},
		"no object":    {models.EndpointChat, openAI, `["usage"]`, models.Usage{}, ""},
		"empty":        {models.EndpointChat, openAI, ``, models.Usage{}, ""},
		"html":         {models.EndpointChat, openAI, `<html>`, models.Usage{}, ""},
	} {
		r := whole(tc.endpoint, tc.protocol, tc.text)
		if r.Usage != tc.usage || r.FinishReason != tc.finish || string(r.Message) != tc.text || r.Cut != 0 || r.ErrorEvent != nil {
			t.Errorf("%s: %+v", name, r)
		}
		if seen := Read(tc.endpoint, tc.protocol, []byte(tc.text)); strings.HasPrefix(tc.text, "{") && !reflect.DeepEqual(seen, r) {
			t.Errorf("%s: read at once %+v, want %+v", name, seen, r)
		}
		if r.Terminated != strings.HasPrefix(tc.text, "{") {
			t.Errorf("%s: whole %t", name, r.Terminated)
		}
	}
	if r := whole(models.EndpointChat, openAI, `{"choices":[{"message":{"content":"hi"}}]}`); r.TextBytes != 2 || r.Text() != "hi" {
		t.Errorf("text %q, %d bytes", r.Text(), r.TextBytes)
	}
	if r := whole(models.EndpointChat, openAI, `{"choices":[{"message":{"content":"h`); r.Terminated {
		t.Error("half an answer is whole")
	}
}

func TestBodies_ErrorsBehindStatus200(t *testing.T) {
	for name, tc := range map[string]struct {
		protocol models.Protocol
		text     string
		status   int
	}{
		"openai":    {openAI, `{"error":{"message":"no","code":429}}`, 429},
		"anthropic": {anthropic, `{"type":"error","error":{"type":"overloaded_error","message":"no"}}`, 529},
		"responses": {responses, `{"id":"r","status":"failed","error":{"code":"server_error","message":"no"}}`, 500},
		"bare":      {responses, `{"id":"r","status":"failed","error":null}`, 502},
	} {
		if r := whole(models.EndpointChat, tc.protocol, tc.text); r.ErrorEvent == nil || r.ErrorEvent.HTTPStatus() != tc.status {
			t.Errorf("%s: %+v", name, r.ErrorEvent)
		}
	}
}

func TestBodies_BeyondTheLimitKeepHeadTailAndUsage(t *testing.T) {
	text := `{"created":1,"data":[{"b64_json":"` + strings.Repeat("A", 1<<20) + `"}],"background":"opaque","usage":{"input_tokens":5,"output_tokens":100,"total_tokens":105}}`
	for _, size := range []int{1, 1000, 40_000, 1 << 22} {
		tap := New(models.EndpointImages, openAI, false, 100_000)
		for rest := []byte(text); len(rest) > 0; {
			n := min(size, len(rest))
			_, _ = tap.Write(rest[:n])
			rest = rest[n:]
		}
		r := tap.Result()
		mark := fmt.Sprintf("…[%d bytes cut]…", len(text)-100_000)
		want := text[:50_000] + mark + text[len(text)-50_000:]
		if string(r.Message) != want || r.Cut != int64(len(text)-100_000) {
			t.Errorf("in pieces of %d: %d bytes kept, %d cut", size, len(r.Message), r.Cut)
		}
		if r.Usage.Input != 5 || r.Usage.Output != 100 || r.Terminated {
			t.Errorf("in pieces of %d: %+v", size, r)
		}
	}
}

func TestStreams_BeyondTheLimit(t *testing.T) {
	chunk := `{"choices":[{"index":0,"delta":{"content":"0123456789\n\u00e9"}}]}`
	tap := New(models.EndpointChat, openAI, true, minLimit)
	event := sse.AppendEvent(nil, "", []byte(chunk))
	const count = 20_000
	for range count {
		_, _ = tap.Write(event)
	}
	_, _ = tap.Write(sse.AppendEvent(nil, "", []byte(`{"choices":[{"index":0,"delta":{"content":"THE END"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":2}}`)))
	r := tap.Result()
	content := str(at(decode(t, r.Message), "choices", 0, "message", "content"))
	if !strings.HasPrefix(content, "0123456789\né0123") || !strings.HasSuffix(content, "\néTHE END") || !strings.Contains(content, "bytes cut]…") {
		t.Errorf("content %.60q … %q", content, content[max(0, len(content)-60):])
	}
	if len(r.Message) > minLimit+3*tailBytes || r.Cut == 0 || r.TextBytes != count*18+7 || r.FinishReason != "stop" || !r.Usage.Known {
		t.Errorf("%d bytes, cut %d, text %d, %q", len(r.Message), r.Cut, r.TextBytes, r.FinishReason)
	}
}

func TestStreams_OneGiantDelta(t *testing.T) {
	giant := strings.Repeat(`\u00e9\n`, 1<<14)
	tap := New(models.EndpointChat, openAI, true, 4*minLimit)
	tap.seen.budget.left = minLimit
	_, _ = tap.Write(sse.AppendEvent(nil, "", []byte(`{"choices":[{"index":0,"delta":{"content":"`+giant+`"}}]}`)))
	r := tap.Result()
	content := str(at(decode(t, r.Message), "choices", 0, "message", "content"))
	if !strings.HasPrefix(content, "é\né\n") || !strings.HasSuffix(content, "é\n") || r.Cut == 0 || len(r.Message) > minLimit+3*tailBytes {
		t.Errorf("%d bytes, %d cut, ends %q", len(r.Message), r.Cut, content[len(content)-20:])
	}
}

func TestB08_UsageOfAnEventTooLargeToHold(t *testing.T) {
	event := "event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"id\":\"r\",\"instructions\":\"" +
		strings.Repeat("x", 1<<20) + "\",\"usage\":{\"input_tokens\":7,\"output_tokens\":8}}}\n\n"
	tap := New(models.EndpointResponses, responses, true, minLimit)
	for rest := []byte(event); len(rest) > 0; {
		n := min(5000, len(rest))
		_, _ = tap.Write(rest[:n])
		rest = rest[n:]
		if held := cap(tap.body.head) + cap(tap.body.tail); held > 8*minLimit {
			t.Fatalf("%d bytes held", held)
		}
	}
	if r := tap.Result(); r.Usage.Input != 7 || r.Usage.Output != 8 || r.Cut < 1<<20 {
		t.Errorf("read %+v", r)
	}
}

func TestEvent_FinishesWhatWriteBegan(t *testing.T) {
	raw := sse.AppendEvent(nil, "", []byte(`{"choices":[{"index":0,"delta":{"content":"hello"}}]}`))
	tap := New(models.EndpointChat, openAI, true, 0)
	_, _ = tap.Write(raw[:20])
	tap.Event(sse.ParseEvent(raw[20:]))
	tap.Event(sse.ParseEvent(raw))
	tap.Event(sse.Event{Kind: sse.Fragment, Raw: raw[:10]})
	tap.Event(sse.Event{Kind: sse.Fragment, Raw: raw[10:]})
	tap.Event(sse.ParseEvent([]byte(sse.Done)))
	if r := tap.Result(); r.Text() != "hellohellohello" || !tap.Terminated() {
		t.Errorf("text %q", r.Text())
	}
}

func TestResult_TakesAWholeLastEventWithoutItsBlankLine(t *testing.T) {
	tap := New(models.EndpointChat, openAI, true, 0)
	_, _ = tap.Write([]byte(`data: {"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop"}]}`))
	if r := tap.Result(); r.FinishReason != "stop" {
		t.Errorf("read %+v", r)
	}
	tap = New(models.EndpointChat, openAI, true, 0)
	_, _ = tap.Write([]byte(`data: {"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop"`))
	if r := tap.Result(); r.FinishReason != "" || r.Message != nil {
		t.Errorf("half an event was read: %+v", r)
	}
}

func TestMediaStreams(t *testing.T) {
	done := `{"type":"image_generation.completed","b64_json":"AA","usage":{"input_tokens":5,"output_tokens":100,"total_tokens":105}}`
	r := stream(models.EndpointImages, openAI, `{"type":"image_generation.partial_image","b64_json":"A"}`, done)
	if string(r.Message) != done || r.Usage != (models.Usage{Input: 5, Output: 100, Images: 1, Known: true}) || r.FinishReason != "completed" {
		t.Errorf("images: %+v %s", r, r.Message)
	}
	r = stream(models.EndpointTranscriptions, openAI, `{"type":"transcript.text.delta","delta":"he"}`, `{"type":"transcript.text.delta","delta":"y"}`)
	if string(r.Message) != `{"text":"hey"}` || r.Text() != "hey" || r.FinishReason != "" {
		t.Errorf("transcript: %+v %s", r, r.Message)
	}
	r = stream(models.EndpointSpeech, openAI, `{"type":"speech.audio.delta","audio":"AA"}`, `{"error":{"message":"failed"}}`)
	if r.ErrorEvent == nil || string(r.Message) != "{}" {
		t.Errorf("speech: %+v", r)
	}
}

func TestStreams_NotJSON(t *testing.T) {
	for _, data := range []string{`{"choices":[{"index":0,"delta":{"content":"a` + "\x01" + `"}}]}`, `{"choices":[{"delta":{"x":tru}}]}`, `{"id":nul,"choices":[{"delta":{"a":[1,}}]}`, `{"choices":[{"finish_reason":"a\q"}]}`} {
		r := stream(models.EndpointChat, openAI, `{"choices":[{"index":0,"delta":{"content":"good"}}]}`, data)
		decode(t, r.Message)
		if !bytes.Contains(r.Message, []byte("good")) {
			t.Errorf("%q spoiled the message: %s", data, r.Message)
		}
	}
	deep := strings.Repeat("[", 1<<20)
	for _, data := range []string{`{"x":` + deep, `{"choices":` + deep, `{"choices":[{"delta":{"x":` + strings.Repeat(`{"a":`, 1<<18)} {
		if r := stream(models.EndpointChat, openAI, data); r.Message != nil {
			decode(t, r.Message)
		}
		whole(models.EndpointChat, openAI, data)
	}
	r := stream(models.EndpointMessages, anthropic, `{"type":"content_block_start","index":0,"content_block":{"type":"text","text":"a","x":[}`, `{"type":"content_block_delta","index":0,"delta":{"text":"\x"}}`)
	decode(t, r.Message)
	r = stream(models.EndpointResponses, responses, `{"type":"response.output_item.done","output_index":0,"item":{"a":tru}}`, `{"type":"response.completed","response":{"x":]}`)
	decode(t, r.Message)
}

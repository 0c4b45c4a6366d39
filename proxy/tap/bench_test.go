package tap

import (
	"os"
	"testing"

	"squirrel/models"
	"squirrel/proxy/sse"
)

func BenchmarkEvent(b *testing.B) {
	for name, tc := range map[string]struct {
		endpoint models.Endpoint
		protocol models.Protocol
		event    string
	}{
		"chat": {models.EndpointChat, models.ProtocolOpenAI,
			`data: {"id":"chatcmpl-BxYz","object":"chat.completion.chunk","created":1700000000,"model":"gpt-4o-2024-08-06","service_tier":"default","system_fingerprint":"fp_07871e2ad8","choices":[{"index":0,"delta":{"content":" hello\n"},"logprobs":null,"finish_reason":null}],"usage":null,"obfuscation":"Tx2f8a"}` + "\n\n"},
		"messages": {models.EndpointMessages, models.ProtocolAnthropic,
			"event: content_block_delta\n" + `data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" hello\n"}}` + "\n\n"},
		"responses": {models.EndpointResponses, models.ProtocolResponses,
			"event: response.output_text.delta\n" + `data: {"type":"response.output_text.delta","sequence_number":7,"item_id":"msg_0459517ad68504ad0068cabfba22b88192","output_index":0,"content_index":0,"delta":" hello","logprobs":[],"obfuscation":"Tx2f8a"}` + "\n\n"},
	} {
		b.Run(name, func(b *testing.B) {
			tap := New(tc.endpoint, tc.protocol, true, 1<<40)
			_, _ = tap.Write([]byte("event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n"))
			raw := []byte(tc.event)
			b.ReportAllocs()
			for b.Loop() {
				ev := sse.ParseEvent(raw)
				if Terminates(tc.protocol, ev) || IsUsageOnly(ev) {
					b.Fatal("not an ordinary event")
				}
				tap.Event(ev)
			}
		})
	}
}

func BenchmarkStream(b *testing.B) {
	data, err := os.ReadFile("testdata/wire/chat/va-openai-compatible-xai-tool-call-stream.sse")
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		tap := New(models.EndpointChat, models.ProtocolOpenAI, true, 10<<20)
		_, _ = tap.Write(data)
		if !tap.Result().Terminated {
			b.Fatal("not whole")
		}
	}
}

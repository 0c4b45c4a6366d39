package tap

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"squirrel/models"
)

var fuzzed = []struct {
	endpoint models.Endpoint
	protocol models.Protocol
}{
	{models.EndpointChat, openAI}, {models.EndpointCompletions, openAI}, {models.EndpointMessages, anthropic},
	{models.EndpointResponses, responses}, {models.EndpointImages, openAI},
}

// FuzzTap feeds any bytes as a stream and as a body. Whatever they are, the tap must not panic, must not care how they are
// cut, and must put together JSON.
func FuzzTap(f *testing.F) {
	const small = 2 << 10 // the engine is slow with long seeds
	for kind, folder := range []string{"chat", "chat", "anthropic", "responses", "chat"} {
		files, err := filepath.Glob(filepath.Join(recordings, folder, "*.sse"))
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			if info, err := os.Stat(file); err != nil || info.Size() > small {
				continue
			}
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data, uint8(kind), uint64(1))
		}
	}
	f.Add([]byte("data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"function\":{\"arguments\":\"\\u00\"}}]}}]}\n\n"), uint8(0), uint64(2))
	for _, event := range []string{
		`{"type":"message_start","message":{"id":"m","content":[{"type":"text","text":"a"}],"usage":{"input_tokens":1}}}`,
		`{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","input":{}}}`,
		`{"type":"content_block_delta","index":0,"delta":{"partial_json":"{\"a\":1}"}}`,
		`{"type":"response.output_item.added","output_index":0,"item":{"content":[]}}`,
		`{"type":"response.output_text.delta","output_index":0,"delta":"a"}`,
		`{"type":"response.completed","response":{"output":[],"usage":{}}}`,
	} {
		f.Add([]byte("data: "+event+"\n\ndata: "+event+"\n\n"), uint8(2+len(event)%2), uint64(4))
	}
	f.Add([]byte("data: {\"choices\":[{\"text\":\"a\\\"},{\"index\":-1}]}\n\ndata: {\"usage\":{\"prompt_tokens\":1e400}}\r\r"), uint8(1), uint64(3))
	f.Fuzz(func(t *testing.T, data []byte, kind uint8, seed uint64) {
		of := fuzzed[int(kind)%len(fuzzed)]
		rng := rand.New(rand.NewPCG(seed, 1))
		want := observe(of.endpoint, of.protocol, data, len(data)+1, rng)
		if got := observe(of.endpoint, of.protocol, data, 1+rng.IntN(50), rng); !reflect.DeepEqual(got, want) {
			t.Fatalf("%q\ncut otherwise: %+v\nwhole: %+v", data, got, want)
		}
		if want.Message != nil && !json.Valid(want.Message) {
			t.Fatalf("%q became %q", data, want.Message)
		}
		_ = want.Text()
		body := New(of.endpoint, of.protocol, false, 0)
		_, _ = body.Write(data)
		r := body.Result()
		_ = r.Text()
	})
}

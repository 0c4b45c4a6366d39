package tap

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"squirrel/models"
	"squirrel/proxy/sse"
)

const recordings = "testdata/wire"

var folders = map[string]struct {
	protocol models.Protocol
	endpoint models.Endpoint
	expect   func(*testing.T, string) expectation
}{
	"chat":      {models.ProtocolOpenAI, models.EndpointChat, expectChatStream},
	"anthropic": {models.ProtocolAnthropic, models.EndpointMessages, expectMessageStream},
	"responses": {models.ProtocolResponses, models.EndpointResponses, expectResponseStream},
}

// each runs a test for every recording whose name has the ending.
func each(t *testing.T, ending string, run func(t *testing.T, folder string, data []byte)) {
	t.Helper()
	for folder := range folders {
		files, err := filepath.Glob(filepath.Join(recordings, folder, "*"+ending))
		if err != nil || len(files) == 0 {
			t.Fatalf("no recordings in %s: %v", folder, err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			t.Run(folder+"/"+strings.TrimSuffix(filepath.Base(file), ending), func(t *testing.T) { run(t, folder, data) })
		}
	}
}

func TestRecordedStreams_AreReadLikeAFullDecode(t *testing.T) {
	each(t, ".sse", func(t *testing.T, folder string, data []byte) {
		f := folders[folder]
		want := f.expect(t, string(data))
		whole := New(f.endpoint, f.protocol, true, 10<<20)
		_, _ = whole.Write(data)
		result := whole.Result()
		got := assembled(t, f.protocol, result)
		if f.protocol == models.ProtocolAnthropic {
			got.arguments = inputs(t, result.Message)
		}
		if got != want {
			t.Errorf("got\n%+v\nwant\n%+v", got, want)
		}
		if result.ErrorEvent != nil || result.Cut != 0 || result.TextBytes == 0 && want.text+want.arguments != "" {
			t.Errorf("error %+v, %d bytes cut, %d bytes of text", result.ErrorEvent, result.Cut, result.TextBytes)
		}
		if text := result.Text(); !strings.Contains(text, want.reasoning) && f.protocol != models.ProtocolAnthropic {
			t.Errorf("the text lacks the reasoning: %q", text)
		}
	})
}

func TestB07_RecordedStreams_AnySegmentationAndLineEnds(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	each(t, ".sse", func(t *testing.T, folder string, data []byte) {
		f := folders[folder]
		want := observe(f.endpoint, f.protocol, data, len(data), rng)
		for _, size := range []int{1, 7, 200, 5000} {
			if got := observe(f.endpoint, f.protocol, data, size, rng); !reflect.DeepEqual(got, want) {
				t.Fatalf("in pieces of up to %d: %+v, want %+v", size, got, want)
			}
		}
		for _, lineEnd := range []string{"\r\n", "\r"} {
			other := bytes.ReplaceAll(bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte(lineEnd))
			if got := observe(f.endpoint, f.protocol, other, 300, rng); !reflect.DeepEqual(got, want) {
				t.Fatalf("with %q: %+v, want %+v", lineEnd, got, want)
			}
		}
		events := New(f.endpoint, f.protocol, true, 10<<20)
		reader := sse.NewReader(bytes.NewReader(data), 0)
		for ev, err := reader.Next(); err == nil; ev, err = reader.Next() {
			events.Event(ev)
		}
		if got := events.Result(); !reflect.DeepEqual(got, want) {
			t.Fatalf("by events: %+v, want %+v", got, want)
		}
	})
}

// observe writes a stream to a tap in random pieces and wipes each after use.
func observe(e models.Endpoint, p models.Protocol, stream []byte, size int, rng *rand.Rand) Result {
	tap := New(e, p, true, 10<<20)
	for len(stream) > 0 {
		n := min(1+rng.IntN(size), len(stream))
		piece := bytes.Clone(stream[:n])
		_, _ = tap.Write(piece)
		for i := range piece {
			piece[i] = '#'
		}
		stream = stream[n:]
	}
	return tap.Result()
}

func TestRecordedBodies_AreReadLikeAFullDecode(t *testing.T) {
	each(t, ".json", func(t *testing.T, folder string, data []byte) {
		f := folders[folder]
		want, failed := expectBody(t, f.protocol, data), isDoc(decode(t, data)["error"])
		tap := New(f.endpoint, f.protocol, false, 10<<20)
		for half := len(data) / 2; len(data) > 0; half = len(data) {
			_, _ = tap.Write(data[:half])
			data = data[half:]
		}
		r := tap.Result()
		got := expectation{usage: r.Usage, finish: r.FinishReason, id: r.UpstreamID, model: r.Model, terminated: r.Terminated}
		if got != want {
			t.Errorf("got\n%+v\nwant\n%+v", got, want)
		}
		if (r.ErrorEvent != nil) != failed {
			t.Errorf("error %+v", r.ErrorEvent)
		}
	})
}

func TestRecordedStreams_CutAnywhereStayJSON(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	each(t, ".sse", func(t *testing.T, folder string, data []byte) {
		f := folders[folder]
		for range 25 {
			tap := New(f.endpoint, f.protocol, true, 10<<20)
			_, _ = tap.Write(data[:rng.IntN(len(data))])
			if message := tap.Partial(); message != nil {
				decode(t, message)
			}
			if r := tap.Result(); r.Message != nil {
				decode(t, r.Message)
			}
		}
	})
}

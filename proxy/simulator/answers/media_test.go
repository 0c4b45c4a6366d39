package answers

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"image/png"
	"math"
	"strings"
	"testing"

	"squirrel/models"
)

func TestSpeechFormats(t *testing.T) {
	t.Parallel()
	for format, want := range map[string][2]string{
		"": {"audio/mpeg", "\xff\xfb"}, "mp3": {"audio/mpeg", "\xff\xfb"}, "wav": {"audio/wav", "RIFF"},
		"pcm": {"audio/pcm", "\x00\x00"}, "opus": {"audio/wav", "RIFF"},
	} {
		a := askJSON(models.EndpointSpeech, `{"model":"tts-1","input":"hello","voice":"alloy","response_format":"`+format+`"}`)
		if a.ContentType != want[0] || !strings.HasPrefix(string(a.Body), want[1]) || !a.Pieces {
			t.Errorf("%q: %s, %d bytes", format, a.ContentType, len(a.Body))
		}
	}
}

func TestTranscriptFormats(t *testing.T) {
	t.Parallel()
	for format, start := range map[string]string{"text": "Transcript of", "srt": "1\n00:00", "vtt": "WEBVTT\n"} {
		a := ask(models.EndpointTranscriptions, "multipart/form-data; boundary=b", fileForm("file", "a.mp3", "model=whisper-1", "response_format="+format))
		if !strings.HasPrefix(string(a.Body), start) || !strings.HasPrefix(a.ContentType, "text/plain") {
			t.Errorf("%s: %s %s", format, a.ContentType, a.Body)
		}
	}
	for name, form := range map[string]string{
		"no file": formBody("model=whisper-1"), "cut short": "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nnuts", "no parts": "--b",
	} {
		if a := ask(models.EndpointTranscriptions, "multipart/form-data; boundary=b", form); a.Status != 400 {
			t.Errorf("%s: %d", name, a.Status)
		}
	}
}

// TestImagesAreSeen: an answer tells how many images its question had, in every dialect.
func TestImagesAreSeen(t *testing.T) {
	t.Parallel()
	for endpoint, body := range map[models.Endpoint]string{
		models.EndpointChat:      `{"model":"gpt-4o","messages":[{"role":"user","content":[{"type":"text","text":"What?"},{"type":"image_url","image_url":{"url":"https://one.example/a.png"}},{"type":"image_url","image_url":{"url":"https://one.example/b.png"}}]}]}`,
		models.EndpointResponses: `{"model":"gpt-4o","input":[{"role":"user","content":[{"type":"input_text","text":"What?"},{"type":"input_image","image_url":"a"},{"type":"input_image","image_url":"b"}]}]}`,
		models.EndpointMessages:  `{"model":"claude","max_tokens":99,"messages":[{"role":"user","content":[{"type":"image","source":{"type":"url","url":"a"}},{"type":"image","source":{"type":"url","url":"b"}},{"type":"text","text":"What?"}]}]}`,
	} {
		if a := askJSON(endpoint, body); !strings.Contains(string(a.Body), "I see 2 images. You said: “What?”") {
			t.Errorf("%s: %s", endpoint, a.Body)
		}
	}
	if a := askJSON(models.EndpointChat, `{"model":"gpt-4o","messages":[{"role":"user","content":"What?"}]}`); strings.Contains(string(a.Body), "I see") {
		t.Errorf("%s", a.Body)
	}
}

func TestImagesAreImages(t *testing.T) {
	t.Parallel()
	a := askJSON(models.EndpointImages, `{"model":"gpt-image-1","prompt":"a nut"}`)
	if _, err := png.Decode(base64.NewDecoder(base64.StdEncoding, strings.NewReader(text(t, a.Body, "data", 0, "b64_json")))); err != nil {
		t.Error(err)
	}
	a = askJSON(models.EndpointImages, `{"model":"dall-e-2","prompt":"a nut","response_format":"url"}`)
	if !strings.HasPrefix(text(t, a.Body, "data", 0, "url"), "https://") {
		t.Errorf("got %s", a.Body)
	}
}

// TestEmbeddingEncodings: base64 holds the same numbers as the list.
func TestEmbeddingEncodings(t *testing.T) {
	t.Parallel()
	var plain struct {
		Data []struct{ Embedding []float32 }
	}
	const body = `{"model":"m","input":"nut","dimensions":8`
	if err := json.Unmarshal(askJSON(models.EndpointEmbeddings, body+"}").Body, &plain); err != nil {
		t.Fatal(err)
	}
	raw, err := base64.StdEncoding.DecodeString(text(t, askJSON(models.EndpointEmbeddings, body+`,"encoding_format":"base64"}`).Body, "data", 0, "embedding"))
	if err != nil || len(raw) != 32 {
		t.Fatalf("%d bytes, %v", len(raw), err)
	}
	var length float64
	for i, x := range plain.Data[0].Embedding {
		if got := math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:])); got != x {
			t.Errorf("number %d is %v and %v", i, x, got)
		}
		length += float64(x) * float64(x)
	}
	if math.Abs(length-1) > 1e-5 {
		t.Errorf("the vector has length² %v", length)
	}
}

func TestBenchHasAFixedSize(t *testing.T) {
	t.Parallel()
	for _, e := range []models.Endpoint{models.EndpointChat, models.EndpointMessages, models.EndpointResponses} {
		plain, ok := Bench(e, "m", 0, false)
		if !ok || len(plain.Body) < 1000 || !json.Valid(plain.Body) {
			t.Errorf("%s: %t", e, ok)
		}
		events, _ := Bench(e, "m", 100, true)
		texts := 0
		for _, event := range events.Events {
			texts += strings.Count(string(event.Data), `acorn"`)
		}
		if texts != 100-1 {
			t.Errorf("%s: %d text events", e, texts)
		}
	}
	if _, ok := Bench(models.EndpointEmbeddings, "m", 0, false); ok {
		t.Error("embeddings have a bench answer")
	}
}

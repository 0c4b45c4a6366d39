package web

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"squirrel/models"
)

// streamed makes a finished stream of so many events, one a read, 20 ms apart; pauses are ms before an event, by its number.
func streamed(events int, pauses map[int]int64) func(*models.LogWrite) {
	return func(w *models.LogWrite) {
		var text bytes.Buffer
		var last models.Arrival
		at := int64(300)
		for n := 1; n <= events; n++ {
			fmt.Fprintf(&text, `data: {"id":"chatcmpl-AbCdEfGhIjKlMnOpQrStUvWx","object":"chat.completion.chunk","created":1700000000,"model":"gpt-4o-2024-08-06","service_tier":"default","system_fingerprint":"fp_0123456789","choices":[{"index":0,"delta":{"content":" word%d"},"logprobs":null,"finish_reason":null}],"usage":null}`+"\n\n", n)
			at += 20 + pauses[n]
			now := models.Arrival{FromMS: at, AtMS: at, Bytes: int64(text.Len()), Events: int64(n)}
			w.Detail.StreamPacing = models.AppendArrival(w.Detail.StreamPacing, last, now)
			last = now
		}
		w.Log.IsStream, w.Log.TotalTimeMS = true, ptr(float64(at))
		w.Detail.StreamEvents = text.Bytes()
	}
}

func TestLogStream(t *testing.T) {
	k, _ := newLogKit(t)
	id := k.seedLog(0, streamed(120, map[int]int64{40: 2480, 51: 14_180}))
	page := k.get("/admin/logs/" + id + "?tab=stream")
	page.want(t, "the first events", 200, "2 pauses; the longest 14.2 s, after 3.78 s, 14.5 KiB in. The provider sent nothing.", `data-testid="pauses-short">2, the longest 14.2 s<`, "Events 1–50 of 120", "1.080 s",
		"Pause of 2.50 s. The provider sent nothing.", "word50", "!word51", "/body/stream_events", `href="/admin/logs/`+id+`?event=51&amp;tab=stream#parts"`, "!event=0")
	order(t, page.body, "word39", `data-testid="pause"`, "3.580 s", "word40")
	k.get("/admin/logs/"+id+"?tab=stream&event=51").want(t, "the next", 200, "Pause of 14.2 s.", "word51", "word100", "!word50&", "!word101", "event=101", "event=1&amp;")
	k.get("/admin/logs/"+id+"?tab=stream&event=999999999999999999999").want(t, "nonsense", 200, "word1&")
	k.get("/admin/logs/"+id+"?tab=stream&event=9999").want(t, "beyond the last", 200, "word120", "Events 101–120 of 120", "!rel=\"next\"")
	k.get("/admin/logs/"+id).want(t, "the facts", 200, "2, the longest 14.2 s", "!"+`data-testid="pace"`)
	k.get("/admin/logs/"+id+"?tab=stream&lang=zh").want(t, "in Chinese", 200, "2 次停顿；最长 14.2 s")
}

// order wants texts in this order, each behind the last place of the one before.
func order(t *testing.T, body string, texts ...string) {
	t.Helper()
	rest := body
	for _, text := range texts {
		i := strings.Index(rest, text)
		if i < 0 {
			t.Fatalf("%q does not follow on those before it: %q", text, texts)
		}
		rest = rest[i+len(text):]
	}
}

// TestLogStream_Unknown: what was not recorded is not told, and what is there is.
func TestLogStream_Unknown(t *testing.T) {
	k, _ := newLogKit(t)
	for n, tt := range []struct {
		name   string
		change func(*models.LogWrite)
		words  []string
	}{
		{"an older request", func(w *models.LogWrite) { w.Detail.StreamPacing = nil }, []string{"When the bytes of this answer came is not known", "word3", "!Came", `!data-testid="pace"`, "!pauses-short"}},
		{"only the pace", func(w *models.LogWrite) { w.Detail.StreamEvents = nil }, []string{`data-testid="pace"`, "LOG_STREAM_EVENTS=true", "!word3"}},
		{"a damaged pace", func(w *models.LogWrite) { w.Detail.StreamPacing = models.Pacing{0x80} }, []string{"is not known", "word3"}},
		{"half a pace", func(w *models.LogWrite) { w.Detail.StreamPacing = append(w.Detail.StreamPacing[:12], 0x80) }, []string{"0.340 s", `data-label="Came">—`}},
		{"nothing", func(w *models.LogWrite) { w.Detail = nil }, []string{"is not known", "LOG_STREAM_EVENTS=true"}},
		{"runs", func(w *models.LogWrite) {
			w.Log.State, w.Log.ResponseStatus, w.Log.TotalTimeMS = models.LogRunning, nil, nil
		}, []string{"is recorded while the request runs"}},
		{"never began", failing(502, "upstream_error"), []string{"No stream began."}},
		{"the spool had no room", func(w *models.LogWrite) {
			cut := bytes.Index(w.Detail.StreamEvents, []byte("word5"))
			w.Detail.StreamEvents = append(w.Detail.StreamEvents[:cut:cut], "…[1234 bytes cut]…\n\ndata: tail\n\n"...)
			w.Detail.Truncated = []string{"stream_events:99999"}
		}, []string{"0.380 s", "!0.400 s", `data-label="Came">—`, "tail"}},
		{"a stall at the end", func(w *models.LogWrite) { w.Log.TotalTimeMS = ptr(120_500.0) }, []string{"Nothing came any more until the request ended.", `data-testid="pause"`}},
		{"other line ends", func(w *models.LogWrite) {
			w.Detail.StreamEvents = bytes.ReplaceAll(w.Detail.StreamEvents, []byte("\n"), []byte("\r"))
		}, []string{"Events 1–8 of 8", "0.460 s"}},
	} {
		id := k.seedLog(n, func(w *models.LogWrite) {
			streamed(8, nil)(w)
			tt.change(w)
			if tt.name == "never began" {
				w.Detail.StreamPacing, w.Detail.StreamEvents = nil, nil
			}
		})
		k.get("/admin/logs/"+id+"?tab=stream").want(t, tt.name, 200, tt.words...)
	}
}

// TestPageSize_Stream: the page stays small with the longest streams, also when each character is an entity.
func TestPageSize_Stream(t *testing.T) {
	k, _ := newLogKit(t)
	pauses := map[int]int64{}
	for n := 2; n < 400; n += 3 {
		pauses[n] = 2000
	}
	for n, change := range []func(*models.LogWrite){
		streamed(400, pauses),
		func(w *models.LogWrite) {
			streamed(400, pauses)(w)
			w.Detail.StreamEvents = bytes.Repeat([]byte("event: "+strings.Repeat(`"`, 3000)+"\ndata: "+strings.Repeat(`'"<`, 1000)+"\n\n"), 400)
		},
	} {
		id := k.seedLog(n, change)
		page := k.get("/admin/logs/" + id + "?tab=stream&event=150")
		page.want(t, "a long stream", 200, `data-testid="pause"`, "Events 101–150 of 400")
		page.wantSmall(t, "a long stream")
		t.Logf("%d bytes", len(page.body))
	}
}

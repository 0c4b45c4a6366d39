package proxy

import (
	"bytes"
	"crypto/sha256"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"squirrel/models"
)

// peak samples the heap until it is stopped and returns the most it saw.
func peak() (stop func() int64) {
	var most atomic.Int64
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		var m runtime.MemStats
		for {
			runtime.ReadMemStats(&m)
			most.Store(max(most.Load(), int64(m.HeapAlloc)))
			select {
			case <-done:
				return
			case <-time.After(2 * time.Millisecond):
			}
		}
	}()
	return func() int64 { close(done); <-ended; return most.Load() }
}

// settledHeap is the live heap once the goroutines of what is over have let go of it.
func settledHeap() int64 {
	least := heap()
	for range 10 {
		time.Sleep(10 * time.Millisecond)
		least = min(least, heap())
	}
	return least
}

// bodyOf is a body that is made while it is read, so that the client's copy does not count.
func bodyOf(head string, filler int, tail string) io.Reader {
	return io.MultiReader(strings.NewReader(head), io.LimitReader(letters{}, int64(filler)), strings.NewReader(tail))
}

// letters is an endless text.
type letters struct{}

var page = []byte(strings.Repeat("abcdefg ", 512))

func (letters) Read(p []byte) (int, error) { return copy(p, page), nil }

// TestA30MBRequestIsHeldOnce: the body lies in memory once, and is sent from there with the model's name spliced in. What is
// recorded of it is at most 10 MiB more. Nothing of it stays.
func TestA30MBRequestIsHeldOnce(t *testing.T) {
	for _, recorded := range []bool{false, true} {
		const size, head, tail = 30 << 20, `{"messages":[{"role":"user","content":"`, `"}],"model":"m"}`
		got := make(chan [sha256.Size]byte, 4)
		s := setup{providers: []models.Provider{{Name: "p", Protocol: models.ProtocolOpenAI, BaseURL: newSink(t, got)}}}
		s.key = func(k *models.APIKey) { k.RecordDetails = recorded }
		g := newTestGateway(t, s)
		sum := sha256.New()
		_, _ = io.Copy(sum, bodyOf(head, size, strings.Replace(tail, `"m"`, `"gpt-4o"`, 1)))
		want := [sha256.Size]byte(sum.Sum(nil))
		send := func() {
			t.Helper()
			req := g.request("/v1/chat/completions", "")
			req.Body, req.ContentLength = io.NopCloser(bodyOf(head, size, tail)), int64(len(head)+size+len(tail))
			if resp := g.do(req); resp.StatusCode != http.StatusOK {
				t.Fatal(resp.Status)
			}
			if <-got != want {
				t.Error("the provider got another body")
			}
			g.rec.forget()
		}
		send() // what is made once and kept
		before := settledHeap()
		stop := peak()
		send()
		grown := stop() - before
		t.Logf("recorded %t: the heap grew by %.2f copies of the body", recorded, float64(grown)/size)
		if grown > size*5/2 || !recorded && grown > size*3/2 {
			t.Errorf("recorded %t: the heap grew by %.2f copies of the body", recorded, float64(grown)/size)
		}
		left := settledHeap() - before
		if left > size/4 {
			t.Errorf("recorded %t: %d MiB were kept", recorded, left>>20)
		}
	}
}

// newSink is a provider that reads bodies without keeping them.
func newSink(t testing.TB, sums chan<- [sha256.Size]byte) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sum := sha256.New()
		_, _ = io.Copy(sum, r.Body)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"id":"x","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"ok"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1}}`)
		sums <- [sha256.Size]byte(sum.Sum(nil))
	}))
	t.Cleanup(server.Close)
	return server.URL + "/v1"
}

// TestAnUploadIsNotHeld: a file passes through a temporary file and never lies in memory.
func TestAnUploadIsNotHeld(t *testing.T) {
	const size = 60 << 20
	got := make(chan [sha256.Size]byte, 4)
	g := newTestGateway(t, setup{providers: []models.Provider{{Name: "p", Protocol: models.ProtocolOpenAI, BaseURL: newSink(t, got)}}})
	form, contentType := formOf(t, 0, "model", "m")
	at := bytes.Index(form, []byte("audio/wav\r\n\r\n")) + len("audio/wav\r\n\r\n")
	send := func() {
		req := g.request("/v1/audio/transcriptions", "", "Content-Type", contentType)
		req.Body, req.ContentLength = io.NopCloser(bodyOf(string(form[:at]), size, string(form[at:]))), int64(len(form)+size)
		if resp := g.do(req); resp.StatusCode != http.StatusOK {
			t.Fatalf("%s %s", resp.Status, readAll(t, resp))
		}
		<-got
	}
	send()
	before := settledHeap()
	stop := peak()
	send()
	if grown := stop() - before; grown > 8<<20 {
		t.Errorf("the heap grew by %d MiB", grown>>20)
	}
}

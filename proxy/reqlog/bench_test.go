package reqlog

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"squirrel/models"
)

// chatBody is a request of about size bytes, as a chat client sends it.
func chatBody(size int) []byte {
	words := strings.Fields("the quick assistant asked about a risk in the sk task and key figures of 2024 http status code " +
		"please describe which tokens max_tokens hf github values that are needed for (each) step; then answer.")
	rng := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	b.WriteString(`{"model":"gpt-4o","stream":true,"messages":[`)
	for b.Len() < size {
		b.WriteString(`{"role":"user","content":"`)
		for range 40 {
			b.WriteString(words[rng.IntN(len(words))] + " ")
		}
		b.WriteString(`\n"},`)
	}
	b.WriteString(`{"role":"user","content":"end"}]}`)
	return []byte(b.String())
}

func imageBody(size int) []byte {
	raw := make([]byte, size*3/4)
	_, _ = rand.NewChaCha8([32]byte{7}).Read(raw)
	return []byte(`{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,` +
		base64.StdEncoding.EncodeToString(raw) + `"}}]}]}`)
}

func testRedactor() *Redactor {
	r := NewRedactor(RedactPolicy{KeyPrefix: "lgw-"})
	secrets := make([]models.Secret, 50)
	for i := range secrets {
		secrets[i] = models.Secret(fmt.Sprintf("sk-proj-%040d", i))
	}
	r.SetSecrets(secrets)
	return r
}

func BenchmarkRedact(b *testing.B) {
	withSecrets := []byte(strings.ReplaceAll(string(chatBody(100<<10)), "asked about", "sk-proj-abcdefghijklmnopqrstuvwx"))
	for name, body := range map[string][]byte{
		"text100KB": chatBody(100 << 10), "image100KB": imageBody(100 << 10), "text1KB": chatBody(1 << 10), "found100KB": withSecrets,
	} {
		b.Run(name, func(b *testing.B) {
			r := testRedactor()
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				r.Body(body, "lgw-0123456789abcdef0123456789abcdef")
			}
		})
	}
}

func BenchmarkHeaders(b *testing.B) {
	r := testRedactor()
	headers := map[string]string{
		"Authorization": "Bearer lgw-0123456789abcdef0123456789abcdef", "Content-Type": "application/json",
		"User-Agent": "OpenAI/Python 1.99.0", "Accept": "application/json", "Host": "localhost:8000", "Content-Length": "1034",
		"X-Stainless-Lang": "python", "X-Stainless-Os": "Linux", "X-Request-Id": "01JD0000000000000000000000",
	}
	b.ReportAllocs()
	for b.Loop() {
		r.Headers(func(yield func(string, string) bool) {
			for k, v := range headers {
				if !yield(k, v) {
					return
				}
			}
		})
	}
}

func benchSpool(b *testing.B) *Spool {
	cfg := testConfig(b.TempDir())
	cfg.MaxBytes = 8 << 30
	return open(b, cfg)
}

func BenchmarkBeginEnd(b *testing.B) {
	for name, body := range map[string][]byte{"1KB": chatBody(1 << 10), "text1MB": chatBody(1 << 20), "image1MB": imageBody(1 << 20)} {
		for _, backlogged := range []bool{false, true} {
			benchBeginEnd(b, fmt.Sprintf("%s/backlog=%t", name, backlogged), body, backlogged)
		}
	}
}

func benchBeginEnd(b *testing.B, name string, body []byte, backlogged bool) {
	b.Run(name, func(b *testing.B) {
		s := benchSpool(b)
		if backlogged {
			s.writer.used.Add(s.cfg.MaxBytes / 4)
		}
		first, last := begin("01JD0000000000000000000000"), end("01JD0000000000000000000000")
		first.Detail.RequestBody, first.Detail.RequestHeaders = body, []byte(`{"content-type":"application/json","accept":"*/*"}`)
		last.Detail.ResponseBody = chatBody(1 << 10)
		b.ReportAllocs()
		before := cpuTime(b)
		for b.Loop() {
			if s.Begin(first) != nil || s.End(last) != nil {
				b.Fatal("refused")
			}
		}
		cpu := cpuTime(b) - before
		b.ReportMetric(float64(cpu.Microseconds())/float64(b.N), "cpu-µs/op")
	})
}

// cpuTime is what this process has used so far, in user and kernel mode.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	must(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkAcknowledge has 64 writers of 4 KB records, each with a pause, and reports how long they wait.
func BenchmarkAcknowledge(b *testing.B) {
	s := benchSpool(b)
	body := imageBody(4 << 10)
	var mu sync.Mutex
	var waits []time.Duration
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		w := end("01JD0000000000000000000000")
		w.Detail.ResponseBody = body
		var mine []time.Duration
		for pb.Next() {
			time.Sleep(rand.N(5 * time.Millisecond))
			start := time.Now()
			if s.End(w) != nil {
				b.Error("refused")
			}
			mine = append(mine, time.Since(start))
		}
		mu.Lock()
		waits = append(waits, mine...)
		mu.Unlock()
	})
	slices.Sort(waits)
	b.ReportMetric(float64(waits[len(waits)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(waits[len(waits)*99/100].Microseconds()), "p99-µs")
}

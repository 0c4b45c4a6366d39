package proxy

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// TestH13_TooManyLargeRequestsAreTurnedAway before their bodies are read, and the small ones beside them are not.
func TestH13_TooManyLargeRequestsAreTurnedAway(t *testing.T) {
	const size, limit, clients = 2 << 20, 9 << 20, 12
	s := one("fault:delayhdr:700ms")
	s.options = func(o *Options) { o.MaxInflightBytes = limit }
	g := newTestGateway(t, s)
	body := chat("m", strings.Repeat("acorn ", size/6), false)
	var good, refused atomic.Int64
	var all sync.WaitGroup
	for i := range clients {
		all.Go(func() {
			var source io.Reader = strings.NewReader(body)
			if i%2 == 0 {
				source = io.MultiReader(source) // of a length that nobody knows: sent in chunks
			}
			req := g.request("/v1/chat/completions", "")
			req.Body, req.ContentLength = io.NopCloser(source), -1
			if i%2 == 1 {
				req.ContentLength = int64(len(body))
			}
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Error(err)
				return
			}
			defer resp.Body.Close()
			text := readAll(t, resp)
			switch {
			case resp.StatusCode == http.StatusOK:
				good.Add(1)
			case resp.StatusCode == http.StatusServiceUnavailable && strings.Contains(text, `"overloaded"`) && resp.Header.Get("Retry-After") != "":
				refused.Add(1)
			default:
				t.Errorf("%d %v %s", resp.StatusCode, resp.Header, text)
			}
		})
	}
	eventually(t, "the first are being served", func() bool { return g.sim.Ledger().Total() > 0 })
	if resp := g.post("/v1/chat/completions", chat("m", "small", false)); resp.StatusCode != http.StatusOK {
		t.Errorf("a small request beside them: %d", resp.StatusCode)
	}
	all.Wait()
	if good.Load() == 0 || good.Load() > limit/size || good.Load()+refused.Load() != clients {
		t.Errorf("%d served, %d turned away", good.Load(), refused.Load())
	}
	eventually(t, "all is given back", func() bool { return g.bodies.held.Load() == 0 })
	if n := g.sim.Ledger().Total(); n != good.Load()+1 {
		t.Errorf("%d calls for %d good answers", n, good.Load()+1)
	}
}

// TestH13_DecodedBytesCount: what an encoding hides is held too.
func TestH13_DecodedBytesCount(t *testing.T) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = w.Write([]byte(chat("m", strings.Repeat("a", 4<<20), false)))
	w.Close()
	s := one("fault:delayhdr:500ms")
	s.options = func(o *Options) { o.MaxInflightBytes = 5 << 20 }
	g := newTestGateway(t, s)
	send := func() int {
		return g.post("/v1/chat/completions", packed.String(), "Content-Encoding", "gzip").StatusCode
	}
	first := make(chan int)
	go func() { first <- send() }()
	eventually(t, "the first is being served", func() bool { return g.bodies.held.Load() > 4<<20 })
	plain := g.post("/v1/chat/completions", chat("m", strings.Repeat("a", 1<<20), false))
	if plain.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("1 MiB beside 4 decoded ones of 5: %d", plain.StatusCode)
	}
	if status := <-first; status != http.StatusOK {
		t.Errorf("the first got %d", status)
	}
	eventually(t, "all is given back", func() bool { return g.bodies.held.Load() == 0 })
	if status := send(); status != http.StatusOK {
		t.Errorf("afterwards: %d", status)
	}
}

// TestH13_NothingIsHeldForRefusedBodies of any kind.
func TestH13_NothingIsHeldForRefusedBodies(t *testing.T) {
	s := setup{options: func(o *Options) { o.MaxInflightBytes, o.MaxRequestBytes = 64<<10, 32<<10 }}
	g := newTestGateway(t, s)
	for name, c := range map[string]struct {
		body   string
		header []string
		status int
	}{
		"malformed": {`{"model":`, nil, 400}, "too large": {strings.Repeat("x", 40<<10), nil, 413}, "not gzip": {"abc", []string{"Content-Encoding", "gzip"}, 400},
		"unknown encoding": {"abc", []string{"Content-Encoding", "br"}, 415}, "no such model": {chat("none", "x", false), nil, 404},
	} {
		resp := g.post("/v1/chat/completions", c.body, c.header...)
		if body := readAll(t, resp); resp.StatusCode != c.status {
			t.Errorf("%s: %d %s", name, resp.StatusCode, body)
		}
	}
	eventually(t, "nothing is held", func() bool { return g.bodies.held.Load() == 0 })
}

package app

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// FuzzRawHTTP sends whatever it is given to the gateway and to net/http. However odd it is, the gateway never sees more requests
// in it than net/http does, and lives.
func FuzzRawHTTP(f *testing.F) {
	k := newKit(f)
	oracle := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
	f.Cleanup(oracle.Close)
	theirs := strings.TrimPrefix(oracle.URL, "http://")
	for i := range vectors {
		for _, path := range []string{"/v1/chat/completions", "/healthz"} {
			f.Add([]byte(vectors[i].raw(path, "x", "")))
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if len(raw) > 64<<10 {
			return
		}
		ours, expected := requests(exchange(t, k.Addr(), string(raw))), requests(exchange(t, theirs, string(raw)))
		if ours > max(expected, 1) {
			t.Errorf("%d answers, net/http gives %d: %q", ours, expected, raw)
		}
		if after := exchange(t, k.Addr(), "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"); len(after) != 1 || after[0].status != http.StatusOK {
			t.Errorf("afterwards the gateway answers %v", statuses(after))
		}
	})
}

// requests counts what was taken for requests: not interim answers, and not the gateway's word that something is none.
func requests(answers []answer) (n int) {
	for _, a := range answers {
		if a.status >= http.StatusOK && !strings.Contains(a.body, "The request is not valid HTTP.") {
			n++
		}
	}
	return n
}

package app

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"squirrel/proxy/simulator"
)

// hidden is a request that a vector tries to get in as a part of another one.
const hidden = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"

// vector is a request whose end two servers might see in different places. Fields and body follow the request line; hosted
// vectors get a proper Host first.
type vector struct {
	name   string
	line   string // "" = POST {path} HTTP/1.1
	fields string
	body   string
	ours   string // status and error code of each answer
	theirs string // statuses of net/http
}

const hosted = "Host: {host}\r\n"

// vectors are the known ways to make two HTTP parsers disagree (RFC 9112 sections 2.2, 5, 6.3 and 7.1).
var vectors = []vector{
	{name: "one good request", fields: hosted + "Content-Length: 2\r\n", body: "{}", ours: "400 missing_model", theirs: "200"},
	{name: "two good requests", fields: hosted + "Content-Length: 2\r\n", body: "{}" + hidden, ours: "400 missing_model, 200", theirs: "200, 200"},
	{name: "a good chunked request", fields: hosted + "Transfer-Encoding: chunked\r\n", body: "2\r\n{}\r\n0\r\n\r\n", ours: "400 missing_model", theirs: "200"},

	{name: "CL and TE", fields: hosted + "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n", body: "0\r\n\r\nG", ours: "400 invalid_request", theirs: "200"},
	{name: "CL and TE, request behind", fields: hosted + "Content-Length: 39\r\nTransfer-Encoding: chunked\r\n", body: "0\r\n\r\n" + hidden, ours: "400 invalid_request", theirs: "200, 200"},
	{name: "TE and CL", fields: hosted + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", body: "22\r\n" + hidden + "\r\n0\r\n\r\n", ours: "400 invalid_request", theirs: "200"},
	{name: "TE xchunked and CL", fields: hosted + "Transfer-Encoding: xchunked\r\nContent-Length: 5\r\n", body: "0\r\n\r\n" + hidden, ours: "400 invalid_request", theirs: "501"},
	{name: "TE chunked, identity", fields: hosted + "Transfer-Encoding: chunked, identity\r\n", body: "0\r\n\r\n" + hidden, ours: "400 invalid_request", theirs: "501"},
	{name: "TE identity and CL", fields: hosted + "Transfer-Encoding: identity\r\nContent-Length: 2\r\n", body: "{}" + hidden, ours: "400 invalid_request", theirs: "501"},
	{name: "TE after a vertical tab", fields: hosted + "Transfer-Encoding: \x0bchunked\r\nContent-Length: 2\r\n", body: "{}" + hidden, ours: "400 invalid_request", theirs: "400"},
	{name: "TE with a space before the colon", fields: hosted + "Transfer-Encoding : chunked\r\nContent-Length: 2\r\n", body: "{}" + hidden, ours: "400 invalid_request", theirs: "400"},
	{name: "TE folded", fields: hosted + "Transfer-Encoding:\r\n chunked\r\nContent-Length: 2\r\n", body: "{}" + hidden, ours: "400 invalid_request", theirs: "200"},
	{name: "TE twice", fields: hosted + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", body: "0\r\n\r\n" + hidden, ours: "400 invalid_request", theirs: "501"},
	{name: "TE chunked and TE identity", fields: hosted + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", body: "0\r\n\r\n" + hidden, ours: "400 invalid_request", theirs: "501"},
	{name: "TE on HTTP/1.0", line: "POST {path} HTTP/1.0", fields: hosted + "Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n", body: "0\r\n\r\n" + hidden, ours: "400 invalid_request", theirs: "200, 400"},
	{name: "TE on HTTP/1.0 and CL", line: "POST {path} HTTP/1.0", fields: hosted + "Connection: keep-alive\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n", body: "{}" + hidden, ours: "400 invalid_request", theirs: "200, 200"},

	{name: "CL twice, the same", fields: hosted + "Content-Length: 2\r\nContent-Length: 2\r\n", body: "{}" + hidden, ours: "400 invalid_request", theirs: "200, 200"},
	{name: "CL twice, different", fields: hosted + "Content-Length: 36\r\nContent-Length: 2\r\n", body: "{}" + hidden, ours: "400 invalid_request", theirs: "400"},
	{name: "CL as a list", fields: hosted + "Content-Length: 2, 2\r\n", body: "{}" + hidden, ours: "400 invalid_request", theirs: "400"},
	{name: "CL with a plus", fields: hosted + "Content-Length: +2\r\n", body: "{}" + hidden, ours: "400 invalid_request", theirs: "400"},
	{name: "CL negative", fields: hosted + "Content-Length: -1\r\n", body: "{}" + hidden, ours: "400 invalid_request", theirs: "400"},
	{name: "CL hexadecimal", fields: hosted + "Content-Length: 0x2\r\n", body: "{}" + hidden, ours: "400 invalid_request", theirs: "400"},
	{name: "CL too large to count", fields: hosted + "Content-Length: 18446744073709551618\r\n", body: "{}" + hidden, ours: "400 invalid_request", theirs: "400"},
	{name: "CL with a space inside", fields: hosted + "Content-Length: 3 6\r\n", body: "{}" + hidden, ours: "400 invalid_request", theirs: "400"},
	{name: "CL with a space before the colon", fields: hosted + "Content-Length : 2\r\n", body: "{}" + hidden, ours: "400 invalid_request", theirs: "400"},

	{name: "LF in a chunk extension", fields: hosted + "Transfer-Encoding: chunked\r\n", body: "2;a\nb\r\n{}\r\n0\r\n\r\n" + hidden, ours: "400 invalid_request", theirs: "200"},
	{name: "LF after a chunk size", fields: hosted + "Transfer-Encoding: chunked\r\n", body: "2\n{}\r\n0\r\n\r\n" + hidden, ours: "400 invalid_request", theirs: "200"},
	{name: "chunk size with a prefix", fields: hosted + "Transfer-Encoding: chunked\r\n", body: "0x2\r\n{}\r\n0\r\n\r\n" + hidden, ours: "400 invalid_request", theirs: "200"},
	{name: "chunk size with a sign", fields: hosted + "Transfer-Encoding: chunked\r\n", body: "+2\r\n{}\r\n0\r\n\r\n" + hidden, ours: "400 invalid_request", theirs: "200"},
	{name: "chunk size that overflows", fields: hosted + "Transfer-Encoding: chunked\r\n", body: "10000000000000002\r\n{}\r\n0\r\n\r\n" + hidden, ours: "400 invalid_request", theirs: "200"},
	{name: "chunk longer than its size", fields: hosted + "Transfer-Encoding: chunked\r\n", body: "2\r\n{}x\r\n0\r\n\r\n" + hidden, ours: "400 invalid_request", theirs: "200"},
	{name: "trailers that frame", fields: hosted + "Transfer-Encoding: chunked\r\n", body: "2\r\n{}\r\n0\r\nContent-Length: 34\r\n\r\n" + hidden, ours: "400 invalid_request", theirs: "200, 200"},

	{name: "NUL in a value", fields: hosted + "X-A: a\x00b\r\nContent-Length: 2\r\n", body: "{}" + hidden, ours: "400 invalid_request", theirs: "400"},
	{name: "bare CR in a value", fields: hosted + "X-A: a\rContent-Length: 36\r\nContent-Length: 2\r\n", body: "{}" + hidden, ours: "400 invalid_request", theirs: "400"},
	{name: "bare LF between fields", fields: hosted + "X-A: a\nContent-Length: 2\r\n", body: "{}" + hidden, ours: "400 missing_model, 200", theirs: "200, 200"},
	{name: "NUL in a name", fields: hosted + "X-\x00A: a\r\nContent-Length: 2\r\n", body: "{}" + hidden, ours: "400 invalid_request", theirs: "400"},
	{name: "no colon", fields: hosted + "X-A\r\nContent-Length: 2\r\n", body: "{}" + hidden, ours: "400 invalid_request", theirs: "400"},
	{name: "empty name", fields: hosted + ": a\r\nContent-Length: 2\r\n", body: "{}" + hidden, ours: "400 invalid_request", theirs: "400"},
	{name: "folded value", fields: hosted + "X-A: a\r\n b\r\nContent-Length: 2\r\n", body: "{}" + hidden, ours: "400 invalid_request", theirs: "200, 200"},
	{name: "space before the first field", fields: " X-A: a\r\n" + hosted + "Content-Length: 2\r\n", body: "{}" + hidden, ours: "400 invalid_request", theirs: "400"},
	{name: "two Hosts", fields: hosted + "Host: evil.example\r\nContent-Length: 2\r\n", body: "{}" + hidden, ours: "400 invalid_request", theirs: "400"},
	{name: "no Host", fields: "Content-Length: 2\r\n", body: "{}" + hidden, ours: "400 invalid_request", theirs: "400"},
	{name: "another version", line: "POST {path} HTTP/1.2", fields: hosted + "Content-Length: 2\r\n", body: "{}" + hidden, ours: "400 missing_model", theirs: "200, 200"},
	{name: "HTTP/2 preface", line: "PRI * HTTP/2.0", fields: "", body: "SM\r\n\r\n" + hidden, ours: "405 method_not_allowed", theirs: "200"},
	{name: "half an escape in the path", line: "POST {path}%0x HTTP/1.1", fields: hosted + "Content-Length: 2\r\n", body: "{}" + hidden, ours: "400 invalid_request", theirs: "400"},
	{name: "space in the path", line: "POST {path} x HTTP/1.1", fields: hosted + "Content-Length: 2\r\n", body: "{}" + hidden, ours: "400 invalid_request", theirs: "400"},
}

func (v *vector) raw(path, host, key string) string {
	line := v.line
	if line == "" {
		line = "POST {path} HTTP/1.1"
	}
	fields := v.fields
	if key != "" {
		fields += "Authorization: Bearer " + key + "\r\n"
	}
	return strings.NewReplacer("{path}", path, "{host}", host).Replace(line+"\r\n"+fields+"\r\n") + v.body
}

// otherTargets are paths that treat bodies in different ways: read, ignored, not allowed, unknown, spilled.
var otherTargets = []string{"/v1/chat/completions", "/v1/models", "/healthz", "/api/auth/login", "/api/admin/providers", "/nothing", "/v1/audio/transcriptions"}

// TestC01_NoRequestSmuggling sends each vector to the gateway and to net/http and compares with the table. Whatever the table
// says, no vector may get more answers of the gateway than of net/http.
func TestC01_NoRequestSmuggling(t *testing.T) {
	k := newKit(t)
	_, _, key := k.seeded(simulator.Options{})
	oracle := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
	t.Cleanup(oracle.Close)
	theirAddr := strings.TrimPrefix(oracle.URL, "http://")
	atOnce(len(vectors), func(i int) {
		v := &vectors[i]
		theirs := exchange(t, theirAddr, v.raw("/", theirAddr, ""))
		if got := outcomes(theirs); got != v.theirs {
			t.Errorf("%s: net/http gives %q, the table says %q", v.name, got, v.theirs)
		}
		ours := exchange(t, k.Addr(), v.raw("/v1/chat/completions", k.Addr(), key))
		if got := outcomes(ours); got != v.ours {
			t.Errorf("%s: the gateway gives %q, the table says %q", v.name, got, v.ours)
		}
		for _, path := range otherTargets {
			for _, key := range []string{"", key} {
				ours := exchange(t, k.Addr(), v.raw(path, k.Addr(), key))
				if len(ours) > max(len(theirs), 1) {
					t.Errorf("%s to %s (key: %t): %d answers, net/http gives %d", v.name, path, key != "", len(ours), len(theirs))
				}
			}
		}
	})
}

// outcomes writes down the statuses and codes of answers.
func outcomes(answers []answer) string {
	list := make([]string, len(answers))
	for i, a := range answers {
		list[i] = strings.TrimSpace(itoa(a.status) + " " + codeOf(a.body))
	}
	return strings.Join(list, ", ")
}

func codeOf(body string) string {
	var envelope struct {
		Error struct{ Code string }
	}
	_ = json.Unmarshal([]byte(body), &envelope) // what is no JSON has no code
	return envelope.Error.Code
}

// TestC01_UnreadBodiesAreNotRequests sends every route a body that is longer than what the server reads ahead, and that holds
// requests. None of them may be answered.
func TestC01_UnreadBodiesAreNotRequests(t *testing.T) {
	k := newKit(t)
	body := strings.Repeat(hidden, 5*prefetchBytes/len(hidden))
	routes := k.routes()
	atOnce(len(routes), func(i int) {
		r := routes[i]
		for framing, body := range map[string]string{
			fmt.Sprintf("Content-Length: %d", len(body)): body,
			"Transfer-Encoding: chunked":                 fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(body), body),
		} {
			raw := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: %s\r\n%s\r\n\r\n%s", r.method, r.path, k.Addr(), framing, body)
			if answers := exchange(t, k.Addr(), raw); len(answers) > 1 {
				t.Errorf("%s %s, %s: %d answers: %s…", r.method, r.path, framing, len(answers), outcomes(answers[:2]))
			}
		}
	})
}

package simulator

import (
	"crypto/tls"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"
)

// dataOf returns the data of the events of a stream in any of its spellings.
func dataOf(text string) []string {
	text = strings.TrimPrefix(text, "\xef\xbb\xbf")
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
	var events []string
	for block := range strings.SplitSeq(text, "\n\n") {
		var data []string
		for line := range strings.SplitSeq(block, "\n") {
			if rest, ok := strings.CutPrefix(line, "data:"); ok {
				data = append(data, strings.TrimPrefix(rest, " "))
			}
		}
		if data != nil {
			events = append(events, strings.Join(data, "\n"))
		}
	}
	return events
}

// said is the text of a chat stream.
func said(t *testing.T, body string) string {
	t.Helper()
	var all strings.Builder
	for _, data := range dataOf(body) {
		var chunk struct {
			Choices []struct {
				Delta struct{ Content string }
			}
		}
		if data == "[DONE]" {
			continue
		}
		if err := json.Unmarshal([]byte(data), &chunk); err != nil {
			t.Fatalf("%v: %.200q", err, data)
		}
		for _, c := range chunk.Choices {
			all.WriteString(c.Delta.Content)
		}
	}
	return all.String()
}

// TestB07_StreamSpellings: each spelling looks as it should and says the same.
func TestB07_StreamSpellings(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	_, usual := chat(t, s, "fault-sse-lf", true).whole()
	want := said(t, usual)
	if !utf8.ValidString(want) || len(want) == utf8.RuneCountInString(want) {
		t.Fatalf("the text has no characters of several bytes: %q", want)
	}
	for kind, looks := range map[string]func(string) bool{
		"crlf":          func(b string) bool { return strings.Count(b, "\r\n") == strings.Count(b, "\n") },
		"cr":            func(b string) bool { return !strings.Contains(b, "\n") && strings.Contains(b, "}\r\rdata") },
		"bom":           func(b string) bool { return strings.HasPrefix(b, "\xef\xbb\xbfdata") },
		"nospace":       func(b string) bool { return strings.HasPrefix(b, "data:{") },
		"multiline":     func(b string) bool { return strings.Contains(b, ",\ndata: \"") },
		"comment":       func(b string) bool { return strings.HasPrefix(b, ": keep-alive\n\n") },
		"giantline=1MB": func(b string) bool { return len(b) > 1<<20 },
		"giantline-2MB": func(b string) bool { return len(b) > 2<<20 },
		"splitutf8":     utf8.ValidString,
		"onebyte":       func(b string) bool { return strings.HasPrefix(b, "data: {") },
		"nodone":        func(b string) bool { return !strings.Contains(b, "[DONE]") },
		"dupdone":       func(b string) bool { return strings.Count(b, "[DONE]") == 2 },
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			_, body := chat(t, s, "fault-sse-"+kind, true).whole()
			if !looks(body) {
				t.Errorf("it does not look like that: %.300q", body)
			}
			if got := said(t, body); got != want {
				t.Errorf("it says %q", got)
			}
		})
	}
}

func TestErrorsInStreams(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	for _, tc := range []struct {
		path, body string
		events     int
		last       string
	}{
		{chatPath, chatBody("fault-firststreamerror-429", true), 1, `data: {"error":{"message":"Rate limit`},
		{chatPath, chatBody("fault-midstreamerror@4", true), 5, `data: {"error":{"message":"Overloaded"`},
		{messagesPath, messagesBody("fault-firststreamerror", true), 1, `event: error` + "\n" + `data: {"type":"error","error":{"type":"overloaded_error"`},
		{messagesPath, messagesBody("fault-midstreamerror@2", true), 3, `event: error` + "\n" + `data: {"type":"error"`},
		{"/v1/responses", `{"model":"fault-midstreamerror@3","input":"a","stream":true}`, 4, `event: error` + "\n" + `data: {"type":"error"`},
	} {
		r, body := dial(t, s).post(tc.path, tc.body).whole()
		if n := strings.Count(body, "\n\n"); r.StatusCode != http.StatusOK || n != tc.events {
			t.Errorf("%s: %d with %d events", tc.body, r.StatusCode, n)
		}
		events := strings.SplitAfter(strings.TrimSuffix(body, "\n\n"), "\n\n")
		if last := events[len(events)-1]; !strings.HasPrefix(last, tc.last) {
			t.Errorf("%s ends in %s", tc.body, last)
		}
	}
	if _, body := chat(t, s, "fault-sse-errorevent", true).whole(); strings.Contains(body, "[DONE]") || !strings.Contains(body, `"error"`) {
		t.Errorf("sse:errorevent ends in %q", body[len(body)-200:])
	}
}

// TestSegments: the segments are chunks of their own.
func TestSegments(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	for model, size := range map[string]string{"fault-onebyte": "1", "fault-seg=7": "7", "fault-sse-onebyte": "1"} {
		raw, err := dial(t, s).post(chatPath, chatBody(model, true), "Connection: close").raw()
		if err != nil || !strings.Contains(raw, "\r\n\r\n"+size+"\r\nd") {
			t.Errorf("%s: %v %.400q", model, err, raw)
		}
	}
	raw, err := dial(t, s).post(chatPath, chatBody("fault-sse-splitutf8", true), "Connection: close").raw()
	if err != nil || !strings.Contains(raw, "\xe2\r\n") {
		t.Errorf("no character is cut: %v", err)
	}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	get := func(s *Server) error {
		transport := &http.Transport{TLSClientConfig: tlsTrusting(s)}
		defer transport.CloseIdleConnections()
		r, err := (&http.Client{Transport: transport}).Get(s.URL())
		if err == nil {
			r.Body.Close()
		}
		return err
	}
	for kind, want := range map[string]string{"valid": "", "expired": "expired", "wronghost": "127.0.0.1"} {
		s := start(t, Options{TLS: kind})
		err := get(s)
		if (err == nil) != (want == "") || (err != nil && !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v", kind, err)
		}
	}
	s := start(t, Options{TLS: "valid"})
	c := dial(t, s)
	for range 3 {
		if r, body := c.post(chatPath, chatBody("m", true)).whole(); r.StatusCode != http.StatusOK || !strings.HasSuffix(body, "[DONE]\n\n") {
			t.Errorf("over TLS: %d %q", r.StatusCode, body)
		}
	}
}

func tlsTrusting(s *Server) *tls.Config { return &tls.Config{RootCAs: s.RootCAs()} }

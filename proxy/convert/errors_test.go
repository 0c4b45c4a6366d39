package convert

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"squirrel/models"
	"squirrel/proxy/llm"
)

func sprintf(format string, args ...any) string { return fmt.Sprintf(format, args...) }

func TestErrorsBecomeTheClientsProtocol(t *testing.T) {
	for _, tc := range []struct {
		from   models.Protocol
		status int
		body   string
		kind   llm.ErrorType
		openai string
	}{
		{chat, 400, `{"error":{"message":"bad","type":"invalid_request_error","param":"n","code":"unsupported_value"}}`, llm.ErrInvalidRequest, `"type":"invalid_request_error","param":"n","code":"unsupported_value"`},
		{chat, 401, `{"error":{"message":"no"}}`, llm.ErrAuthentication, "authentication_error"},
		{chat, 403, `{"error":{"message":"no"}}`, llm.ErrPermission, "permission_error"},
		{chat, 404, `{"error":{"message":"no","code":"model_not_found"}}`, llm.ErrNotFound, "not_found_error"},
		{chat, 429, `{"error":{"message":"slow","type":"tokens","code":"rate_limit_exceeded"}}`, llm.ErrRateLimit, "rate_limit_error"},
		{chat, 429, `{"error":{"message":"pay","type":"insufficient_quota","code":"insufficient_quota"}}`, llm.ErrBilling, "insufficient_quota"},
		{chat, 500, `{"error":"boom"}`, llm.ErrAPI, `"message":"boom","type":"api_error"`},
		{chat, 422, `{"detail":"field required"}`, llm.ErrInvalidRequest, "field required"},
		{chat, 429, `{"error":{"code":429,"message":"Provider returned error"}}`, llm.ErrRateLimit, `"code":"429"`},
		{chat, 502, `<html>nginx</html>`, llm.ErrAPI, "the upstream gave no reason"},
		{chat, 503, ``, llm.ErrOverloaded, "overloaded_error"},
		{messages, 529, `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_1"}`, llm.ErrOverloaded, "overloaded_error"},
		{messages, 413, `{"type":"error","error":{"type":"request_too_large","message":"big"}}`, llm.ErrTooLarge, "request_too_large"},
		{messages, 400, `{"type":"error","error":{"type":"invalid_request_error","message":"m","details":{"error_code":"x"}}}`, llm.ErrInvalidRequest, `"code":"x"`},
		{resp, 400, `{"error":{"message":"bad","type":"invalid_request_error","param":null,"code":null}}`, llm.ErrInvalidRequest, `"param":null,"code":null`},
	} {
		e := DecodeError(tc.from, tc.status, []byte(tc.body))
		if e.Type != tc.kind || e.Message == "" {
			t.Errorf("%s: %+v", tc.body, e)
		}
		has(t, string(ErrorBody(chat, e)), tc.openai)
		has(t, string(ErrorBody(messages, e)), `{"type":"error","error":{"type":"`+string(tc.kind)+`","message":`, `"request_id":`)
	}
}

func TestErrorsLoseTheirSecrets(t *testing.T) {
	for _, message := range []string{
		"Incorrect API key provided: sk-proj-abcdefSECRETgh.", "bad header 'Bearer SECRETabcdefgh'", "GET https://x/y?key=SECRET&a=1", "key AIzaSECRETSECRETSECRET",
	} {
		e := DecodeError(chat, 400, []byte(`{"error":{"message":"`+message+`"}}`))
		if strings.Contains(e.Message, "SECRET") || !strings.Contains(e.Message, "[REDACTED]") {
			t.Error(e.Message)
		}
	}
}

func TestErrorInsideAStream(t *testing.T) {
	for upstream, data := range map[models.Protocol]string{
		chat: `{"error":{"message":"busy","code":503}}`, messages: `{"type":"error","error":{"type":"overloaded_error","message":"busy"}}`,
		resp: `{"type":"response.failed","response":{"id":"r","status":"failed","error":{"code":"server_is_overloaded","message":"busy"}}}`,
	} {
		for _, client := range protocols {
			got, res := stream(t, client, upstream, Options{}, data)
			has(t, joined(got), map[models.Protocol]string{
				chat: `{"error":{"message":"busy","type":"overloaded_error"`, messages: `"type":"overloaded_error","message":"busy"`, resp: `"status":"failed"`,
			}[client])
			if res.FinishReason != "error" {
				t.Error(res)
			}
		}
	}
}

// TestB05_NoTerminatorAfterAnInterruption ends a stream in the middle.
func TestB05_NoTerminatorAfterAnInterruption(t *testing.T) {
	for _, client := range protocols {
		s := NewStream(client, chat, Options{})
		out, err := s.Event("", []byte(`{"id":"c","choices":[{"index":0,"delta":{"content":"Hel"}}]}`))
		if err != nil {
			t.Fatal(err)
		}
		began := bytes.Clone(out) // it is valid until the next call
		if _, err := s.Finish(); !errors.Is(err, ErrTruncated) {
			t.Fatal(err)
		}
		if reason := s.Result().FinishReason; reason != "truncated" {
			t.Error(reason)
		}
		failure := s.Fail(llm.Error{Type: llm.ErrAPI, Code: "stream_interrupted", Message: "upstream stream interrupted"})
		has(t, string(failure), map[models.Protocol]string{
			chat:     `data: {"error":{"message":"upstream stream interrupted","type":"api_error","param":null,"code":"stream_interrupted"}}`,
			messages: "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"upstream stream interrupted\"}",
			resp:     `event: response.failed`,
		}[client])
		for _, end := range []string{"[DONE]", "message_stop", "response.completed"} {
			hasNot(t, string(failure), end)
		}
		checkStream(t, client, append(began, failure...))
		if again := s.Fail(llm.Error{}); again != nil || !s.Ended() {
			t.Errorf("a second end: %s", again)
		}
	}
}

func TestB08_HugeEvent(t *testing.T) {
	s := NewStream(messages, chat, Options{MaxLine: 100})
	_, err := s.Event("", []byte(`{"x":"`+strings.Repeat("a", 100)+`"}`))
	var e *Error
	if !errors.As(err, &e) || e.Status != 502 || e.Code != "upstream_bad_response" {
		t.Fatal(err)
	}
	s = NewStream(messages, chat, Options{})
	if _, err := s.Event("", []byte(`{"choices":[{"delta":{"content":"`+strings.Repeat("a", 400<<10)+`"}}]}`)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Event("", []byte(`{"choices":`)); err == nil {
		t.Error("half an event was taken")
	}
}

func TestB13_OneTerminator(t *testing.T) {
	end := `{"id":"c","choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":"stop"}]}`
	for name, data := range map[string][]string{
		"twice": {end, cDone, cDone}, "data after": {end, cDone, end}, "never": {end},
	} {
		for _, client := range protocols {
			got, res := stream(t, client, chat, Options{}, data...)
			if n := strings.Count(joined(got), "Hi"); res.FinishReason != "stop" || client == chat && n != 1 {
				t.Errorf("%s: %v, %d times", name, res, n)
			}
		}
	}
}

func TestB17_PanicIsAnError(t *testing.T) {
	s := NewStream(messages, chat, Options{EstimatedInput: func() int64 { panic("defect") }})
	_, err := s.Event("", []byte(`{"choices":[{"delta":{"content":"a"}}]}`))
	if !errors.Is(err, ErrPanic) {
		t.Fatal(err)
	}
}

func TestAnswersThatMakeNoSense(t *testing.T) {
	for _, upstream := range protocols {
		for _, body := range []string{``, `{`, `[]`, `null`, `{"error":{}}`, `{"choices":`} {
			var e *Error
			if _, _, err := Response(chat, upstream, []byte(body), Options{}); !errors.As(err, &e) || e.Status != 502 {
				t.Errorf("%s: %q gives %v", upstream, body, err)
			}
		}
	}
}

func TestBoundedMemory(t *testing.T) {
	s := NewStream(messages, chat, Options{})
	piece := strings.Repeat("x", 1<<20)
	_, err := s.Event("", []byte(`{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{"}},{"index":1,"id":"b","function":{"name":"g","arguments":"{"}}]}}]}`))
	for range 6 {
		if err == nil {
			_, err = s.Event("", []byte(`{"choices":[{"delta":{"tool_calls":[{"index":1,"function":{"arguments":"`+piece+`"}}]}}]}`))
		}
	}
	if err == nil {
		t.Error("6 MiB were held back")
	}
}

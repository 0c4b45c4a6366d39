package body

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

func scanError(t *testing.T, text string) *Error {
	t.Helper()
	_, err := Scan([]byte(text))
	refused, ok := errors.AsType[*Error](err)
	if !ok {
		t.Fatalf("Scan(%.80q) = %v, want an *Error", text, err)
	}
	if refused.Status() != 400 || refused.Error() != refused.Code+": "+refused.Message {
		t.Errorf("Scan(%.80q) = %v with status %d", text, refused, refused.Status())
	}
	return refused
}

func TestScan(t *testing.T) {
	text := ` {"model" : "gpt-\u0034o","messages":[{"role":"user","content":"h\"i"}],"stream":true,` +
		`"stream_options":{"include_usage":false},"max_completion_tokens":77,"user":"u1", "x":1.50 } ` + "\n"
	info, err := Scan([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if info.Model != "gpt-4o" || text[info.ModelStart:info.ModelEnd] != `"gpt-\u0034o"` {
		t.Errorf("model %q at %q", info.Model, text[info.ModelStart:info.ModelEnd])
	}
	if !info.Stream || !info.IncludeUsageSet || info.IncludeUsage || info.MaxTokens != 77 || info.User != "u1" {
		t.Errorf("read %+v", info)
	}
	var keys []string
	for _, m := range info.Members {
		keys = append(keys, m.Key+"="+text[m.Start:m.End])
	}
	want := `model="gpt-\u0034o"|messages=[{"role":"user","content":"h\"i"}]|stream=true|stream_options={"include_usage":false}|` +
		`max_completion_tokens=77|user="u1"|x=1.50`
	if got := strings.Join(keys, "|"); got != want {
		t.Errorf("members\n%s\nwant\n%s", got, want)
	}
	if raw, ok := info.Get("x"); !ok || string(raw) != "1.50" {
		t.Errorf("Get(x) = %s, %t", raw, ok)
	}
	if _, ok := info.Get("y"); ok {
		t.Error("Get found a member that is not there")
	}
}

func TestScan_ReadsOptionalMembers(t *testing.T) {
	for _, tc := range []struct {
		members string
		check   func(Info) bool
	}{
		{`"metadata":{"user_id":"abc"}`, func(i Info) bool { return i.User == "abc" }},
		{`"metadata":{"user_id":5}`, func(i Info) bool { return i.User == "" }},
		{`"user":7`, func(i Info) bool { return i.User == "" }},
		{`"max_tokens":5,"max_output_tokens":9`, func(i Info) bool { return i.MaxTokens == 5 }},
		{`"max_tokens":1.5`, func(i Info) bool { return i.MaxTokens == 0 }},
		{`"max_tokens":-3`, func(i Info) bool { return i.MaxTokens == 0 }},
		{`"max_tokens":"9"`, func(i Info) bool { return i.MaxTokens == 0 }},
		{`"stream_options":{"include_usage":true}`, func(i Info) bool { return i.IncludeUsageSet && i.IncludeUsage }},
		{`"stream_options":{"include\u005fusage":null}`, func(i Info) bool { return !i.IncludeUsageSet && !i.IncludeUsage }},
		{`"stream_options":[]`, func(i Info) bool { return !i.IncludeUsageSet }},
	} {
		info, err := Scan([]byte(`{"model":"m",` + tc.members + `}`))
		if err != nil || !tc.check(info) {
			t.Errorf("%s: read %+v, %v", tc.members, info, err)
		}
	}
}

func TestD01_MalformedBodies(t *testing.T) {
	for _, tc := range []struct {
		text, code string
		offset     int
	}{
		{"", CodeInvalidJSON, 0},
		{" \n", CodeInvalidJSON, 2},
		{"{bad", CodeInvalidJSON, 1},
		{`{"model":"a"`, CodeInvalidJSON, 12},
		{`{"model":"a",}`, CodeInvalidJSON, 13},
		{`{"model":"a"} x`, CodeInvalidJSON, 14},
		{`{"model":"a"}{}`, CodeInvalidJSON, 13},
		{`{"model":"a","n":01}`, CodeInvalidJSON, 18},
		{`{"model":"a","n":+1}`, CodeInvalidJSON, 17},
		{`{"model":"a","n":1.}`, CodeInvalidJSON, 19},
		{`{"model":"a","n":.5}`, CodeInvalidJSON, 17},
		{`{"model":"a","n":NaN}`, CodeInvalidJSON, 17},
		{`{"model":"a","n":tru}`, CodeInvalidJSON, 20},
		{`{'model':'a'}`, CodeInvalidJSON, 1},
		{"{\"model\":\"a\nb\"}", CodeInvalidJSON, 11},
		{`{"model":"a\x"}`, CodeInvalidJSON, 12},
		{`{"model":"a\u12g4"}`, CodeInvalidJSON, 15},
		{`model=a&stream=true`, CodeInvalidJSON, 0},
		{"[]", CodeInvalidRequest, 0},
		{`"str"`, CodeInvalidRequest, 0},
		{"null", CodeInvalidRequest, 0},
		{"5", CodeInvalidRequest, 0},
	} {
		if err := scanError(t, tc.text); err.Code != tc.code || err.Offset != tc.offset {
			t.Errorf("Scan(%q) = %s at %d, want %s at %d", tc.text, err, err.Offset, tc.code, tc.offset)
		}
	}
}

func TestD01_ModelMustBeAName(t *testing.T) {
	for text, code := range map[string]string{
		`{}`:              CodeMissingModel,
		`{"model":null}`:  CodeMissingModel,
		`{"model":""}`:    CodeMissingModel,
		`{"model":" "}`:   CodeMissingModel,
		`{"MODEL":"a"}`:   CodeMissingModel,
		`{"model":5}`:     CodeInvalidRequest,
		`{"model":["a"]}`: CodeInvalidRequest,
	} {
		if err := scanError(t, text); err.Code != code || err.Param != "model" {
			t.Errorf("Scan(%s) = %+v, want code %s", text, err, code)
		}
	}
}

func TestB14_StreamMustBeBoolean(t *testing.T) {
	for value, want := range map[string]bool{"true": true, "false": false, "null": false} {
		info, err := Scan([]byte(`{"model":"a","stream":` + value + `}`))
		if err != nil || info.Stream != want {
			t.Errorf("stream %s = %t, %v", value, info.Stream, err)
		}
	}
	for _, value := range []string{`"yes"`, `1`, `0`, `"true"`, `[]`, `{}`} {
		if err := scanError(t, `{"model":"a","stream":`+value+`}`); err.Code != CodeInvalidRequest || err.Param != "stream" {
			t.Errorf("stream %s: %+v", value, err)
		}
	}
}

func TestD02_DeepNesting(t *testing.T) {
	nest := func(n int) string {
		return `{"model":"a","x":` + strings.Repeat("[", n) + strings.Repeat("]", n) + `}`
	}
	if _, err := Scan([]byte(nest(MaxDepth - 1))); err != nil {
		t.Errorf("%d levels: %v", MaxDepth, err)
	}
	for _, text := range []string{
		nest(MaxDepth), nest(10_001), strings.Repeat("[", 6_000_000), strings.Repeat(`{"a":`, 1_000_000),
	} {
		if err := scanError(t, text); err.Code != CodeTooDeep || err.Offset > 6*MaxDepth {
			t.Errorf("%d bytes: %v; the scan went on to byte %d", len(text), err, err.Offset)
		}
	}
}

func TestD03_DuplicateKeys(t *testing.T) {
	many := `{"model":"a"`
	for i := range 2 * fewKeys {
		many += `,"k` + strings.Repeat("x", i) + `":1`
	}
	for _, text := range []string{
		`{"model":"cheap","model":"gpt-4"}`,
		`{"model":"a","MODEL":"b"}`,
		`{"model":"a","mod\u0065l":"b"}`,
		`{"model":"a","\u006dODEL":"b"}`,
		`{"model":"a","stream":false,"Stream":true}`,
		`{"model":"a","ſtream":true,"stream":false}`,
		`{"model":"a","x":1,"x":1}`,
		`{"model":"a","":1,"":2}`,
		many + `,"kX":2}`,
		many + `,"MODEL":2}`,
	} {
		if err := scanError(t, text); err.Code != CodeDuplicateKey {
			t.Errorf("Scan(%.60s) = %+v", text, err)
		}
	}
	for _, text := range []string{
		`{"model":"a","Stream":true}`,
		`{"model":"a","\u0053tream":true}`,
		`{"model":"a","Max_Tokens":5}`,
		`{"model":"a","toolſ":5}`,
	} {
		if err := scanError(t, text); err.Code != CodeInvalidRequest {
			t.Errorf("Scan(%s) = %+v", text, err)
		}
	}
	for _, text := range []string{many + "}", `{"model":"a","messages":[{"model":1,"model":2}]}`, `{"model":"a","x":1,"X-Y":2}`} {
		if _, err := Scan([]byte(text)); err != nil {
			t.Errorf("Scan(%.60s) = %v", text, err)
		}
	}
}

func TestD03_LongKeysDoNotSwellTheMessage(t *testing.T) {
	key := strings.Repeat("é", 1<<20)
	if err := scanError(t, `{"`+key+`":1,"`+key+`":2}`); len(err.Message)+len(err.Param) > 500 {
		t.Errorf("%d bytes of message", len(err.Message))
	}
}

func TestD05_Encoding(t *testing.T) {
	for name, text := range map[string]string{
		"byte order mark": "\xEF\xBB\xBF" + `{"model":"a"}`,
		"latin-1":         "{\"model\":\"caf\xE9\"}",
		"overlong":        "{\"model\":\"\xC0\xAF\"}",
		"surrogate":       "{\"model\":\"\xED\xA0\x80 and more text\"}",
		"surrogate pair":  "{\"model\":\"中\xED\xA0\x80中中中\"}",
		"overlong 3":      "{\"model\":\"中\xE0\x80\x80中中中\"}",
		"truncated":       "{\"model\":\"abcdefgh\xE4\xB8\"}",
		"beyond Unicode":  "{\"model\":\"\xF4\x90\x80\x80\"}",
		"utf-16 le":       "\xFF\xFE{\x00\"\x00",
		"utf-16 le plain": "{\x00\"\x00m\x00",
		"utf-16 be plain": "\x00{\x00\"",
		"outside string":  "{\xFF}",
	} {
		if err := scanError(t, text); err.Code != CodeInvalidEncoding {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, text := range []string{
		`{"model":"a","x":"\ud800"}`,
		"{\"model\":\"模型🙂é\uFFFD\uFFFF\",\"x\":\"\u2028\"}",
		`{"model":"a","x":"\u0000"}`,
	} {
		if info, err := Scan([]byte(text)); err != nil || !json.Valid(info.Bytes()) {
			t.Errorf("Scan(%s) = %v", text, err)
		}
	}
}

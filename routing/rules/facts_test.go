package rules

import (
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"squirrel/models"
)

// read shows the values of a field, as a trace does.
func read(t testing.TB, f Facts, name string) string {
	t.Helper()
	field, err := parseField(name)
	if err != nil {
		t.Fatal(err)
	}
	e := evaluation{facts: f, at: noon}
	var all samples
	e.values(&field, all.add)
	return string(all.of(&field))
}

// dialogues hold the same conversation in the three dialects.
var dialogues = map[models.Endpoint]string{
	models.EndpointChat: `{"messages":[
		{"role":"system","content":"be brief"},
		{"role":"user","content":"what is \u00e9?"},
		{"content":null,"role":"assistant","tool_calls":[{"id":"1","type":"function","function":{"name":"look_up","arguments":"{\"content\":1}"}}]},
		{"role":"tool","tool_call_id":"1","content":"a letter"},
		{"role":"user","content":[{"type":"text","text":"and this?"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AA"}},
			{"type":"input_audio","input_audio":{"data":"AA","format":"wav"}},{"type":"file","file":{"file_data":"AA"}},{"text":"or that?","type":"text"}]}],
		"tools":[{"type":"function","function":{"name":"look_up"}},{"type":"custom","custom":{"name":"run"}}],"max_tokens":1,"max_completion_tokens":77}`,
	models.EndpointMessages: `{"system":[{"type":"text","text":"be brief","cache_control":{"type":"ephemeral"}}],"max_tokens":77,"messages":[
		{"role":"user","content":"what is \u00e9?"},
		{"role":"assistant","content":[{"type":"tool_use","id":"1","name":"look_up","input":{"text":"no"}}]},
		{"role":"user","content":[{"type":"tool_result","tool_use_id":"1","content":[{"type":"text","text":"a letter"}]}]},
		{"role":"user","content":[{"type":"text","text":"and this?"},{"type":"image","source":{"type":"base64","data":"AA"}},
			{"type":"document","source":{"type":"text","data":"x"}},{"type":"text","text":"or that?"}]}],
		"tools":[{"name":"look_up","input_schema":{}},{"name":"run","type":"custom"}]}`,
	models.EndpointResponses: `{"instructions":"be brief","max_output_tokens":77,"input":[
		{"role":"user","content":"what is \u00e9?"},
		{"type":"function_call","call_id":"1","name":"look_up","arguments":"{}"},
		{"type":"function_call_output","call_id":"1","output":"a letter"},
		{"type":"message","role":"user","content":[{"type":"input_text","text":"and this?"},{"type":"input_image","image_url":"data:"},
			{"type":"input_file","file_id":"f"},{"type":"input_text","text":"or that?"}]}],
		"tools":[{"type":"function","name":"look_up"},{"type":"custom","name":"run"}]}`,
}

func TestFacts_SameInAllDialects(t *testing.T) {
	for endpoint, body := range dialogues {
		f := NewFacts(Source{Endpoint: endpoint, Body: []byte(body)})
		for field, want := range map[string]string{
			"messages.system":    `["be brief"]`,
			"messages.last_user": `["and this?","or that?"]`,
			"messages.any":       `["be brief","what is é?","a letter","and this?","or that?"]`,
			"tools.count":        `2`,
			"tools.names":        `["look_up","run"]`,
			"has.tools":          `true`,
			"has.image":          `true`,
			"has.file":           `true`,
			"has.audio":          fmt.Sprint(endpoint == models.EndpointChat), // the others take none
			"max_output_tokens":  `77`,
		} {
			if got := read(t, f, field); got != want {
				t.Errorf("%s %s: %s, want %s", endpoint, field, got, want)
			}
		}
		if got := read(t, f, "messages.count"); got != "4" && endpoint != models.EndpointChat || got == "0" {
			t.Errorf("%s: %s messages", endpoint, got)
		}
	}
}

// TestFacts_LastUserSpeaks: results of tools come as messages of the user in Anthropic's dialect, and are not what the user said.
func TestFacts_LastUserSpeaks(t *testing.T) {
	body := `{"messages":[{"role":"user","content":"go"},{"role":"user","content":[{"type":"tool_result","content":"found"}]},{"role":"user","content":[{"type":"image"}]}]}`
	f := NewFacts(Source{Endpoint: models.EndpointMessages, Body: []byte(body)})
	if got := read(t, f, "messages.any"); got != `["go","found"]` {
		t.Errorf("any: %s", got)
	}
	if got := read(t, f, "messages.last_user"); got != `["go"]` {
		t.Errorf("last user: %s", got)
	}
}

func TestFacts_OtherEndpoints(t *testing.T) {
	for _, tc := range []struct {
		endpoint          models.Endpoint
		body, field, want string
	}{
		{models.EndpointCompletions, `{"prompt":"once","max_tokens":3}`, "messages.any", `["once"]`},
		{models.EndpointCompletions, `{"prompt":["a","b"]}`, "messages.count", `2`},
		{models.EndpointCompletions, `{"prompt":["a","b"]}`, "messages.last_user", `["b"]`},
		{models.EndpointCompletions, `{"prompt":[1,2,3]}`, "messages.any", `null`},
		{models.EndpointEmbeddings, `{"input":["a","b"]}`, "messages.any", `["a","b"]`},
		{models.EndpointModerations, `{"input":[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"x"}}]}`, "messages.any", `["a"]`},
		{models.EndpointModerations, `{"input":[{"type":"image_url","image_url":{"url":"x"}}]}`, "has.image", `true`},
		{models.EndpointImages, `{"prompt":"a cat"}`, "messages.last_user", `["a cat"]`},
		{models.EndpointSpeech, `{"input":"say"}`, "messages.any", `["say"]`},
		{models.EndpointResponses, `{"input":"hi"}`, "messages.last_user", `["hi"]`},
		{models.EndpointResponses, `{"input":[{"role":"developer","content":"d"}]}`, "messages.system", `["d"]`},
		{models.EndpointChat, `{"functions":[{"name":"f"}]}`, "tools.names", `["f"]`},
		{models.EndpointResponses, `{"tools":[{"type":"web_search"}]}`, "tools.names", `["web_search"]`},
		{models.EndpointChat, `{"max_tokens":-1}`, "max_output_tokens", `null`},
		{models.EndpointChat, `{"max_tokens":"5"}`, "max_output_tokens", `null`},
		{models.EndpointChat, `{}`, "messages.any", `null`},
		{models.EndpointChat, `{}`, "messages.count", `0`},
		{models.EndpointChat, `{}`, "has.tools", `false`},
		{models.EndpointTranscriptions, ``, "has.audio", `true`},
		{models.EndpointImageEdits, ``, "has.image", `true`},
		{models.EndpointTranscriptions, ``, "body.language", `"en"`},
		{models.EndpointTranscriptions, ``, "messages.any", `["spell it"]`},
		{models.EndpointTranscriptions, ``, "body.gone", `null`},
	} {
		form := map[string]string{"language": "en", "prompt": "spell it"}
		f := NewFacts(Source{Endpoint: tc.endpoint, Body: []byte(tc.body), Form: func(name string) (string, bool) { v, ok := form[name]; return v, ok }})
		if got := read(t, f, tc.field); got != tc.want {
			t.Errorf("%s %s %s: %s, want %s", tc.endpoint, tc.body, tc.field, got, tc.want)
		}
	}
}

func TestFacts_BodyPaths(t *testing.T) {
	f := onBody(`{"a":{"b":[{"c":1},{"c":"x"},{"d":null}],"e@#|*":true},"list":[[1,2],[3]],"\u006bey":"decoded","n":null,"long":"` + strings.Repeat("é", 300) + `"}`)
	for path, want := range map[string]string{
		"body.a.b[0].c":     `1`,
		"body.a.b[*].c":     `[1,"x"]`,
		"body.a.b[7].c":     `null`,
		"body.a.b[*].d":     `null`,
		"body.a.e@#|*":      `true`,
		"body.a.b":          `["{\"c\":1}","{\"c\":\"x\"}","{\"d\":null}"]`,
		"body.list[1]":      `3`,
		"body.list[*][0]":   `[1,3]`,
		"body.list[*]":      `[1,2,3]`,
		"body.key":          `"decoded"`,
		"body.n":            `null`,
		"body.n.x":          `null`,
		"body.a.b.c":        `null`,
		"body.list.0":       `null`,
		"body.list[0][1].x": `null`,
		"body.long":         `"` + strings.Repeat("é", 200) + `…"`,
	} {
		if got := read(t, f, path); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}

// TestD08_TokensAreCountedOnce and only when a rule asks.
func TestD08_TokensAreCountedOnce(t *testing.T) {
	calls := 0
	f := NewFacts(Source{Model: "m", InputTokens: func() int64 { calls++; return 7 }})
	model := mustCompile(t, `{"field":"model","operator":"eq","value":"m"}`)
	tokens := mustCompile(t, `{"rules":[{"field":"token_usage.input_tokens","operator":"gt","value":1},{"field":"token_usage.input_tokens","operator":"lt","value":9}]}`)
	if outcome(model, f) != "yes" || calls != 0 {
		t.Errorf("%d counts for a rule about the model", calls)
	}
	if first, again := outcome(tokens, f), outcome(tokens, f); first != "yes" || again != "yes" || calls != 1 {
		t.Errorf("%s, then %s; %d counts, want 1", first, again, calls)
	}
	unknown := NewFacts(Source{InputTokens: func() int64 { return -1 }})
	if got := read(t, unknown, "token_usage.input_tokens"); got != "null" {
		t.Errorf("an unknown count: %s", got)
	}
}

// TestD09_OnlyWhatIsReferenced: a rule about a small field of a large body makes no copy of the body.
func TestD09_OnlyWhatIsReferenced(t *testing.T) {
	body := []byte(`{"messages":[{"role":"user","content":"` + strings.Repeat(`a\n`, 5<<20) + `"}],"tools":[` +
		strings.Repeat(`{"type":"function","function":{"name":"f"}},`, 100_000) + `{"name":"last"}],"temperature":0.5}`)
	for _, rule := range []string{
		`{"field":"body.temperature","operator":"lt","value":1}`,
		`{"field":"messages.count","operator":"eq","value":1}`,
		`{"field":"tools.count","operator":"eq","value":100001}`,
		`{"field":"has.image","operator":"eq","value":false}`,
		`{"field":"tools.names","operator":"eq","value":"last"}`,
	} {
		r := mustCompile(t, rule)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got := outcome(r, NewFacts(Source{Endpoint: models.EndpointChat, Body: body}))
		runtime.ReadMemStats(&after)
		if allocated := after.TotalAlloc - before.TotalAlloc; got != "yes" || allocated > 64<<10 {
			t.Errorf("%s: %s, allocates %d bytes", rule, got, allocated)
		}
	}
}

func TestFacts_RandomIsStableAndEven(t *testing.T) {
	var below [4]int
	const users = 20_000
	for i := range users {
		f := NewFacts(Source{UserID: fmt.Sprintf("user-%d", i), RequestID: "r"})
		x := f.random()
		if again := NewFacts(Source{UserID: fmt.Sprintf("user-%d", i), RequestID: "other"}).random(); again != x || x < 0 || x >= 100 {
			t.Fatalf("user %d: %v, then %v", i, x, again)
		}
		for k, limit := range []float64{1, 10, 50, 90} {
			if x < limit {
				below[k]++
			}
		}
	}
	for k, share := range []float64{0.01, 0.10, 0.50, 0.90} {
		if got := float64(below[k]) / users; got < share-0.01 || got > share+0.01 {
			t.Errorf("%.2f of the users are in the lowest %.2f", got, share)
		}
	}
	if NewFacts(Source{RequestID: "a"}).random() == NewFacts(Source{RequestID: "b"}).random() {
		t.Error("without a user, requests share a number")
	}
}

func TestClientFamily(t *testing.T) {
	for agent, want := range map[string]string{
		"": "", "claude-cli/1.0.83 (external, cli)": "claude-code", "codex_cli_rs/0.20.0 (Linux)": "codex", "OpenAI/Python 1.99.1": "openai-python",
		"AsyncOpenAI/Python 1.99": "openai-python", "OpenAI/JS 5.1": "openai-node", "Anthropic/JS 0.60": "anthropic-node", "curl/8.5.0": "curl",
		"python-requests/2.32": "python-requests", "Mozilla/5.0 (X11)": "browser", "Mozilla/5.0 Cursor/1.2": "cursor", "My App": "my",
		"<script>": "", strings.Repeat("x", 900): strings.Repeat("x", 40),
	} {
		if got := ClientFamily(agent); got != want {
			t.Errorf("%q: %q, want %q", agent, got, want)
		}
	}
}

func TestUnquote(t *testing.T) {
	for _, literal := range []string{
		`""`, `"a"`, `"\"\\\/\b\f\n\r\t"`, `"\u00e9\u4e2d"`, `"a\ud83d\ude00b"`, `"\ud83d"`, `"\ud83dx"`, `"\ude00\ud83d"`, `"\ud83d\ud83d\ude00"`, `"x\u0000"`,
	} {
		var want string
		if err := json.Unmarshal([]byte(literal), &want); err != nil {
			t.Fatal(err)
		}
		if got := unquote(literal); got != want {
			t.Errorf("%s: %q, want %q", literal, got, want)
		}
	}
	for literal, want := range map[string]string{`"\q"`: `\q`, `"\u12"`: `\u12`, `"\"`: `\`, `"`: ``, ``: ``} {
		if got := unquote(literal); got != want {
			t.Errorf("%s: %q, want %q", literal, got, want)
		}
	}
}

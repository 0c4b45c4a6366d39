package convert

import (
	"strings"
	"testing"

	"squirrel/models"
)

// requestFor converts for a model and returns the body and what was dropped.
func requestFor(t *testing.T, in, out models.Protocol, target, body string) (string, string) {
	t.Helper()
	got, dropped, err := Request(in, out, []byte(body), target, Options{Carry: new(Carry)})
	if err != nil {
		t.Fatal(err)
	}
	return string(got), droppedText(dropped)
}

// TestTrap_ModelsThatRefuseParameters: OpenAI answers 400 to an effort or a temperature that a model does not take. A client of
// another protocol can't know, so it is left out and reported.
func TestTrap_ModelsThatRefuseParameters(t *testing.T) {
	const ask = `{"max_tokens":64000,"messages":[{"role":"user","content":"a"}],`
	for _, tc := range []struct {
		target, rest    string
		chat, responses string // what has to be in the request
		hasNot          []string
		dropped         string
	}{
		{"gpt-4o", `"thinking":{"type":"enabled","budget_tokens":31999}}`, `"max_completion_tokens":64000`, `"store":false`, []string{"reasoning"}, "thinking: the model does not reason"},
		{"openai/gpt-4.1-mini", `"output_config":{"effort":"high"},"thinking":{"type":"adaptive"},"temperature":0.5}`, `"temperature":0.5`, `"temperature":0.5`, []string{"reasoning"}, "output_config.effort: the model does not reason"},
		{"gpt-4o", `"thinking":{"type":"disabled"},"stop_sequences":["x"]}`, `"stop":["x"]`, ``, []string{"reasoning"}, ""},
		{"gpt-5-mini", `"thinking":{"type":"enabled","budget_tokens":31999}}`, `"reasoning_effort":"high"`, `"effort":"high"`, nil, "thinking: the model has no effort xhigh; high was sent"},
		{"gpt-5", `"thinking":{"type":"disabled"}}`, `"reasoning_effort":"minimal"`, `"effort":"minimal"`, nil, "thinking: the model has no effort none"},
		{"o4-mini", `"thinking":{"type":"disabled"},"temperature":1}`, `"reasoning_effort":"low"`, `"effort":"low"`, []string{"temperature"}, "thinking: the model has no effort none"},
		{"o3", `"temperature":0.2,"top_p":0.9,"stop_sequences":["x"]}`, `"max_completion_tokens"`, ``, []string{"temperature", "top_p", `"stop"`}, "temperature: a reasoning model takes none"},
		{"gpt-5.1", `"thinking":{"type":"disabled"},"temperature":0.2}`, `"reasoning_effort":"none"`, `"effort":"none"`, nil, ""},
		{"gpt-5.1-codex-max", `"output_config":{"effort":"max"}}`, `"reasoning_effort":"xhigh"`, `"effort":"xhigh"`, nil, ""},
		{"gpt-6.2-sol", `"output_config":{"effort":"xhigh"}}`, `"reasoning_effort":"xhigh"`, `"effort":"xhigh"`, nil, ""},
		{"openai/gpt-oss-120b", `"output_config":{"effort":"max"},"temperature":0.2}`, `"reasoning_effort":"high"`, `"temperature":0.2`, nil, "output_config.effort"},
		{"some-model", `"output_config":{"effort":"max"},"temperature":0.2,"stop_sequences":["x"]}`, `"reasoning_effort":"xhigh"`, `"effort":"xhigh"`, nil, ""},
	} {
		for out, want := range map[models.Protocol]string{chat: tc.chat, resp: tc.responses} {
			body, dropped := requestFor(t, messages, out, tc.target, ask+tc.rest)
			has(t, body, want)
			for _, piece := range tc.hasNot {
				hasNot(t, strings.ReplaceAll(body, `"reasoning.encrypted_content"`, ""), piece)
			}
			if out == chat && tc.dropped == "" && dropped != "" || !strings.Contains(dropped, tc.dropped) {
				t.Errorf("%s over %s dropped:\n%s", tc.target, out, dropped)
			}
		}
	}
	same, dropped := requestFor(t, chat, chat, "gpt-4o", `{"messages":[],"reasoning_effort":"xhigh","temperature":0.2}`)
	has(t, same, `"temperature":0.2`, `"reasoning_effort":"xhigh"`)
	if dropped != "" {
		t.Errorf("a client that speaks the protocol knows its model: %s", dropped)
	}
}

// TestTrap_ClaudeVersions: what a Claude model takes depends on its version.
func TestTrap_ClaudeVersions(t *testing.T) {
	const (
		ask   = `{"max_tokens":500,"messages":[{"role":"user","content":"a"}],`
		tools = `"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{}}}}],"tool_choice":"required",`
	)
	for name, tc := range map[string]struct {
		targets []string
		rest    string
		want    []string
		hasNot  string
		dropped string
	}{
		"budgets of old models": {
			[]string{"claude-sonnet-4-5", "anthropic/claude-opus-4.5", "us.anthropic.claude-haiku-4-5-20251001-v1:0", "claude-3-7-sonnet-latest", "kimi-k2"}, `"reasoning_effort":"high"}`,
			[]string{`"thinking":{"type":"enabled","budget_tokens":16384}`}, "output_config", "",
		},
		"efforts of newer ones":        {[]string{"claude-opus-4-6", "claude-sonnet-4.6"}, `"reasoning_effort":"xhigh"}`, []string{`"max_tokens":500`, `"thinking":{"type":"adaptive"}`, `"output_config":{"effort":"max"}`}, "budget", ""},
		"the newest hide the text":     {[]string{"claude-opus-4-7", "claude-sonnet-5", "claude-opus-5-5"}, `"reasoning_effort":"xhigh"}`, []string{`"thinking":{"type":"adaptive","display":"summarized"}`, `"effort":"xhigh"`}, "budget", ""},
		"no minimal":                   {[]string{"claude-opus-4-7"}, `"reasoning_effort":"minimal"}`, []string{`"effort":"low"`}, "", ""},
		"off by itself":                {[]string{"claude-opus-4-8"}, `"reasoning_effort":"none"}`, nil, "thinking", ""},
		"on by itself":                 {[]string{"claude-sonnet-5"}, `"reasoning_effort":"none"}`, []string{`"thinking":{"type":"disabled"}`}, "", ""},
		"always on":                    {[]string{"claude-sonnet-5-5", "claude-fable-5-1"}, `"reasoning_effort":"none"}`, []string{`"effort":"low"`}, `"thinking"`, "reasoning_effort: the model always thinks"},
		"no sampling":                  {[]string{"claude-opus-4-7", "claude-opus-5"}, `"temperature":0.2,"top_p":1}`, nil, "temperature", "temperature: the model takes none"},
		"one of two":                   {[]string{"claude-sonnet-4-5"}, `"temperature":0.2,"top_p":0.9}`, []string{`"temperature":0.2`}, "top_p", "top_p: the model takes it only without"},
		"both":                         {[]string{"claude-3-5-haiku-20241022", "glm-4.7"}, `"temperature":0.2,"top_p":0.9}`, []string{`"temperature":0.2`, `"top_p":0.9`}, "", ""},
		"forced calls":                 {[]string{"claude-opus-4-7"}, tools + `"reasoning_effort":"low"}`, []string{`"tool_choice":{"type":"any"}`}, "thinking", "reasoning_effort: thinking and a forced"},
		"forced calls of a thinker":    {[]string{"claude-sonnet-5"}, tools + `"seed":1}`, []string{`"tool_choice":{"type":"any"}`, `"thinking":{"type":"disabled"}`}, "", "seed"},
		"calls that can not be forced": {[]string{"claude-sonnet-5-5"}, tools + `"seed":1}`, []string{`"tool_choice":{"type":"auto"}`}, `"any"`, "tool_choice: the model always thinks"},
	} {
		for _, target := range tc.targets {
			body, dropped := requestFor(t, chat, messages, target, ask+tc.rest)
			has(t, body, tc.want...)
			if tc.hasNot != "" {
				hasNot(t, body, tc.hasNot)
			}
			if tc.dropped == "" && dropped != "" || !strings.Contains(dropped, tc.dropped) {
				t.Errorf("%s, %s: dropped %s", name, target, dropped)
			}
		}
	}
	const history = `{"input":[{"role":"user","content":"a"},{"type":"function_call","call_id":"c","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"c","output":"r"}],"reasoning":{"effort":"high","summary":"auto"}}`
	body, dropped := requestFor(t, resp, messages, "claude-opus-4-7", history)
	has(t, body, `"thinking":{"type":"adaptive","display":"summarized"}`)
	if dropped != "" {
		t.Errorf("a tool loop without thinking: %s", dropped)
	}
}

// TestTrap_StructuredAnswersOfThinkers: a model that can't be forced to call a tool gets the schema itself, closed and without
// bounds, as it wants it.
func TestTrap_StructuredAnswersOfThinkers(t *testing.T) {
	const ask = `{"messages":[{"role":"user","content":"a"}],"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":%s}}}`
	body, dropped := requestFor(t, chat, messages, "claude-sonnet-5-5", sprintf(ask,
		`{"type":"object","properties":{"n":{"type":"integer","minimum":1},"list":{"type":"array","maxItems":3,"items":{"type":"object","properties":{"x":{"anyOf":[{"type":"string","maxLength":3},{"type":"null"}]}}}}},"required":["n"]}`))
	has(t, body, `"output_config":{"format":{"type":"json_schema","schema":{"type":"object","properties":{"n":{"type":"integer"},"list":{"type":"array","items":{"type":"object","properties":{"x":{"anyOf":[{"type":"string"},{"type":"null"}]}},"additionalProperties":false}}},"required":["n"],"additionalProperties":false}`)
	hasNot(t, body, "structured_answer")
	has(t, dropped, "schema.properties.n.minimum", "schema.properties.list.maxItems", "anyOf.maxLength")
	closed := `{"type":"object","additionalProperties":false,"properties":{"n":{"type":"integer"}}, "required":["n"]}`
	body, dropped = requestFor(t, chat, messages, "claude-sonnet-5-5", sprintf(ask, closed))
	has(t, body, `"schema":`+closed)
	if dropped != "" {
		t.Error(dropped)
	}
	body, _ = requestFor(t, chat, messages, "claude-sonnet-5", sprintf(ask, closed))
	has(t, body, `"tool_choice":{"type":"tool","name":"structured_answer","disable_parallel_tool_use":true}`, `"thinking":{"type":"disabled"}`)
}

// TestVendors_ThinkingSwitch: vendors have words of their own for thinking, both ways.
func TestVendors_ThinkingSwitch(t *testing.T) {
	const ask = `{"max_tokens":9000,"messages":[{"role":"user","content":"a"}],`
	for _, tc := range []struct{ target, rest, want, hasNot, dropped string }{
		{"glm-4.7", `"thinking":{"type":"enabled","budget_tokens":2000}}`, `"thinking":{"type":"enabled"}`, "reasoning_effort", ""},
		{"glm-5.2", `"thinking":{"type":"adaptive"},"output_config":{"effort":"high"}}`, `"thinking":{"type":"enabled"},"reasoning_effort":"high"`, "", ""},
		{"deepseek-chat", `"thinking":{"type":"disabled"}}`, `"thinking":{"type":"disabled"}`, "reasoning_effort", ""},
		{"kimi-k2.5", `"temperature":0.5}`, `"temperature":0.5`, "thinking", ""},
		{"qwen3-max", `"stream":true,"thinking":{"type":"enabled","budget_tokens":2000}}`, `"enable_thinking":true,"thinking_budget":2000`, "reasoning_effort", ""},
		{"qwen3-max", `"thinking":{"type":"disabled"}}`, `"enable_thinking":false`, "thinking_budget", ""},
		{"qwen3-32b", `"thinking":{"type":"enabled","budget_tokens":2000}}`, `"stream":false`, "enable_thinking", "thinking: the model thinks in streams only"},
		{"qwen/qwen3-32b", `"thinking":{"type":"disabled"}}`, `"reasoning_effort":"none"`, "enable_thinking", ""},
	} {
		body, dropped := requestFor(t, messages, chat, tc.target, ask+tc.rest)
		has(t, body, tc.want)
		if tc.hasNot != "" {
			hasNot(t, body, tc.hasNot)
		}
		if tc.dropped == "" && dropped != "" || !strings.Contains(dropped, tc.dropped) {
			t.Errorf("%s: dropped %s", tc.target, dropped)
		}
	}
	for rest, want := range map[string]string{
		`"enable_thinking":true,"thinking_budget":2000}`:    `"thinking":{"type":"enabled","budget_tokens":2000}`,
		`"enable_thinking":false}`:                          `"thinking":{"type":"disabled"}`,
		`"chat_template_kwargs":{"enable_thinking":false}}`: `"thinking":{"type":"disabled"}`,
		`"chat_template_kwargs":{"thinking":true}}`:         `"thinking":{"type":"enabled","budget_tokens":8192}`,
		`"thinking":{"type":"enabled"}}`:                    `"thinking":{"type":"enabled","budget_tokens":8192}`,
		`"reasoning":{"enabled":true,"max_tokens":3000}}`:   `"thinking":{"type":"enabled","budget_tokens":3000}`,
		`"reasoning":{"effort":"low"}}`:                     `"thinking":{"type":"enabled","budget_tokens":1024}`,
	} {
		body, dropped := requestFor(t, chat, messages, "claude-sonnet-4-5", ask+rest)
		has(t, body, want)
		if dropped != "" {
			t.Errorf("%s: dropped %s", rest, dropped)
		}
	}
}

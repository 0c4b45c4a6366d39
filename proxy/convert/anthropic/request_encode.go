package anthropic

import (
	"strconv"
	"strings"

	"squirrel/proxy/convert/wire"
	"squirrel/proxy/llm"
)

// EncodeRequest writes r as a Messages body and reports what it could not hold. Errors are *llm.Error.
func EncodeRequest(r *llm.Request, opt llm.RequestOptions) ([]byte, []llm.Dropped, error) {
	if r.N > 1 {
		return nil, nil, llm.Unsupported("n", "the provider answers with one choice only")
	}
	e := requestEncoder{r: r, opt: opt}
	e.drops.AddAll(r.Dropped)
	e.plan()
	w := &e.w
	w.Expect(opt.Size)
	w.Object("")
	w.Str("model", opt.Model)
	w.Int("max_tokens", e.maxTokens)
	rest := e.system()
	e.messages(rest)
	e.tools()
	e.thinking()
	e.sampling()
	e.output()
	if r.User != "" || r.SafetyID != "" {
		w.Object("metadata")
		w.Str("user_id", firstOf(r.SafetyID, r.User))
		w.EndObject()
	}
	w.Bool("stream", r.Stream)
	e.rest()
	w.EndObject()
	return w.Take(), e.drops.List(), nil
}

type requestEncoder struct {
	w         wire.Writer
	r         *llm.Request
	opt       llm.RequestOptions
	drops     llm.Drops
	maxTokens int64
	mode      llm.ThinkingMode // what to send; "" = nothing
	budget    int64
	effort    string // Anthropic's own, "" = the model's default
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// plan settles how much the model may write and think, on which much of the rest depends.
func (e *requestEncoder) plan() {
	r := e.r
	e.maxTokens = r.MaxOutput
	if e.maxTokens <= 0 {
		e.maxTokens = e.opt.DefaultMax
	}
	if e.maxTokens <= 0 {
		e.maxTokens = llm.DefaultMaxTokens
	}
	if r.From == llm.Messages {
		e.mode, e.budget, e.effort = r.Reasoning.Mode, r.Reasoning.Budget, r.Reasoning.Effort
		return
	}
	e.planThinking()
	e.fitSampling()
}

// loopWithoutThinking reports whether the last assistant message called tools, is being answered, and does not begin
// with thinking that Anthropic could verify: it refuses to think in such a conversation.
func (e *requestEncoder) loopWithoutThinking() bool {
	n := len(e.r.Messages)
	if n < 2 || e.r.Messages[n-1].Role != llm.RoleTool {
		return false
	}
	for i := n - 2; i >= 0; i-- {
		m := &e.r.Messages[i]
		if m.Role == llm.RoleTool {
			continue
		}
		if m.Role != llm.RoleAssistant || len(m.Parts) == 0 {
			return true
		}
		t, ok := m.Parts[0].(*llm.Thinking)
		return !ok || !ours(t)
	}
	return true
}

// ours reports whether Anthropic made the seal of t.
func ours(t *llm.Thinking) bool { return t.Seal != "" && t.Format == llm.SealAnthropic }

func (e *requestEncoder) thinking() {
	if e.mode == "" {
		return
	}
	w := &e.w
	w.Object("thinking")
	w.Str("type", string(e.mode))
	if e.mode == llm.ThinkingEnabled {
		w.Int("budget_tokens", e.budget)
	}
	w.OptStr("display", e.r.Reasoning.Display)
	w.EndObject()
}

// thinks reports whether the request as written switches thinking on.
func (e *requestEncoder) thinks() bool {
	return e.mode == llm.ThinkingEnabled || e.mode == llm.ThinkingAdaptive
}

func (e *requestEncoder) sampling() {
	w, r := &e.w, e.r
	own := r.From == llm.Messages
	switch {
	case r.Temperature == "":
	case !own && e.thinks():
		e.drops.Add("temperature", "the provider takes no temperature while thinking")
	case !own && above(r.Temperature, 1):
		e.drops.Add("temperature", "the provider takes values up to 1; 1 was sent")
		w.Int("temperature", 1)
	default:
		w.OptNum("temperature", r.Temperature)
	}
	if !own && e.thinks() && r.TopK != "" {
		e.drops.Add("top_k", "the provider takes no top_k while thinking")
	} else {
		w.OptNum("top_k", r.TopK)
	}
	w.OptNum("top_p", r.TopP)
	e.stop()
	e.without("seed", r.Seed != "")
	e.without("frequency_penalty", r.FrequencyPenalty != "")
	e.without("presence_penalty", r.PresencePenalty != "")
}

// above reports whether a number is greater than a limit. The number itself is sent as it was written.
func above(n llm.Number, limit float64) bool {
	f, err := strconv.ParseFloat(string(n), 64)
	return err == nil && f > limit
}

// stop writes the stop sequences. Anthropic refuses those of white space only.
func (e *requestEncoder) stop() {
	var usable []string
	for _, s := range e.r.Stop {
		if strings.TrimSpace(s) == "" && e.r.From != llm.Messages {
			e.drops.Add("stop", "the provider takes no stop sequence of white space only")
			continue
		}
		usable = append(usable, s)
	}
	if len(usable) == 0 {
		return
	}
	e.w.Array("stop_sequences")
	for _, s := range usable {
		e.w.Str("", s)
	}
	e.w.EndArray()
}

// output writes the native form of a structured answer, and Anthropic's own effort.
func (e *requestEncoder) output() {
	w, r := &e.w, e.r
	schema := r.Format != nil && r.Format.Kind == llm.FormatSchema
	if r.Format != nil && r.Format.Kind == llm.FormatObject {
		e.drops.Add("response_format", "the provider has no JSON mode without a schema")
	}
	if e.effort == "" && !schema {
		return
	}
	w.Object("output_config")
	w.OptStr("effort", e.effort)
	if schema {
		w.Object("format")
		w.Str("type", "json_schema")
		w.OptRaw("schema", r.Format.Schema)
		w.EndObject()
	}
	w.EndObject()
}

// rest writes unknown fields of the same dialect and reports everything else that has no place.
func (e *requestEncoder) rest() {
	r := e.r
	own := r.From == llm.Messages
	if own {
		e.w.OptStr("service_tier", r.Tier)
	} else {
		e.without("service_tier", r.Tier != "" && r.Tier != "auto")
	}
	e.without("metadata", r.Metadata != nil)
	e.without("prompt_cache_key", r.CacheKey != "")
	e.without("verbosity", r.Verbosity != "")
	e.without("store", r.Store != nil && *r.Store)
	e.without("reasoning.summary", r.Reasoning.Summary != "" && !e.thinks()) // thinking is its summary
	for _, f := range r.Extra {
		if own {
			e.w.Member(f.Name, f.Value)
			continue
		}
		e.without(f.Name, true)
	}
}

func (e *requestEncoder) without(name string, given bool) {
	if given {
		e.drops.Add(name, "the Messages API has no such parameter")
	}
}

func (e *requestEncoder) tools() {
	w, r := &e.w, e.r
	if len(r.Tools) > 0 {
		w.Array("tools")
		for i := range r.Tools {
			writeTool(w, &r.Tools[i])
		}
		w.EndArray()
	}
	mode := map[llm.ChoiceMode]string{
		llm.ChoiceAuto: "auto", llm.ChoiceNone: "none", llm.ChoiceRequired: "any", llm.ChoiceTool: "tool",
	}[r.ToolChoice.Mode]
	if mode == "" {
		mode = "auto"
		if r.ParallelTools == nil || len(r.Tools) == 0 {
			return
		}
	}
	w.Object("tool_choice")
	w.Str("type", mode)
	if mode == "tool" {
		w.Str("name", r.ToolChoice.Name)
	}
	if r.ParallelTools != nil && mode != "none" {
		w.Bool("disable_parallel_tool_use", !*r.ParallelTools)
	}
	w.EndObject()
}

func writeTool(w *wire.Writer, t *llm.Tool) {
	if t.Kind == llm.ToolBuiltin {
		w.Raw("", t.Raw)
		return
	}
	w.Object("")
	w.Str("name", t.Name)
	w.OptStr("description", t.Description)
	w.OptRaw("input_schema", t.Schema)
	w.OptBool("strict", t.Strict)
	w.OptRaw("cache_control", t.Cache)
	w.EndObject()
}

// Package openai is the codec of OpenAI's chat completions, as its API reference and the vendors that copy it speak it:
// https://platform.openai.com/docs/api-reference/chat.
package openai

import (
	"encoding/json"
	"strconv"

	"squirrel/proxy/convert/wire"
	"squirrel/proxy/llm"
)

// DecodeRequest reads a request body, which must be valid JSON. Errors are *llm.Error.
func DecodeRequest(body []byte) (*llm.Request, error) {
	o := wire.Parse(body)
	if o == nil {
		return nil, llm.Invalid("", "the request body must be a JSON object")
	}
	r := &llm.Request{From: llm.Chat, Model: o.Str("model")}
	d := requestDecoder{r: r}
	if err := d.messages(o.Array("messages")); err != nil {
		return nil, err
	}
	decodeSampling(o, r)
	decodeCaller(o, r)
	d.reasoning(o)
	d.tools(o)
	r.Format = decodeFormat(o.Object("response_format"))
	r.Stream = o.True("stream")
	r.IncludeUsage = o.Object("stream_options").True("include_usage")
	for name, value := range o.Rest() {
		r.Extra = append(r.Extra, llm.Field{Name: name, Value: value})
	}
	if o.Wrong != "" {
		return nil, llm.Invalid(o.Wrong, "invalid type for '"+o.Wrong+"'")
	}
	r.Dropped = d.drops.List()
	return r, nil
}

// requestDecoder carries what reading one message leaves for the next.
type requestDecoder struct {
	r         *llm.Request
	drops     llm.Drops
	functions map[string]string // ids made up for legacy function calls, by name
}

func decodeSampling(o *wire.Object, r *llm.Request) {
	r.MaxOutput = o.Int("max_completion_tokens")
	if old := o.Int("max_tokens"); r.MaxOutput == 0 {
		r.MaxOutput = old
	}
	r.Temperature = o.Num("temperature")
	r.TopP = o.Num("top_p")
	r.TopK = o.Num("top_k")
	r.Seed = o.Num("seed")
	r.FrequencyPenalty = o.Num("frequency_penalty")
	r.PresencePenalty = o.Num("presence_penalty")
	r.N = o.Int("n")
	r.Stop = decodeStop(o.Get("stop"))
	if logprobs := o.Get("logprobs"); logprobs != nil && logprobs[0] == 't' {
		r.Extra = append(r.Extra, llm.Field{Name: "logprobs", Value: logprobs})
	}
}

func decodeStop(raw json.RawMessage) []string {
	if one, ok := wire.String(raw); ok {
		return []string{one}
	}
	var list []string
	for _, item := range wire.Each(raw) {
		if s, ok := wire.String(item); ok {
			list = append(list, s)
		}
	}
	return list
}

func decodeCaller(o *wire.Object, r *llm.Request) {
	r.User = o.Str("user")
	r.SafetyID = o.Str("safety_identifier")
	r.CacheKey = o.Str("prompt_cache_key")
	r.Metadata = o.Get("metadata")
	r.Tier = o.Str("service_tier")
	r.Verbosity = o.Str("verbosity")
	r.Store = o.Bool("store")
}

// reasoning reads OpenAI's reasoning_effort, OpenRouter's reasoning, the thinking switch of GLM, Kimi, DeepSeek and Doubao, that of
// Qwen, and what vLLM and SGLang pass on to a model's template.
func (d *requestDecoder) reasoning(o *wire.Object) {
	r := d.r
	r.Reasoning.Effort = o.Str("reasoning_effort")
	if vendor := o.Object("reasoning"); vendor != nil {
		if effort := vendor.Str("effort"); effort != "" {
			r.Reasoning.Effort = effort
		}
		r.Reasoning.Budget = vendor.Int("max_tokens")
		r.Reasoning.Switch(vendor.Bool("enabled"))
	}
	if budget := o.Int("thinking_budget"); budget > 0 {
		r.Reasoning.Budget = budget
	}
	r.Reasoning.Switch(o.Bool("enable_thinking"))
	if template := o.Object("chat_template_kwargs"); template != nil {
		r.Reasoning.Switch(template.Bool("enable_thinking"))
		r.Reasoning.Switch(template.Bool("thinking"))
		for name := range template.Rest() {
			d.drops.Add("chat_template_kwargs."+name, "a setting of one server")
		}
	}
	if thinking := o.Object("thinking"); thinking != nil {
		r.Reasoning.Mode = llm.ThinkingMode(thinking.Str("type"))
		r.Reasoning.Budget = thinking.Int("budget_tokens")
		for name := range thinking.Rest() {
			d.drops.Add("thinking."+name, "a setting of one vendor")
		}
	}
}

func decodeFormat(o *wire.Object) *llm.Format {
	if o == nil {
		return nil
	}
	f := &llm.Format{Kind: llm.FormatKind(o.Str("type"))}
	if s := o.Object("json_schema"); s != nil {
		f.Name = s.Str("name")
		f.Description = s.Str("description")
		f.Schema = s.Get("schema")
		f.Strict = s.Bool("strict")
	}
	return f
}

func (d *requestDecoder) tools(o *wire.Object) {
	for i, raw := range wire.Each(o.Array("tools")) {
		d.r.Tools = append(d.r.Tools, d.tool(i, wire.Parse(raw), raw))
	}
	for _, raw := range wire.Each(o.Array("functions")) {
		d.r.Tools = append(d.r.Tools, functionTool(wire.Parse(raw)))
	}
	d.r.ParallelTools = o.Bool("parallel_tool_calls")
	d.r.ToolChoice = decodeChoice(o.Get("tool_choice"))
	if legacy := o.Get("function_call"); d.r.ToolChoice.Mode == "" {
		d.r.ToolChoice = decodeChoice(legacy)
	}
}

func (d *requestDecoder) tool(i int, o *wire.Object, raw json.RawMessage) llm.Tool {
	kind := o.Str("type")
	switch {
	case o.Has("function"):
		f := o.Object("function")
		t := functionTool(f)
		t.Cache = o.Get("cache_control")
		for _, level := range []*wire.Object{o, f} {
			for name := range level.Rest() {
				d.drops.Add("tools["+strconv.Itoa(i)+"]."+name, "unknown field of a tool")
			}
		}
		return t
	case kind == "custom":
		c := o.Object("custom")
		return llm.Tool{
			Kind: llm.ToolCustom, From: llm.Chat, Name: c.Str("name"), Description: c.Str("description"),
			Schema: customFormat(c.Object("format")),
		}
	}
	return llm.Tool{Kind: llm.ToolBuiltin, From: llm.Chat, Type: kind, Raw: raw}
}

func functionTool(o *wire.Object) llm.Tool {
	return llm.Tool{
		From: llm.Chat, Name: o.Str("name"), Description: o.Str("description"),
		Schema: o.Get("parameters"), Strict: o.Bool("strict"),
	}
}

// customFormat turns chat's nested grammar into the flat form of the Responses API, which is the hub's.
func customFormat(o *wire.Object) json.RawMessage {
	if o == nil {
		return nil
	}
	g := o.Object("grammar")
	var w wire.Writer
	w.Object("")
	w.Str("type", o.Str("type"))
	if g != nil {
		w.Str("syntax", g.Str("syntax"))
		w.Str("definition", g.Str("definition"))
	}
	w.EndObject()
	return w.Take()
}

func decodeChoice(raw json.RawMessage) llm.ToolChoice {
	if mode, ok := wire.String(raw); ok {
		return llm.ToolChoice{Mode: llm.ChoiceMode(mode)}
	}
	o := wire.Parse(raw)
	if o == nil {
		return llm.ToolChoice{}
	}
	if name := o.Str("name"); name != "" { // legacy function_call
		return llm.ToolChoice{Mode: llm.ChoiceTool, Name: name}
	}
	if o.Str("type") == "custom" {
		return llm.ToolChoice{Mode: llm.ChoiceTool, Name: o.Object("custom").Str("name"), Custom: true}
	}
	if name := o.Object("function").Str("name"); name != "" {
		return llm.ToolChoice{Mode: llm.ChoiceTool, Name: name}
	}
	if allowed := o.Object("allowed_tools"); allowed != nil {
		return llm.ToolChoice{Mode: llm.ChoiceMode(allowed.Str("mode"))}
	}
	return llm.ToolChoice{}
}

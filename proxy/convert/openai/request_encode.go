package openai

import (
	"strconv"

	"squirrel/proxy/convert/wire"
	"squirrel/proxy/llm"
)

// EncodeRequest writes r as a chat completions body and reports what it could not hold.
func EncodeRequest(r *llm.Request, opt llm.RequestOptions) ([]byte, []llm.Dropped, error) {
	e := requestEncoder{r: r, traits: TraitsOf(opt.Model)}
	e.drops.AddAll(r.Dropped)
	if r.From != llm.Chat {
		e.traits.WithoutSampling(r, &e.drops)
	}
	w := &e.w
	w.Expect(opt.Size)
	w.Object("")
	w.Str("model", opt.Model)
	e.messages()
	e.limits()
	e.tools()
	e.reasoning()
	e.format()
	e.caller()
	w.Bool("stream", r.Stream)
	if r.Stream {
		w.Object("stream_options")
		w.Bool("include_usage", true)
		w.EndObject()
	}
	e.extra()
	w.EndObject()
	return w.Take(), e.drops.List(), nil
}

type requestEncoder struct {
	w      wire.Writer
	r      *llm.Request
	drops  llm.Drops
	traits Traits
}

// readsReasoning reports whether the target reads reasoning_content. OpenAI's own models do not, the others do or ignore it.
func (e *requestEncoder) readsReasoning() bool { return !e.traits.openAI }

// limits writes what bounds and shapes the sampling. OpenAI's models want max_completion_tokens; most others only know
// max_tokens.
func (e *requestEncoder) limits() {
	w, r := &e.w, e.r
	if e.traits.openAI {
		w.OptInt("max_completion_tokens", r.MaxOutput)
	} else {
		w.OptInt("max_tokens", r.MaxOutput)
	}
	w.OptNum("temperature", r.Temperature)
	w.OptNum("top_p", r.TopP)
	if r.From == llm.Chat {
		w.OptNum("top_k", r.TopK)
	} else if r.TopK != "" {
		e.drops.Add("top_k", "chat completions have no such parameter")
	}
	w.OptNum("seed", r.Seed)
	w.OptNum("frequency_penalty", r.FrequencyPenalty)
	w.OptNum("presence_penalty", r.PresencePenalty)
	w.OptInt("n", r.N)
	if len(r.Stop) > 0 {
		w.Array("stop")
		for _, s := range r.Stop {
			w.Str("", s)
		}
		w.EndArray()
	}
}

func (e *requestEncoder) reasoning() {
	effort := e.r.Reasoning.AsEffort()
	if e.r.From != llm.Chat && e.traits.dialect != noSwitch {
		e.thinkingSwitch()
		return
	}
	if e.r.From != llm.Chat {
		var note string
		if effort, note = e.traits.Effort(effort); note != "" {
			e.drops.Add(e.r.EffortName(), note)
		}
	}
	e.w.OptStr("reasoning_effort", effort)
	e.noteSummary()
}

func (e *requestEncoder) noteSummary() {
	if e.r.Reasoning.Summary != "" {
		e.drops.Add("reasoning.summary", "chat completions have no reasoning summaries")
	}
}

// thinkingSwitch asks a vendor in its own words to think, or not to. An effort goes along where it was given as one.
func (e *requestEncoder) thinkingSwitch() {
	w, r := &e.w, e.r.Reasoning
	e.noteSummary()
	if !r.Wanted() && !r.Off() {
		return
	}
	if e.traits.dialect == enableThinking {
		if r.Wanted() && !e.r.Stream { // Qwen's open models refuse to think in a whole answer
			e.drops.Add(e.r.EffortName(), "the model thinks in streams only")
			return
		}
		w.Bool("enable_thinking", r.Wanted())
		if r.Wanted() {
			w.OptInt("thinking_budget", r.Budget)
		}
		return
	}
	w.Object("thinking")
	if r.Off() {
		w.Str("type", "disabled")
	} else {
		w.Str("type", "enabled")
	}
	w.EndObject()
	if r.Wanted() && r.Effort != "" {
		w.Str("reasoning_effort", r.AsEffort())
	}
}

func (e *requestEncoder) format() {
	f := e.r.Format
	if f == nil {
		return
	}
	w := &e.w
	w.Object("response_format")
	w.Str("type", string(f.Kind))
	if f.Kind == llm.FormatSchema {
		w.Object("json_schema")
		name := f.Name
		if name == "" {
			name = "response"
		}
		w.Str("name", name)
		w.OptStr("description", f.Description)
		w.OptRaw("schema", f.Schema)
		w.OptBool("strict", f.Strict)
		w.EndObject()
	}
	w.EndObject()
}

func (e *requestEncoder) caller() {
	w, r := &e.w, e.r
	if r.User != "" {
		w.Str("user", llm.CallerID(r.User))
	}
	if r.SafetyID != "" {
		w.Str("safety_identifier", llm.CallerID(r.SafetyID))
	}
	if r.CacheKey != "" {
		w.Str("prompt_cache_key", llm.CallerID(r.CacheKey))
	}
	if r.From == llm.Chat {
		w.OptRaw("metadata", r.Metadata)
		w.OptBool("store", r.Store)
	} else if r.Metadata != nil {
		e.drops.Add("metadata", "chat completions take metadata only with store")
	}
	w.OptStr("verbosity", r.Verbosity)
	if r.From != llm.Messages {
		w.OptStr("service_tier", r.Tier)
	} else if r.Tier != "" && r.Tier != "auto" {
		e.drops.Add("service_tier", "the tiers of the two vendors differ")
	}
}

// extra writes unknown fields of the same dialect and reports those of others.
func (e *requestEncoder) extra() {
	for _, f := range e.r.Extra {
		if e.r.From == llm.Chat {
			e.w.Member(f.Name, f.Value)
			continue
		}
		e.drops.Add(f.Name, "chat completions have no such field")
	}
}

func (e *requestEncoder) tools() {
	w, r := &e.w, e.r
	if len(r.Tools) > 0 {
		w.Array("tools")
		for i := range r.Tools {
			e.tool(i, &r.Tools[i])
		}
		w.EndArray()
	}
	if r.ToolChoice.Mode != "" {
		writeChoice(w, r.ToolChoice)
	}
	w.OptBool("parallel_tool_calls", r.ParallelTools)
}

func (e *requestEncoder) tool(i int, t *llm.Tool) {
	w := &e.w
	if t.Kind == llm.ToolBuiltin {
		w.Raw("", t.Raw)
		return
	}
	if t.Cache != nil && e.r.From != llm.Chat {
		e.drops.Add("tools["+strconv.Itoa(i)+"].cache_control", "the provider caches by itself")
	}
	w.Object("")
	if t.Kind == llm.ToolCustom {
		w.Str("type", "custom")
		w.Object("custom")
		w.Str("name", t.Name)
		w.OptStr("description", t.Description)
		writeCustomFormat(w, wire.Parse(t.Schema))
	} else {
		w.Str("type", "function")
		w.Object("function")
		w.Str("name", t.Name)
		w.OptStr("description", t.Description)
		w.OptRaw("parameters", t.Schema)
		w.OptBool("strict", t.Strict)
	}
	w.EndObject()
	if e.r.From == llm.Chat {
		w.OptRaw("cache_control", t.Cache)
	}
	w.EndObject()
}

func writeCustomFormat(w *wire.Writer, format *wire.Object) {
	if format == nil {
		return
	}
	w.Object("format")
	w.Str("type", format.Str("type"))
	if definition := format.Str("definition"); definition != "" {
		w.Object("grammar")
		w.Str("syntax", format.Str("syntax"))
		w.Str("definition", definition)
		w.EndObject()
	}
	w.EndObject()
}

func writeChoice(w *wire.Writer, c llm.ToolChoice) {
	if c.Mode != llm.ChoiceTool {
		w.Str("tool_choice", string(c.Mode))
		return
	}
	kind := "function"
	if c.Custom {
		kind = "custom"
	}
	w.Object("tool_choice")
	w.Str("type", kind)
	w.Object(kind)
	w.Str("name", c.Name)
	w.EndObject()
	w.EndObject()
}

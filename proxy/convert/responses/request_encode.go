package responses

import (
	"strconv"

	"squirrel/proxy/convert/openai"
	"squirrel/proxy/convert/wire"
	"squirrel/proxy/llm"
)

// EncodeRequest writes r as a Responses body and reports what it could not hold. Errors are *llm.Error.
//
// Requests of other protocols carry their whole history, so nothing is stored at the provider, and reasoning is asked
// for in the encrypted form that can be sent back.
func EncodeRequest(r *llm.Request, opt llm.RequestOptions) ([]byte, []llm.Dropped, error) {
	if r.N > 1 {
		return nil, nil, llm.Unsupported("n", "the provider answers with one choice only")
	}
	e := requestEncoder{r: r}
	e.drops.AddAll(r.Dropped)
	if r.From != llm.Responses {
		e.fit(openai.TraitsOf(opt.Model))
	}
	w := &e.w
	w.Expect(opt.Size)
	w.Object("")
	w.Str("model", opt.Model)
	e.input(e.instructions())
	e.limit()
	w.OptNum("temperature", r.Temperature)
	w.OptNum("top_p", r.TopP)
	e.tools()
	e.reasoning()
	e.text()
	e.caller()
	w.Bool("stream", r.Stream)
	e.rest()
	w.EndObject()
	return w.Take(), e.drops.List(), nil
}

type requestEncoder struct {
	w     wire.Writer
	r     *llm.Request
	drops llm.Drops
}

// fit takes out of the request what the model is known to refuse.
func (e *requestEncoder) fit(t openai.Traits) {
	r := e.r
	t.WithoutSampling(r, &e.drops)
	if t.NeverReasons() {
		if r.Reasoning.Wanted() {
			e.drops.Add(r.EffortName(), "the model does not reason")
		}
		r.Reasoning = llm.Reasoning{}
		return
	}
	wanted := r.Reasoning.AsEffort()
	effort, note := t.Effort(wanted)
	if note != "" {
		e.drops.Add(r.EffortName(), note)
	}
	if effort != wanted {
		r.Reasoning = llm.Reasoning{Effort: effort, Summary: r.Reasoning.Summary}
	}
}

// minOutput is the smallest limit the API takes; clients probe other providers with a limit of 1.
const minOutput = 16

func (e *requestEncoder) limit() {
	limit := e.r.MaxOutput
	if limit > 0 && limit < minOutput && e.r.From != llm.Responses {
		limit = minOutput
		e.drops.Add("max_tokens", "the provider takes no limit below 16; 16 was sent")
	}
	e.w.OptInt("max_output_tokens", limit)
}

// instructions writes a leading prompt of one text into the field of its own and returns the messages that remain.
func (e *requestEncoder) instructions() []llm.Message {
	list := e.r.Messages
	if len(list) == 0 || list[0].Role != llm.RoleSystem || len(list[0].Parts) != 1 || !llm.AllText(list[0].Parts) {
		return list
	}
	e.noteCache(&list[0], list[0].Parts[0])
	e.w.Str("instructions", llm.JoinText(list[0].Parts, ""))
	return list[1:]
}

func (e *requestEncoder) reasoning() {
	effort := e.r.Reasoning.AsEffort()
	if effort == "" && e.r.Reasoning.Summary == "" {
		return
	}
	w := &e.w
	w.Object("reasoning")
	w.OptStr("effort", effort)
	summary := e.r.Reasoning.Summary
	if summary == "" && e.r.From != llm.Responses && e.r.Reasoning.Wanted() {
		summary = "auto" // the only text of the reasoning there is
	}
	w.OptStr("summary", summary)
	w.EndObject()
}

func (e *requestEncoder) text() {
	f := e.r.Format
	if f == nil && e.r.Verbosity == "" {
		return
	}
	w := &e.w
	w.Object("text")
	if f != nil {
		w.Object("format")
		w.Str("type", string(f.Kind))
		if f.Kind == llm.FormatSchema {
			name := f.Name
			if name == "" {
				name = "response"
			}
			w.Str("name", name)
			w.OptStr("description", f.Description)
			w.OptRaw("schema", f.Schema)
			w.OptBool("strict", f.Strict)
		}
		w.EndObject()
	}
	w.OptStr("verbosity", e.r.Verbosity)
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
	w.OptRaw("metadata", r.Metadata)
	switch {
	case r.From != llm.Messages:
		w.OptStr("service_tier", r.Tier)
	case r.Tier != "" && r.Tier != "auto":
		e.drops.Add("service_tier", "the tiers of the two vendors differ")
	}
	if r.From == llm.Responses {
		w.OptBool("store", r.Store)
		return
	}
	w.Bool("store", r.Store != nil && *r.Store)
	if r.Reasoning.Wanted() {
		w.Array("include")
		w.Str("", sealInclude)
		w.EndArray()
	}
}

// rest reports what has no place and writes unknown fields of the same dialect.
func (e *requestEncoder) rest() {
	r := e.r
	e.without("top_k", r.TopK != "")
	e.without("seed", r.Seed != "")
	e.without("frequency_penalty", r.FrequencyPenalty != "")
	e.without("presence_penalty", r.PresencePenalty != "")
	stop := "stop"
	if r.From == llm.Messages {
		stop = "stop_sequences"
	}
	e.without(stop, len(r.Stop) > 0)
	for _, f := range r.Extra {
		if r.From == llm.Responses {
			e.w.Member(f.Name, f.Value)
			continue
		}
		e.without(f.Name, true)
	}
}

func (e *requestEncoder) without(name string, given bool) {
	if given {
		e.drops.Add(name, "the Responses API has no such parameter")
	}
}

func (e *requestEncoder) tools() {
	w, r := &e.w, e.r
	if len(r.Tools) > 0 {
		w.Array("tools")
		for i := 0; i < len(r.Tools); {
			i = e.group(i)
		}
		w.EndArray()
	}
	switch c := r.ToolChoice; c.Mode {
	case "":
	case llm.ChoiceTool:
		w.Object("tool_choice")
		if c.Custom {
			w.Str("type", "custom")
		} else {
			w.Str("type", "function")
		}
		w.Str("name", c.Name)
		w.EndObject()
	default:
		w.Str("tool_choice", string(c.Mode))
	}
	w.OptBool("parallel_tool_calls", r.ParallelTools)
}

// group writes the tool at i, or all that follow it in the same namespace, and returns the index after them.
func (e *requestEncoder) group(i int) int {
	tools := e.r.Tools
	namespace := tools[i].Namespace
	if namespace == "" {
		e.tool(i)
		return i + 1
	}
	w := &e.w
	w.Object("")
	w.Str("type", "namespace")
	w.Str("name", namespace)
	w.Str("description", namespace)
	w.Array("tools")
	for ; i < len(tools) && tools[i].Namespace == namespace; i++ {
		e.tool(i)
	}
	w.EndArray()
	w.EndObject()
	return i
}

// tool writes one definition. Functions are strict by default in this API, and in no other.
func (e *requestEncoder) tool(i int) {
	w, t := &e.w, &e.r.Tools[i]
	if t.Kind == llm.ToolBuiltin {
		w.Raw("", t.Raw)
		return
	}
	if t.Cache != nil {
		e.drops.Add("tools["+strconv.Itoa(i)+"].cache_control", "the provider caches by itself")
	}
	w.Object("")
	if t.Kind == llm.ToolCustom {
		w.Str("type", "custom")
		w.Str("name", t.Name)
		w.OptStr("description", t.Description)
		w.OptRaw("format", t.Schema)
		w.EndObject()
		return
	}
	w.Str("type", "function")
	w.Str("name", t.Name)
	w.OptStr("description", t.Description)
	w.Raw("parameters", t.Schema)
	w.Bool("strict", t.Strict != nil && *t.Strict)
	w.EndObject()
}

// Package responses is the codec of OpenAI's Responses API: https://platform.openai.com/docs/api-reference/responses.
package responses

import (
	"encoding/json"
	"strconv"

	"squirrel/proxy/convert/wire"
	"squirrel/proxy/llm"
)

// sealInclude asks for reasoning that can be sent back without the provider having stored it.
const sealInclude = "reasoning.encrypted_content"

// DecodeRequest reads a request body, which must be valid JSON. Errors are *llm.Error.
func DecodeRequest(body []byte) (*llm.Request, error) {
	o := wire.Parse(body)
	if o == nil {
		return nil, llm.Invalid("", "the request body must be a JSON object")
	}
	r := &llm.Request{From: llm.Responses, Model: o.Str("model")}
	d := requestDecoder{r: r}
	d.instructions(o.Get("instructions"))
	if err := d.input(o.Get("input")); err != nil {
		return nil, err
	}
	r.MaxOutput = o.Int("max_output_tokens")
	r.Temperature = o.Num("temperature")
	r.TopP = o.Num("top_p")
	r.Stream = o.True("stream")
	d.caller(o)
	d.reasoning(o.Object("reasoning"))
	d.text(o.Object("text"))
	d.tools(o)
	d.state(o)
	d.include(o.Get("include"))
	d.echo(o)
	for name, value := range o.Rest() {
		if name == "truncation" && string(value) == `"disabled"` {
			continue
		}
		r.Extra = append(r.Extra, llm.Field{Name: name, Value: value})
	}
	if o.Wrong != "" {
		return nil, llm.Invalid(o.Wrong, "invalid type for '"+o.Wrong+"'")
	}
	r.Dropped = d.drops.List()
	return r, nil
}

type requestDecoder struct {
	r     *llm.Request
	drops llm.Drops
}

// instructions reads the prompt that stands outside of the input.
func (d *requestDecoder) instructions(raw json.RawMessage) {
	if text, ok := wire.String(raw); ok && text != "" {
		parts := []llm.Part{&llm.Text{Text: text}}
		d.r.Messages = append(d.r.Messages, llm.Message{Role: llm.RoleSystem, Parts: parts, Index: -1})
	}
}

func (d *requestDecoder) caller(o *wire.Object) {
	d.r.User = o.Str("user")
	d.r.SafetyID = o.Str("safety_identifier")
	d.r.CacheKey = o.Str("prompt_cache_key")
	d.r.Metadata = o.Get("metadata")
	d.r.Tier = o.Str("service_tier")
	d.r.Store = o.Bool("store")
}

func (d *requestDecoder) reasoning(o *wire.Object) {
	d.r.Reasoning.Effort = o.Str("effort")
	d.r.Reasoning.Summary = o.Str("summary")
	if old := o.Str("generate_summary"); d.r.Reasoning.Summary == "" {
		d.r.Reasoning.Summary = old
	}
	for name := range o.Rest() {
		d.drops.Add("reasoning."+name, "other protocols have no such setting")
	}
}

func (d *requestDecoder) text(o *wire.Object) {
	d.r.Verbosity = o.Str("verbosity")
	if f := o.Object("format"); f != nil {
		d.r.Format = &llm.Format{
			Kind: llm.FormatKind(f.Str("type")), Name: f.Str("name"), Description: f.Str("description"),
			Schema: f.Get("schema"), Strict: f.Bool("strict"),
		}
	}
}

// state notes the fields that refer to something the provider has stored, or ask it to store something.
func (d *requestDecoder) state(o *wire.Object) {
	for _, name := range []string{"previous_response_id", "conversation", "prompt"} {
		if raw := o.Get(name); raw != nil {
			d.r.State = append(d.r.State, name)
			d.r.Extra = append(d.r.Extra, llm.Field{Name: name, Value: raw})
		}
	}
	if o.True("background") {
		d.r.State = append(d.r.State, "background")
		d.r.Extra = append(d.r.Extra, llm.Field{Name: "background", Value: json.RawMessage("true")})
	}
	if d.r.Store != nil && *d.r.Store {
		d.r.State = append(d.r.State, "store")
	}
}

// include keeps what the target may understand. Encrypted reasoning needs no word: every conversion carries it.
func (d *requestDecoder) include(list json.RawMessage) {
	other := false
	for _, raw := range wire.Each(list) {
		name, _ := wire.String(raw)
		other = other || name != sealInclude
	}
	if other {
		d.r.Extra = append(d.r.Extra, llm.Field{Name: "include", Value: list})
	}
}

// echoed are the fields of a request that its answer repeats.
var echoed = []string{
	"instructions", "max_output_tokens", "max_tool_calls", "metadata", "parallel_tool_calls", "previous_response_id",
	"prompt_cache_key", "reasoning", "safety_identifier", "store", "temperature", "text", "tool_choice", "tools",
	"top_logprobs", "top_p", "truncation", "user",
}

func (d *requestDecoder) echo(o *wire.Object) {
	for name, value := range o.Members() {
		for _, known := range echoed {
			if name == known && !wire.IsNull(value) {
				d.r.Echo = append(d.r.Echo, llm.Field{Name: name, Value: value})
			}
		}
	}
}

func (d *requestDecoder) tools(o *wire.Object) {
	for i, raw := range wire.Each(o.Array("tools")) {
		d.tool("", "tools["+strconv.Itoa(i)+"]", raw)
	}
	d.r.ParallelTools = o.Bool("parallel_tool_calls")
	raw := o.Get("tool_choice")
	if mode, ok := wire.String(raw); ok {
		d.r.ToolChoice.Mode = llm.ChoiceMode(mode)
		return
	}
	choice := wire.Parse(raw)
	switch kind := choice.Str("type"); kind {
	case "function", "custom":
		d.r.ToolChoice = llm.ToolChoice{Mode: llm.ChoiceTool, Name: choice.Str("name"), Custom: kind == "custom"}
	case "allowed_tools":
		d.r.ToolChoice.Mode = llm.ChoiceMode(choice.Str("mode"))
		d.drops.Add("tool_choice.tools", "other protocols cannot narrow the tools down")
	case "":
	default:
		d.drops.Add("tool_choice", "a built-in tool of the provider")
	}
}

// tool reads a definition. A namespace holds more of them.
func (d *requestDecoder) tool(namespace, path string, raw json.RawMessage) {
	o := wire.Parse(raw)
	switch kind := o.Str("type"); kind {
	case "function":
		d.r.Tools = append(d.r.Tools, llm.Tool{
			From: llm.Responses, Name: o.Str("name"), Namespace: namespace, Description: o.Str("description"),
			Schema: o.Get("parameters"), Strict: o.Bool("strict"),
		})
		for name := range o.Rest() {
			d.drops.Add(path+"."+name, "unknown field of a tool")
		}
	case "custom":
		d.r.Tools = append(d.r.Tools, llm.Tool{
			Kind: llm.ToolCustom, From: llm.Responses, Name: o.Str("name"), Namespace: namespace,
			Description: o.Str("description"), Schema: o.Get("format"),
		})
	case "namespace":
		for i, inner := range wire.Each(o.Array("tools")) {
			d.tool(o.Str("name"), path+".tools["+strconv.Itoa(i)+"]", inner)
		}
	default:
		d.r.Tools = append(d.r.Tools, llm.Tool{Kind: llm.ToolBuiltin, From: llm.Responses, Type: kind, Raw: raw})
	}
}

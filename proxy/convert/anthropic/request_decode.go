// Package anthropic is the codec of Anthropic's Messages API: https://docs.anthropic.com/en/api/messages.
package anthropic

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
	r := &llm.Request{From: llm.Messages, Model: o.Str("model")}
	d := requestDecoder{r: r}
	d.system(o.Get("system"))
	if err := d.messages(o.Array("messages")); err != nil {
		return nil, err
	}
	r.MaxOutput = o.Int("max_tokens")
	r.Temperature = o.Num("temperature")
	r.TopP = o.Num("top_p")
	r.TopK = o.Num("top_k")
	for _, raw := range wire.Each(o.Array("stop_sequences")) {
		if s, ok := wire.String(raw); ok {
			r.Stop = append(r.Stop, s)
		}
	}
	r.Stream = o.True("stream")
	r.Tier = o.Str("service_tier")
	d.caller(o)
	d.tools(o)
	d.output(o)
	for name, value := range o.Rest() {
		if name == "thread" {
			r.State = append(r.State, name)
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

// system reads the prompt that stands outside of the messages.
func (d *requestDecoder) system(raw json.RawMessage) {
	if parts := d.content("system", raw); len(parts) > 0 {
		d.r.Messages = append(d.r.Messages, llm.Message{Role: llm.RoleSystem, Parts: parts, Index: -1})
	}
}

func (d *requestDecoder) caller(o *wire.Object) {
	metadata := o.Object("metadata")
	d.r.User = metadata.Str("user_id")
	for name := range metadata.Rest() {
		d.drops.Add("metadata."+name, "unknown field")
	}
}

// output reads how the answer shall look and how long the model shall think.
func (d *requestDecoder) output(o *wire.Object) {
	if t := o.Object("thinking"); t != nil {
		d.r.Reasoning.Mode = llm.ThinkingMode(t.Str("type"))
		d.r.Reasoning.Budget = t.Int("budget_tokens")
		d.r.Reasoning.Display = t.Str("display")
		for name := range t.Rest() {
			d.drops.Add("thinking."+name, "unknown field")
		}
	}
	d.r.Format = decodeFormat(o.Object("output_format"))
	config := o.Object("output_config")
	d.r.Reasoning.Effort = config.Str("effort")
	if f := decodeFormat(config.Object("format")); f != nil {
		d.r.Format = f
	}
	for name := range config.Rest() {
		d.drops.Add("output_config."+name, "other protocols have no such setting")
	}
}

func decodeFormat(o *wire.Object) *llm.Format {
	if o == nil {
		return nil
	}
	return &llm.Format{Kind: llm.FormatKind(o.Str("type")), Name: o.Str("name"), Schema: o.Get("schema")}
}

func (d *requestDecoder) tools(o *wire.Object) {
	for i, raw := range wire.Each(o.Array("tools")) {
		tool := wire.Parse(raw)
		t := decodeTool(tool, raw)
		d.r.Tools = append(d.r.Tools, t)
		if t.Kind == llm.ToolBuiltin {
			continue
		}
		for name := range tool.Rest() {
			d.drops.Add("tools["+strconv.Itoa(i)+"]."+name, "unknown field of a tool")
		}
	}
	choice := o.Object("tool_choice")
	switch choice.Str("type") {
	case "auto":
		d.r.ToolChoice.Mode = llm.ChoiceAuto
	case "none":
		d.r.ToolChoice.Mode = llm.ChoiceNone
	case "any":
		d.r.ToolChoice.Mode = llm.ChoiceRequired
	case "tool":
		d.r.ToolChoice = llm.ToolChoice{Mode: llm.ChoiceTool, Name: choice.Str("name")}
	}
	if serial := choice.Bool("disable_parallel_tool_use"); serial != nil {
		parallel := !*serial
		d.r.ParallelTools = &parallel
	}
}

// decodeTool reads a tool definition. Server tools have a type other than "custom".
func decodeTool(o *wire.Object, raw json.RawMessage) llm.Tool {
	if kind := o.Str("type"); kind != "" && kind != "custom" {
		return llm.Tool{Kind: llm.ToolBuiltin, From: llm.Messages, Type: kind, Name: o.Str("name"), Raw: raw}
	}
	return llm.Tool{
		From: llm.Messages, Name: o.Str("name"), Description: o.Str("description"),
		Schema: o.Get("input_schema"), Strict: o.Bool("strict"), Cache: o.Get("cache_control"),
	}
}

package convert

import (
	"encoding/json"
	"strconv"
	"strings"

	"squirrel/proxy/convert/wire"
	"squirrel/proxy/llm"
)

// fit changes a request so that the target can say it: what the target lacks is replaced by something it has, and what
// that does to the answer goes to carry.
func fit(r *llm.Request, target llm.Dialect, opt Options, carry *Carry) error {
	carry.includeUsage = r.IncludeUsage
	carry.echo = r.Echo
	if r.From == target {
		return nil
	}
	if err := refuseState(r); err != nil {
		return err
	}
	f := fitter{r: r, target: target, carry: carry}
	f.drops.AddAll(r.Dropped)
	f.limit(int64(opt.MaxOutput))
	f.tools()
	f.history()
	f.pairResults()
	switch {
	case target == llm.Messages && !opt.NativeSchema:
		f.formatTool()
	case target == llm.Messages && r.Format != nil:
		r.Format.Schema = closedSchema(r.Format.Schema, "response_format.json_schema.schema", &f.drops)
	}
	r.Dropped = f.drops.List()
	return nil
}

// limit keeps the output limit below what the model can write: clients ask for what their own vendor's models can, and get a refusal.
func (f *fitter) limit(most int64) {
	if most <= 0 || f.r.MaxOutput <= most {
		return
	}
	name := "max_tokens"
	if f.r.From == llm.Responses {
		name = "max_output_tokens"
	}
	number := strconv.FormatInt(most, 10)
	f.drops.Add(name, "the model writes at most "+number+" tokens; "+number+" was sent")
	f.r.MaxOutput = most
}

type fitter struct {
	r      *llm.Request
	target llm.Dialect
	carry  *Carry
	drops  llm.Drops
}

// refuseState refuses requests that refer to something stored at a provider: without it they mean something else.
func refuseState(r *llm.Request) error {
	if len(r.State) == 0 {
		return nil
	}
	field := r.State[0]
	if field == "thread" { // Anthropic's tool runner falls back to plain requests on exactly this error
		return &llm.Error{
			Status: 400, Type: llm.ErrInvalidRequest, Code: llm.CodeThreadUnsupported, Param: field,
			Message: "thread is not supported by the provider of this model",
			Details: json.RawMessage(`{"error_code":"` + llm.CodeThreadUnsupported + `","unsupported":["thread"]}`),
		}
	}
	return llm.Unsupported(field, "'"+field+"' refers to stored state, which only a Responses provider has")
}

// nameLimit returns the length of tool names the target takes.
func (f *fitter) nameLimit() int {
	if f.target == llm.Messages {
		return 128
	}
	return 64
}

// wireName returns the name a tool has at the target: namespaces become prefixes, long and odd names are shortened.
func (f *fitter) wireName(namespace, name string) string {
	full := name
	if namespace != "" && f.target != llm.Responses {
		full = namespace + "__" + name
	}
	return llm.SafeName(full, f.nameLimit())
}

// takesCustom reports whether the target has free-form tools. Of the vendors of chat completions only OpenAI has them.
func (f *fitter) takesCustom() bool { return f.target == llm.Responses }

func (f *fitter) tools() {
	kept := f.r.Tools[:0:0]
	for i := range f.r.Tools {
		t := f.r.Tools[i]
		path := "tools[" + strconv.Itoa(i) + "]"
		if t.Kind == llm.ToolBuiltin {
			f.drops.Add(path, "the provider has no tool of type "+t.Type)
			continue
		}
		kept = append(kept, f.tool(t, path))
	}
	choice := f.r.ToolChoice
	if choice.Mode == llm.ChoiceTool {
		f.r.ToolChoice = f.namedChoice(choice, kept)
	}
	f.r.Tools = kept
	if len(kept) == 0 {
		f.r.ToolChoice, f.r.ParallelTools = llm.ToolChoice{}, nil
	}
}

func (f *fitter) tool(t llm.Tool, path string) llm.Tool {
	ref := toolRef{name: t.Name, namespace: t.Namespace}
	if t.Kind == llm.ToolCustom && !f.takesCustom() {
		ref.custom = true
		t.Kind, t.Description, t.Schema = llm.ToolFunction, customDescription(t), customSchema
	} else if t.Kind == llm.ToolFunction {
		t.Schema = fitSchema(t.Schema, path, &f.drops)
		t.Strict = f.strict(t, path)
	}
	t.Name = f.wireName(t.Namespace, t.Name)
	if f.target != llm.Responses {
		t.Namespace = ""
	}
	if t.Name != ref.name || ref.custom || ref.namespace != t.Namespace {
		f.carry.remember(t.Name, ref)
	}
	return t
}

// strict keeps the demand for exact arguments where the target knows it and would accept the schema.
func (f *fitter) strict(t llm.Tool, path string) *bool {
	if t.Strict == nil || !*t.Strict {
		return nil
	}
	if f.target == llm.Messages || f.r.From == llm.Messages && !strictSchema(t.Schema) {
		f.drops.Add(path+".strict", "the provider does not take strict schemas of this kind")
		return nil
	}
	return t.Strict
}

// namedChoice keeps a choice only if the tool is still there.
func (f *fitter) namedChoice(c llm.ToolChoice, kept []llm.Tool) llm.ToolChoice {
	for _, t := range kept {
		ref, renamed := f.carry.tools[t.Name]
		if t.Name == c.Name || renamed && ref.name == c.Name {
			return llm.ToolChoice{Mode: llm.ChoiceTool, Name: t.Name, Custom: t.Kind == llm.ToolCustom}
		}
	}
	f.drops.Add("tool_choice", "the chosen tool does not exist at the provider")
	return llm.ToolChoice{}
}

// customSchema is the form a free-form tool takes as a function.
var customSchema = json.RawMessage(
	`{"type":"object","properties":{"input":{"type":"string"}},"required":["input"],"additionalProperties":false}`)

// customDescription tells the model about the grammar its input has to follow.
func customDescription(t llm.Tool) string {
	format := wire.Parse(t.Schema)
	definition := format.Str("definition")
	if definition == "" {
		return t.Description
	}
	return strings.TrimSpace(t.Description+"\n\n"+"The input must follow this "+format.Str("syntax")+" grammar:") + "\n" + definition
}

// history gives the calls of the conversation so far the names and forms that the tools got.
func (f *fitter) history() {
	for i := range f.r.Messages {
		m := &f.r.Messages[i]
		for j, p := range m.Parts {
			switch p := p.(type) {
			case *llm.ToolCall:
				m.Parts[j] = f.call(*p)
			case *llm.ToolResult:
				p.Custom = p.Custom && f.takesCustom()
			}
		}
	}
}

func (f *fitter) call(c llm.ToolCall) *llm.ToolCall {
	c.Name = f.wireName(c.Namespace, c.Name)
	if f.target != llm.Responses {
		c.Namespace = ""
	}
	if c.Custom && !f.takesCustom() {
		var w wire.Writer
		w.Object("")
		w.Str("input", c.Arguments)
		w.EndObject()
		c.Custom, c.Arguments = false, string(w.Take())
	}
	return &c
}

// formatToolName is the tool whose arguments are the structured answer.
const formatToolName = "structured_answer"

// formatTool asks for a structured answer in the way every Anthropic model understands: by making it call a tool.
func (f *fitter) formatTool() {
	format := f.r.Format
	if format == nil || format.Kind != llm.FormatSchema {
		return
	}
	if f.r.ToolChoice.Mode == llm.ChoiceTool {
		f.drops.Add("response_format", "a forced tool call leaves no room for a structured answer")
		f.r.Format = nil
		return
	}
	name := formatToolName
	for f.hasTool(name) {
		name += "_"
	}
	description := "Gives the final answer to the user."
	if format.Description != "" {
		description += " " + format.Description
	}
	choice := llm.ToolChoice{Mode: llm.ChoiceTool, Name: name}
	if len(f.r.Tools) > 0 && f.r.ToolChoice.Mode != llm.ChoiceNone {
		choice = llm.ToolChoice{Mode: llm.ChoiceRequired}
	} else {
		once := false
		f.r.ParallelTools = &once
	}
	f.r.Tools = append(f.r.Tools, llm.Tool{
		Name: name, Description: description, Schema: fitSchema(format.Schema, "response_format.json_schema.schema", &f.drops),
	})
	f.r.ToolChoice, f.r.Format = choice, nil
	f.carry.formatTool = name
}

func (f *fitter) hasTool(name string) bool {
	for _, t := range f.r.Tools {
		if t.Name == name {
			return true
		}
	}
	return false
}

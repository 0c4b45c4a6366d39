package sdktest

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// asker makes random requests: everything the three protocols let a client say that every provider can answer.
type asker struct {
	*rand.Rand
	tools []string // names of the functions in the request
	calls int
}

func (a *asker) chance(percent int) bool { return a.IntN(100) < percent }

func pick[T any](a *asker, from ...T) T { return from[a.IntN(len(from))] }

const (
	aPNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
	aPDF = "JVBERi0xLjQKMSAwIG9iajw8L1R5cGUvQ2F0YWxvZz4+ZW5kb2JqCnRyYWlsZXI8PC9Sb290IDEgMCBSPj4KJSVFT0YK"
)

// question is what the user says last. It may ask for the tools by name.
func (a *asker) question() string {
	text := pick(a, "Why do squirrels hide acorns?", "größe \"quoted\" 🐿️ \\ and\n\tcontrol\u0001", "call get_weather for Paris", "call get_weather twice in parallel",
		"call get_weather and get_time", "Tell me about walnuts.", strings.Repeat("A long story about an oak. ", 400), "call apply_patch")
	return fmt.Sprint(text, " #", a.IntN(1e6))
}

var schemas = map[string]object{
	"get_weather": {"type": "object", "properties": object{"city": object{"type": "string"}, "days": object{"type": "integer"}}, "required": []string{"city"}, "additionalProperties": false},
	"get_time":    {"type": "object", "properties": object{"zone": object{"type": "string", "enum": []string{"UTC", "CET"}}, "exact": object{"type": "boolean"}}},
	"nothing":     {"type": "object", "properties": object{}},
}

// pickTools chooses the functions of the request.
func (a *asker) pickTools() {
	for _, name := range []string{"get_weather", "get_time", "nothing"} {
		if a.chance(60) {
			a.tools = append(a.tools, name)
		}
	}
}

func (a *asker) id(prefix string) string {
	a.calls++
	return fmt.Sprintf("%s%d_%d", prefix, a.calls, a.IntN(1e6))
}

// maybe gives a request an optional field.
func (a *asker) maybe(o object, percent int, name string, value any) {
	if a.chance(percent) {
		o[name] = value
	}
}

var answerSchema = object{"type": "object", "properties": object{"answer": object{"type": "string"}, "n": object{"type": "integer"}}, "required": []string{"answer", "n"}, "additionalProperties": false}

// chat makes a chat completions body.
func (a *asker) chat() object {
	var messages []object
	say := func(role string, content any) { messages = append(messages, object{"role": role, "content": content}) }
	if a.chance(60) {
		say(pick(a, "system", "developer"), pick[any](a, "Be brief.", []object{{"type": "text", "text": "Be brief."}}))
	}
	a.pickTools()
	for range a.IntN(3) {
		say("user", a.question())
		if len(a.tools) > 0 && a.chance(60) {
			messages = append(messages, a.chatCalls()...)
		}
		say("assistant", "Well, "+a.question())
	}
	parts := []object{{"type": "text", "text": a.question()}}
	if a.chance(20) {
		parts = append(parts, object{"type": "image_url", "image_url": object{"url": pick(a, "data:image/png;base64,"+aPNG, "data:;base64,"+aPNG, "https://example.com/a.png"), "detail": "low"}})
	}
	if a.chance(15) {
		parts = append(parts, object{"type": "file", "file": object{"filename": "a.pdf", "file_data": "data:application/pdf;base64," + aPDF}})
	}
	say("user", pick[any](a, parts, parts[0]["text"]))
	if len(a.tools) > 0 && a.chance(15) {
		messages = append(messages, a.chatCalls()...)
	}
	body := object{"messages": messages}
	forced := false
	if len(a.tools) > 0 {
		var tools []object
		for _, name := range a.tools {
			tools = append(tools, object{"type": "function", "function": object{"name": name, "description": "About " + name, "parameters": schemas[name]}})
		}
		body["tools"] = tools
		if a.chance(30) {
			choice := pick[any](a, "auto", "none", "required", object{"type": "function", "function": object{"name": a.tools[0]}})
			_, named := choice.(object)
			body["tool_choice"], forced = choice, named || choice == "required"
		}
		a.maybe(body, 20, "parallel_tool_calls", a.chance(50))
	}
	if !forced && a.chance(20) {
		body["response_format"] = pick(a, object{"type": "json_object"}, object{"type": "json_schema", "json_schema": object{"name": "reply", "schema": answerSchema, "strict": true}}, object{"type": "text"})
	}
	a.maybe(body, 15, "reasoning_effort", pick(a, "minimal", "low", "medium", "high"))
	a.maybe(body, 30, "temperature", float64(a.IntN(20))/10)
	a.maybe(body, 10, "top_p", 0.9)
	a.maybe(body, 15, "stop", pick[any](a, "acorn", []string{"oak", "\n\n"}))
	a.maybe(body, 30, pick(a, "max_tokens", "max_completion_tokens"), 5+a.IntN(2000))
	a.maybe(body, 10, "seed", a.IntN(1e6))
	a.maybe(body, 10, "logprobs", true)
	a.maybe(body, 20, "user", strings.Repeat("u", 1+a.IntN(60)))
	a.maybe(body, 10, "frequency_penalty", 0.5)
	return body
}

// chatCalls are an assistant's calls and their results.
func (a *asker) chatCalls() []object {
	var calls, results []object
	for range 1 + a.IntN(2) {
		id := a.id("call_")
		calls = append(calls, object{"id": id, "type": "function", "function": object{"name": pick(a, a.tools...), "arguments": pick(a, `{"city":"Paris"}`, `{}`, ` {"zone" : "UTC"} `)}})
		results = append(results, object{"role": "tool", "tool_call_id": id, "content": pick[any](a, "21 degrees", "", []object{{"type": "text", "text": "21"}, {"type": "text", "text": "degrees"}})})
	}
	if len(results) > 1 && a.chance(30) {
		results[0], results[1] = results[1], results[0]
	}
	message := object{"role": "assistant", "tool_calls": calls, "content": pick[any](a, nil, "Let me look.")}
	a.maybe(message, 20, "reasoning_content", "I should look.")
	return append([]object{message}, results...)
}

// messages makes a Messages body.
func (a *asker) messages() object {
	var messages []object
	say := func(role string, content any) { messages = append(messages, object{"role": role, "content": content}) }
	a.pickTools()
	thinking := a.chance(25)
	for range a.IntN(3) {
		say("user", a.question())
		if len(a.tools) > 0 && a.chance(60) {
			messages = append(messages, a.toolUses(thinking)...)
		}
		say("assistant", []object{{"type": "text", "text": "Well, " + a.question()}})
	}
	parts := []object{{"type": "text", "text": a.question()}}
	if a.chance(20) {
		source := pick(a, object{"type": "base64", "media_type": "image/png", "data": aPNG}, object{"type": "url", "url": "https://example.com/a.png"})
		parts = append(parts, object{"type": "image", "source": source})
	}
	if a.chance(15) {
		source := pick(a, object{"type": "base64", "media_type": "application/pdf", "data": aPDF}, object{"type": "text", "media_type": "text/plain", "data": "plain"})
		parts = append(parts, object{"type": "document", "source": source, "title": "A paper"})
	}
	a.maybe(parts[0], 20, "cache_control", object{"type": "ephemeral"})
	say("user", parts)
	if len(a.tools) > 0 && a.chance(15) {
		messages = append(messages, a.toolUses(thinking)...)
	}
	body := object{"messages": messages, "max_tokens": 5 + a.IntN(2000)}
	a.maybe(body, 50, "system", pick[any](a, "Be brief.", []object{{"type": "text", "text": "Be brief.", "cache_control": object{"type": "ephemeral"}}}))
	if len(a.tools) > 0 {
		var tools []object
		for _, name := range a.tools {
			tools = append(tools, object{"name": name, "description": "About " + name, "input_schema": schemas[name]})
		}
		body["tools"] = tools
		if !thinking && a.chance(30) {
			body["tool_choice"] = pick(a, object{"type": "auto"}, object{"type": "none"}, object{"type": "any"}, object{"type": "tool", "name": a.tools[0], "disable_parallel_tool_use": true})
		}
	}
	if thinking {
		body["thinking"] = pick(a, object{"type": "enabled", "budget_tokens": 1024 + a.IntN(3000)}, object{"type": "adaptive"})
		body["max_tokens"] = 5000
		a.maybe(body, 30, "output_config", object{"effort": pick(a, "low", "high", "max")})
	} else {
		a.maybe(body, 30, "temperature", float64(a.IntN(10))/10)
		a.maybe(body, 10, "top_k", 40)
	}
	a.maybe(body, 15, "stop_sequences", []string{"acorn", "oak"})
	a.maybe(body, 30, "metadata", object{"user_id": strings.Repeat("u", 1+a.IntN(200))})
	return body
}

// toolUses are an assistant's calls and the message with their results.
func (a *asker) toolUses(thinking bool) []object {
	var blocks, results []object
	if thinking {
		blocks = append(blocks, object{"type": "thinking", "thinking": "I should look.", "signature": "c2lnbmF0dXJl"})
	}
	if a.chance(50) {
		blocks = append(blocks, object{"type": "text", "text": "Let me look."})
	}
	for range 1 + a.IntN(2) {
		id := a.id("toolu_")
		blocks = append(blocks, object{"type": "tool_use", "id": id, "name": pick(a, a.tools...), "input": pick(a, object{"city": "Paris"}, object{})})
		result := object{"type": "tool_result", "tool_use_id": id}
		a.maybe(result, 80, "content", pick[any](a, "21 degrees", []object{{"type": "text", "text": "21"}, {"type": "image", "source": object{"type": "base64", "media_type": "image/png", "data": aPNG}}}))
		a.maybe(result, 20, "is_error", true)
		results = append(results, result)
	}
	if a.chance(30) {
		results = append(results, object{"type": "text", "text": a.question()})
	}
	return []object{{"role": "assistant", "content": blocks}, {"role": "user", "content": results}}
}

// responses makes a Responses body.
func (a *asker) responses() object {
	var input []object
	say := func(role string, content any) {
		item := object{"role": role, "content": content}
		a.maybe(item, 50, "type", "message")
		input = append(input, item)
	}
	a.maybeSay(say)
	a.pickTools()
	for range a.IntN(3) {
		say("user", a.question())
		if len(a.tools) > 0 && a.chance(60) {
			input = append(input, a.callItems()...)
		}
		input = append(input, object{"type": "message", "id": a.id("msg_"), "status": "completed", "role": "assistant", "content": []object{{"type": "output_text", "text": "Well, " + a.question(), "annotations": []object{}}}})
	}
	parts := []object{{"type": "input_text", "text": a.question()}}
	if a.chance(20) {
		parts = append(parts, object{"type": "input_image", "image_url": "data:image/png;base64," + aPNG, "detail": "auto"})
	}
	if a.chance(15) {
		parts = append(parts, object{"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64," + aPDF})
	}
	say("user", pick[any](a, parts, parts[0]["text"]))
	body := object{"input": input, "store": false}
	if len(input) == 1 && a.chance(50) {
		body["input"] = a.question()
	}
	a.maybe(body, 50, "instructions", "Be brief.")
	forced := a.responsesTools(body)
	if !forced && a.chance(20) {
		body["text"] = object{"format": pick(a, object{"type": "json_schema", "name": "reply", "schema": answerSchema, "strict": true}, object{"type": "text"})}
	}
	if a.chance(25) {
		body["reasoning"] = object{"effort": pick(a, "low", "medium", "high"), "summary": "auto"}
		body["include"] = []string{"reasoning.encrypted_content"}
	}
	a.maybe(body, 20, "temperature", float64(a.IntN(20))/10)
	a.maybe(body, 30, "max_output_tokens", 16+a.IntN(2000))
	a.maybe(body, 20, "metadata", object{"k": "v"})
	a.maybe(body, 20, "prompt_cache_key", "k")
	return body
}

func (a *asker) maybeSay(say func(string, any)) {
	if a.chance(30) {
		say(pick(a, "system", "developer"), "Be brief.")
	}
}

func (a *asker) responsesTools(body object) (forced bool) {
	var tools []object
	for _, name := range a.tools {
		tools = append(tools, object{"type": "function", "name": name, "description": "About " + name, "parameters": schemas[name], "strict": false})
	}
	if a.chance(25) {
		tools = append(tools, object{"type": "custom", "name": "apply_patch", "description": "Edits files."}, object{"type": "web_search"},
			object{"type": "namespace", "name": "gh", "description": "GitHub", "tools": []object{{"type": "function", "name": "list_issues", "parameters": schemas["nothing"], "strict": false}}})
	}
	if len(tools) == 0 {
		return false
	}
	body["tools"] = tools
	a.maybe(body, 20, "parallel_tool_calls", a.chance(50))
	if len(a.tools) > 0 && a.chance(30) {
		choice := pick[any](a, "auto", "none", "required", object{"type": "function", "name": a.tools[0]})
		_, named := choice.(object)
		body["tool_choice"], forced = choice, named || choice == "required"
	}
	return forced
}

// callItems are calls and their outputs, after the reasoning that led to them.
func (a *asker) callItems() []object {
	var items, outputs []object
	if a.chance(30) {
		items = append(items, object{"type": "reasoning", "id": a.id("rs_"), "summary": []object{{"type": "summary_text", "text": "I should look."}}, "encrypted_content": "gAAAAABo"})
	}
	for range 1 + a.IntN(2) {
		id := a.id("call_")
		items = append(items, object{"type": "function_call", "id": a.id("fc_"), "call_id": id, "name": pick(a, a.tools...), "arguments": `{"city":"Paris"}`})
		outputs = append(outputs, object{"type": "function_call_output", "call_id": id, "output": pick[any](a, "21 degrees", []object{{"type": "input_text", "text": "21"}})})
	}
	return append(items, outputs...)
}

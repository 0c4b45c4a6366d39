package tap

import (
	"encoding/json"
	"strings"

	"squirrel/models"
	"squirrel/proxy/sse"

	"github.com/tidwall/gjson"
)

// responseStream follows the Responses API (OpenAI API reference, "Streaming events"). Its last event holds the whole
// answer; until that comes, the output items are put together.
type responseStream struct {
	*seen
	response []byte // the latest response object
	final    bool   // it came with the last event and holds the output
	items    []item
}

// item is an output item: as it was added, then grown by deltas, then as it was when done.
type item struct {
	index int64
	raw   []byte
	done  bool
	parts []part
}

// part is a text within an item: its content, its reasoning summary, or its arguments.
type part struct {
	kind  string
	index int64
	text  text
}

const (
	maxItems = 4096
	maxParts = 1024
)

func (r *responseStream) event(ev sse.Event, root gjson.Result) {
	switch name := typeOf(ev, root); name {
	case "response.output_item.added", "response.output_item.done":
		r.item(root, strings.HasSuffix(name, "done"))
	case "response.created", "response.queued", "response.in_progress":
		r.take(root.Get("response"))
	case "response.completed", "response.failed", "response.incomplete":
		r.take(root.Get("response"))
		r.finish = responseFinish(root.Get("response"))
		r.final, r.terminated = root.Get("response.output").IsArray() || len(r.items) == 0, true
		if name == "response.failed" {
			r.fail(models.ProtocolResponses, ev)
		}
	case "error", "":
		r.fail(models.ProtocolResponses, ev)
	default:
		if kind, ok := strings.CutSuffix(name, ".delta"); ok {
			r.delta(strings.TrimPrefix(kind, "response."), root)
		}
	}
}

// take keeps a response object instead of the one before.
func (r *responseStream) take(response gjson.Result) {
	if !response.IsObject() {
		return
	}
	note(&r.id, response.Get("id"))
	note(&r.model, response.Get("model"))
	if usage := response.Get("usage"); usage.IsObject() {
		r.counts.update(readUsage(usage, models.ProtocolResponses))
	}
	r.budget.left += len(r.response)
	r.response = r.response[:0]
	if r.budget.take(len(response.Raw)) {
		r.response = append(r.response, response.Raw...)
	}
}

// responseFinish is completed, failed, or what made the answer incomplete.
func responseFinish(response gjson.Result) string {
	var finish string
	note(&finish, response.Get("status"))
	if finish == "incomplete" {
		var reason string
		if note(&reason, response.Get("incomplete_details.reason")); reason != "" {
			return reason
		}
	}
	return finish
}

func (r *responseStream) item(root gjson.Result, done bool) {
	it := r.find(root.Get("output_index").Int())
	raw := root.Get("item").Raw
	if it == nil || !r.budget.take(len(raw)) {
		return
	}
	r.budget.left += len(it.raw)
	it.raw = append(it.raw[:0], raw...)
	if done {
		for i := range it.parts {
			r.budget.left += len(it.parts[i].text.head)
		}
		it.done, it.parts = true, nil
	}
}

func (r *responseStream) find(index int64) *item {
	for i := len(r.items) - 1; i >= 0; i-- {
		if r.items[i].index == index {
			return &r.items[i]
		}
	}
	if len(r.items) == maxItems || !r.budget.take(overhead) {
		return nil
	}
	r.items = append(r.items, item{index: index})
	return &r.items[len(r.items)-1]
}

func (r *responseStream) delta(kind string, root gjson.Result) {
	var output, index int64
	var delta gjson.Result
	members(root, func(key string, v gjson.Result) {
		switch key {
		case "output_index":
			output = v.Int()
		case "content_index", "summary_index":
			index = v.Int()
		case "delta":
			delta = v
		}
	})
	piece := inner(delta)
	r.budget.text += int64(len(piece))
	it := r.find(output)
	if it == nil || it.done {
		return
	}
	if p := it.part(kind, index, &r.budget); p != nil {
		p.text.add(piece, &r.budget)
	}
}

func (it *item) part(kind string, index int64, b *budget) *part {
	for i := len(it.parts) - 1; i >= 0; i-- {
		if it.parts[i].kind == kind && it.parts[i].index == index {
			return &it.parts[i]
		}
	}
	if len(it.parts) == maxParts || !b.take(overhead) {
		return nil
	}
	it.parts = append(it.parts, part{kind: strings.Clone(kind), index: index})
	return &it.parts[len(it.parts)-1]
}

func (r *responseStream) write(w *writer) {
	if r.final && len(r.response) > 0 {
		w.raw(r.response)
		return
	}
	w.open('{')
	members(gjson.ParseBytes(r.response), func(key string, v gjson.Result) {
		if key != "output" {
			w.key(key)
			w.raw([]byte(v.Raw))
		}
	})
	w.key("output")
	w.open('[')
	for i := range r.items {
		r.items[i].write(w)
	}
	w.close(']')
	w.close('}')
}

// lists are the members of an item that hold its parts, by the kind of delta.
var lists = map[string]struct{ member, partType, text string }{
	"output_text":            {"content", "output_text", "text"},
	"refusal":                {"content", "refusal", "refusal"},
	"reasoning_text":         {"content", "reasoning_text", "text"},
	"reasoning_summary_text": {"summary", "summary_text", "text"},
}

// grown are the string members that other deltas grow.
var grown = map[string]string{
	"function_call_arguments":    "arguments",
	"mcp_call_arguments":         "arguments",
	"custom_tool_call_input":     "input",
	"code_interpreter_call_code": "code",
}

// write writes an item; the parts of an unfinished one replace the empty members it was added with.
func (it *item) write(w *writer) {
	if len(it.parts) == 0 {
		w.raw(it.raw)
		return
	}
	replaced := map[string]bool{}
	for _, p := range it.parts {
		replaced[p.member()] = true
	}
	w.open('{')
	members(gjson.ParseBytes(it.raw), func(key string, v gjson.Result) {
		if !replaced[key] {
			w.key(key)
			w.raw([]byte(v.Raw))
		}
	})
	for i := range it.parts {
		p := &it.parts[i]
		if !replaced[p.member()] {
			continue // written with the first part of its list
		}
		replaced[p.member()] = false
		w.key(p.member())
		if _, list := lists[p.kind]; list {
			it.writeList(w, p.member())
		} else {
			w.text("", &p.text)
		}
	}
	w.close('}')
}

func (it *item) writeList(w *writer, member string) {
	w.open('[')
	for i := range it.parts {
		p := &it.parts[i]
		if list, ok := lists[p.kind]; ok && list.member == member {
			w.open('{')
			w.key("type")
			w.string(list.partType)
			w.key(list.text)
			w.text("", &p.text)
			w.close('}')
		}
	}
	w.close(']')
}

// member is the member of the item that the part belongs to.
func (p *part) member() string {
	if list, ok := lists[p.kind]; ok {
		return list.member
	}
	if member, ok := grown[p.kind]; ok {
		return member
	}
	return p.kind
}

func isObject(data []byte) bool { return firstByte(data) == '{' && json.Valid(data) }

package tap

import (
	"squirrel/models"
	"squirrel/proxy/sse"

	"github.com/tidwall/gjson"
)

// chatStream follows chat completions and the legacy completions (OpenAI API reference, "chat.completion.chunk" and
// "text_completion"), with the vendors' additions.
type chatStream struct {
	*seen
	legacy  bool
	top     object // top-level members but choices
	choices []choice
	plain   plain
}

type choice struct {
	index   int64
	message object // the delta's members; the choice's own text in the legacy API
	calls   []call
	finish  []byte // the raw finish_reason
}

// call is a tool call. Vendors leave out the index, or repeat id and name, or give all calls index 0.
type call struct {
	index  int64
	id     string
	object object
}

const (
	maxChoices = 128
	maxCalls   = 1024
)

func (c *chatStream) event(ev sse.Event, root gjson.Result) {
	suspect := ev.Name == "error"
	members(root, func(key string, v gjson.Result) {
		switch key {
		case "choices":
			elements(v, func(item gjson.Result) {
				suspect = c.choice(item) || suspect
			})
		case "error":
			suspect = true
		case "object":
			suspect = suspect || v.Str == "error"
		case "obfuscation":
		case "usage":
			c.usage(v)
		case "x_groq":
			c.usage(v.Get("usage"))
		case "id":
			note(&c.id, v)
			c.once(key, v)
		case "model":
			note(&c.model, v)
			c.once(key, v)
		default:
			c.once(key, v)
		}
	})
	if suspect {
		c.fail(models.ProtocolOpenAI, ev)
		return
	}
	c.plain.learn(ev.Data, root)
}

// plainText takes a chunk that holds nothing new but text. It reports whether this was one.
func (c *chatStream) plainText(data []byte) bool {
	escaped, ok := c.plain.text(data)
	if !ok {
		return false
	}
	ch := c.find(c.plain.index)
	if ch == nil {
		return true
	}
	if f := ch.message.field("content", &c.budget); f != nil && (f.kind == fieldText || f.kind == fieldRaw) {
		f.kind = fieldText
		c.budget.text += int64(len(escaped))
		f.text.add(string(escaped), &c.budget)
		return true
	}
	return false
}

func (c *chatStream) usage(v gjson.Result) {
	if v.IsObject() {
		c.counts.update(readUsage(v, models.ProtocolOpenAI))
		c.top.replace("usage", v, &c.budget)
	}
}

// once keeps the first value that is not null. Members of later chunks, such as citations, repeat what came before.
func (c *chatStream) once(key string, v gjson.Result) {
	if f := c.top.find(key); f == nil || string(f.raw) == "null" {
		c.top.replace(key, v, &c.budget)
	}
}

// choice takes a delta of one choice. It reports whether that looks like an error.
func (c *chatStream) choice(item gjson.Result) (suspect bool) {
	var delta, whole, finish, text, usage gjson.Result
	var index int64
	members(item, func(key string, v gjson.Result) {
		switch key {
		case "index":
			index = v.Int()
		case "delta":
			delta = v
		case "message": // Perplexity sends all of it so far beside each delta, others instead of one
			whole = v
		case "finish_reason":
			finish = v
		case "text":
			text = v
		case "error":
			suspect = true
		case "usage": // Moonshot tells it here
			usage = v
		}
	})
	c.usage(usage)
	ch := c.find(index)
	if ch == nil {
		return suspect
	}
	if !delta.Exists() && len(ch.message.fields) == 0 {
		delta = whole
	}
	if text.Type == gjson.String {
		ch.message.add("text", text, &c.budget)
	}
	members(delta, func(key string, v gjson.Result) {
		if key == "tool_calls" {
			elements(v, func(item gjson.Result) {
				ch.toolCall(item, &c.budget)
			})
			return
		}
		ch.message.add(key, v, &c.budget)
	})
	if finish.Type == gjson.String && finish.Str != "" {
		ch.finish = append(ch.finish[:0], finish.Raw...)
		if ch == &c.choices[0] {
			c.finish = ""
			note(&c.finish, finish)
		}
	}
	return suspect || finish.Str == "error"
}

func (c *chatStream) find(index int64) *choice {
	for i := range c.choices {
		if c.choices[i].index == index {
			return &c.choices[i]
		}
	}
	if len(c.choices) == maxChoices || !c.budget.take(overhead) {
		return nil
	}
	c.choices = append(c.choices, choice{index: index})
	return &c.choices[len(c.choices)-1]
}

func (ch *choice) toolCall(item gjson.Result, b *budget) {
	target := ch.call(item, b)
	if target == nil {
		b.cut += int64(len(item.Raw))
		return
	}
	members(item, func(key string, v gjson.Result) {
		if key != "index" {
			target.object.add(key, v, b)
		}
	})
}

// call finds the call that a delta belongs to, or begins one: by index, unless the ids say otherwise; without an index by
// id; with neither it is the last one.
func (ch *choice) call(item gjson.Result, b *budget) *call {
	index, id := item.Get("index"), item.Get("id").Str
	for i := len(ch.calls) - 1; i >= 0; i-- {
		known := &ch.calls[i]
		sameIndex := !index.Exists() || index.Int() == known.index
		sameID := id == "" || known.id == "" || id == known.id
		if sameIndex && sameID {
			if known.id == "" {
				note(&known.id, item.Get("id"))
			}
			return known
		}
	}
	if len(ch.calls) == maxCalls || !b.take(overhead) {
		return nil
	}
	begun := call{index: index.Int()}
	note(&begun.id, item.Get("id"))
	ch.calls = append(ch.calls, begun)
	return &ch.calls[len(ch.calls)-1]
}

func (c *chatStream) write(w *writer) {
	w.open('{')
	if f := c.top.find("id"); f != nil {
		w.key("id")
		f.value(w)
	}
	w.key("object")
	if c.legacy {
		w.string("text_completion")
	} else {
		w.string("chat.completion")
	}
	c.top.write(w, "id", "usage")
	w.key("choices")
	w.open('[')
	for i := range c.choices {
		c.choices[i].write(w, c.legacy)
	}
	w.close(']')
	if f := c.top.find("usage"); f != nil {
		w.key("usage")
		f.value(w)
	}
	if c.failure != nil {
		w.key("error")
		w.raw([]byte(gjson.GetBytes(c.failure.Raw, "error").Raw))
	}
	w.close('}')
}

func (ch *choice) write(w *writer, legacy bool) {
	w.open('{')
	w.key("index")
	w.int(int(ch.index))
	if legacy {
		ch.message.write(w)
	} else {
		w.key("message")
		ch.writeMessage(w)
	}
	w.key("logprobs")
	w.raw(nil)
	w.key("finish_reason")
	w.raw(ch.finish)
	w.close('}')
}

func (ch *choice) writeMessage(w *writer) {
	w.open('{')
	if ch.message.find("role") == nil {
		w.key("role")
		w.string("assistant")
	}
	if ch.message.find("content") == nil {
		w.key("content")
		w.raw(nil)
	}
	ch.message.write(w)
	if len(ch.calls) > 0 {
		w.key("tool_calls")
		w.open('[')
		for i := range ch.calls {
			w.open('{')
			ch.calls[i].object.write(w)
			w.close('}')
		}
		w.close(']')
	}
	w.close('}')
}

package tap

import (
	"squirrel/models"
	"squirrel/proxy/sse"

	"github.com/tidwall/gjson"
)

// messageStream follows Anthropic's messages (API reference, "Streaming messages").
type messageStream struct {
	*seen
	top    object // the message of message_start, and what message_delta adds
	usage  object
	blocks []block
}

// block is a content block: what content_block_start said, and what the deltas added to its members.
type block struct {
	index   int64
	start   []byte
	deltas  object // text, thinking, signature, …; citations as a list
	partial text   // input, as JSON in escaped form
}

const maxBlocks = 4096

func (m *messageStream) event(ev sse.Event, root gjson.Result) {
	switch typeOf(ev, root) {
	case "content_block_delta":
		m.delta(root)
	case "content_block_start":
		var index, start gjson.Result
		members(root, func(key string, v gjson.Result) {
			switch key {
			case "index":
				index = v
			case "content_block":
				start = v
			}
		})
		m.begin(index.Int(), start)
	case "message_start":
		m.start(root.Get("message"))
	case "message_delta":
		m.update(root)
	case "message_stop":
		m.terminated = true
	case "error":
		m.fail(models.ProtocolAnthropic, ev)
	}
}

// start takes the message so far. It may hold content already, and some gateways send it twice.
func (m *messageStream) start(message gjson.Result) {
	members(message, func(key string, v gjson.Result) {
		switch key {
		case "content":
			if len(m.blocks) == 0 {
				elements(v, func(item gjson.Result) {
					m.begin(int64(len(m.blocks)), item)
				})
			}
		case "usage":
			m.count(v)
		default:
			m.top.replace(key, v, &m.budget)
		}
	})
	note(&m.id, message.Get("id"))
	note(&m.model, message.Get("model"))
}

func (m *messageStream) update(root gjson.Result) {
	members(root, func(key string, v gjson.Result) {
		switch key {
		case "type":
		case "usage":
			m.count(v)
		case "delta":
			members(v, func(key string, v gjson.Result) {
				m.top.replace(key, v, &m.budget)
				if key == "stop_reason" && v.Type == gjson.String {
					m.finish = ""
					note(&m.finish, v)
				}
			})
		default: // context_management
			m.top.replace(key, v, &m.budget)
		}
	})
}

// count takes a usage object. The counts of message_delta are totals; what it omits or repeats as 0 stays.
func (m *messageStream) count(usage gjson.Result) {
	if !usage.IsObject() {
		return
	}
	m.counts.update(readUsage(usage, models.ProtocolAnthropic))
	members(usage, func(key string, v gjson.Result) {
		if f := m.usage.find(key); f == nil || v.Raw != "0" && v.Type != gjson.Null {
			m.usage.replace(key, v, &m.budget)
		}
	})
}

func (m *messageStream) begin(index int64, start gjson.Result) {
	if len(m.blocks) == maxBlocks || !m.budget.take(overhead+len(start.Raw)) {
		return
	}
	m.budget.text += int64(len(inner(start.Get("text"))))
	m.blocks = append(m.blocks, block{index: index, start: []byte(start.Raw)})
}

func (m *messageStream) find(index int64) *block {
	for i := len(m.blocks) - 1; i >= 0; i-- {
		if m.blocks[i].index == index {
			return &m.blocks[i]
		}
	}
	return nil
}

func (m *messageStream) delta(root gjson.Result) {
	var index int64
	var delta gjson.Result
	members(root, func(key string, v gjson.Result) {
		switch key {
		case "index":
			index = v.Int()
		case "delta":
			delta = v
		}
	})
	b := m.find(index)
	if b == nil {
		m.budget.cut += int64(len(delta.Raw))
		return
	}
	members(delta, func(key string, v gjson.Result) {
		switch key {
		case "type":
		case "partial_json":
			m.budget.text += int64(len(inner(v)))
			b.partial.add(inner(v), &m.budget)
		case "citation":
			if f := b.deltas.field("citations", &m.budget); f != nil {
				f.kind = fieldList
				f.element(v.Raw, &m.budget)
			}
		default:
			b.deltas.add(key, v, &m.budget)
		}
	})
}

func (m *messageStream) write(w *writer) {
	w.open('{')
	written := false
	for i := range m.top.fields {
		f := &m.top.fields[i]
		w.key(f.key)
		f.value(w)
		if f.key == "role" { // where the API puts the content
			m.writeContent(w)
			written = true
		}
	}
	if !written {
		m.writeContent(w)
	}
	w.key("usage")
	w.open('{')
	m.usage.write(w)
	w.close('}')
	w.close('}')
}

func (m *messageStream) writeContent(w *writer) {
	w.key("content")
	w.open('[')
	for i := range m.blocks {
		m.blocks[i].write(w)
	}
	w.close(']')
}

// write writes the members of content_block_start, grown by the deltas, then those that only the deltas had.
func (b *block) write(w *writer) {
	w.open('{')
	var done []string
	members(gjson.ParseBytes(b.start), func(key string, v gjson.Result) {
		w.key(key)
		f := b.deltas.find(key)
		switch {
		case key == "input" && !b.partial.empty():
			b.writeInput(w)
		case f == nil:
			w.raw([]byte(v.Raw))
		case f.kind == fieldText:
			w.text(inner(v), &f.text)
		case f.kind == fieldList && v.IsArray() && len(v.Raw) > 2 && v.Get("#").Int() > 0:
			w.joined(append([]byte(v.Raw[1:len(v.Raw)-1]+","), f.raw...))
		default:
			f.value(w)
		}
		done = append(done, key)
	})
	b.deltas.write(w, done...)
	w.close('}')
}

// writeInput writes the input of a tool call: the JSON text that came in pieces, as it is. When it is not whole, because
// the stream or the limit cut it, it is written as a string within an object.
func (b *block) writeInput(w *writer) {
	quoted := append(b.partial.appendTo([]byte{'"'}), '"')
	if plain := []byte(gjson.ParseBytes(quoted).String()); b.partial.cut == 0 && isObject(plain) {
		w.raw(plain)
		return
	}
	w.open('{')
	w.key("partial_json")
	w.text("", &b.partial)
	w.close('}')
}

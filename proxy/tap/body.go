package tap

import (
	"encoding/json"
	"unsafe"

	"squirrel/models"
	"squirrel/proxy/sse"

	"github.com/tidwall/gjson"
)

// body keeps the beginning and the end of some bytes, together at most limit.
type body struct {
	limit int
	head  []byte
	tail  []byte // once head is full: the last bytes, and up to as many again before them
	size  int64  // of all
}

func (b *body) write(p []byte) {
	b.size += int64(len(p))
	headMax := b.limit / 2
	if b.tail == nil {
		b.head = append(b.head, p...)
		if len(b.head) <= b.limit {
			return
		}
		all := b.head
		b.head = all[:headMax:headMax]
		b.keep(all[headMax:])
		return
	}
	b.keep(p)
}

// keep appends to the tail and drops from its front.
func (b *body) keep(p []byte) {
	tailMax := b.limit - b.limit/2
	if len(p) >= tailMax {
		b.tail = append(make([]byte, 0, 2*tailMax), p[len(p)-tailMax:]...)
		return
	}
	if len(b.tail)+len(p) > 2*tailMax {
		b.tail = append(b.tail[:0], b.tail[len(b.tail)-tailMax:]...)
	}
	b.tail = append(b.tail, p...)
}

func (b *body) last() []byte {
	return b.tail[max(0, len(b.tail)-(b.limit-b.limit/2)):]
}

func (b *body) cut() int64 { return b.size - int64(len(b.head)) - int64(len(b.last())) }

// bytes returns what is kept, with a mark in the middle when something was cut.
func (b *body) bytes() []byte {
	if b.tail == nil {
		return b.head
	}
	out := append([]byte(nil), b.head...)
	if n := b.cut(); n > 0 {
		out = append(out, cutMark(n)...)
	}
	return append(out, b.last()...)
}

// readBody reads an answer that is not a stream.
func (t *Tap) readBody() {
	data, s := t.body.bytes(), &t.seen
	if t.body.cut() > 0 {
		s.counts = usageAtEnd(t.body.last(), t.protocol)
	}
	if len(data) == 0 || firstByte(data) != '{' {
		return
	}
	root := gjson.Parse(unsafe.String(unsafe.SliceData(data), len(data))) // ParseBytes would copy it all
	members(root, func(key string, v gjson.Result) {
		switch key {
		case "id":
			note(&s.id, v)
		case "model":
			note(&s.model, v)
		case "usage":
			if v.IsObject() && t.body.cut() == 0 {
				s.counts = readUsage(v, t.protocol)
			}
		case "choices":
			note(&s.finish, v.Get("0.finish_reason"))
		case "stop_reason":
			note(&s.finish, v)
		case "status":
			if t.protocol == models.ProtocolResponses {
				s.finish = responseFinish(root)
			}
		case "data":
			if isImages(t.endpoint) {
				s.images = v.Get("#").Int()
			}
		case "error":
			if given(v) {
				s.failure = newError(v, data)
			}
		}
	})
	s.terminated = t.checked || t.body.cut() == 0 && json.Valid(data)
	if s.failure == nil && t.protocol == models.ProtocolResponses && s.finish == "failed" {
		s.failure = ErrorOf(t.protocol, sse.Event{Name: "response.failed", Data: append(append([]byte(`{"response":`), data...), '}')})
	}
}

func firstByte(data []byte) byte {
	for _, c := range data {
		if c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			return c
		}
	}
	return 0
}

func isImages(e models.Endpoint) bool {
	return e == models.EndpointImages || e == models.EndpointImageEdits || e == models.EndpointImageVariation
}

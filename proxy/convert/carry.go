package convert

import (
	"encoding/json"
	"strings"

	"squirrel/proxy/convert/wire"
	"squirrel/proxy/llm"
)

// Carry is what converting a request leaves for converting its answer: the names tools had, the tool that stands for a
// structured answer, what a Responses answer repeats. Request fills it; the zero value converts answers plainly.
type Carry struct {
	includeUsage bool
	echo         []llm.Field
	formatTool   string
	tools        map[string]toolRef
}

// toolRef is a tool as the client knows it.
type toolRef struct {
	name, namespace string
	custom          bool
}

func (c *Carry) remember(wireName string, ref toolRef) {
	if c.tools == nil {
		c.tools = make(map[string]toolRef)
	}
	c.tools[wireName] = ref
}

// rename gives a call the name and kind the client knows.
func (c *Carry) rename(call *llm.ToolCall) (changed bool) {
	ref, ok := c.tools[call.Name]
	if ok {
		call.Name, call.Namespace, call.Custom = ref.name, ref.namespace, ref.custom
	}
	return ok
}

// restore undoes in a whole answer what fit did to the request.
func (c *Carry) restore(r *llm.Response) {
	if c == nil {
		return
	}
	var structured *llm.Text
	for i, p := range r.Parts {
		call, ok := p.(*llm.ToolCall)
		switch {
		case !ok:
		case c.formatTool != "" && call.Name == c.formatTool:
			text := &llm.Text{Text: call.Arguments}
			r.Parts[i] = text
			if structured == nil { // models may answer twice in parallel: the first one counts
				structured = text
			}
		case c.rename(call) && call.Custom:
			call.Arguments = customInput(call.Arguments)
		}
	}
	if all := len(r.Parts); structured != nil {
		r.Parts = withoutOtherText(r.Parts, structured)
		if len(r.Parts) < all {
			r.Dropped = append(r.Dropped, llm.Dropped{Path: "content", Reason: "what the model said around its structured answer"})
		}
	}
	r.Settle()
}

// withoutOtherText leaves out what the model said around a structured answer, which has to be nothing but that.
func withoutOtherText(parts []llm.Part, keep *llm.Text) []llm.Part {
	kept := parts[:0]
	for _, p := range parts {
		if t, ok := p.(*llm.Text); ok && t != keep {
			continue
		}
		kept = append(kept, p)
	}
	return kept
}

// customInput returns the free text in the arguments of a custom tool that was called as a function.
func customInput(arguments string) string {
	if !json.Valid([]byte(arguments)) {
		return arguments
	}
	o := wire.Parse([]byte(arguments))
	if !o.Has("input") {
		return strings.TrimSpace(arguments)
	}
	return o.Str("input")
}

// restorer undoes in a stream what fit did to the request. A nil restorer passes everything on.
type restorer struct {
	carry    *Carry
	custom   map[int]*heldCall // calls of custom tools, whose text shows only when it is whole
	text     []llm.Event       // said before a structured answer, should one come
	answered bool              // the structured answer has come
	ignored  map[int]bool      // blocks besides it
	size     int
	drops    llm.Drops
}

// heldCall collects the arguments of a custom tool's call.
type heldCall struct {
	arguments []byte
	progress  llm.Progress
}

// maxHeld bounds what a restorer keeps.
const maxHeld = 4 << 20

func (c *Carry) restorer() *restorer {
	if c == nil || c.formatTool == "" && len(c.tools) == 0 {
		return nil
	}
	return &restorer{carry: c, custom: make(map[int]*heldCall)}
}

func (r *restorer) dropped() []llm.Dropped {
	if r == nil {
		return nil
	}
	return r.drops.List()
}

// event passes e on to push, changed where needed.
func (r *restorer) event(e llm.Event, push func(llm.Event)) error {
	if r == nil {
		push(e)
		return nil
	}
	switch e.Kind {
	case llm.EventBlock:
		return r.block(e, push)
	case llm.EventDelta, llm.EventBlockEnd, llm.EventCitation:
		if held := r.custom[e.Block]; held != nil {
			return r.argument(held, e, push)
		}
		if r.holdsText(e.Block) {
			return r.hold(e)
		}
		if r.ignored[e.Block] {
			return nil
		}
	case llm.EventStop, llm.EventEnd:
		r.flushText(push)
		r.flushCustom(push)
	}
	push(e)
	return nil
}

func (r *restorer) block(e llm.Event, push func(llm.Event)) error {
	switch p := e.Part.(type) {
	case *llm.Text:
		if r.answered {
			r.ignore(e.Block, "what the model said after its structured answer")
			return nil
		}
		if r.carry.formatTool != "" {
			return r.hold(e)
		}
	case *llm.ToolCall:
		if p.Name == r.carry.formatTool && r.carry.formatTool != "" {
			if r.answered { // models may answer twice in parallel: the first one counts
				r.ignore(e.Block, "a second structured answer")
				return nil
			}
			r.answered = true
			if len(r.text) > 0 {
				r.drops.Add("content", "what the model said before its structured answer")
				r.text = nil
			}
			e.Part = &llm.Text{}
			break
		}
		r.flushText(push)
		if r.carry.rename(p) && p.Custom {
			r.custom[e.Block] = &heldCall{}
		}
	}
	push(e)
	return nil
}

func (r *restorer) ignore(block int, what string) {
	if r.ignored == nil {
		r.ignored = make(map[int]bool)
	}
	r.ignored[block] = true
	r.drops.Add("content", what)
}

func (r *restorer) holdsText(block int) bool {
	for _, e := range r.text {
		if e.Block == block {
			return true
		}
	}
	return false
}

func (r *restorer) hold(e llm.Event) error {
	if r.size += len(e.Text) + 64; r.size > maxHeld {
		return llm.ErrTooMuch
	}
	r.text = append(r.text, e)
	return nil
}

func (r *restorer) flushText(push func(llm.Event)) {
	for _, e := range r.text {
		push(e)
	}
	r.text = nil
}

// argument collects a piece of a custom call and passes the text on when it is whole.
func (r *restorer) argument(held *heldCall, e llm.Event, push func(llm.Event)) error {
	if r.size += len(e.Text); r.size > maxHeld {
		return llm.ErrTooMuch
	}
	held.arguments = append(held.arguments, e.Text...)
	held.progress.Feed(e.Text)
	if e.Kind == llm.EventBlockEnd || held.progress.Done() {
		r.release(e.Block, held, push)
	}
	return nil
}

func (r *restorer) release(block int, held *heldCall, push func(llm.Event)) {
	delete(r.custom, block)
	push(llm.Event{Kind: llm.EventDelta, Block: block, Text: customInput(string(held.arguments))})
	push(llm.Event{Kind: llm.EventBlockEnd, Block: block})
}

func (r *restorer) flushCustom(push func(llm.Event)) {
	for block, held := range r.custom {
		r.release(block, held, push)
	}
}

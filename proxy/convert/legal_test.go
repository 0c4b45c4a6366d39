package convert

import (
	"fmt"
	"strings"
	"testing"

	"squirrel/models"
	"squirrel/proxy/convert/wire"
)

// checkStream fails the test when a stream breaks the order its protocol promises.
func checkStream(t *testing.T, protocol models.Protocol, out []byte) {
	t.Helper()
	if err := legal(protocol, events(out)); err != nil {
		t.Errorf("illegal stream for %s: %v\n%s", protocol, err, out)
	}
}

func legal(protocol models.Protocol, list []wireEvent) error {
	switch protocol {
	case models.ProtocolAnthropic:
		return legalMessages(list)
	case models.ProtocolResponses:
		return legalResponses(list)
	}
	return legalChat(list)
}

// legalChat: the role once and first, every chunk whole, tool indexes rising from 0 with name and type at the first
// delta only, one finish reason, the terminator once and last.
func legalChat(list []wireEvent) error {
	tools, finished, roles := 0, 0, 0
	for i, e := range list {
		if e.data == "[DONE]" {
			if i != len(list)-1 || finished != 1 {
				return fmt.Errorf("[DONE] at %d of %d after %d finish reasons", i, len(list), finished)
			}
			return nil
		}
		o := wire.Parse([]byte(e.data))
		if o.Get("error") != nil {
			if i != len(list)-1 {
				return fmt.Errorf("an error that is not the end")
			}
			return nil
		}
		for _, raw := range wire.Each(o.Get("choices")) {
			choice := wire.Parse(raw)
			if !choice.Has("index") || !choice.Has("finish_reason") || !choice.Has("delta") {
				return fmt.Errorf("incomplete choice %s", raw)
			}
			delta := choice.Object("delta")
			if delta.Has("role") {
				roles++
			}
			if choice.Str("finish_reason") != "" {
				finished++
			} else if finished > 0 {
				return fmt.Errorf("a delta after the finish reason: %s", raw)
			}
			for _, call := range wire.Each(delta.Get("tool_calls")) {
				c := wire.Parse(call)
				if c.Has("id") {
					tools++
				}
				if int(c.Int("index")) != tools-1 || c.Has("id") != c.Has("type") {
					return fmt.Errorf("tool call out of order: %s", call)
				}
			}
		}
		if roles != 1 {
			return fmt.Errorf("%d roles after chunk %d", roles, i)
		}
	}
	return fmt.Errorf("no end")
}

// legalMessages: message_start, blocks one at a time with rising index, message_delta, message_stop.
func legalMessages(list []wireEvent) error {
	open, index, state := false, -1, "before"
	kinds := map[string]string{"text": "text_delta", "thinking": "thinking_delta", "tool_use": "input_json_delta"}
	block := ""
	for _, e := range list {
		o := wire.Parse([]byte(e.data))
		if o.Str("type") != e.name {
			return fmt.Errorf("event %s with type %s", e.name, o.Str("type"))
		}
		step := e.name
		switch {
		case step == "error":
			return nil
		case step == "message_start" && state == "before":
			state = "in"
			if o.Object("message").Object("usage") == nil || !o.Object("message").Has("stop_reason") {
				return fmt.Errorf("incomplete %s", e.data)
			}
		case step == "content_block_start" && state == "in" && !open:
			open, index = true, index+1
			b := o.Object("content_block")
			block = b.Str("type")
			if !(block == "text" && b.Has("text") || block == "thinking" && b.Has("thinking") && b.Has("signature") ||
				block == "tool_use" && b.Has("input") || block == "redacted_thinking") {
				return fmt.Errorf("incomplete %s", e.data)
			}
		case step == "content_block_delta" && open:
			kind := o.Object("delta").Str("type")
			if kind != kinds[block] && !(kind == "signature_delta" && block == "thinking") && !(kind == "citations_delta" && block == "text") {
				return fmt.Errorf("%s in a %s", kind, block)
			}
		case step == "content_block_stop" && open:
			open = false
		case step == "message_delta" && state == "in" && !open:
			state = "delta"
		case step == "message_stop" && state == "delta":
			state = "end"
		default:
			return fmt.Errorf("%s in state %s, open %v", step, state, open)
		}
		if strings.HasPrefix(step, "content_block") && int(o.Int("index")) != index {
			return fmt.Errorf("index %d instead of %d", o.Int("index"), index)
		}
	}
	if state != "end" {
		return fmt.Errorf("no end")
	}
	return nil
}

// legalResponses: numbers rising by one, created and in_progress, items one after the other with their parts and stable
// ids, and an end whose output is what the items were.
func legalResponses(list []wireEvent) error {
	var done []string
	item, part, index := "", "", -1
	for i, e := range list {
		o := wire.Parse([]byte(e.data))
		if o.Str("type") != e.name || o.Int("sequence_number") != int64(i) {
			return fmt.Errorf("event %d: %s", i, e.data)
		}
		step := strings.TrimPrefix(e.name, "response.")
		if i < 2 != (step == "created" || step == "in_progress") {
			return fmt.Errorf("%s at %d", step, i)
		}
		if id := o.Str("item_id"); id != "" && id != item {
			return fmt.Errorf("%s of item %q while %q is open", step, id, item)
		}
		if o.Has("output_index") && step != "output_item.added" && int(o.Int("output_index")) != index {
			return fmt.Errorf("%s with index %d instead of %d", step, o.Int("output_index"), index)
		}
		switch step {
		case "output_item.added":
			if item != "" {
				return fmt.Errorf("an item inside of another")
			}
			item, index = o.Object("item").Str("id"), index+1
		case "content_part.added", "reasoning_summary_part.added":
			if item == "" || part != "" {
				return fmt.Errorf("a part out of place")
			}
			part = step
		case "content_part.done", "reasoning_summary_part.done":
			if part != strings.Replace(step, "done", "added", 1) {
				return fmt.Errorf("%s after %s", step, part)
			}
			part = ""
		case "output_item.done":
			if part != "" || o.Object("item").Str("id") != item {
				return fmt.Errorf("item %s ends with %s", item, e.data)
			}
			done = append(done, string(o.Get("item")))
			item = ""
		case "failed":
			return nil
		case "completed", "incomplete":
			var output []string
			for _, raw := range wire.Each(o.Object("response").Get("output")) {
				output = append(output, string(raw))
			}
			if fmt.Sprint(output) != fmt.Sprint(done) || o.Object("response").Str("status") != step || i != len(list)-1 {
				return fmt.Errorf("the end does not match the items: %s", e.data)
			}
			return nil
		}
	}
	return fmt.Errorf("no end")
}

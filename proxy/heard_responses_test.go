package proxy

import (
	"encoding/json"

	"squirrel/proxy/sse"
)

// response is the object of the Responses API (platform.openai.com/docs/api-reference/responses/object).
type response struct {
	ID, Object, Status, Model string
	Output                    []responseItem
	Incomplete                *struct{ Reason string } `json:"incomplete_details"`
	Usage                     *struct {
		Input  int64 `json:"input_tokens"`
		Output int64 `json:"output_tokens"`
	}
}

type responseItem struct {
	ID, Type, Status, Role, Name, Arguments string
	CallID                                  string `json:"call_id"`
	Content, Summary                        []struct{ Type, Text string }
}

func (r *response) heard() (h heard) {
	h.stop = r.Status
	if r.Usage != nil {
		h.input, h.output = r.Usage.Input, r.Usage.Output
	}
	for _, item := range r.Output {
		switch item.Type {
		case "message":
			for _, part := range item.Content {
				h.text += part.Text
			}
		case "reasoning":
			for _, part := range append(item.Summary, item.Content...) {
				h.thinking += part.Text
			}
		case "function_call":
			h.calls = append(h.calls, heardCall{item.CallID, item.Name, item.Arguments})
		}
	}
	return h
}

// responseEvent is an event of a response's stream (platform.openai.com/docs/api-reference/responses-streaming).
type responseEvent struct {
	Type        string
	Sequence    int    `json:"sequence_number"`
	OutputIndex int    `json:"output_index"`
	ItemID      string `json:"item_id"`
	Delta, Text string
	Arguments   string
	Response    response
	Item        responseItem
}

func (l *listener) responses(all []sse.Event) {
	var (
		open     *responseItem
		items    int
		text     string // of the open part
		streamed heard
		last     response
	)
	for i, event := range all {
		var e responseEvent
		if err := json.Unmarshal(event.Data, &e); err != nil || e.Type != event.Name || e.Sequence != i || l.ended {
			l.wrong(event, "an event without its type, out of sequence, or after the end")
		}
		var ok bool
		switch e.Type {
		case "response.created":
			ok = i == 0 && e.Response.Status == "in_progress" && e.Response.ID != ""
		case "response.in_progress":
			ok = i == 1
		case "response.output_item.added":
			ok = open == nil && e.OutputIndex == items && e.Item.ID != ""
			open, text = &e.Item, ""
		case "response.output_item.done":
			ok = open != nil && e.Item.ID == open.ID && e.OutputIndex == items && e.Item.Status != "in_progress"
			if e.Item.Type == "function_call" {
				streamed.calls = append(streamed.calls, heardCall{e.Item.CallID, e.Item.Name, text})
				ok = ok && e.Item.Arguments == text
			}
			open = nil
			items++
		case "response.content_part.added", "response.reasoning_summary_part.added":
			ok, text = open != nil && e.ItemID == open.ID, ""
		case "response.output_text.delta", "response.reasoning_summary_text.delta", "response.reasoning_text.delta", "response.function_call_arguments.delta":
			ok = open != nil && e.ItemID == open.ID && e.OutputIndex == items
			text += e.Delta
			if e.Type == "response.output_text.delta" {
				streamed.text += e.Delta
			} else if e.Type != "response.function_call_arguments.delta" {
				streamed.thinking += e.Delta
			}
		case "response.output_text.done", "response.reasoning_summary_text.done", "response.reasoning_text.done", "response.function_call_arguments.done":
			ok = open != nil && e.ItemID == open.ID && e.Text+e.Arguments == text
		case "response.output_text.annotation.added":
			ok = open != nil && e.ItemID == open.ID && e.OutputIndex == items
		case "response.content_part.done", "response.reasoning_summary_part.done":
			ok = open != nil && e.ItemID == open.ID
		case "response.completed", "response.incomplete":
			ok, l.ended, last = open == nil && len(e.Response.Output) == items, true, e.Response
		default:
			ok = false
		}
		if !ok {
			l.wrong(event, "out of order")
		}
	}
	if l.heard = last.heard(); l.ended && !l.heard.same(streamed) {
		l.t.Errorf("%s: the end repeats %+v, the deltas were %+v", l.name, l.heard, streamed)
	}
}

package answers

// responseStream numbers the events of one streamed response and keeps the items that are done.
type responseStream struct {
	a      *responseAnswer
	events []Event
	done   []object
}

// stream lists the events: created, in_progress, each item from added to done, and the whole response at the end.
func (a *responseAnswer) stream() []Event {
	s := &responseStream{a: a}
	s.add("response.created", field{"response", a.object("in_progress", nil)})
	s.add("response.in_progress", field{"response", a.object("in_progress", nil)})
	if a.reply.usage.reasoning > 0 {
		s.reasoning()
	}
	if a.reply.text != "" || len(a.reply.calls) == 0 {
		s.message()
	}
	for _, c := range a.reply.calls {
		s.call(c)
	}
	s.add("response."+a.status(), field{"response", a.object(a.status(), s.done)})
	return s.events
}

func (s *responseStream) add(name string, fields ...field) {
	e := object{{"type", name}, {"sequence_number", len(s.events)}}
	s.events = append(s.events, Event{Name: name, Data: encode(e.with(fields...))})
}

// at is the position of the item that is being sent.
func (s *responseStream) at() field { return field{"output_index", len(s.done)} }

func (s *responseStream) open(item object) {
	s.add("response.output_item.added", s.at(), field{"item", item})
}

func (s *responseStream) close(item object) {
	s.add("response.output_item.done", s.at(), field{"item", item})
	s.done = append(s.done, item)
}

func (s *responseStream) reasoning() {
	item := s.a.reasoning(s.a.mint.item("rs"))
	id := field{"item_id", item[0].value}
	opened := append(object{}, item...)
	opened[2].value = list{}
	s.open(opened)
	if text := s.a.reply.thinking; text != "" {
		index := field{"summary_index", 0}
		s.add("response.reasoning_summary_part.added", id, s.at(), index, field{"part", summaryPart("")})
		for _, p := range pieces(text) {
			s.add("response.reasoning_summary_text.delta", id, s.at(), index, field{"delta", p})
		}
		s.add("response.reasoning_summary_text.done", id, s.at(), index, field{"text", text})
		s.add("response.reasoning_summary_part.done", id, s.at(), index, field{"part", summaryPart(text)})
	}
	s.close(item)
}

func (s *responseStream) message() {
	itemID, text := s.a.mint.item("msg"), s.a.reply.text
	id, index := field{"item_id", itemID}, field{"content_index", 0}
	s.open(textItem(itemID, "in_progress", list{}))
	s.add("response.content_part.added", id, s.at(), index, field{"part", textPart("")})
	for _, p := range pieces(text) {
		s.add("response.output_text.delta", id, s.at(), index, field{"delta", p}, field{"logprobs", list{}})
	}
	s.add("response.output_text.done", id, s.at(), index, field{"text", text}, field{"logprobs", list{}})
	s.add("response.content_part.done", id, s.at(), index, field{"part", textPart(text)})
	s.close(textItem(itemID, s.a.status(), list{textPart(text)}))
}

func (s *responseStream) call(c call) {
	itemID, callID := s.a.mint.item("fc"), s.a.mint.call()
	id := field{"item_id", itemID}
	s.open(callItem(itemID, callID, c.name, "", "in_progress"))
	for _, part := range fragments(c.arguments, 8) {
		s.add("response.function_call_arguments.delta", id, s.at(), field{"delta", part})
	}
	s.add("response.function_call_arguments.done", id, s.at(), field{"name", c.name}, field{"arguments", c.arguments})
	s.close(callItem(itemID, callID, c.name, c.arguments, "completed"))
}

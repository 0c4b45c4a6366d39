package convert

import "squirrel/proxy/llm"

// queued is a tool result on its way to the call it answers.
type queued struct {
	result *llm.ToolResult
	index  int // of its message
}

// pairResults moves every tool result behind the message with its call, as all providers demand. Results without a call
// would make the provider refuse the whole request; they are left out. Ids may come twice: some vendors count calls from
// 0 in every turn, so results are taken in order.
func (f *fitter) pairResults() {
	waiting := make(map[string][]queued)
	for i := range f.r.Messages {
		m := &f.r.Messages[i]
		for _, p := range m.Parts {
			if result, ok := p.(*llm.ToolResult); ok {
				waiting[result.CallID] = append(waiting[result.CallID], queued{result, m.Index})
			}
		}
	}
	if len(waiting) == 0 {
		return
	}
	ordered := make([]llm.Message, 0, len(f.r.Messages))
	for _, m := range f.r.Messages {
		if m.Role == llm.RoleTool {
			continue
		}
		ordered = append(ordered, m)
		if answers := answersTo(m, waiting); len(answers.Parts) > 0 {
			ordered = append(ordered, answers)
		}
	}
	for id, rest := range waiting {
		for _, q := range rest {
			f.drops.Add(f.r.PathOf(&llm.Message{Index: q.index}), "a tool result without its call: "+id)
		}
	}
	f.r.Messages = ordered
}

// answersTo takes the results of the calls in m out of waiting.
func answersTo(m llm.Message, waiting map[string][]queued) llm.Message {
	answers := llm.Message{Role: llm.RoleTool}
	for _, p := range m.Parts {
		call, ok := p.(*llm.ToolCall)
		if !ok {
			continue
		}
		queue := waiting[call.ID]
		if len(queue) == 0 {
			continue
		}
		if len(answers.Parts) == 0 {
			answers.Index = queue[0].index
		}
		answers.Parts = append(answers.Parts, queue[0].result)
		if waiting[call.ID] = queue[1:]; len(queue) == 1 {
			delete(waiting, call.ID)
		}
	}
	return answers
}

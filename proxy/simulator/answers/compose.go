package answers

import (
	"slices"
	"strconv"
	"strings"
)

// reply is what the model says, in no dialect.
type reply struct {
	thinking string
	text     string
	calls    []call
	finish   finish
	stopped  string // the stop sequence that ended the text
	usage    usage
}

type call struct {
	name      string
	arguments string // a JSON object
}

type finish int

const (
	finishStop finish = iota
	finishLength
	finishTools
	finishSequence
	finishRefusal
)

// usage counts tokens. input includes cached and written; output includes reasoning.
type usage struct{ input, cached, written, output, reasoning int }

// compose decides what is answered.
func (c *conversation) compose() reply {
	var r reply
	if c.thinking || c.reasoner() {
		r.thinking = "The user wrote “" + shorten(c.user, 60) + "”. I look for what is asked and answer it in a few sentences."
	}
	r.calls = c.toolCalls()
	switch {
	case len(r.calls) > 0:
		r.finish = finishTools
	case strings.Contains(c.model, "refusal"):
		r.text, r.finish = "I can't help with that.", finishRefusal
	default:
		r.text = c.text()
		c.cut(&r)
	}
	r.usage = c.usage(r)
	return r
}

func (c *conversation) text() string {
	switch {
	case c.schema != nil:
		return string(encode(sample(c.schema)))
	case c.json:
		return string(encode(object{{"answer", prose(c.user)}, {"ok", true}}))
	case c.afterTool:
		return "The tool answered: “" + shorten(c.tool, quoteLimit) + "”. " + sentences[len(sentences)-1]
	}
	return seen(c.images) + prose(c.user)
}

// seen says that images were looked at.
func seen(images int) string {
	switch images {
	case 0:
		return ""
	case 1:
		return "I see an image. "
	}
	return "I see " + strconv.Itoa(images) + " images. "
}

// cut ends the text at a stop sequence or at the limit, whichever comes first.
func (c *conversation) cut(r *reply) {
	for _, stop := range c.stops {
		if i := strings.Index(r.text, stop); stop != "" && i >= 0 {
			r.text, r.finish, r.stopped = r.text[:i], finishSequence, stop
		}
	}
	if all := pieces(r.text); c.limit > 0 && len(all) > c.limit {
		r.text, r.finish, r.stopped = strings.Join(all[:c.limit], ""), finishLength, ""
	}
}

func (c *conversation) usage(r reply) usage {
	u := usage{input: max(c.input, 1), cached: c.cached, written: c.written, reasoning: tokens(r.thinking)}
	if c.effort && u.reasoning == 0 {
		u.reasoning = 64
	}
	u.output = u.reasoning + max(tokens(r.text), 1)
	for _, call := range r.calls {
		u.output += 8 + len(call.arguments)/4
	}
	return u
}

// toolCalls are the calls the model makes: those it is forced to make, and those the user's words ask for.
func (c *conversation) toolCalls() []call {
	wanted := c.wantedTools()
	if len(wanted) == 1 && c.parallel && strings.Contains(strings.ToLower(c.user), "parallel") {
		wanted = append(wanted, wanted[0])
	}
	if !c.parallel && len(wanted) > 1 {
		wanted = wanted[:1]
	}
	calls := make([]call, 0, len(wanted))
	for i, t := range wanted {
		calls = append(calls, call{t.name, string(encode((&sampler{variant: i}).arguments(t.schema)))})
	}
	return calls
}

func (c *conversation) wantedTools() []tool {
	if len(c.tools) == 0 || c.choice.mode == "none" {
		return nil
	}
	if c.choice.mode == "named" {
		i := slices.IndexFunc(c.tools, func(t tool) bool { return t.name == c.choice.name })
		return c.tools[max(i, 0) : max(i, 0)+1]
	}
	if c.afterTool {
		if c.choice.mode == "required" {
			return c.tools[len(c.tools)-1:]
		}
		return nil
	}
	mentioned := c.mentionedTools()
	if len(mentioned) == 0 && c.choice.mode == "required" {
		return c.tools[:1]
	}
	return mentioned
}

// mentionedTools are the tools the user names, else the one that "weather" or "call" points to.
func (c *conversation) mentionedTools() []tool {
	said := strings.ToLower(c.user)
	var named []tool
	for _, t := range c.tools {
		if strings.Contains(said, strings.ToLower(t.name)) {
			named = append(named, t)
		}
	}
	if len(named) > 0 {
		return named
	}
	if strings.Contains(said, "weather") {
		for _, t := range c.tools {
			if strings.Contains(strings.ToLower(t.name), "weather") {
				return []tool{t}
			}
		}
		return c.tools[:1]
	}
	if strings.Contains(said, "call") {
		return c.tools[:1]
	}
	return nil
}

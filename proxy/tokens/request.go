package tokens

import (
	"context"
	"unsafe"

	"github.com/tidwall/gjson"

	"squirrel/models"
)

// CountRequest counts the input tokens of a request body as the given model would be billed for it. exact is false as
// soon as a part had to be estimated: another vendor's vocabulary, tools, images of unknown size, files, audio, or a body
// that took longer than 200 ms (ctx ends it earlier). Bodies that are not JSON objects, such as multipart uploads, count
// as 0 and not exact. The body must not change during the call.
func CountRequest(ctx context.Context, endpoint models.Endpoint, protocol models.Protocol, body []byte, model string) (n int64, exact bool) {
	root := gjson.Parse(unsafe.String(unsafe.SliceData(body), len(body))) // a copy of 30 MB would cost more than the walk
	if !root.IsObject() {
		return 0, false
	}
	c := newCounter(ctx, model)
	switch endpoint {
	case models.EndpointChat:
		c.chat(root)
	case models.EndpointResponses:
		c.responses(root)
	case models.EndpointMessages, models.EndpointCountTokens:
		c.messages(root)
	case models.EndpointEmbeddings, models.EndpointModerations, models.EndpointSpeech:
		c.prompt(root.Get("input"), 0)
	case models.EndpointCompletions, models.EndpointImages, models.EndpointImageEdits:
		c.prompt(root.Get("prompt"), 0)
		c.prompt(root.Get("suffix"), 0)
	default:
		c.byProtocol(protocol, root)
	}
	return c.total(), c.exact
}

// byProtocol counts a request to an endpoint without rules of its own.
func (c *counter) byProtocol(protocol models.Protocol, root gjson.Result) {
	switch protocol {
	case models.ProtocolAnthropic:
		c.messages(root)
	case models.ProtocolResponses:
		c.responses(root)
	default:
		c.chat(root)
	}
}

// prompt counts what embeddings, completions and moderations take: a text, token ids, content parts, or lists of them.
func (c *counter) prompt(v gjson.Result, depth int) {
	switch {
	case v.Type == gjson.String:
		c.text(v.Str)
	case v.Type == gjson.Number:
		c.add(1)
	case v.IsArray() && depth < 2:
		v.ForEach(func(_, item gjson.Result) bool {
			c.prompt(item, depth+1)
			return true
		})
	case v.IsObject():
		c.part(v)
	}
}

// message counts one message of the chat format: its overhead, its author and its content.
func (c *counter) message(role, name, content gjson.Result) {
	c.add(c.rules.perMessage)
	c.role(role.Str)
	if name.Type == gjson.String && name.Str != "" {
		c.add(c.rules.perName)
		c.text(name.Str)
	}
	c.content(content)
}

// role counts an author. The usual ones are one token in both encodings.
func (c *counter) role(role string) {
	switch role {
	case "user", "assistant", "system", "developer", "tool", "function":
		c.add(c.rules.perRole)
	default:
		c.text(role)
	}
}

// content counts a message's content: a text or a list of parts.
func (c *counter) content(v gjson.Result) {
	switch {
	case v.Type == gjson.String:
		c.text(v.Str)
	case v.IsArray():
		v.ForEach(func(_, part gjson.Result) bool {
			c.part(part)
			return true
		})
	case v.IsObject():
		c.part(v)
	}
}

package answers

import (
	"encoding/json"
	"strings"
)

// conversation is what the three dialects have in common: all that decides what is answered.
type conversation struct {
	model     string
	stream    bool
	user      string // text of the last user turn
	tool      string // text of the tool result the conversation ends in
	afterTool bool
	images    int // of the last user turn
	input     int // tokens
	cached    int // of them, read from a cache
	written   int // of them, written to a cache

	tools    []tool
	choice   choice
	parallel bool

	limit    int // output tokens, 0 = none
	stops    []string
	json     bool            // an object of any shape is asked for
	schema   json.RawMessage // or one of this shape
	thinking bool            // the reasoning is shown
	effort   bool            // reasoning is asked for, shown or not
}

type tool struct {
	name   string
	schema json.RawMessage
}

// choice says whether a tool must, may or must not be called.
type choice struct {
	mode string // auto, none, required or named
	name string
}

// addText counts text as input and remembers it when it is the user's.
func (c *conversation) addText(role, text string) {
	c.input += tokens(text) + 3
	switch role {
	case "user":
		c.user, c.afterTool = text, false
	case "tool":
		c.tool, c.afterTool = text, true
	}
}

// addContent counts a message of text and images.
func (c *conversation) addContent(role string, content json.RawMessage) {
	c.addText(role, textOf(content))
	if role == "user" {
		c.addImages(imagesIn(content))
	}
}

// imageTokens is what an image counts as input, about what a small one costs.
const imageTokens = 85

// addImages counts the images of the user turn that was added last.
func (c *conversation) addImages(n int) {
	c.images = n
	c.input += n * imageTokens
}

// imagesIn counts the images of a message, in the words of any dialect.
func imagesIn(content json.RawMessage) (n int) {
	var parts []struct {
		Type string `json:"type"`
	}
	if json.Unmarshal(content, &parts) != nil {
		return 0
	}
	for _, p := range parts {
		if p.Type == "image_url" || p.Type == "input_image" || p.Type == "image" {
			n++
		}
	}
	return n
}

func (c *conversation) addTool(name string, schema json.RawMessage) {
	c.tools = append(c.tools, tool{name, schema})
	c.input += 8 + len(schema)/4
}

// cacheLikeOpenAI counts what OpenAI would have had in its prompt cache: multiples of 128 tokens of a long prompt.
func (c *conversation) cacheLikeOpenAI() {
	if c.input >= 1024 {
		c.cached = c.input / 2 / 128 * 128
	}
}

// reasoner reports whether the model shows its reasoning without being asked, as DeepSeek's does.
func (c *conversation) reasoner() bool { return strings.Contains(c.model, "reasoner") }

// textOf returns the text of a message's content: a string, or a list of parts.
func textOf(content json.RawMessage) string {
	var text string
	if json.Unmarshal(content, &text) == nil {
		return text
	}
	var parts []struct {
		Text    string          `json:"text"`
		Content json.RawMessage `json:"content"`
	}
	if json.Unmarshal(content, &parts) != nil {
		return ""
	}
	var all []string
	for _, p := range parts {
		if p.Text == "" && p.Content != nil {
			p.Text = textOf(p.Content)
		}
		if p.Text != "" {
			all = append(all, p.Text)
		}
	}
	return strings.Join(all, " ")
}

// stringsOf returns a field that is a string or a list of strings.
func stringsOf(raw json.RawMessage) []string {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		if one == "" {
			return nil
		}
		return []string{one}
	}
	var many []string
	if json.Unmarshal(raw, &many) != nil {
		return nil
	}
	return many
}

func firstOf(limits ...*int) int {
	for _, l := range limits {
		if l != nil {
			return *l
		}
	}
	return 0
}

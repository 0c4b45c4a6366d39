package rules

// message is one message of a conversation. Its content is the raw JSON of a string or of a list of parts.
type message struct {
	role    role
	content string
}

// parseMessage reads a message of any of the dialects, or an item of the Responses API's input. Objects that are neither
// (such as the {"type":"text"} of a moderation) are one part of a message of the user.
func parseMessage(raw string) message {
	var m message
	var kind, output, text string
	stated := false
	eachMember(raw, func(key, value string) bool {
		switch key {
		case "role":
			stated, m.role = true, parseRole(value)
		case "content":
			m.content = value
		case "output": // of a function_call_output
			output = value
		case "type":
			kind = value
		case "text", "image_url":
			text = value
		}
		return true
	})
	switch {
	case m.content != "":
		return m
	case output != "":
		m.content = output
	case !stated && kind != "" && text != "":
		m.role, m.content = roleUser, "["+raw+"]"
	}
	return m
}

func parseRole(literal string) role {
	switch literal {
	case `"user"`:
		return roleUser
	case `"system"`, `"developer"`:
		return roleSystem
	default:
		return roleOther
	}
}

// part is one part of a message: a text, as it is written, or something else.
type part struct {
	text   string
	kind   partKind
	result bool // it belongs to the result of a tool, which Anthropic's dialect puts into messages of the user
}

func (p part) saidByUser() bool { return p.text != "" && !p.result }

type partKind byte

const (
	partOther partKind = iota
	partImage
	partAudio
	partFile
)

// eachPart calls yield with each part of the message until it returns false.
func (m message) eachPart(yield func(part) bool) { eachPart(m.content, maxNesting, yield) }

// maxNesting bounds parts within parts: a tool_result of Anthropic's holds parts of its own.
const maxNesting = 3

func eachPart(content string, nesting int, yield func(part) bool) (goOn bool) {
	if isString(content) {
		return yield(part{text: content})
	}
	goOn = true
	eachElement(content, func(raw string) bool {
		if isObject(raw) {
			goOn = visitPart(raw, nesting, yield)
		}
		return goOn
	})
	return goOn
}

func visitPart(raw string, nesting int, yield func(part) bool) bool {
	var kind, text, content string
	eachMember(raw, func(key, value string) bool {
		switch key {
		case "type":
			kind = value
		case "text":
			text = value
		case "content":
			content = value
		}
		return true
	})
	switch kind {
	case `"text"`, `"input_text"`, `"output_text"`:
		return !isString(text) || yield(part{text: text})
	case `"tool_result"`:
		return nesting <= 1 || eachPart(content, nesting-1, func(p part) bool { p.result = true; return yield(p) })
	case `"image"`, `"image_url"`, `"input_image"`:
		return yield(part{kind: partImage})
	case `"input_audio"`, `"audio"`:
		return yield(part{kind: partAudio})
	case `"file"`, `"input_file"`, `"document"`:
		return yield(part{kind: partFile})
	default:
		return true
	}
}

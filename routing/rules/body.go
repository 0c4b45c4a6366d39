package rules

import "squirrel/models"

// role is whose text it is.
type role byte

const (
	roleOther role = iota // assistant, tool, …
	roleSystem
	roleUser
)

// body finds the parts of a request that rules can look at, in the dialects of chat completions, the Responses API and
// Anthropic's messages, and in the plain prompts and inputs of the other endpoints. It walks, and remembers only sums.
type body struct {
	json    string
	indexed bool
	// The top-level values that hold what rules ask for; "" when they are not there.
	messages, system, tools, functions string
	outputLimits                       [3]string // in order of preference
	summary                            *summary
}

// summary is what a look at all messages tells.
type summary struct {
	messages           int64
	image, audio, file bool
	lastUser           string // the content of the last message in which the user says something
}

// index finds the top-level members in one pass.
func (b *body) index(endpoint models.Endpoint) {
	if b.indexed {
		return
	}
	b.indexed = true
	messages, system := textMembers(endpoint)
	eachMember(b.json, func(key, value string) bool {
		switch key {
		case "tools":
			b.tools = value
		case "functions":
			b.functions = value
		case "max_completion_tokens":
			b.outputLimits[0] = value
		case "max_output_tokens":
			b.outputLimits[1] = value
		case "max_tokens":
			b.outputLimits[2] = value
		case messages:
			b.messages = value
		case system:
			b.system = value
		}
		return true
	})
}

// textMembers names the members that hold what the user and the operator say.
func textMembers(endpoint models.Endpoint) (messages, system string) {
	switch endpoint {
	case models.EndpointChat:
		return "messages", "messages"
	case models.EndpointMessages, models.EndpointCountTokens:
		return "messages", "system"
	case models.EndpointResponses:
		return "input", "instructions"
	case models.EndpointCompletions, models.EndpointImages, models.EndpointImageEdits:
		return "prompt", "prompt"
	default: // embeddings, moderations, speech
		return "input", "input"
	}
}

// eachMessage calls yield with each message. A plain string, alone or in a list, is a message of the user.
func (b *body) eachMessage(yield func(m message) bool) {
	if isString(b.messages) {
		yield(message{role: roleUser, content: b.messages})
		return
	}
	eachElement(b.messages, func(raw string) bool {
		switch {
		case isObject(raw):
			return yield(parseMessage(raw))
		case isString(raw):
			return yield(message{role: roleUser, content: raw})
		default:
			return true // the token numbers of a prompt
		}
	})
}

// eachText calls yield with each text, as it is written, and whose it is, until it returns false.
func (b *body) eachText(yield func(r role, literal string) bool) {
	goOn := true
	message{role: roleSystem, content: b.system}.eachPart(func(p part) bool {
		if p.text != "" {
			goOn = yield(roleSystem, p.text)
		}
		return goOn
	})
	if !goOn {
		return
	}
	b.eachMessage(func(m message) bool {
		m.eachPart(func(p part) bool {
			if p.text != "" {
				goOn = yield(m.role, p.text)
			}
			return goOn
		})
		return goOn
	})
}

// sum looks at all messages once.
func (b *body) sum() *summary {
	if b.summary != nil {
		return b.summary
	}
	s := &summary{}
	b.summary = s
	b.eachMessage(func(m message) bool {
		s.messages++
		spoken := false
		m.eachPart(func(p part) bool {
			spoken = spoken || p.saidByUser()
			s.image = s.image || p.kind == partImage
			s.audio = s.audio || p.kind == partAudio
			s.file = s.file || p.kind == partFile
			return true
		})
		if m.role == roleUser && spoken {
			s.lastUser = m.content
		}
		return true
	})
	return s
}

// eachTool calls yield with the name of each tool; built-in tools are named by their type.
func (b *body) eachTool(yield func(name string) bool) {
	visit := func(raw string) bool { return !isObject(raw) || yield(toolName(raw)) }
	goOn := true
	eachElement(b.tools, func(raw string) bool { goOn = visit(raw); return goOn })
	if goOn {
		eachElement(b.functions, visit)
	}
}

// toolName reads {"function":{"name"}} and {"custom":{"name"}} of chat completions, and {"name"} of everything else.
func toolName(raw string) string {
	var name, kind, inner string
	eachMember(raw, func(key, value string) bool {
		switch key {
		case "name":
			name = value
		case "type":
			kind = value
		case "function", "custom":
			inner = value
		}
		return true
	})
	for _, literal := range [...]string{member(inner, "name"), name, kind} {
		if isString(literal) {
			return unquote(literal)
		}
	}
	return ""
}

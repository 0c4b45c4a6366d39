package web

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"squirrel/app/admin"
	"squirrel/models"
	"squirrel/views/pages"
)

// transcript is a request and its answer as turns of a conversation. Formats: OpenAI chat completions and completions, OpenAI
// responses, Anthropic messages. An agent's history has hundreds of turns and many megabytes, so that none is read before it is
// to be shown.
type transcript struct {
	turns   []turn
	tools   []string          // names of those that were offered
	names   map[string]string // of tools, by the id of a call
	problem string
	most    int // bytes that are read of a text
}

const wholeTexts = 1 << 62 // bytes

// turn is one message that nobody has read yet.
type turn struct {
	kind   turnKind
	raw    string // JSON
	answer bool
	note   string
}

type turnKind int

const (
	turnItem   turnKind = iota // a message, or an item of the Responses API
	turnSystem                 // what a system prompt holds
	turnPrompt                 // what a prompt holds
	turnChoice                 // an element of choices
	turnError
)

// hasConversation reports whether requests to an endpoint are conversations.
func hasConversation(e models.Endpoint) bool {
	switch e {
	case models.EndpointChat, models.EndpointCompletions, models.EndpointResponses, models.EndpointMessages, models.EndpointCountTokens:
		return true
	}
	return false
}

// newTranscript finds the turns. nil when the endpoint holds no conversation or nothing of it was recorded.
func newTranscript(found *admin.LogView, most int) *transcript {
	if !hasConversation(found.Endpoint) || found.RequestBody == nil && found.ResponseBody == nil {
		return nil
	}
	t := &transcript{names: map[string]string{}, most: most}
	if found.RequestBody != nil && !t.request(*found.RequestBody) {
		t.problem = "log.chat.broken"
	}
	if found.ResponseBody != nil && *found.ResponseBody != "" && !t.answer(*found.ResponseBody) {
		t.problem = "log.chat.broken"
	}
	return t
}

func (t *transcript) request(body string) bool {
	o, ok := membersOf(body)
	if !ok {
		return false
	}
	t.offer(o["tools"])
	t.offer(o["functions"])
	t.say(turnSystem, o["system"], false, "")
	t.say(turnSystem, o["instructions"], false, "")
	t.say(turnPrompt, o["prompt"], false, "")
	t.items(o["messages"], false)
	if strings.HasPrefix(o["input"], `"`) {
		t.say(turnPrompt, o["input"], false, "")
	} else {
		t.items(o["input"], false)
	}
	return true
}

func (t *transcript) answer(body string) bool {
	o, ok := membersOf(body)
	if !ok {
		return false
	}
	t.say(turnError, o["error"], true, "")
	eachOf(o["choices"], func(choice string) { t.say(turnChoice, choice, true, "") })
	if there(o["content"]) && !there(o["choices"]) {
		t.say(turnItem, body, true, jsonText([]byte(o["stop_reason"])))
	}
	t.items(o["output"], true)
	return true
}

func (t *transcript) items(raw string, answer bool) {
	eachOf(raw, func(item string) { t.say(turnItem, item, answer, "") })
}

func (t *transcript) say(kind turnKind, raw string, answer bool, note string) {
	if kind == turnItem || kind == turnChoice || there(raw) {
		t.turns = append(t.turns, turn{kind, raw, answer, note})
	}
}

func there(raw string) bool {
	raw = strings.TrimSpace(raw)
	return raw != "" && raw != "null"
}

// offer keeps the names of tools.
func (t *transcript) offer(raw string) {
	known := map[string]bool{}
	eachOf(raw, func(tool string) {
		for _, path := range []string{"name", "function.name", "type"} { // only chat completions wraps it
			if name := gjson.Get(tool, path); name.Type == gjson.String && name.Str != "" {
				if !known[name.Str] {
					t.tools = append(t.tools, name.Str)
				}
				known[name.Str] = true
				return
			}
		}
	})
}

// read reads the n-th turn. What says nothing is no message.
func (t *transcript) read(n int) (m pages.ChatMessage, said bool) {
	turn := &t.turns[n]
	text := shortTexts(turn.raw, t.most)
	switch turn.kind {
	case turnSystem, turnPrompt:
		m.Role = "user"
		if turn.kind == turnSystem {
			m.Role = "system"
		}
		m.Parts = t.content(json.RawMessage(text))
		return m, len(m.Parts) > 0
	case turnError:
		return pages.ChatMessage{Role: "error", Answer: true, Parts: []pages.ChatPart{{Kind: "text", Text: pretty(text)}}}, true
	}
	o := objectOf(text)
	switch note := jsonText(o["finish_reason"]); {
	case o == nil:
		return m, false
	case turn.kind == turnItem:
		return t.item(o, turn.answer, turn.note), true
	case given(o["message"]):
		return t.message(objectOf(string(o["message"])), true, note), true
	}
	return pages.ChatMessage{Role: "assistant", Answer: true, Note: jsonText(o["finish_reason"]), Parts: t.content(o["text"])}, true
}

// membersOf are the members of an object as they stand in the text.
func membersOf(text string) (map[string]string, bool) {
	if !wellFormed(text) || strings.TrimSpace(text)[0] != '{' {
		return nil, false
	}
	o := map[string]string{}
	gjson.Parse(text).ForEach(func(name, value gjson.Result) bool {
		o[name.String()] = value.Raw
		return true
	})
	return o, true
}

// objectOf is an object whose members nobody has read yet; nil when the text is none.
func objectOf(text string) object {
	parsed := gjson.Parse(text)
	if !parsed.IsObject() {
		return nil
	}
	o := object{}
	parsed.ForEach(func(name, value gjson.Result) bool {
		o[name.String()] = json.RawMessage(value.Raw)
		return true
	})
	return o
}

// eachOf calls fn with every element of a list, as it stands in the text.
func eachOf(raw string, fn func(element string)) {
	if list := gjson.Parse(raw); list.IsArray() {
		list.ForEach(func(_, element gjson.Result) bool {
			fn(element.Raw)
			return true
		})
	}
}

// cutSign stands where the rest of a text was left out, with its length between two of them. It means nothing in any text.
const cutSign = "\uE0FE"

// shortTexts takes the ends of long texts out of JSON, before anybody reads it.
func shortTexts(raw string, most int) string {
	if len(raw) <= most {
		return raw
	}
	var out strings.Builder
	at := 0
	for i := 0; i < len(raw); i++ {
		if raw[i] != '"' {
			continue
		}
		end := stringEnd(raw, i)
		if end == 0 {
			break
		}
		if cut := i + 1 + most; cut < end-1 {
			cut = escapeStart(raw, i+1, runeStart(raw, i+1, cut))
			out.WriteString(raw[at:cut] + cutSign + strconv.Itoa(end-1-cut) + cutSign)
			at = end - 1
		}
		i = end - 1
	}
	return out.String() + raw[at:]
}

// escapeStart is end, or a little before it, so that no escape sequence of a string of JSON is cut.
func escapeStart(raw string, start, end int) int {
	for i := start; i < end; i++ {
		if raw[i] != '\\' {
			continue
		}
		size := 2
		if raw[i+1] == 'u' {
			size = 6
		}
		if i+size > end {
			return i
		}
		i += size - 1
	}
	return end
}

// readCuts tells what was left out of a text: what is left, and how many bytes there were.
func readCuts(text string) (short string, whole int) {
	pieces := strings.Split(text, cutSign)
	whole = len(text)
	for i := 1; i+1 < len(pieces); i += 2 {
		if n, err := strconv.Atoi(pieces[i]); err == nil {
			whole += n - len(pieces[i]) - 2*len(cutSign)
			pieces[i] = "…"
		}
	}
	return strings.Join(pieces, ""), whole
}

func wholeLength(text string) int {
	_, n := readCuts(text)
	return n
}

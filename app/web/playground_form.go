package web

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"

	"squirrel/app/admin"
	"squirrel/models"
	"squirrel/views/pages"
)

// readPlayground reads the form of the playground.
func readPlayground(v url.Values) pages.Playground {
	form := pages.Playground{
		Raw: v.Get("mode") == "raw", Endpoint: v.Get("endpoint"), Model: strings.TrimSpace(v.Get("model")), System: v.Get("system"),
		Params: map[string]string{}, Stream: v.Get("stream") == "true", Body: v.Get("body"), APIKeyID: v.Get("api_key_id"), RouteID: v.Get("route_id"),
	}
	for _, name := range playParams {
		if value := strings.TrimSpace(v.Get(name)); value != "" {
			form.Params[name] = value
		}
	}
	roles, texts := v["role"], v["text"]
	for i := range min(len(roles), len(texts), maxMessages) {
		form.Messages = append(form.Messages, pages.PlayMessage{Role: roles[i], Text: texts[i]})
	}
	for n := 2; n <= maxColumns; n++ {
		form.Columns = append(form.Columns, pages.PlayOther{Model: strings.TrimSpace(v.Get("model_" + strconv.Itoa(n))), RouteID: v.Get("route_id_" + strconv.Itoa(n))})
	}
	if len(form.Messages) == 0 {
		form.Messages = []pages.PlayMessage{{Role: "user"}}
	}
	return form
}

// playParams are the parameters of the form; one that is left empty is not sent.
var playParams = []string{"temperature", "max_tokens", "top_p", "stop", "seed", "reasoning_effort", "response_format", "tools"}

const maxMessages = 100

// maxColumns is how many requests of the playground are sent at once.
const maxColumns = 3

// defaultMaxTokens is for Anthropic, where a request has to have a limit.
const defaultMaxTokens = 1024

// playRequest makes the request of a form, or says what is wrong with it.
func playRequest(form *pages.Playground) (admin.Play, map[string]string) {
	problems := map[string]string{}
	request := admin.Play{Endpoint: models.Endpoint(form.Endpoint), APIKeyID: optionalID(form.APIKeyID), RouteID: optionalID(form.RouteID)}
	if form.Raw {
		if request.Body = json.RawMessage(form.Body); !json.Valid(request.Body) {
			problems["body"] = "must be JSON"
		}
		return request, problems
	}
	b := bodyBuilder{form: form, problems: problems}
	request.Body = b.build(request.Endpoint)
	return request, problems
}

func optionalID(text string) *int64 {
	if id, err := strconv.ParseInt(text, 10, 64); err == nil && id > 0 {
		return &id
	}
	return nil
}

// bodyBuilder writes the body of a request in the words of its protocol, in the usual order.
type bodyBuilder struct {
	form     *pages.Playground
	problems map[string]string
	fields   []string
}

func (b *bodyBuilder) build(endpoint models.Endpoint) json.RawMessage {
	if b.form.Model == "" {
		b.problems["model"] = "must not be empty"
	}
	b.add("model", b.form.Model)
	switch endpoint {
	case models.EndpointMessages:
		if _, set := b.form.Params["max_tokens"]; !set {
			b.add("max_tokens", defaultMaxTokens)
		}
		if b.form.System != "" {
			b.add("system", b.form.System)
		}
		b.add("messages", b.messages(false))
		b.count("max_tokens", "max_tokens")
	case models.EndpointResponses:
		if b.form.System != "" {
			b.add("instructions", b.form.System)
		}
		b.add("input", b.messages(false))
		b.count("max_tokens", "max_output_tokens")
	default:
		b.add("messages", b.messages(true))
		b.count("max_tokens", "max_completion_tokens")
	}
	b.number("temperature")
	b.number("top_p")
	b.extras(endpoint)
	if b.form.Stream {
		b.add("stream", true)
	}
	return json.RawMessage("{" + strings.Join(b.fields, ",") + "}")
}

type playMessage struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

func (b *bodyBuilder) messages(withSystem bool) []playMessage {
	list := []playMessage{}
	if withSystem && b.form.System != "" {
		list = append(list, playMessage{"system", b.form.System})
	}
	for _, m := range b.form.Messages {
		if m.Text != "" {
			list = append(list, playMessage{m.Role, m.Text})
		}
	}
	return list
}

func (b *bodyBuilder) add(name string, value any) {
	raw, _ := json.Marshal(value) // texts, numbers and lists of them can always be marshalled
	b.fields = append(b.fields, quoteJSON(name)+":"+string(raw))
}

// number passes a number on as it was typed.
func (b *bodyBuilder) number(name string) {
	text, set := b.form.Params[name]
	if !set {
		return
	}
	if _, err := strconv.ParseFloat(text, 64); err != nil || !json.Valid([]byte(text)) {
		b.problems[name] = "must be a number"
		return
	}
	b.add(name, json.Number(text))
}

func (b *bodyBuilder) count(field, name string) {
	text, set := b.form.Params[field]
	if !set {
		return
	}
	n, err := strconv.ParseUint(text, 10, 31)
	if err != nil || n == 0 {
		b.problems[field] = "must be a whole number from 1"
		return
	}
	b.add(name, n)
}

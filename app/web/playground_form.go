package web

import (
	"bytes"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"squirrel/app/admin"
	"squirrel/models"
	"squirrel/views/pages"
)

// playForm is a form of the playground as it was sent.
type playForm struct {
	pages.Playground
	file *formFile // to be transcribed; nil = none
}

// readPlayground reads the form of the playground.
func readPlayground(v url.Values, files []formFile) playForm {
	mode := pages.PlayMode(v.Get("mode"))
	if !slices.Contains(pages.PlayModes, mode) {
		mode = pages.PlayChat
	}
	form := playForm{Playground: pages.Playground{
		Mode: mode, Endpoint: v.Get("endpoint"), Model: strings.TrimSpace(v.Get("model")), System: v.Get("system"),
		Params: map[string]string{}, Stream: v.Get("stream") == "true", Body: v.Get("body"), APIKeyID: v.Get("api_key_id"), RouteID: v.Get("route_id"),
		PresetName: strings.TrimSpace(v.Get("preset_name")), Errors: map[string]string{},
	}}
	for _, name := range playParams[mode] {
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
	if mode == pages.PlayChat {
		attachImages(&form.Playground, v, files)
	}
	for i := range files {
		if files[i].Field == "file" && mode == pages.PlayTranscription {
			form.file = &files[i]
		}
	}
	return form
}

// playParams are the parameters of each mode's form; one that is left empty is not sent.
var playParams = map[pages.PlayMode][]string{
	pages.PlayChat:          {"temperature", "max_tokens", "top_p", "stop", "seed", "reasoning_effort", "response_format", "schema", "schema_name", "schema_strict", "tools"},
	pages.PlayEmbeddings:    {"input", "dimensions"},
	pages.PlayImages:        {"prompt", "n", "size", "quality"},
	pages.PlaySpeech:        {"input", "voice", "response_format", "speed", "instructions"},
	pages.PlayTranscription: {"language", "prompt", "response_format", "temperature"},
}

const maxMessages = 100

// maxColumns is how many requests of the playground are sent at once.
const maxColumns = 3

// defaultMaxTokens is for Anthropic, where a request has to have a limit.
const defaultMaxTokens = 1024

// request makes the request of a form, or notes what is wrong with it.
func (f *playForm) request() admin.Play {
	if f.Mode != pages.PlayChat && f.Mode != pages.PlayRaw && f.Mode != pages.PlayTranscription {
		f.Endpoint = string(modeEndpoints[f.Mode])
	}
	request := admin.Play{Endpoint: models.Endpoint(f.Endpoint), APIKeyID: optionalID(f.APIKeyID), RouteID: optionalID(f.RouteID)}
	b := bodyBuilder{form: &f.Playground, problems: f.Errors}
	switch f.Mode {
	case pages.PlayRaw:
		request.Body = json.RawMessage(f.Body)
		if problem := jsonProblem(f.Body); problem != "" {
			f.Errors["body"] = problem
		} else if bytes.TrimSpace(request.Body)[0] != '{' {
			f.Errors["body"] = "must be a JSON object"
		}
	case pages.PlayTranscription:
		request.Upload = b.transcription(f.file)
	case pages.PlayEmbeddings:
		request.Body = b.embeddings()
	case pages.PlayImages:
		request.Body = b.images()
	case pages.PlaySpeech:
		request.Body = b.speech()
	default:
		request.Body = b.build(request.Endpoint)
	}
	return request
}

// modeEndpoints are the endpoints of the modes that have only one.
var modeEndpoints = map[pages.PlayMode]models.Endpoint{
	pages.PlayEmbeddings: models.EndpointEmbeddings, pages.PlayImages: models.EndpointImages, pages.PlaySpeech: models.EndpointSpeech,
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
	b.model()
	switch endpoint {
	case models.EndpointMessages:
		if _, set := b.form.Params["max_tokens"]; !set {
			b.add("max_tokens", defaultMaxTokens)
		}
		if b.form.System != "" {
			b.add("system", b.form.System)
		}
		b.add("messages", b.messages(endpoint))
		b.count("max_tokens", "max_tokens")
	case models.EndpointResponses:
		if b.form.System != "" {
			b.add("instructions", b.form.System)
		}
		b.add("input", b.messages(endpoint))
		b.count("max_tokens", "max_output_tokens")
	default:
		b.add("messages", b.messages(endpoint))
		b.count("max_tokens", "max_completion_tokens")
	}
	b.number("temperature")
	b.number("top_p")
	b.extras(endpoint)
	if b.form.Stream {
		b.add("stream", true)
	}
	return b.body()
}

func (b *bodyBuilder) body() json.RawMessage {
	return json.RawMessage("{" + strings.Join(b.fields, ",") + "}")
}

func (b *bodyBuilder) model() {
	if b.form.Model == "" {
		b.problems["model"] = "must not be empty"
	}
	b.add("model", b.form.Model)
}

type playMessage struct {
	Role    string `json:"role"`
	Content any    `json:"content"` // a text, or parts
}

func (b *bodyBuilder) messages(endpoint models.Endpoint) []playMessage {
	list := []playMessage{}
	inside := endpoint != models.EndpointMessages && endpoint != models.EndpointResponses // they have a field for it
	if inside && b.form.System != "" {
		list = append(list, playMessage{"system", b.form.System})
	}
	for _, m := range b.form.Messages {
		switch {
		case len(m.Images) > 0:
			list = append(list, playMessage{m.Role, contentParts(endpoint, m)})
		case m.Text != "":
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

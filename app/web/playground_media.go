package web

import (
	"encoding/json"
	"strings"

	"squirrel/app/admin"
	"squirrel/views/pages"
)

// text adds a parameter as it was typed.
func (b *bodyBuilder) text(name string) {
	if text, set := b.form.Params[name]; set {
		b.add(name, text)
	}
}

// needed is a text without which there is no request.
func (b *bodyBuilder) needed(name string) {
	if b.form.Params[name] == "" {
		b.problems[name] = "must not be empty"
	}
	b.text(name)
}

// embeddings has one input for each line that is not empty.
func (b *bodyBuilder) embeddings() json.RawMessage {
	b.model()
	switch lines := stops(b.form.Params["input"]); len(lines) {
	case 0:
		b.problems["input"] = "must not be empty"
	case 1:
		b.add("input", lines[0])
	default:
		b.add("input", lines)
	}
	b.count("dimensions", "dimensions")
	return b.body()
}

func (b *bodyBuilder) images() json.RawMessage {
	b.model()
	b.needed("prompt")
	b.count("n", "n")
	b.text("size")
	b.text("quality")
	return b.body()
}

func (b *bodyBuilder) speech() json.RawMessage {
	b.model()
	b.needed("input")
	b.needed("voice")
	b.text("response_format")
	b.number("speed")
	b.text("instructions")
	return b.body()
}

// transcription is a form, as the endpoint takes no JSON.
func (b *bodyBuilder) transcription(file *formFile) *admin.PlayUpload {
	b.model()
	b.number("temperature")
	form := &admin.PlayUpload{Fields: [][2]string{{"model", b.form.Model}}}
	for _, name := range playParams[pages.PlayTranscription] {
		if value, set := b.form.Params[name]; set {
			form.Fields = append(form.Fields, [2]string{name, value})
		}
	}
	if b.form.Stream {
		if strings.HasSuffix(b.form.Endpoint, "/translations") {
			b.problems["stream"] = notOfEndpoint
		}
		form.Fields = append(form.Fields, [2]string{"stream", "true"})
	}
	switch {
	case file != nil && (file.TooLarge || len(file.Data) > pages.MaxPlaySound):
		b.problems["file"] = "is larger than 25 MB"
	case file == nil || len(file.Data) == 0:
		b.problems["file"] = "choose a file that is not empty"
	default:
		form.FileName, form.FileType, form.File = file.Name, file.Type, file.Data
	}
	return form
}

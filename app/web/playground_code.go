package web

import (
	"bytes"
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"squirrel/app/admin"
	"squirrel/models"
	"squirrel/views/i18n"
	"squirrel/views/pages"
)

// maxCode keeps programs readable: a longer body is read from a file.
const maxCode = 16 << 10

// playCode shows what would be sent as a command and as programs. They name an environment variable instead of a key.
func playCode(ctx context.Context, base string, form *pages.Playground, request *admin.Play) []pages.Snippet {
	notes := []string{i18n.T(ctx, "playground.code.key")}
	code := coder{base: base, endpoint: request.Endpoint, call: calls[request.Endpoint]}
	switch {
	case request.Upload != nil:
		code.fields, code.file = uploadFields(request.Upload), request.Upload.FileName
		if code.file == "" {
			code.file = "FILE"
		}
	default:
		body := embedded.ReplaceAll(request.Body, []byte("${1}BASE64\""))
		if len(body) != len(request.Body) {
			notes = append(notes, i18n.T(ctx, "playground.code.embedded"))
		}
		if code.body = body; len(body) > maxCode {
			code.body = nil
			notes = append(notes, i18n.T(ctx, "playground.code.long"))
		}
		code.fields = fieldsInOrder(body)
	}
	if form.RouteID != "" {
		notes = append(notes, i18n.T(ctx, "playground.code.route"))
	}
	if hasColumns(form) {
		notes = append(notes, i18n.T(ctx, "playground.code.columns"))
	}
	list := []pages.Snippet{{ID: "code-curl", Label: "curl", Code: code.curl()}}
	if code.call.python != "" {
		list = append(list, pages.Snippet{ID: "code-python", Label: "Python", Code: code.python()}, pages.Snippet{ID: "code-node", Label: "Node", Code: code.node()})
	}
	for i := range list {
		list[i].Note = strings.Join(notes, " ")
	}
	return list
}

// embedded is an image or a sound within a body: what matters of it in a program is where it goes.
var embedded = regexp.MustCompile(`("(?:data:[a-z0-9.+/-]+;base64,)?)[A-Za-z0-9+/=]{1000,}"`)

// codeField is a field of a request, in the order in which they are sent.
type codeField struct {
	name  string
	value json.RawMessage
}

// fieldsInOrder takes an object apart.
func fieldsInOrder(body []byte) (fields []codeField) {
	dec := json.NewDecoder(bytes.NewReader(body))
	_, _ = dec.Token() // the brace
	for dec.More() {
		name, err := dec.Token()
		var value json.RawMessage
		if err != nil || dec.Decode(&value) != nil {
			return fields // can't be: it was read before
		}
		fields = append(fields, codeField{name.(string), value})
	}
	return fields
}

func uploadFields(upload *admin.PlayUpload) (fields []codeField) {
	for _, f := range upload.Fields {
		value := quoteJSON(f[1])
		if f[0] == "temperature" || f[0] == "stream" {
			value = f[1]
		}
		fields = append(fields, codeField{f[0], json.RawMessage(value)})
	}
	return fields
}

// coder writes one request.
type coder struct {
	base     string
	endpoint models.Endpoint
	call     call
	body     []byte // nil: it is in a file of its own
	fields   []codeField
	file     string // that is uploaded; empty = none
}

func (c coder) streams() bool {
	return slices.ContainsFunc(c.fields, func(f codeField) bool { return f.name == "stream" && string(f.value) == "true" })
}

func (c coder) anthropic() bool {
	return c.endpoint == models.EndpointMessages || c.endpoint == models.EndpointCountTokens
}

func (c coder) curl() string {
	lines := []string{"curl " + shellQuote(c.base+string(c.endpoint))}
	if c.streams() {
		lines[0] = "curl -N " + shellQuote(c.base+string(c.endpoint))
	}
	if c.anthropic() {
		lines = append(lines, `-H "x-api-key: $SQUIRREL_API_KEY"`, `-H 'anthropic-version: 2023-06-01'`)
	} else {
		lines = append(lines, `-H "Authorization: Bearer $SQUIRREL_API_KEY"`)
	}
	switch {
	case c.file != "":
		for _, f := range c.fields {
			lines = append(lines, "-F "+shellQuote(f.name+"="+unquoted(f.value)))
		}
		lines = append(lines, "-F "+shellQuote("file=@"+c.file))
	case c.body == nil:
		lines = append(lines, `-H 'Content-Type: application/json'`, "--data-binary @request.json")
	default:
		lines = append(lines, `-H 'Content-Type: application/json'`, "--data-binary "+shellQuote(pretty(string(c.body))))
	}
	return strings.Join(lines, " \\\n  ")
}

func (c coder) python() string {
	imports, sdk, base := "import os\n\nfrom openai import OpenAI", "OpenAI", c.base+"/v1"
	if c.anthropic() {
		imports, sdk, base = "import os\n\nfrom anthropic import Anthropic", "Anthropic", c.base
	}
	if c.endpoint == models.EndpointImages {
		imports = "import base64\n" + imports
	}
	var b strings.Builder
	if c.body == nil && c.file == "" {
		imports = "import json\n" + imports
	}
	b.WriteString(imports + "\n\nclient = " + sdk + "(base_url=" + quoteCode(base) + ", api_key=os.environ[\"SQUIRREL_API_KEY\"])\n")
	if c.body == nil && c.file == "" {
		b.WriteString("body = json.load(open(\"request.json\"))\nanswer = client." + c.call.python + "(model=body.pop(\"model\"), " + c.inFile() + "extra_body=body)\n")
	} else {
		b.WriteString("answer = client." + c.call.python + "(\n" + c.pythonArguments() + ")\n")
	}
	switch {
	case c.streams() && c.call.pythonStream != "":
		return b.String() + c.call.pythonStream
	case c.readsAsText():
		return b.String() + "print(answer)"
	}
	return b.String() + c.named(c.call.pythonAfter)
}

// named gives a sound that is saved the ending of its format.
func (c coder) named(after string) string {
	format := "mp3"
	for _, f := range c.fields {
		if f.name == "response_format" {
			format = unquoted(f.value)
		}
	}
	return strings.ReplaceAll(after, "speech.audio", "speech."+format)
}

// inFile are the arguments that the method insists on, besides the model.
func (c coder) inFile() string {
	var b strings.Builder
	for _, f := range c.fields {
		if slices.Contains([]string{"messages", "input", "prompt", "max_tokens", "voice"}, f.name) {
			b.WriteString(f.name + "=body.pop(" + quoteCode(f.name) + "), ")
		}
	}
	if c.streams() {
		b.WriteString("stream=body.pop(\"stream\"), ")
	}
	return b.String()
}

// pythonArguments are those the SDK has a name for; the others go along as they are.
func (c coder) pythonArguments() string {
	var b, extra strings.Builder
	for _, f := range c.fields {
		if slices.Contains(c.call.known, f.name) {
			b.WriteString("    " + f.name + "=" + literal{python: true}.write(f.value, 1) + ",\n")
		} else {
			extra.WriteString("        " + quoteCode(f.name) + ": " + literal{python: true}.write(f.value, 2) + ",\n")
		}
	}
	if c.file != "" {
		b.WriteString("    file=open(" + quoteCode(c.file) + ", \"rb\"),\n")
	}
	if extra.Len() > 0 {
		b.WriteString("    extra_body={\n" + extra.String() + "    },\n")
	}
	return b.String()
}

func (c coder) node() string {
	sdk, module, base := "OpenAI", "openai", c.base+"/v1"
	if c.anthropic() {
		sdk, module, base = "Anthropic", "@anthropic-ai/sdk", c.base
	}
	var b strings.Builder
	switch {
	case c.file != "":
		b.WriteString("import fs from \"node:fs\";\n")
	case c.body == nil, c.endpoint == models.EndpointImages, c.endpoint == models.EndpointSpeech:
		b.WriteString("import fs from \"node:fs/promises\";\n")
	}
	b.WriteString("import " + sdk + " from \"" + module + "\";\n\nconst client = new " + sdk + "({ baseURL: " + quoteCode(base) + ", apiKey: process.env.SQUIRREL_API_KEY });\n")
	if c.body == nil && c.file == "" {
		b.WriteString("const answer = await client." + c.call.node + "(JSON.parse(await fs.readFile(\"request.json\", \"utf8\")));\n")
	} else {
		b.WriteString("const answer = await client." + c.call.node + "({\n")
		for _, f := range c.fields {
			b.WriteString("  " + nodeName(f.name) + ": " + literal{}.write(f.value, 1) + ",\n")
		}
		if c.file != "" {
			b.WriteString("  file: fs.createReadStream(" + quoteCode(c.file) + "),\n")
		}
		b.WriteString("});\n")
	}
	switch {
	case c.streams() && c.call.nodeStream != "":
		return b.String() + c.call.nodeStream
	case c.readsAsText():
		return b.String() + "console.log(answer);"
	}
	return b.String() + c.named(c.call.nodeAfter)
}

// readsAsText reports whether an upload is answered with a bare text.
func (c coder) readsAsText() bool {
	return c.file != "" && slices.ContainsFunc(c.fields, func(f codeField) bool {
		return f.name == "response_format" && slices.Contains([]string{"text", "srt", "vtt"}, unquoted(f.value))
	})
}

// unquoted is a value without the quotes of JSON.
func unquoted(value json.RawMessage) string {
	var text string
	if json.Unmarshal(value, &text) != nil {
		return string(value)
	}
	return text
}

// quoteCode is a text as Python and JavaScript write it. Both read what JSON writes, and neither needs markup to be escaped.
func quoteCode(text string) string {
	var out strings.Builder
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(text) // a text can always be encoded
	return strings.TrimSpace(out.String())
}

var identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func nodeName(name string) string {
	if identifier.MatchString(name) {
		return name
	}
	return quoteCode(name)
}

// literal writes JSON as a value of a programming language. Of JavaScript it is one already.
type literal struct{ python bool }

// maxLiteral is how long a list or an object on one line may be.
const maxLiteral = 72

func (l literal) write(value json.RawMessage, depth int) string {
	value = bytes.TrimSpace(value)
	switch value[0] {
	case '{', '[':
		return l.container(value, depth)
	case '"':
		return quoteCode(unquoted(value))
	}
	if l.python {
		switch string(value) {
		case "true":
			return "True"
		case "false":
			return "False"
		case "null":
			return "None"
		}
	}
	return string(value)
}

func (l literal) container(value json.RawMessage, depth int) string {
	var parts []string
	left, right := "{", "}"
	if value[0] == '[' {
		left, right = "[", "]"
		var items []json.RawMessage
		_ = json.Unmarshal(value, &items) // it is valid
		for _, item := range items {
			parts = append(parts, l.write(item, depth+1))
		}
	} else {
		for _, f := range fieldsInOrder(value) {
			parts = append(parts, l.name(f.name)+": "+l.write(f.value, depth+1))
		}
	}
	line := left + strings.Join(parts, ", ") + right
	if len(line) <= maxLiteral && !strings.Contains(line, "\n") {
		return line
	}
	step := "  "
	if l.python {
		step = "    "
	}
	inside, outside := strings.Repeat(step, depth+1), strings.Repeat(step, depth)
	return left + "\n" + inside + strings.Join(parts, ",\n"+inside) + ",\n" + outside + right
}

func (l literal) name(name string) string {
	if l.python {
		return quoteCode(name)
	}
	return nodeName(name)
}

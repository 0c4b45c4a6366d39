package answers

import (
	"encoding/json"
	"net/http"
)

// Peek returns the model a request names and whether it asks for a stream, as far as that can be seen in a JSON or a form body.
func Peek(h http.Header, body []byte) (model string, stream bool) {
	if _, ok := isForm(h); ok {
		form, f := readForm(h, body)
		if f != nil {
			return "", false
		}
		return form.values["model"], form.values["stream"] == "true"
	}
	var peeked struct {
		Model  any `json:"model"`
		Stream any `json:"stream"`
	}
	if json.Unmarshal(body, &peeked) != nil {
		return "", false
	}
	model, _ = peeked.Model.(string)
	stream, _ = peeked.Stream.(bool)
	return model, stream
}

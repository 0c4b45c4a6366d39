package web

import (
	"encoding/json"
	"maps"
	"strconv"
	"strings"

	"squirrel/models"
)

// notOfEndpoint is said of a parameter that the protocol of the endpoint does not have. It is not left out in silence.
const notOfEndpoint = "is no parameter of this endpoint"

// extras adds the parameters whose words differ between the protocols.
func (b *bodyBuilder) extras(endpoint models.Endpoint) {
	chat, responses, messages := endpoint == models.EndpointChat, endpoint == models.EndpointResponses, endpoint == models.EndpointMessages
	b.param("stop", chat || messages, func(text string) {
		if messages {
			b.add("stop_sequences", stops(text))
		} else {
			b.add("stop", stops(text))
		}
	})
	b.param("seed", chat, func(text string) {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			b.problems["seed"] = "must be a whole number"
			return
		}
		b.add("seed", n)
	})
	b.param("reasoning_effort", chat || responses, func(effort string) {
		if responses {
			b.add("reasoning", map[string]string{"effort": effort})
		} else {
			b.add("reasoning_effort", effort)
		}
	})
	schema := b.form.Params["response_format"] == "json_schema"
	b.param("response_format", chat || responses || messages && schema, func(kind string) { b.format(kind, endpoint) })
	b.param("tools", true, func(text string) {
		problem := jsonProblem(text)
		if problem == "" && !strings.HasPrefix(text, "[") {
			problem = "must be a JSON array"
		}
		if problem != "" {
			b.problems["tools"] = problem
			return
		}
		b.add("tools", json.RawMessage(text))
	})
}

// format adds the format of the answer. Each protocol wraps a schema in its own way; Anthropic's has no name.
func (b *bodyBuilder) format(kind string, endpoint models.Endpoint) {
	format, schema := map[string]any{"type": kind}, map[string]any(nil)
	if kind == "json_schema" {
		schema = b.schemaFormat()
	}
	switch endpoint {
	case models.EndpointMessages:
		format["schema"] = schema["schema"]
		b.add("output_config", map[string]any{"format": format})
	case models.EndpointResponses:
		maps.Copy(format, schema)
		b.add("text", map[string]any{"format": format})
	default:
		if schema != nil {
			format["json_schema"] = schema
		}
		b.add("response_format", format)
	}
}

// param adds a parameter that is set, when the endpoint has it.
func (b *bodyBuilder) param(name string, has bool, add func(text string)) {
	text, set := b.form.Params[name]
	switch {
	case !set:
	case !has:
		b.problems[name] = notOfEndpoint
	default:
		add(text)
	}
}

// stops are the texts that end an answer, one on each line.
func stops(text string) (list []string) {
	for _, line := range strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		if line != "" {
			list = append(list, line)
		}
	}
	return list
}

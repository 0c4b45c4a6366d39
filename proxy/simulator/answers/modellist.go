package answers

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// launch is when every model of the list was made.
var launch = time.Date(2026, time.January, 15, 0, 0, 0, 0, time.UTC)

// modelList answers GET /v1/models and GET /v1/models/{name}, in Anthropic's shape when the request names that API's version.
func modelList(r *Request) (*Answer, *failure) {
	entry := openAIModel
	anthropic := r.Header.Get("Anthropic-Version") != ""
	if anthropic {
		entry = anthropicModel
	}
	if r.Name != "" {
		if !slices.Contains(r.Models, r.Name) {
			return nil, &failure{status: http.StatusNotFound, message: "The model '" + r.Name + "' does not exist", param: "model", code: "model_not_found"}
		}
		return plain(entry(r.Name)), nil
	}
	data := list{}
	for _, name := range r.Models {
		data = append(data, entry(name))
	}
	if !anthropic {
		return plain(object{{"object", "list"}, {"data", data}}), nil
	}
	var first, last any
	if len(r.Models) > 0 {
		first, last = r.Models[0], r.Models[len(r.Models)-1]
	}
	return plain(object{{"data", data}, {"has_more", false}, {"first_id", first}, {"last_id", last}}), nil
}

func openAIModel(name string) object {
	return object{{"id", name}, {"object", "model"}, {"created", launch.Unix()}, {"owned_by", "squirrel-simulator"}}
}

func anthropicModel(name string) object {
	display := strings.ReplaceAll(name, "-", " ")
	return object{{"type", "model"}, {"id", name}, {"display_name", display}, {"created_at", launch.Format(time.RFC3339)}}
}

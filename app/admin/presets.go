package admin

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"sync"

	"squirrel/models"
)

// Preset is a well-known provider, to fill a form from.
type Preset struct {
	ID       string          `json:"id"`
	Name     string          `json:"name"`
	Protocol models.Protocol `json:"protocol"`
	BaseURL  string          `json:"base_url"` // {…} is to be replaced
	Auth     string          `json:"auth"`     // bearer, x-api-key, api-key, none
	KeyURL   string          `json:"key_url"`  // where to get a key
	DocsURL  string          `json:"docs_url"`
	Note     string          `json:"note"`
	Quirks   []string        `json:"quirks"` // names in Quirks
}

// Quirks are the ways in which providers depart from the vendor whose API they copy. The data plane knows all of them; they tell
// people what to expect.
var Quirks = map[string]string{
	"reasoning_content":           "reasoning is in reasoning_content",
	"reasoning":                   "reasoning is in a member named reasoning",
	"reasoning_details":           "reasoning and its seals are in reasoning_details",
	"thinking_in_content":         "reasoning is a part of the content",
	"thinking":                    "thinking:{type} switches the reasoning",
	"enable_thinking":             "enable_thinking switches the reasoning",
	"chat_template_kwargs":        "chat_template_kwargs switch the reasoning",
	"reasoning_beside_completion": "completion_tokens do not hold the reasoning tokens",
	"usage_in_choices":            "streams tell their usage inside of a choice",
	"empty_first_chunk":           "streams begin with a chunk without choices",
	"stream_comments":             "streams hold comments while the model is busy",
	"errors_in_streams":           "errors come as events of a stream with status 200",
	"version_in_path":             "the version in the base URL is not v1",
	"no_model_list":               "there is no list of models",
}

//go:embed presets.json
var presetsJSON []byte

var presets = sync.OnceValue(func() []Preset {
	var list []Preset
	if err := json.Unmarshal(presetsJSON, &list); err != nil {
		panic(fmt.Sprintf("presets.json: %v", err)) // a test reads it
	}
	return list
})

// Presets lists the well-known providers. The caller must not change it.
func Presets() []Preset { return presets() }

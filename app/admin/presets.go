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

package web

import (
	"encoding/json"
	"slices"
	"strconv"

	"squirrel/app/admin"
	"squirrel/models"
	"squirrel/views/pages"
)

// recordedPlayground is the form of a recorded request. Of an upload the log has its fields, but not its file.
func recordedPlayground(found *admin.LogView) pages.Playground {
	var form pages.Playground
	if found.Endpoint.TakesUpload() {
		form = recordedUpload(found)
	} else {
		form = newPlayground(pages.PlayRaw, "")
		form.Endpoint, form.Body = string(found.Endpoint), pretty(textOf(found.RequestBody))
	}
	if found.APIKeyID != nil {
		form.APIKeyID = strconv.FormatInt(*found.APIKeyID, 10)
	}
	return form
}

func recordedUpload(found *admin.LogView) pages.Playground {
	if found.Endpoint != models.EndpointTranscriptions && found.Endpoint != models.EndpointTranslations {
		form := newPlayground(pages.PlayImages, found.RequestedModel)
		form.Notice = "playground.no_upload"
		return form
	}
	var recorded struct {
		Parts []struct {
			Name  string `json:"name"`
			Value string `json:"value"`
		} `json:"multipart"`
	}
	_ = json.Unmarshal([]byte(textOf(found.RequestBody)), &recorded) // what was not recorded is empty
	form := newPlayground(pages.PlayTranscription, found.RequestedModel)
	form.Endpoint, form.Notice = string(found.Endpoint), "playground.file_again"
	for _, p := range recorded.Parts {
		if slices.Contains(playParams[pages.PlayTranscription], p.Name) && p.Value != "" {
			form.Params[p.Name] = p.Value
		}
		form.Stream = form.Stream || p.Name == "stream" && p.Value == "true"
	}
	return form
}

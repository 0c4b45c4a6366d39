package web

import (
	"encoding/json"
	"slices"
	"strconv"

	"squirrel/app/admin"
	"squirrel/models"
	"squirrel/views/pages"
)

// recordedPlayground is the form of a recorded request, with what of it could not be taken over.
func (w *Web) recordedPlayground(found *admin.LogView) pages.Playground {
	var form pages.Playground
	switch {
	case !found.Endpoint.TakesUpload():
		form = w.recordedBody(found)
	case found.Endpoint == models.EndpointTranscriptions || found.Endpoint == models.EndpointTranslations:
		form = recordedSound(found)
	default:
		form = newPlayground(pages.PlayImages, found.RequestedModel)
		form.Notices = []string{"playground.no_upload"}
	}
	form.Notices = append([]string{"playground.no_headers"}, form.Notices...)
	if found.APIKeyID != nil {
		form.APIKeyID = strconv.FormatInt(*found.APIKeyID, 10)
	}
	return form
}

// recordedBody is edited as it was sent: nothing of it is lost on the way into a form.
func (w *Web) recordedBody(found *admin.LogView) pages.Playground {
	form := newPlayground(pages.PlayRaw, found.RequestedModel)
	form.Endpoint = string(found.Endpoint)
	report, known := w.opts.Admin.System()
	switch {
	case found.RequestBody == nil:
		form.Body = pretty(emptyBody(found.Endpoint, found.RequestedModel))
		form.Notices = []string{"playground.no_body"}
	case models.BodyWasCut(found.Truncated, "request_body"):
		form.Body, form.Notices = *found.RequestBody, []string{"playground.cut_body"}
	default:
		if form.Body = pretty(*found.RequestBody); known && report.RedactBodies {
			form.Notices = []string{"log.again.redacted"}
		}
	}
	return form
}

// emptyBody is a request with a model and a place for what to say.
func emptyBody(endpoint models.Endpoint, model string) string {
	name := `"model":` + quoteJSON(model)
	switch endpoint {
	case models.EndpointChat, models.EndpointCountTokens:
		return `{` + name + `,"messages":[{"role":"user","content":""}]}`
	case models.EndpointMessages:
		return `{` + name + `,"max_tokens":` + strconv.Itoa(defaultMaxTokens) + `,"messages":[{"role":"user","content":""}]}`
	case models.EndpointImages, models.EndpointCompletions:
		return `{` + name + `,"prompt":""}`
	case models.EndpointSpeech:
		return `{` + name + `,"input":"","voice":"alloy"}`
	}
	return `{` + name + `,"input":""}`
}

// recordedSound has the fields of the upload. Its file is not in the log.
func recordedSound(found *admin.LogView) pages.Playground {
	var recorded struct {
		Parts []struct {
			Name  string `json:"name"`
			Value string `json:"value"`
		} `json:"multipart"`
	}
	_ = json.Unmarshal([]byte(textOf(found.RequestBody)), &recorded) // what was not recorded is empty
	form := newPlayground(pages.PlayTranscription, found.RequestedModel)
	form.Endpoint, form.Notices = string(found.Endpoint), []string{"playground.file_again"}
	if found.RequestBody == nil {
		form.Notices = []string{"playground.no_fields"}
	}
	for _, p := range recorded.Parts {
		if slices.Contains(playParams[pages.PlayTranscription], p.Name) && p.Value != "" {
			form.Params[p.Name] = p.Value
		}
		form.Stream = form.Stream || p.Name == "stream" && p.Value == "true"
	}
	return form
}

package probe

import (
	"encoding/json"
	"time"

	"squirrel/models"
)

// request is the smallest completion of the provider's protocol.
func (r *run) request(stream bool) []byte {
	body := map[string]any{"model": r.options.Model}
	if stream {
		body["stream"] = true
	}
	hello := []map[string]string{{"role": "user", "content": "Say hello."}}
	switch r.provider.Protocol {
	case models.ProtocolResponses:
		body["input"], body["max_output_tokens"] = "Say hello.", 16
	case models.ProtocolAnthropic:
		body["messages"], body["max_tokens"] = hello, 16
	default:
		body["messages"] = hello
	}
	data, _ := json.Marshal(body) // strings, numbers and booleans always marshal
	return data
}

// parseModels reads the model list of either vendor; ok is false for anything else.
func parseModels(data []byte) (list []Model, ok bool) {
	var answer struct {
		Data *[]struct {
			ID        string    `json:"id"`
			OwnedBy   string    `json:"owned_by"`
			Created   float64   `json:"created"`
			CreatedAt time.Time `json:"created_at"`
		} `json:"data"`
	}
	if err := json.Unmarshal(data, &answer); err != nil || answer.Data == nil {
		return nil, false
	}
	for _, m := range *answer.Data {
		created := m.CreatedAt
		if created.IsZero() && m.Created > 0 {
			created = time.Unix(int64(m.Created), 0).UTC()
		}
		list = append(list, Model{ID: m.ID, OwnedBy: m.OwnedBy, Created: created})
	}
	return list, true
}

func listed(list []Model, id string) bool {
	for _, m := range list {
		if m.ID == id {
			return true
		}
	}
	return false
}

// errorMessage finds the message in an error body of either vendor.
func errorMessage(data []byte) string {
	var body struct {
		Error   json.RawMessage `json:"error"`
		Message string          `json:"message"`
	}
	if json.Unmarshal(data, &body) != nil {
		return ""
	}
	var inner struct {
		Message string `json:"message"`
	}
	var text string
	switch {
	case json.Unmarshal(body.Error, &inner) == nil && inner.Message != "":
		return inner.Message
	case json.Unmarshal(body.Error, &text) == nil && text != "":
		return text
	}
	return body.Message
}

package answers

import (
	"encoding/json"
	"slices"
	"strings"
)

// moderationCategories are those of OpenAI's omni moderation models.
var moderationCategories = []string{
	"harassment", "harassment/threatening", "sexual", "hate", "hate/threatening", "illicit", "illicit/violent",
	"self-harm/intent", "self-harm/instructions", "self-harm", "sexual/minors", "violence", "violence/graphic",
}

// violent are the words that make the simulator flag a text.
var violent = []string{"kill", "murder", "bomb"}

func moderation(r *Request) (*Answer, *failure) {
	req, f := decode[struct {
		Model string          `json:"model"`
		Input json.RawMessage `json:"input"`
	}](r)
	if f != nil {
		return nil, f
	}
	if req.Model != "" {
		if f := checkModel(req.Model); f != nil {
			return nil, f
		}
	}
	inputs := stringsOf(req.Input)
	if text := textOf(req.Input); len(inputs) == 0 && text != "" {
		inputs = []string{text}
	}
	if len(inputs) == 0 {
		return nil, refuse("input", "Missing required parameter: 'input'.")
	}
	results := list{}
	for _, text := range inputs {
		results = append(results, moderationResult(text))
	}
	model := req.Model
	if model == "" {
		model = "omni-moderation-latest"
	}
	return plain(object{{"id", r.mint().draw("modr-", base62, 29)}, {"model", model}, {"results", results}}), nil
}

func moderationResult(text string) object {
	said := strings.ToLower(text)
	flagged := slices.ContainsFunc(violent, func(word string) bool { return strings.Contains(said, word) })
	var flags, scores, types object
	for _, name := range moderationCategories {
		hit := flagged && name == "violence"
		score := 0.0001
		if hit {
			score = 0.98
		}
		flags = append(flags, field{name, hit})
		scores = append(scores, field{name, score})
		types = append(types, field{name, list{"text"}})
	}
	return object{{"flagged", flagged}, {"categories", flags}, {"category_scores", scores}, {"category_applied_input_types", types}}
}

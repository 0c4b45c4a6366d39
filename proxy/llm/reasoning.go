package llm

// ThinkingMode is whether the model shall reason before it answers.
type ThinkingMode string

// The modes, named as Anthropic does. The empty mode leaves it to the provider.
const (
	ThinkingEnabled  ThinkingMode = "enabled"
	ThinkingAdaptive ThinkingMode = "adaptive"
	ThinkingDisabled ThinkingMode = "disabled"
)

// Reasoning is how much the model shall think, said as a budget, as an effort, or both.
type Reasoning struct {
	Mode    ThinkingMode
	Budget  int64  // tokens
	Effort  string // "none", "minimal", "low", "medium", "high", "xhigh", "max"
	Summary string // Responses: "auto", "concise", "detailed"
	Display string // Messages: "summarized", "omitted"
}

// Wanted reports whether the request asks for reasoning, in whatever words.
func (r Reasoning) Wanted() bool {
	if r.Off() {
		return false
	}
	return r.Mode != "" || r.Effort != "" || r.Budget > 0
}

// Switch turns the reasoning on or off; nil leaves it as it is.
func (r *Reasoning) Switch(on *bool) {
	switch {
	case on == nil:
	case *on:
		r.Mode = ThinkingEnabled
	default:
		r.Mode = ThinkingDisabled
	}
}

// Off reports whether the request wants no reasoning.
func (r Reasoning) Off() bool { return r.Mode == ThinkingDisabled || r.Effort == "none" }

// budgets are the thinking tokens an effort stands for. They rise, which AsEffort relies on.
var budgets = []struct {
	effort string
	tokens int64
}{{"low", 1024}, {"medium", 8192}, {"high", 16384}, {"xhigh", 32768}}

// AsEffort returns the effort in OpenAI's words: the one that was given, or the one whose budget is nearest.
// It is empty when the request leaves the effort open.
func (r Reasoning) AsEffort() string {
	switch {
	case r.Mode == ThinkingDisabled:
		return "none"
	case r.Effort == "max":
		return "xhigh"
	case r.Effort != "":
		return r.Effort
	case r.Budget <= 0:
		return ""
	}
	nearest := budgets[0]
	for _, b := range budgets[1:] {
		if abs(b.tokens-r.Budget) < abs(nearest.tokens-r.Budget) {
			nearest = b
		}
	}
	return nearest.effort
}

// AsBudget returns the thinking tokens in Anthropic's words, at least 1024; 0 means no thinking.
func (r Reasoning) AsBudget() int64 {
	if !r.Wanted() {
		return 0
	}
	if r.Budget > 0 {
		return max(r.Budget, budgets[0].tokens)
	}
	switch r.Effort {
	case "minimal":
		return budgets[0].tokens
	case "max":
		return budgets[len(budgets)-1].tokens
	}
	for _, b := range budgets {
		if b.effort == r.Effort {
			return b.tokens
		}
	}
	return 8192
}

func abs(n int64) int64 {
	if n < 0 {
		return -n
	}
	return n
}

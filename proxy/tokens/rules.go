package tokens

import "strings"

// rules are the overheads and rates of a family of models.
type rules struct {
	perMessage int64 // what separates messages
	perRole    int64 // a message's author
	perName    int64 // an author's name, beyond its text
	primer     int64 // the beginning of the answer
	tools      toolRule
	image      imageRule
	// textPercent is how many tokens the family's tokeniser makes of a text for which o200k_base makes 100.
	textPercent int64
}

// openAI holds the overheads of OpenAI's chat format as its cookbook has them
// (https://github.com/openai/openai-cookbook, How_to_count_tokens_with_tiktoken).
var openAI = rules{perMessage: 3, perRole: 1, perName: 1, primer: 3, textPercent: 100, image: tiles(85, 170)}

// imageRules are the rates of OpenAI's models (https://platform.openai.com/docs/guides/images-vision, "Calculating
// costs"); the first prefix that matches counts.
var imageRules = []struct {
	prefix string
	rule   imageRule
}{
	{"gpt-4o-mini", tiles(2833, 5667)},
	{"gpt-4.1-mini", patches(162, 1536)}, {"gpt-4.1-nano", patches(246, 1536)},
	{"gpt-5-mini", patches(162, 1536)}, {"gpt-5-nano", patches(246, 1536)}, {"o4-mini", patches(172, 1536)},
	{"gpt-5.2", patches(120, 1536)}, {"gpt-5.3", patches(120, 1536)},
	{"gpt-5.4", patches(120, 2500)}, {"gpt-5.5", patches(120, 2500)}, {"gpt-5.6", patches(120, 2500)},
	{"gpt-6", patches(120, 2500)},
	{"gpt-5", tiles(70, 140)}, {"o1", tiles(75, 150)}, {"o3", tiles(75, 150)},
	{"computer-use-preview", tiles(65, 129)},
}

func rulesOf(model string) rules {
	base := baseName(model)
	if strings.HasPrefix(base, "claude") {
		return claude(base)
	}
	r := openAI
	if isReasoning(base) {
		r.primer-- // recorded answers of the o series and gpt-5 are one token below the cookbook's count
	}
	for _, i := range imageRules {
		if hasNamePrefix(base, i.prefix) {
			r.image = i.rule
			break
		}
	}
	return r
}

func isReasoning(base string) bool {
	for _, prefix := range []string{"gpt-5", "o1", "o3", "o4"} {
		if hasNamePrefix(base, prefix) {
			return !strings.Contains(base, "-chat")
		}
	}
	return false
}

// claude holds rates for Anthropic's models, whose vocabulary is not public. The tokens of the tool use prompt are those
// of the documentation (https://platform.claude.com/docs/en/agents-and-tools/tool-use/overview, "Pricing") and of
// recorded answers. Opus 4.7 and everything since 5 make about 30 % more tokens of a text than the models before
// (https://platform.claude.com/docs/en/build-with-claude/token-counting).
func claude(base string) rules {
	r := rules{
		perMessage: 3, primer: 3, textPercent: 110,
		tools: toolRule{asJSON: true, prompt: 346, forcedPrompt: 313},
		image: area(1568, 1600),
	}
	switch {
	case isRecentClaude(base):
		r.textPercent = 143
		r.tools.prompt, r.tools.forcedPrompt = 500, 600 // recorded answers are between 375 and 650
		r.image = area(2576, 4784)
	case strings.Contains(base, "-4-5"), strings.Contains(base, "-4.5"), strings.Contains(base, "-4-6"), strings.Contains(base, "-4.6"):
		r.tools.prompt, r.tools.forcedPrompt = 497, 589
	}
	return r
}

// isRecentClaude reports whether a model has the tokeniser that came with Opus 4.7.
func isRecentClaude(base string) bool {
	for _, name := range []string{"opus-4-7", "opus-4.7", "opus-4-8", "opus-4.8", "mythos", "fable"} {
		if strings.Contains(base, name) {
			return true
		}
	}
	for _, family := range []string{"opus-", "sonnet-", "haiku-"} {
		if _, version, found := strings.Cut(base, family); found && version != "" {
			return version[0] >= '5' && version[0] <= '9'
		}
	}
	return false
}

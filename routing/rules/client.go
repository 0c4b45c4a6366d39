package rules

import "strings"

// clientFamilies maps the first words of User-Agents to names that people know. Longer prefixes come first.
var clientFamilies = []struct{ prefix, family string }{
	{"claude-cli/", "claude-code"},
	{"claude-code/", "claude-code"},
	{"codex_", "codex"},
	{"codex-", "codex"},
	{"codex/", "codex"},
	{"openai/python", "openai-python"},
	{"asyncopenai/python", "openai-python"},
	{"azureopenai/python", "openai-python"},
	{"asyncazureopenai/python", "openai-python"},
	{"openai/js", "openai-node"},
	{"azureopenai/js", "openai-node"},
	{"openai/go", "openai-go"},
	{"anthropic/python", "anthropic-python"},
	{"asyncanthropic/python", "anthropic-python"},
	{"anthropic/js", "anthropic-node"},
	{"anthropic/go", "anthropic-go"},
	{"geminicli", "gemini-cli"},
	{"python-httpx/", "python-httpx"},
	{"mozilla/", "browser"},
}

// maxFamily bounds the length of a family that is taken from the User-Agent itself.
const maxFamily = 40

// ClientFamily names the program behind a User-Agent: "claude-code", "openai-python", "curl", …; the product name in
// lower case for programs it doesn't know, "" for an empty header.
func ClientFamily(userAgent string) string {
	agent := strings.ToLower(strings.TrimSpace(userAgent[:min(len(userAgent), 256)]))
	if strings.Contains(agent, "cursor/") {
		return "cursor" // the editor says Mozilla first, as everything that is built on a browser does
	}
	for _, known := range clientFamilies {
		if strings.HasPrefix(agent, known.prefix) {
			return known.family
		}
	}
	end := strings.IndexFunc(agent, func(r rune) bool { return !isNameChar(r) })
	if end < 0 {
		end = len(agent)
	}
	return agent[:min(end, maxFamily)]
}

func isNameChar(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.'
}

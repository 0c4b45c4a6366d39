package web

import (
	"context"
	"strings"

	"github.com/gofiber/fiber/v2"

	"squirrel/views/i18n"
	"squirrel/views/pages"
)

// exampleKey and exampleModel stand in snippets for what is not known.
const (
	exampleKey   = "$SQUIRREL_API_KEY"
	exampleModel = "your-model"
)

// baseURL is what clients use, without a slash at the end: as configured, else as this browser reached us.
func (w *Web) baseURL(c *fiber.Ctx) string {
	if w.opts.PublicURL != "" {
		return strings.TrimRight(w.opts.PublicURL, "/")
	}
	return c.Protocol() + "://" + string(c.Request().Header.Host())
}

// snippets shows how tools are connected to base with a key, asking for a model.
func snippets(ctx context.Context, base, key string, models []string) []pages.Snippet {
	model := exampleModel
	if len(models) > 0 {
		model = models[0]
	}
	list := []pages.Snippet{
		{ID: "curl", Label: "curl", Code: curlSnippet},
		{ID: "curl-anthropic", Label: "curl (Anthropic)", Code: curlAnthropicSnippet},
		{ID: "openai", Label: "Python: OpenAI", Code: openaiSnippet, Note: i18n.T(ctx, "keys.snippet.openai")},
		{ID: "anthropic", Label: "Python: Anthropic", Code: anthropicSnippet, Note: i18n.T(ctx, "keys.snippet.anthropic")},
		{ID: "node-openai", Label: "Node: OpenAI", Code: nodeOpenAISnippet, Note: i18n.T(ctx, "keys.snippet.openai")},
		{ID: "node-anthropic", Label: "Node: Anthropic", Code: nodeAnthropicSnippet, Note: i18n.T(ctx, "keys.snippet.anthropic")},
		{ID: "go-openai", Label: "Go: OpenAI", Code: goOpenAISnippet, Note: i18n.T(ctx, "keys.snippet.openai")},
		{ID: "go-anthropic", Label: "Go: Anthropic", Code: goAnthropicSnippet, Note: i18n.T(ctx, "keys.snippet.anthropic")},
		{ID: "claude", Label: "Claude Code", Code: claudeSnippet, Note: i18n.T(ctx, "keys.snippet.claude")},
		{ID: "codex", Label: "Codex", Code: codexSnippet, Where: "~/.codex/config.toml", Note: i18n.T(ctx, "keys.snippet.codex")},
		{ID: "cursor", Label: "Cursor", Code: cursorSnippet, Where: i18n.T(ctx, "keys.snippet.cursor.where"), Note: i18n.T(ctx, "keys.snippet.cursor")},
		{ID: "cline", Label: "Cline", Code: clineSnippet, Where: i18n.T(ctx, "keys.snippet.cline.where")},
		{ID: "continue", Label: "Continue", Code: continueSnippet, Where: "~/.continue/config.yaml"},
		{ID: "opencode", Label: "OpenCode", Code: openCodeSnippet, Where: "opencode.json"},
		{ID: "langchain", Label: "LangChain", Code: langChainSnippet, Note: i18n.T(ctx, "keys.snippet.openai")},
		{ID: "env", Label: ".env", Code: envSnippet, Where: ".env"},
	}
	values := strings.NewReplacer("{base}", base, "{key}", key, "{model}", model)
	for i := range list {
		list[i].Code = values.Replace(list[i].Code)
	}
	return list
}

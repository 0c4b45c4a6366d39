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
		{ID: "openai", Label: "OpenAI SDK", Code: openaiSnippet, Note: i18n.T(ctx, "keys.snippet.openai")},
		{ID: "anthropic", Label: "Anthropic SDK", Code: anthropicSnippet, Note: i18n.T(ctx, "keys.snippet.anthropic")},
		{ID: "claude", Label: "Claude Code", Code: claudeSnippet, Note: i18n.T(ctx, "keys.snippet.claude")},
		{ID: "codex", Label: "Codex", Code: codexSnippet, Where: "~/.codex/config.toml", Note: i18n.T(ctx, "keys.snippet.codex")},
		{ID: "cursor", Label: "Cursor", Code: cursorSnippet, Where: i18n.T(ctx, "keys.snippet.cursor.where"), Note: i18n.T(ctx, "keys.snippet.cursor")},
		{ID: "env", Label: ".env", Code: envSnippet, Where: ".env"},
	}
	values := strings.NewReplacer("{base}", base, "{key}", key, "{model}", model)
	for i := range list {
		list[i].Code = values.Replace(list[i].Code)
	}
	return list
}

const curlSnippet = `curl {base}/v1/chat/completions \
  -H "Authorization: Bearer {key}" \
  -H "Content-Type: application/json" \
  -d '{"model":"{model}","messages":[{"role":"user","content":"Say hi"}]}'`

const openaiSnippet = `from openai import OpenAI

client = OpenAI(base_url="{base}/v1", api_key="{key}")
answer = client.chat.completions.create(
    model="{model}",
    messages=[{"role": "user", "content": "Say hi"}],
)
print(answer.choices[0].message.content)`

const anthropicSnippet = `from anthropic import Anthropic

client = Anthropic(base_url="{base}", api_key="{key}")
answer = client.messages.create(
    model="{model}",
    max_tokens=64,
    messages=[{"role": "user", "content": "Say hi"}],
)
print(answer.content[0].text)`

const claudeSnippet = `unset ANTHROPIC_API_KEY
export ANTHROPIC_BASE_URL={base}
export ANTHROPIC_AUTH_TOKEN={key}
export ANTHROPIC_MODEL={model}
claude`

const codexSnippet = `model = "{model}"
model_provider = "squirrel"

[model_providers.squirrel]
name = "Squirrel"
base_url = "{base}/v1"
env_key = "SQUIRREL_API_KEY"
wire_api = "responses"`

const cursorSnippet = `OpenAI API Key            {key}
Override OpenAI Base URL  {base}/v1
Model                     {model}`

const envSnippet = `OPENAI_BASE_URL={base}/v1
OPENAI_API_KEY={key}
ANTHROPIC_BASE_URL={base}
ANTHROPIC_API_KEY={key}`

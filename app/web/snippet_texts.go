package web

// The snippets of the page that connects tools. {base}, {key} and {model} are filled in. sdktest runs those that can be
// run and reads those that are configuration.

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

const curlAnthropicSnippet = `curl {base}/v1/messages \
  -H "x-api-key: {key}" \
  -H "anthropic-version: 2023-06-01" \
  -H "Content-Type: application/json" \
  -d '{"model":"{model}","max_tokens":64,"messages":[{"role":"user","content":"Say hi"}]}'`

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

const nodeOpenAISnippet = `import OpenAI from "openai";

const client = new OpenAI({ baseURL: "{base}/v1", apiKey: "{key}" });
const answer = await client.chat.completions.create({
  model: "{model}",
  messages: [{ role: "user", content: "Say hi" }],
});
console.log(answer.choices[0].message.content);`

const nodeAnthropicSnippet = `import Anthropic from "@anthropic-ai/sdk";

const client = new Anthropic({ baseURL: "{base}", apiKey: "{key}" });
const answer = await client.messages.create({
  model: "{model}",
  max_tokens: 64,
  messages: [{ role: "user", content: "Say hi" }],
});
console.log(answer.content[0].text);`

const goOpenAISnippet = `package main

import (
	"context"
	"fmt"
	"log"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
)

func main() {
	client := openai.NewClient(option.WithBaseURL("{base}/v1"), option.WithAPIKey("{key}"))
	answer, err := client.Chat.Completions.New(context.Background(), openai.ChatCompletionNewParams{
		Model:    "{model}",
		Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("Say hi")},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(answer.Choices[0].Message.Content)
}`

const goAnthropicSnippet = `package main

import (
	"context"
	"fmt"
	"log"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/option"
)

func main() {
	client := anthropic.NewClient(option.WithBaseURL("{base}"), option.WithAPIKey("{key}"))
	answer, err := client.Messages.New(context.Background(), anthropic.MessageNewParams{
		Model:     "{model}",
		MaxTokens: 64,
		Messages:  []anthropic.MessageParam{anthropic.NewUserMessage(anthropic.NewTextBlock("Say hi"))},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(answer.Content[0].Text)
}`

const clineSnippet = `API Provider  OpenAI Compatible
Base URL      {base}/v1
API Key       {key}
Model ID      {model}`

const continueSnippet = `name: Squirrel
version: 1.0.0
schema: v1
models:
  - name: "{model}"
    provider: openai
    model: "{model}"
    apiBase: {base}/v1
    apiKey: {key}`

const openCodeSnippet = `{
  "$schema": "https://opencode.ai/config.json",
  "provider": {
    "squirrel": {
      "npm": "@ai-sdk/openai-compatible",
      "name": "Squirrel",
      "options": { "baseURL": "{base}/v1", "apiKey": "{key}" },
      "models": { "{model}": { "name": "{model}" } }
    }
  },
  "model": "squirrel/{model}"
}`

const langChainSnippet = `from langchain_openai import ChatOpenAI

llm = ChatOpenAI(model="{model}", base_url="{base}/v1", api_key="{key}")
print(llm.invoke("Say hi").content)`

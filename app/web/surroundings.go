package web

import (
	"net/url"
	"strings"

	"squirrel/models"
	"squirrel/views/pages"
)

// keyVariables are where people keep the keys of well-known providers, by the id of the preset.
var keyVariables = map[string]string{
	"openai": "OPENAI_API_KEY", "openai-responses": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY", "gemini": "GEMINI_API_KEY", "deepseek": "DEEPSEEK_API_KEY",
	"openrouter": "OPENROUTER_API_KEY", "groq": "GROQ_API_KEY", "mistral": "MISTRAL_API_KEY", "xai": "XAI_API_KEY", "moonshot": "MOONSHOT_API_KEY", "qwen": "DASHSCOPE_API_KEY",
}

// foundKey names the variable of the environment that holds the key of a preset; "" = there is none. Its value is never shown.
func (w *Web) foundKey(preset string) string {
	name := keyVariables[preset]
	if name == "" || w.opts.Getenv == nil || w.opts.Getenv(name) == "" {
		return ""
	}
	return name
}

// keyOr is the key that was typed, else the one of the environment when the form asks for that. A key of the environment goes to
// the host of its preset only: otherwise an account of the admin pages could read it by sending it elsewhere.
func (w *Web) keyOr(sent url.Values, preset pages.Preset) (string, error) {
	name := w.foundKey(preset.ID)
	if typed := sent.Get("api_key"); typed != "" || sent.Get("use_env") != "true" || name == "" {
		return typed, nil
	}
	to, err := url.Parse(strings.TrimSpace(sent.Get("base_url")))
	own, ownErr := url.Parse(preset.BaseURL)
	if err != nil || ownErr != nil || to.Scheme != own.Scheme || !strings.EqualFold(to.Host, own.Host) {
		return "", models.Invalid("base_url", "must lead to %s when the key is taken from the environment", own.Host)
	}
	return w.opts.Getenv(name), nil
}

// hostOfContainer is how a container reaches what runs on its host.
const hostOfContainer = "host.docker.internal"

// reachable is the address of a preset as this process reaches it: inside of a container, localhost is the container itself.
func (w *Web) reachable(preset pages.Preset) pages.Preset {
	if w.opts.InContainer {
		preset.BaseURL = strings.Replace(preset.BaseURL, "://localhost:", "://"+hostOfContainer+":", 1)
	}
	return preset
}

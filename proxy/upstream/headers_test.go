package upstream

import (
	"net/http"
	"net/url"
	"testing"

	"squirrel/models"
)

// TestKeysGoWhereVendorsWantThem: Anthropic refuses a key in Authorization, those that copy its API mostly want it there.
func TestKeysGoWhereVendorsWantThem(t *testing.T) {
	for _, c := range []struct {
		base     string
		protocol models.Protocol
		want     map[string]string // "" = must not be there
	}{
		{"https://api.anthropic.com", models.ProtocolAnthropic, map[string]string{"X-Api-Key": "k", "Authorization": "", "Anthropic-Version": anthropicVersion}},
		{"https://openrouter.ai/api", models.ProtocolAnthropic, map[string]string{"X-Api-Key": "k", "Authorization": "Bearer k"}},
		{"https://API.Z.AI/api/anthropic", models.ProtocolAnthropic, map[string]string{"X-Api-Key": "k", "Authorization": "Bearer k"}},
		{"https://notz.ai/anthropic", models.ProtocolAnthropic, map[string]string{"X-Api-Key": "k", "Authorization": ""}},
		{"https://openrouter.ai/api/v1", models.ProtocolOpenAI, map[string]string{"X-Api-Key": "", "Authorization": "Bearer k"}},
		{"https://r.openai.azure.com/openai/v1", models.ProtocolOpenAI, map[string]string{"Api-Key": "k", "Authorization": ""}},
	} {
		u, err := url.Parse(c.base)
		if err != nil {
			t.Fatal(err)
		}
		h := http.Header{}
		authorize(h, u, &models.Provider{Protocol: c.protocol, APIKey: "k"})
		for name, want := range c.want {
			if got := h.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", c.base, name, got, want)
			}
		}
	}
}

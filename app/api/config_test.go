package api

import (
	"strings"
	"testing"
)

const document = `
version: 1
providers:
  - name: DeepSeek
    base_url: https://api.deepseek.com
    protocol: openai
    extra_headers: {X-Trace: "yes"}
models:
  - requested_model: deepseek/chat
    strategy: priority
    input_price: 0.27
    output_price: "1.10"
    providers:
      - provider: DeepSeek
        target_model_name: deepseek-chat
        provider_rules:
          rules: [{field: token_usage.input_tokens, operator: lt, value: 64000}]
        tiered_pricing: [{max_input_tokens: 0, input_price: 1, output_price: 2}]
        billing_mode: token_tiered
`

func TestConfigImport(t *testing.T) {
	k := newKit(t)
	const path = "/api/admin/config/import"
	k.run([]scenario{
		{name: "anonymous", method: "POST", path: path, body: document, anonymous: true, status: 401},
		{name: "dry run", method: "POST", path: path + "?dry_run=true", body: document, status: 200, has: []string{
			`"dry_run":true,"created":3,"updated":0,"unchanged":0`, `"object":"route","name":"deepseek/chat → DeepSeek/deepseek-chat","action":"create"`,
			`"warning":"the API key has to be entered"`,
		}},
		{name: "nothing happened", method: "GET", path: "/api/admin/providers", status: 200, has: []string{`"total":0`}},
		{name: "import", method: "POST", path: path, body: document, status: 200, has: []string{`"dry_run":false,"created":3`}},
		{name: "money stays exact", method: "GET", path: "/api/admin/models/deepseek/chat", status: 200, has: []string{`"input_price":"0.27","output_price":"1.1"`, `"value":64000`}},
		{name: "again", method: "POST", path: path, body: document, status: 200, has: []string{`"created":0,"updated":0,"unchanged":3`}},
		{name: "one change", method: "POST", path: path, body: strings.Replace(document, "priority", "weighted", 1), status: 200, has: []string{
			`"updated":1,"unchanged":2`, `{"field":"strategy","from":"priority","to":"weighted"}`,
		}},
		{name: "all or nothing", method: "POST", path: path, body: `{"providers":[{"name":"New","base_url":"http://new"},{"name":"Bad","base_url":"file:///"}]}`, status: 422, has: []string{`"providers[1].base_url"`}},
		{name: "nothing of it", method: "GET", path: "/api/admin/providers?q=New", status: 200, has: []string{`"total":0`}},
		{name: "unknown provider", method: "POST", path: path, body: `{"models":[{"requested_model":"m","providers":[{"provider":"Nope","target_model_name":"t"}]}]}`, status: 422, has: []string{`"models[0].providers[0].provider"`}},
		{name: "unknown field", method: "POST", path: path, body: `{"api_keys":[]}`, status: 422, has: []string{`"api_keys":"is not a field`}},
		{name: "unknown field inside", method: "POST", path: path, body: `{"providers":[{"name":"x","bogus":1}]}`, status: 422, has: []string{"bogus"}},
		{name: "other version", method: "POST", path: path, body: `{"version":2}`, status: 422},
		{name: "neither YAML nor JSON", method: "POST", path: path, body: "a: b: c: [", status: 400},
		{name: "providers only", method: "POST", path: "/api/admin/providers/import", body: document, status: 422, has: []string{`"models":`}},
		{name: "models only", method: "POST", path: "/api/admin/models/import", body: `{"models":[{"requested_model":"solo"}]}`, status: 200, has: []string{`"created":1`}},
		{name: "E08 an import moves no key", method: "POST", path: path, body: `{"providers":[{"name":"DeepSeek","base_url":"https://evil.example"}]}`, status: 200},
	})
}

func TestE08_ImportMovesNoKey(t *testing.T) {
	k := newKit(t)
	k.seed()
	k.run([]scenario{
		{name: "other host", method: "POST", path: "/api/admin/config/import", body: `{"providers":[{"name":"OpenAI","base_url":"https://evil.example"}]}`, status: 422, has: []string{"key_required_on_host_change", `"providers[0].api_key"`}},
	})
}

func TestF21_ConfigExportHoldsNoSecrets(t *testing.T) {
	k := newKit(t)
	k.seed()
	k.must("PUT", "/api/admin/providers/1", `{"extra_headers":{"X-Api-Token":"token-0123456789","X-Org":"acme"},"proxy_url":"http://u:hunter22@proxy:3128"}`)
	k.must("POST", "/api/admin/api-keys", `{"key_name":"app"}`)
	for _, path := range []string{"/api/admin/config/export", "/api/admin/config/export?format=yaml", "/api/admin/providers/export", "/api/admin/models/export"} {
		resp := k.do("GET", path, "")
		if resp.StatusCode != 200 || !strings.HasPrefix(resp.Header.Get("Content-Disposition"), "attachment; filename=") {
			t.Errorf("%s: %d %v", path, resp.StatusCode, resp.Header)
		}
		_, body := k.send("GET", path, "")
		for _, secret := range []string{"0123456789abcdef", "token-0123456789", "hunter22", "lgw-", "api_key"} {
			if strings.Contains(body, secret) {
				t.Errorf("%s holds %s:\n%s", path, secret, body)
			}
		}
	}
	k.run([]scenario{
		{name: "anonymous", method: "GET", path: "/api/admin/config/export", anonymous: true, status: 401},
		{name: "parts", method: "GET", path: "/api/admin/providers/export", status: 200, has: []string{`"name": "OpenAI"`, `"X-Org": "acme"`}, hasNot: []string{`"models"`}},
		{name: "format", method: "GET", path: "/api/admin/config/export?format=xml", status: 422},
	})
}

func TestExportedConfigCanBeImported(t *testing.T) {
	source := newKit(t)
	source.seed()
	source.must("POST", "/api/admin/config/import", document)
	for _, format := range []string{"json", "yaml"} {
		exported := source.must("GET", "/api/admin/config/export?format="+format, "")
		same := source.must("POST", "/api/admin/config/import", exported)
		if !strings.Contains(same, `"created":0,"updated":0,"unchanged":6`) {
			t.Errorf("%s into itself: %s", format, same)
		}
		target := newKit(t)
		target.must("POST", "/api/admin/config/import", exported)
		if again := target.must("GET", "/api/admin/config/export?format="+format, ""); again != exported {
			t.Errorf("%s became\n%s\nfrom\n%s", format, again, exported)
		}
	}
}

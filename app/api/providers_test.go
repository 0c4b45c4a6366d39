package api

import (
	"strings"
	"testing"
)

func TestProviders(t *testing.T) {
	k := newKit(t)
	const path, one = "/api/admin/providers", "/api/admin/providers/1"
	k.run([]scenario{
		{name: "anonymous", method: "GET", path: path, anonymous: true, status: 401},
		{name: "anonymous create", method: "POST", path: path, body: openAI, anonymous: true, status: 401},
		{name: "empty", method: "GET", path: path, status: 200, has: []string{`{"items":[],"total":0,"page":1,"page_size":20}`}},
		{name: "create", method: "POST", path: path, body: openAI, status: 201, has: []string{
			`"id":1,"name":"OpenAI"`, `"base_url":"https://api.openai.com/v1"`, `"protocol":"openai"`, `"api_key":"sk-p…ef","api_key_set":true`,
			`"response_timeout_seconds":1800,"connect_timeout_seconds":10,"first_byte_timeout_seconds":120,"idle_timeout_seconds":120,"is_active":true`, `"version":1`,
		}, hasNot: []string{"0123456789"}},
		{name: "same name", method: "POST", path: path, body: openAI, status: 409, has: []string{`"code":"conflict"`, `"name":"is taken"`}},
		{name: "all problems", method: "POST", path: path, body: `{"base_url":"file:///etc","protocol":"x"}`, status: 422, has: []string{`"code":"validation_failed"`, `"name":`, `"base_url":`, `"protocol":`}},
		{name: "F22 mass assignment", method: "POST", path: path, body: `{"id":7,"name":"x","base_url":"http://x","created_at":"x"}`, status: 422, has: []string{`"id":"is not a field`, `"created_at":`}},
		{name: "api_type is ignored", method: "POST", path: path, body: `{"name":"Local","base_url":"http://localhost:11434/v1","api_type":"openai"}`, status: 201, has: []string{`"api_key":"","api_key_set":false`}},
		{name: "E01 metadata", method: "POST", path: path, body: `{"name":"x","base_url":"http://169.254.169.254/"}`, status: 422, has: []string{"private_address_not_allowed"}},
		{name: "get", method: "GET", path: one, status: 200, has: []string{`"name":"OpenAI"`}, hasNot: []string{"0123456789"}},
		{name: "unknown", method: "GET", path: path + "/99", status: 404},
		{name: "F20 injection", method: "GET", path: path + "/1%20or%201=1", status: 422},
		{name: "F20 page", method: "GET", path: path + "?page=-1", status: 422},
		{name: "F20 page size", method: "GET", path: path + "?page_size=1000000000", status: 200, has: []string{`"page_size":1000`}},
		{name: "list", method: "GET", path: path + "?page=2&page_size=1", status: 200, has: []string{`"name":"OpenAI"`, `"total":2,"page":2,"page_size":1`}, hasNot: []string{"Local"}},
		{name: "search", method: "GET", path: path + "?q=LOCALHOST&is_active=true", status: 200, has: []string{`"total":1`, "Local"}},
		{name: "names", method: "GET", path: path + "/names", status: 200, has: []string{`{"items":[{"id":2,"name":"Local","protocol":"openai","is_active":true},`}},
		{name: "presets", method: "GET", path: path + "/presets", status: 200, has: []string{`"id":"deepseek-anthropic"`}},
		{name: "update", method: "PUT", path: one, body: `{"remark":"hello","version":1}`, status: 200, has: []string{`"remark":"hello"`, `"version":2`, `"api_key_set":true`}},
		{name: "F23 stale version", method: "PUT", path: one, body: `{"remark":"late","version":1}`, status: 409, has: []string{`"code":"version_conflict"`}},
		{name: "no version: last write wins", method: "PUT", path: one, body: `{"remark":"again"}`, status: 200, has: []string{`"remark":"again"`}},
		{name: "E08 other host", method: "PUT", path: one, body: `{"base_url":"https://evil.example/v1"}`, status: 422, has: []string{`"code":"key_required_on_host_change"`, `"api_key":`}},
		{name: "E08 other host, masked key", method: "PUT", path: one, body: `{"base_url":"https://evil.example/v1","api_key":"sk-p…ef"}`, status: 422, has: []string{"key_required_on_host_change"}},
		{name: "E08 unchanged", method: "GET", path: one, status: 200, has: []string{"api.openai.com"}},
		{name: "other host with key", method: "PUT", path: one, body: `{"base_url":"https://eu.example/v1","api_key":"sk-proj-fedcba9876543210"}`, status: 200, has: []string{`"api_key":"sk-p…10"`}},
		{name: "delete", method: "DELETE", path: path + "/2", status: 204},
		{name: "gone", method: "DELETE", path: path + "/2", status: 404},
	})
}

func TestProviderAsItWasReadCanBeSentBack(t *testing.T) {
	k := newKit(t)
	k.must("POST", "/api/admin/providers", openAI)
	read := k.must("GET", "/api/admin/providers/1", "")
	written := k.must("PUT", "/api/admin/providers/1", read)
	if !strings.Contains(written, `"api_key":"sk-p…ef"`) {
		t.Errorf("became %s", written)
	}
	p, err := k.store.Provider(t.Context(), 1)
	if err != nil || p.APIKey.Reveal() != "sk-proj-0123456789abcdef" {
		t.Errorf("the mask was stored: %v", err)
	}
}

func TestF23_ProviderInUse(t *testing.T) {
	k := newKit(t)
	k.seed()
	k.run([]scenario{
		{name: "in use", method: "DELETE", path: "/api/admin/providers/1", status: 409, has: []string{`"code":"provider_in_use"`, "gpt-4o"}},
		{name: "delete the model", method: "DELETE", path: "/api/admin/models/gpt-4o", status: 204},
		{name: "free", method: "DELETE", path: "/api/admin/providers/1", status: 204},
	})
}

func TestConnectionTest(t *testing.T) {
	k := newKit(t)
	k.must("POST", "/api/admin/providers", openAI)
	k.run([]scenario{
		{name: "anonymous", method: "POST", path: "/api/admin/providers/test", body: openAI, anonymous: true, status: 401},
		{name: "draft", method: "POST", path: "/api/admin/providers/test", body: `{"base_url":"https://draft.example/v1","api_key":"sk-draft"}`, status: 200, has: []string{`{"ok":true,"steps":[{"name":"dns","status":"passed","duration_ms":1.5`}},
		{name: "draft, not valid", method: "POST", path: "/api/admin/providers/test", body: `{"base_url":"ftp://x"}`, status: 422},
		{name: "saved", method: "POST", path: "/api/admin/providers/1/test", status: 200, has: []string{`"ok":true`}},
		{name: "E08 a test sends no stored key elsewhere", method: "POST", path: "/api/admin/providers/test", body: `{"id":1,"base_url":"https://evil.example/v1"}`, status: 422, has: []string{"key_required_on_host_change"}},
		{name: "models", method: "GET", path: "/api/admin/providers/1/models", status: 200, has: []string{`{"items":[{"id":"gpt-4o","owned_by":"openai","created":null}]}`}},
		{name: "E07 metadata", method: "POST", path: "/api/admin/providers/test", body: `{"base_url":"http://169.254.169.254"}`, status: 422, has: []string{"private_address_not_allowed"}},
		{name: "E07 no port scanner", method: "POST", path: "/api/admin/providers/test", body: openAI, status: 429},
	})
	if len(k.fakes.probed) != 2 || k.fakes.probed[0].APIKey != "sk-draft" || k.fakes.probed[1].APIKey.Reveal() != "sk-proj-0123456789abcdef" {
		t.Errorf("probed %v", k.fakes.probed)
	}
}

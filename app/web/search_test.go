package web

import (
	"strings"
	"testing"

	"squirrel/app/admin"
)

// TestSearch finds pages, actions, objects by name and requests by id, as a page and for the palette.
func TestSearch(t *testing.T) {
	k, _ := newLogKit(t)
	p := k.provider("Acorn <b>", "https://one.example/v1", "")
	k.route("smart/one", "gpt", p.ID)
	if _, err := k.service.CreateAPIKey(t.Context(), admin.APIKeyInput{Name: admin.Some("smart key")}); err != nil {
		t.Fatal(err)
	}
	id := k.seedLog(0, nil)
	k.get("/admin/search").want(t, "no query", 200, "/admin/logs", "Add provider", `id="q"`)
	k.route("a-gptless-name", "gpt-5-nano", p.ID)
	k.route("gpt-5-nano", "gpt-5-nano", p.ID)
	k.get("/admin/search?q=5-nano").want(t, "by its target", 200, "by the name of a target model", `href="/admin/models/a-gptless-name"`, "!>smart/one<")
	if page := k.get("/admin/search?q=5-nano").body; strings.Index(page, `href="/admin/models/gpt-5-nano"`) > strings.Index(page, `href="/admin/models/a-gptless-name"`) {
		t.Error("what is called so comes after what only leads there")
	}
	k.get("/admin/search?q=SMART").want(t, "objects", 200, `href="/admin/models/smart%2Fone"`, `href="/admin/keys/1"`, "!Add provider")
	k.get("/admin/search?q=acorn", "HX-Request", "true").want(t, "the palette", 200, "Acorn &lt;b&gt;", `href="/admin/providers/1"`, "one.example", "!<html")
	k.get("/admin/search?q="+id).want(t, "a request", 200, `href="/admin/logs/`+id)
	k.get("/admin/search?q=01KJM9TD000000000000009999").want(t, "no such request", 200, `data-testid="no-match"`)
	k.get("/admin/search?q=%3Cscript%3E").want(t, "foreign text", 200, "&lt;script&gt;", "!<script>")
}

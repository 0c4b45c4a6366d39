package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"squirrel/models"
)

func chatPreset(name string) url.Values {
	return url.Values{
		"op": {"save"}, "mode": {"chat"}, "endpoint": {"/v1/messages"}, "model": {`sm"art`}, "system": {"Be <b>brief"}, "role": {"user", "assistant", "user"},
		"text": {"Hi & bye", "", "And?"}, "temperature": {"0"}, "schema": {`{"type":"object"}`}, "stream": {"true"}, "api_key_id": {"77"}, "model_3": {"fast"}, "preset_name": {name},
		"image_2": {"https://one.example/a.png", "data:image/png;base64,iVBORw0KGgo="}, "foreign": {"x"},
	}
}

func TestPresets(t *testing.T) {
	k, d := newLogKit(t)
	k.get("/admin/playground").want(t, "none", 200, `name="preset_name"`, `form="play-form"`, "!data-testid=\"preset\"")
	k.postForm("/admin/playground", chatPreset(" Bri<ef ")).wantRedirect(t, "save", "/admin/playground?preset=1")
	page := k.get("/admin/playground?preset=1")
	page.want(t, "open", 200, "“Bri&lt;ef” was saved", `value="sm&#34;art"`, "Be &lt;b&gt;brief", `id="text-2"`, "Hi &amp; bye", `value="0"`, `value="/v1/messages" selected`,
		`value="https://one.example/a.png"`, "!data:image/png", `value="fast"`, `aria-current="true"`, "1 preset", `value="Bri&lt;ef"`, "not among the choices any more", "!foreign")
	checkInert(t, "open", page.body)
	page.wantSmall(t, "open")

	other := chatPreset("BRI<EF")
	other.Set("mode", "raw")
	other.Set("body", "{ not JSON yet")
	k.postForm("/admin/playground", other).wantRedirect(t, "save again", "/admin/playground?preset=1")
	k.get("/admin/playground?preset=1").want(t, "replaced", 200, "in place of what it was", "Undo", "{ not JSON yet", `name="mode" value="raw"`, "!Be &lt;b&gt;brief", "1 preset")
	k.post("/admin/playground", "op", "save", "mode", "speech", "preset_name", "b", "voice", "nova").wantRedirect(t, "another", "/admin/playground?preset=2")
	k.get("/admin/playground?preset=2").want(t, "another", 200, "2 presets", `value="nova"`, `name="mode" value="speech"`)

	k.post("/admin/playground/presets/2/delete").wantRedirect(t, "delete", "/admin/playground?mode=speech")
	k.get("/admin/playground").want(t, "deleted", 200, "“b” was deleted", "/undo", "1 preset")
	k.post("/admin/playground/presets/2/delete").want(t, "delete again", http.StatusNotFound)
	k.get("/admin/playground?preset=2").want(t, "open what is gone", http.StatusNotFound)
	k.get("/admin/playground?preset=x").want(t, "no number", http.StatusNotFound)
	changes, err := k.service.Changes(t.Context(), 0, 10)
	if err != nil || len(changes) < 4 {
		t.Fatalf("%d changes, %v", len(changes), err)
	}
	k.get("/admin/changes?object=preset").want(t, "the changes", 200, "Preset of the playground", "Bri&lt;ef", ">b<")
	k.post("/admin/changes/" + whole(changes[0].ID) + "/undo")
	k.get("/admin/playground").want(t, "it is back", 200, "2 presets", "?preset=3")
	k.post("/admin/changes/" + whole(changes[2].ID) + "/undo")
	k.get("/admin/playground?preset=1").want(t, "as it was", 200, "Be &lt;b&gt;brief", `name="mode" value="chat"`, "2 presets")
	if len(d.played) > 0 {
		t.Errorf("%d requests went out", len(d.played))
	}
}

func TestPresetsRefused(t *testing.T) {
	k, _ := newLogKit(t)
	for name, tt := range map[string]struct{ name, text, want string }{
		"no name":   {"", "x", "must not be empty"},
		"long name": {strings.Repeat("x", 41), "x", "at most 40"},
		"long":      {"a", strings.Repeat("x", 130<<10), "is too long to be kept"},
	} {
		form := chatPreset(tt.name)
		form.Set("text", tt.text)
		form.Del("image_2")
		k.postForm("/admin/playground", form).want(t, name, http.StatusUnprocessableEntity, tt.want, `href="#preset_name"`, "Be &lt;b&gt;brief")
	}
	k.post("/admin/playground", "op", "save", "mode", "chat", "preset_name", "a", "role", "user", "text", "x", "image_url_0", "file:///etc/passwd").
		want(t, "bad image", http.StatusUnprocessableEntity, "must be a URL that begins with")
	k.postForm("/admin/playground", chatPreset("a"), "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example").want(t, "from elsewhere", http.StatusForbidden)
	k.postForm("/admin/playground/presets/1/delete", nil, "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example").want(t, "delete from elsewhere", http.StatusForbidden)
	for n := range 100 {
		p := models.Preset{Name: "preset " + whole(int64(n)), Query: "mode=chat&model=" + strings.Repeat("m", 50)}
		if _, _, err := k.service.SavePreset(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	k.postForm("/admin/playground", chatPreset("one more")).want(t, "one too many", http.StatusUnprocessableEntity, "there are 100 presets already")
	k.get("/admin/playground").wantSmall(t, "with all presets")
	k.postForm("/admin/playground", chatPreset("Preset 7")).wantRedirect(t, "at the limit, but not a new one", "/admin/playground?preset=8")
	k.cookies = map[string]string{}
	k.postForm("/admin/playground", chatPreset("a")).want(t, "without a login", http.StatusSeeOther)
	k.post("/admin/playground/presets/8/delete").want(t, "delete without a login", http.StatusSeeOther)
	if _, err := k.service.Preset(t.Context(), 8); err != nil {
		t.Error(err)
	}
}

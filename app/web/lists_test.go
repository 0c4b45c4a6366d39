package web

import (
	"fmt"
	"net/http"
	"testing"

	"squirrel/app/admin"
)

// TestPages_StayLight with 40 providers, 60 models of two routes each and 200 keys.
func TestPages_StayLight(t *testing.T) {
	k, _ := newRoutingKit(t)
	ctx := t.Context()
	for i := 2; i <= 40; i++ {
		k.provider(fmt.Sprintf("provider-%03d", i), fmt.Sprintf("https://api.provider-%03d.example/v1", i), "sk-0123456789abcdef")
	}
	for i := 2; i <= 60; i++ {
		name := fmt.Sprintf("vendor/model-%03d", i)
		k.route(name, name+"-2026", int64(i%40+1))
		if _, err := k.service.CreateRoute(ctx, admin.RouteInput{ModelName: admin.Some(name), ProviderID: admin.Some(int64((i+1)%40 + 1)), TargetModel: admin.Some(name)}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 200 {
		if _, err := k.service.CreateAPIKey(ctx, admin.APIKeyInput{Name: admin.Some(fmt.Sprintf("team-%03d", i)), Tags: admin.Some([]string{"blue"})}); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{
		"/admin?range=24h", "/admin/start", "/admin/start?step=provider", "/admin/providers", "/admin/providers/new", "/admin/providers/2", "/admin/providers/2?tab=models", "/admin/providers/2/edit",
		"/admin/models", "/admin/models/vendor%2Fmodel-002", "/admin/models/vendor%2Fmodel-002/edit", "/admin/new-model", "/admin/routes/2", "/admin/routes/2/rule", "/admin/replace-target",
		"/admin/keys", "/admin/keys/new", "/admin/keys/7", "/admin/simulate", "/admin/prices", "/admin/settings", "/admin/transfer", "/admin/changes", "/admin/account",
	} {
		page := k.get(path)
		page.want(t, path, http.StatusOK)
		t.Logf("%7d %s", len(page.body), path)
		if len(page.body) > maxHTML {
			t.Errorf("%s has %d bytes", path, len(page.body))
		}
	}
	k.get("/admin/prices").want(t, "models without a price", http.StatusOK, "118 target models in use have no known price", "And 98 more")
}

// TestLists_HavePages that keep the order and the filters, each row on one of them.
func TestLists_HavePages(t *testing.T) {
	k := newKit(t)
	for i := range 2*listRows + 1 {
		k.provider(fmt.Sprintf("p%02d", i), "https://one.example/v1", "")
	}
	first := k.get("/admin/providers?sort=-name&protocol=openai")
	first.want(t, "the first page", http.StatusOK, ">p48<", ">p25<", "!>p24<", `href="/admin/providers?page=2&amp;protocol=openai&amp;sort=-name"`, `rel="next"`, `!rel="prev"`)
	k.get("/admin/providers?sort=-name&protocol=openai&page=2").want(t, "the second", http.StatusOK, "!>p25<", ">p24<", ">p01<", "!>p00<", `href="/admin/providers?protocol=openai&amp;sort=-name"`)
	for _, last := range []string{"3", "4", "99999999999999999999"} {
		k.get("/admin/providers?page="+last).want(t, "page "+last, http.StatusOK)
	}
	k.get("/admin/providers?page=4").want(t, "behind the last", http.StatusOK, ">p48<", "!>p47<", `!rel="next"`)
	k.get("/admin/providers?page=-1").want(t, "before the first", http.StatusOK, ">p00<", `!rel="prev"`)
	k.get("/admin/providers?q=p48").want(t, "one row", http.StatusOK, `!class="pager"`)
}

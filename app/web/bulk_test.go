package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"squirrel/app/admin"
)

// TestBulk turns many rows off at once and back on by the way back, all of them or none.
func TestBulk(t *testing.T) {
	k := newKit(t)
	one, two := k.provider("one", "https://one.example/v1", ""), k.provider("two", "https://two.example/v1", "")
	k.route("a/b", "x", one.ID)
	k.route("c", "x", two.ID)
	key, err := k.service.CreateAPIKey(t.Context(), admin.APIKeyInput{Name: admin.Some("prod")})
	if err != nil {
		t.Fatal(err)
	}
	keyID := whole(key.ID)
	for _, tt := range []struct {
		list, said string
		picked     []string
		active     func() bool
	}{
		{"/admin/providers", "2 providers disabled.", []string{whole(one.ID), whole(two.ID)}, func() bool { p, err := k.service.Provider(t.Context(), two.ID); return err == nil && p.IsActive }},
		{"/admin/models", "2 models disabled.", []string{"a/b", "c"}, func() bool { m, err := k.service.Model(t.Context(), "a/b"); return err == nil && m.IsActive }},
		{"/admin/keys", "1 API keys disabled.", []string{keyID}, func() bool { v, err := k.service.APIKey(t.Context(), key.ID); return err == nil && v.IsActive }},
	} {
		k.get(tt.list).want(t, tt.list, 200, `data-testid="bulk"`, `form="bulk"`)
		if answer := k.postForm(tt.list+"/bulk", url.Values{"op": {"disable"}, "id": append([]string{"no-such"}, tt.picked...)}); answer.status != http.StatusNotFound || !tt.active() {
			t.Errorf("%s with a row that is gone: %d, active %t", tt.list, answer.status, tt.active())
		}
		k.postForm(tt.list+"/bulk", url.Values{"op": {"disable"}, "id": tt.picked}, "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example").want(t, "from elsewhere", http.StatusForbidden)
		k.postForm(tt.list+"/bulk", url.Values{"op": {"disable"}, "id": tt.picked}, "Host", "a.example", "Referer", "http://a.example"+tt.list+"?q=o").wantRedirect(t, tt.list, tt.list+"?q=o")
		page := k.get(tt.list)
		page.want(t, tt.list, 200, tt.said, "Undo")
		if tt.active() {
			t.Errorf("%s: still on", tt.list)
		}
		_, rest, _ := strings.Cut(page.body, `action="`+tt.list+"/bulk?")
		undo, _, _ := strings.Cut(rest, `"`)
		k.postForm(tt.list+"/bulk?"+strings.ReplaceAll(undo, "&amp;", "&"), nil).wantRedirect(t, "undo", tt.list)
		if !tt.active() {
			t.Errorf("%s: not back on by %q", tt.list, undo)
		}
	}
	if many := make([]string, 1001); k.postForm("/admin/models/bulk", url.Values{"op": {"disable"}, "id": many}).status != http.StatusUnprocessableEntity {
		t.Error("too many rows are taken")
	}
}

// TestBulk_ExtendsKeys from their expiry, or from now when it has passed; those that never expire stay.
func TestBulk_ExtendsKeys(t *testing.T) {
	k := newKit(t)
	later := noon.AddDate(0, 0, 10)
	var ids []string
	for name, expires := range map[string]admin.Opt[time.Time]{"lasting": {}, "ending": admin.Some(later)} {
		key, err := k.service.CreateAPIKey(t.Context(), admin.APIKeyInput{Name: admin.Some(name), ExpiresAt: expires})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, whole(key.ID))
	}
	k.get("/admin/keys").want(t, "the list", 200, "Extend by 30 days", "Extend by 90 days")
	k.postForm("/admin/keys/bulk", url.Values{"op": {"extend-30"}, "id": append([]string{"99"}, ids...)}).want(t, "with a key that is gone", http.StatusNotFound)
	extend := func(want time.Time) {
		t.Helper()
		k.postForm("/admin/keys/bulk", url.Values{"op": {"extend-30"}, "id": ids}).wantRedirect(t, "extend", "/admin/keys")
		k.get("/admin/keys").want(t, "said", 200, "1 API keys live 30 days longer")
		keys, err := k.service.APIKeys(t.Context(), admin.PageQuery{})
		if err != nil {
			t.Fatal(err)
		}
		if at := keys.Items[0].ExpiresAt; at == nil || !at.Equal(want) || keys.Items[1].ExpiresAt != nil {
			t.Errorf("the keys end at %v and %v, want %v and never", at, keys.Items[1].ExpiresAt, want)
		}
	}
	extend(later.AddDate(0, 0, 30))
	now := later.AddDate(0, 0, 90)
	k.service = admin.New(admin.Options{Store: k.store, KeyPrefix: "lgw-", KeyLength: 32, Now: func() time.Time { return now }})
	k.web.opts.Admin = k.service
	k.app = fiber.New(fiber.Config{Immutable: true, CaseSensitive: true, StrictRouting: true, DisableStartupMessage: true})
	k.web.Register(k.app)
	extend(now.AddDate(0, 0, 30))
}

// TestSorting orders lists by their heads, and keeps the filters.
func TestSorting(t *testing.T) {
	k := newKit(t)
	alder, birch := k.provider("alder", "https://z.example/v1", ""), k.provider("Birch", "https://a.example/v1", "")
	k.route("m1", "x", birch.ID)
	k.route("m2", "x", birch.ID)
	k.route("m3", "x", alder.ID)
	for query, first := range map[string]string{"": "alder", "?sort=name": "alder", "?sort=-name": "Birch", "?sort=host": "Birch", "?sort=-models": "Birch", "?sort=models": "alder", "?sort=nonsense": "alder", "?sort=-cost": "alder"} {
		body := k.get("/admin/providers" + query).body
		if a, b := strings.Index(body, ">alder<"), strings.Index(body, ">Birch<"); a < 0 || b < 0 || (a < b) != (first == "alder") {
			t.Errorf("%q: alder at %d, Birch at %d", query, a, b)
		}
	}
	k.get("/admin/providers?sort=-models&protocol=openai").want(t, "heads", 200, `aria-sort="descending"`, `href="/admin/providers?protocol=openai&amp;sort=models"`, `name="sort" value="-models"`)
	for _, list := range []string{"/admin/models", "/admin/keys"} {
		for column := range modelSorting {
			k.get(list+"?sort=-"+column).want(t, list+" by "+column, 200)
		}
	}
	k.get("/admin/models/new").wantRedirect(t, "the form by its usual address", "/admin/new-model")
}

package web

import (
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"squirrel/app/admin"
)

// hostile is text as strangers send it. Its parts must stay text wherever they are shown.
var hostile = []string{
	`<script>window.__pwn=1</script>`, `"><img src=x onerror=window.__pwn=1>`, `javascript:window.__pwn=1`, `</textarea><script>x</script>`, `{{7*7}}`,
	`<svg onload=x>`, `" hx-get="/x" hx-trigger="load`, `<div hx-on:click="x">`, `'; alert(1); '`,
}

func TestF18_ForeignTextStaysText(t *testing.T) {
	k := newKit(t)
	for i, text := range hostile {
		p := k.provider(text, "https://one.example/v1", "")
		remark := admin.ProviderInput{Remark: admin.Some(text), ExtraHeaders: admin.Some(map[string]string{"X-A": text})}
		if _, err := k.service.UpdateProvider(t.Context(), p.ID, remark); err != nil {
			t.Fatal(err)
		}
		if _, err := k.service.CreateAPIKey(t.Context(), admin.APIKeyInput{Name: admin.Some(text), Tags: admin.Some([]string{text})}); err != nil {
			t.Fatal(err)
		}
		id := "/" + string(rune('1'+i))
		for _, path := range []string{
			"/admin/providers", "/admin/providers" + id, "/admin/providers" + id + "/edit", "/admin/providers" + id + "/delete", "/admin/providers" + id + "?tab=models",
			"/admin/keys", "/admin/keys" + id, "/admin/keys" + id + "/delete", "/admin/keys" + id + "/rotate",
		} {
			checkInert(t, path, k.get(path).body)
		}
		query := strings.NewReplacer("<", "%3C", ">", "%3E", `"`, "%22", " ", "%20", "=", "%3D", ";", "%3B").Replace(text)
		for _, path := range []string{"/admin/providers?q=" + query, "/admin/keys?q=" + query, "/admin/login?next=" + query, "/admin/providers/new?preset=" + query, "/admin/" + "x" + query} {
			checkInert(t, path, k.get(path).body)
		}
		checkInert(t, "refused form", k.postForm("/admin/providers/new", providerForm("base_url", text, "remark", text, "default_parameters", text, "proxy_url", text)).body)
		checkInert(t, "refused key", k.postForm("/admin/keys/new", keyForm("key_name", text+"\x00", "tags", text, "budget_usd", text)).body)
	}
}

// checkInert reads a page as a browser does: no script, no handler and no address of a script has come in, and no
// element or htmx attribute with foreign values.
func checkInert(t *testing.T, where, page string) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatalf("%s: %v", where, err)
	}
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		for _, a := range n.Attr {
			switch {
			case strings.HasPrefix(a.Key, "on"), a.Key == "style", strings.HasPrefix(a.Key, "hx-on"):
				t.Errorf("%s: <%s %s=%q>", where, n.Data, a.Key, a.Val)
			case (a.Key == "href" || a.Key == "src" || a.Key == "action") && regexp.MustCompile(`(?i)^\s*(javascript|data|vbscript):`).MatchString(a.Val):
				t.Errorf("%s: <%s %s=%q>", where, n.Data, a.Key, a.Val)
			case strings.HasPrefix(a.Key, "hx-") && a.Val == "/x":
				t.Errorf("%s: <%s %s=%q>", where, n.Data, a.Key, a.Val)
			}
		}
		if n.Data == "script" && (n.FirstChild != nil || !hasAttr(n, "src")) || n.Data == "style" {
			t.Errorf("%s: <%s> with text", where, n.Data)
		}
		if n.Data == "img" && !strings.HasPrefix(attr(n, "src"), "/static/") {
			t.Errorf("%s: <img src=%q>", where, attr(n, "src"))
		}
	}
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func hasAttr(n *html.Node, name string) bool { return attr(n, name) != "" }

// TestEveryPageIsClean asks every page that is read, in both languages, and looks at what the content policy forbids and
// for words that are missing.
func TestEveryPageIsClean(t *testing.T) {
	k := newKit(t)
	p := k.provider("one", "https://one.example/v1", "")
	k.route("smart", "gpt-4o", p.ID)
	k.postForm("/admin/keys/new", keyForm())
	for _, lang := range []string{"en", "zh"} {
		for _, r := range k.web.routes() {
			if r.method != http.MethodGet {
				continue
			}
			page := k.get(example(r.path), "Accept-Language", lang)
			if strings.HasPrefix(page.header.Get("Content-Type"), "text/html") {
				checkInert(t, r.path, page.body)
				checkWords(t, r.path+" "+lang, page.body)
			}
		}
	}
}

// checkWords finds keys that stand for themselves because they have no words.
func checkWords(t *testing.T, where, page string) {
	t.Helper()
	files, err := os.ReadDir("../../views/i18n/locales/en")
	if err != nil {
		t.Fatal(err)
	}
	var areas []string
	for _, f := range files {
		areas = append(areas, strings.TrimSuffix(f.Name(), ".json"))
	}
	key := regexp.MustCompile(`[>"](?:` + strings.Join(areas, "|") + `)\.[a-z0-9_.]+[<"]`)
	for _, found := range key.FindAllString(page, -1) {
		if strings.Contains(found, "models.dev") { // the name of a price list
			continue
		}
		t.Errorf("%s: no words for %s", where, found)
	}
}

package pages

import (
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"
	"golang.org/x/net/html"

	"squirrel/models"
	"squirrel/views/i18n"
	"squirrel/views/ui"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// canned are pages with data that fills every part of them.
func canned() map[string]templ.Component {
	budget, p50 := models.NanoUSD(5_000_000_000), 420.0
	row := ProviderRow{
		ID: 7, Name: "Acorn", Remark: "first", Protocol: "openai", Address: Address{"https://", "api.example.com", "/v1"}, Active: true,
		State: State{ui.Warn, "Degraded", "7 of 12 failed"}, Models: 2, Requests: 1200, Success: 1100, P50: &p50, Cost: "$1.20", Unpriced: 3,
	}
	presets := []Preset{{ID: "openai", Name: "OpenAI", Protocol: "openai", BaseURL: "https://api.openai.com/v1", NeedsKey: true}}
	probe := Probe{OK: false, Passed: 1, Failed: 1, Skipped: 1, Steps: []ProbeStep{
		{Name: "url", Status: "passed", Took: 1}, {Name: "auth", Status: "failed", Took: 12, Detail: "said no", Fix: "Try again."}, {Name: "stream", Status: "skipped"},
	}}
	form := ProviderForm{
		ID: 7, Version: "3", Values: map[string]string{"name": "Acorn", "base_url": "x", "protocol": "openai"}, Headers: []HeaderField{{"X-A", "b"}}, KeyMask: "sk-a…b2",
		Errors: map[string]string{"base_url": "must not be empty", "extra_headers": "has a header twice"}, Presets: presets, CanTest: true, Probe: &probe, Conflict: true,
		Preview: Preview{URL: "https://x/chat/completions", Notes: []Hint{{ui.Warn, "odd"}}}, KeyURL: "https://keys.example", Note: "note", Broken: true,
	}
	key := KeyRow{
		ID: 5, Name: "prod", Mask: "lgw-a1b2…c3d4", Active: true, State: State{ui.OK, "Active", ""}, Models: []string{"a", "b"}, Tags: []string{"blue"}, NoDetails: true,
		MonthlyCost: 4_500_000_000, Budget: &budget, BudgetPeriod: "month", LastUsedAt: &noon, CreatedAt: noon,
	}
	offer := Offer{ID: "gpt", OwnedBy: "acorn", Type: "chat", Context: "8K", Price: "$1 / $2", Priced: true, UsedBy: []string{"smart"}, Checked: true}
	answered := models.RequestLog{RequestedModel: "smart", ProviderName: "Acorn", TotalTimeMS: &p50}
	refused := models.RequestLog{ErrorCode: "upstream_error", ErrorInfo: "the provider said no"}
	snippets := []Snippet{{ID: "curl", Label: "curl", Code: "curl x", Note: "note"}, {ID: "codex", Label: "Codex", Code: "y", Where: "~/.codex"}}
	session := SessionRow{ID: "ab", IP: "192.0.2.1", UserAgent: "Firefox", CreatedAt: noon, LastSeenAt: noon, ExpiresAt: noon}
	begun := func(step string, p Start) templ.Component {
		p.Steps = []StartStep{{Name: "provider", Title: "Provider", Done: true, Note: "Acorn", URL: "/admin/start"}, {Name: step, Title: step, Current: true}}
		return StartPage(p)
	}
	return map[string]templ.Component{
		"start-provider":   begun("provider", Start{Provider: StartProvider{Presets: presets}}),
		"start-probe":      begun("provider", Start{Provider: StartProvider{Preset: &presets[0], Probe: &probe, Message: "the form is not valid", Errors: map[string]string{"base_url": "must not be empty"}}}),
		"start-models":     begun("models", Start{Models: StartModels{ProviderID: 7, Provider: "Acorn", Offers: []Offer{offer}}}),
		"names":            begun("models", Start{Models: StartModels{ProviderID: 7, Provider: "Acorn", Problem: "the provider could not be reached", Names: "a"}}),
		"start-key":        begun("key", Start{Key: StartKey{Name: "default", Errors: map[string]string{"key_name": "is taken"}}}),
		"waiting":          begun("request", Start{Request: StartRequest{KeyID: 5, KeyName: "default", Value: "lgw-x", Models: []string{"a", "b"}, Snippets: snippets, Seen: StartSeen{Model: "a", Log: &refused, LogURL: "/admin/logs/1"}}}),
		"live":             begun("request", Start{Request: StartRequest{KeyID: 5, KeyName: "default", Snippets: snippets, Seen: StartSeen{Log: &answered, LogURL: "/admin/logs/1"}}}),
		"login":            LoginPage(Login{Next: "/admin", Error: "wrong user name or password"}),
		"setup":            SetupPage(Setup{Errors: map[string]string{"token": "is wrong"}, MinPassword: 8}),
		"session":          AccountPage(Account{Username: "ann", Sessions: []SessionRow{session, {ID: "cd", Current: true}}, Password: Password{MinLength: 8}}),
		"no-account":       AccountPage(Account{Local: true}),
		"error":            Error(ErrorPage{Status: 418, Message: "is taken", ID: "abc"}),
		"provider":         ProviderListPage(ProviderList{Rows: []ProviderRow{row}, Total: 1, Query: "a"}),
		"presets":          ProviderListPage(ProviderList{Presets: presets}),
		"no-match":         ProviderListPage(ProviderList{Total: 3, Query: "zz"}),
		"provider-form":    ProviderFormPage(form, "Edit"),
		"probe":            ProviderFormPage(ProviderForm{Values: map[string]string{}, CanTest: true, Probe: &Probe{Error: "x", Errors: map[string]string{"name": "is taken"}}}, "New"),
		"upstream-model":   ProviderShowPage(ProviderShow{ProviderRow: row, Tab: "models", Listed: 1, Upstream: []Offer{{ID: "gpt", Type: "chat", Context: "8K", Price: "$1 / $2", UsedBy: []string{"smart"}}}, Gone: []ProviderRoute{{Model: "smart", Target: "old"}}}),
		"upstream-none":    ProviderShowPage(ProviderShow{ProviderRow: row, Tab: "models"}),
		"delete":           ProviderDeletePage(ProviderDelete{ID: 7, Name: "Acorn", Active: true, Models: []string{"a/b"}}),
		"key":              KeyListPage(KeyList{Rows: []KeyRow{key}, Total: 1}),
		"empty":            KeyListPage(KeyList{}),
		"key-form":         KeyFormPage(KeyForm{ID: 5, Values: map[string]string{"key_name": "prod"}, Limited: true, Allowed: []string{"gone"}, Models: []string{"a", "b"}, Errors: map[string]string{"allowed_models": "is taken"}, Row: key, Snippets: snippets, Conflict: true}, "prod"),
		"created":          KeyCreatedPage(KeyCreated{ID: 5, Name: "prod", Value: "lgw-x", Models: []string{"a", "b"}, Snippets: snippets}),
		"rotate":           KeyRotatePage(KeyConfirm{ID: 5, Name: "prod", Mask: "m", Message: "x"}),
		"confirm":          KeyDeletePage(KeyConfirm{ID: 5, Name: "prod", Active: true, Error: "is not the name"}),
		"upstream-problem": ProviderShowPage(ProviderShow{ProviderRow: row, Tab: "models", Problem: "the provider could not be reached"}),
	}
}

func TestPages(t *testing.T) {
	for _, lang := range []i18n.Lang{i18n.English, i18n.Chinese} {
		for id, page := range canned() {
			t.Run(string(lang)+"/"+id, func(t *testing.T) {
				var out strings.Builder
				if err := page.Render(i18n.With(t.Context(), i18n.Viewer{Lang: lang, Now: noon}), &out); err != nil {
					t.Fatal(err)
				}
				root, err := html.Parse(strings.NewReader(out.String()))
				if err != nil {
					t.Fatal(err)
				}
				checkPage(t, root, id)
			})
		}
	}
}

// checkPage looks at what every page must have right; testid is what tells the page from others.
func checkPage(t *testing.T, root *html.Node, testid string) {
	t.Helper()
	ids, named, labels, headings, found := map[string]int{}, map[string]bool{}, map[string]bool{}, 0, false
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		found = found || attr(n, "data-testid") == testid
		if id := attr(n, "id"); id != "" && !inTemplate(n) {
			ids[id]++
		}
		switch n.Data {
		case "h1":
			headings++
		case "label":
			labels[attr(n, "for")] = true
		case "a", "button", "summary":
			if strings.TrimSpace(words(n)) == "" && attr(n, "aria-label") == "" {
				t.Errorf("<%s %v> has no name", n.Data, n.Attr)
			}
		case "input", "select", "textarea":
			named[attr(n, "id")] = attr(n, "type") == "hidden" || attr(n, "aria-label") != "" || within(n, "label")
		}
	}
	for id, ok := range named {
		if !ok && !labels[id] {
			t.Errorf("the control %q has no label", id)
		}
	}
	for id, n := range ids {
		if n > 1 {
			t.Errorf("the id %q is there %d times", id, n)
		}
	}
	if headings != 1 || !found {
		t.Errorf("%d h1; %q found: %t", headings, testid, found)
	}
	checkReferences(t, root, ids)
}

func checkReferences(t *testing.T, root *html.Node, ids map[string]int) {
	t.Helper()
	for n := range root.Descendants() {
		for _, name := range []string{"aria-describedby", "aria-labelledby", "aria-controls"} {
			for _, id := range strings.Fields(attr(n, name)) {
				if ids[id] == 0 {
					t.Errorf("%s of <%s> leads to %q, which isn't there", name, n.Data, id)
				}
			}
		}
		if href := attr(n, "href"); strings.HasPrefix(href, "#") && ids[href[1:]] == 0 && href != "#protocol" {
			t.Errorf("the link %s leads nowhere", href)
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

func words(n *html.Node) string {
	var out strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			out.WriteString(d.Data)
		}
	}
	return out.String()
}

func within(n *html.Node, name string) bool {
	for p := range n.Ancestors() {
		if p.Data == name {
			return true
		}
	}
	return false
}

func inTemplate(n *html.Node) bool { return within(n, "template") }

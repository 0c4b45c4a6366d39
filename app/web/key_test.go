package web

import (
	"crypto/sha256"
	"encoding/base64"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"squirrel/app/admin"
	"squirrel/models"
)

func keyForm(pairs ...string) url.Values {
	form := url.Values{
		"key_name": {"prod"}, "expires_in": {"never"}, "models": {"all"}, "record_details": {"true"}, "tags": {"blue, green"}, "budget_period": {"month"},
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return form
}

var shownKey = regexp.MustCompile(`value="(lgw-[0-9A-Za-z]{32})"`)

func TestKeyIsShownOnce(t *testing.T) {
	k := newKit(t)
	k.get("/admin/keys").want(t, "empty list", http.StatusOK, `data-testid="empty"`)
	p := k.provider("one", "https://one.example/v1", "")
	k.route("smart", "gpt-4o", p.ID)
	created := k.postForm("/admin/keys/new", keyForm())
	created.want(t, "created", http.StatusOK, "shown this once", `data-replace-url="/admin/keys/1"`, "snippet-curl", "snippet-claude", "snippet-codex", "snippet-cursor", "http://example.com/v1")
	found := shownKey.FindStringSubmatch(created.body)
	if found == nil {
		t.Fatal("the key is not shown")
	}
	value := found[1]
	_, file, _ := strings.Cut(created.body, `href="data:text/plain;charset=utf-8;base64,`)
	file, _, _ = strings.Cut(file, `" download="squirrel.env"`)
	env, err := base64.StdEncoding.DecodeString(html.UnescapeString(file))
	if want := "OPENAI_BASE_URL=http://example.com/v1\nOPENAI_API_KEY=" + value + "\n"; err != nil || !strings.HasPrefix(string(env), want) {
		t.Errorf("the .env file is %q, %v", env, err)
	}
	if created.header.Get("Cache-Control") != "no-store" {
		t.Error("the page with the key may be cached")
	}
	stored, err := k.store.APIKey(t.Context(), 1)
	if err != nil || stored.Hash != sha256.Sum256([]byte(value)) || len(stored.Tags) != 2 || !stored.RecordDetails {
		t.Errorf("stored %+v, %v", stored, err)
	}
	for _, path := range []string{"/admin/keys", "/admin/keys/1", "/admin/keys/1/rotate", "/admin/keys/1/delete"} {
		k.get(path).want(t, path, http.StatusOK, stored.Mask, "!"+value)
	}
	k.postForm("/admin/keys/new", keyForm()).want(t, "sent again by a reload", http.StatusUnprocessableEntity, "is taken")
}

func TestKeyForm(t *testing.T) {
	k := newKit(t)
	p := k.provider("one", "https://one.example/v1", "")
	k.route("smart", "gpt-4o", p.ID)
	form := keyForm("models", "some", "allowed_models", "smart", "expires_in", "date", "expires_at", "2026-04-01T10:30", "budget_usd", "$1,234.5", "budget_period", "day",
		"rpm_limit", "1 000", "tpm_limit", "")
	form.Del("record_details")
	k.postForm("/admin/keys/new", form).want(t, "create", http.StatusOK)
	saved, err := k.store.APIKey(t.Context(), 1)
	if err != nil || saved.ExpiresAt == nil || !saved.ExpiresAt.Equal(time.Date(2026, 4, 1, 10, 30, 0, 0, time.UTC)) || saved.RecordDetails || *saved.RPMLimit != 1000 || saved.TPMLimit != nil ||
		*saved.Budget != 1_234_500_000_000 || saved.BudgetPeriod != models.BudgetDay || len(saved.AllowedModels) != 1 {
		t.Errorf("saved %+v, %v", saved, err)
	}
	k.get("/admin/keys/1").want(t, "form", http.StatusOK, `value="2026-04-01T10:30"`, `value="1234.5"`, `value="1000"`, "Claude Code", "$SQUIRREL_API_KEY")
	version := strconv.FormatInt(saved.Version, 10)
	k.postForm("/admin/keys/1", keyForm("key_name", "prod2", "version", version)).wantRedirect(t, "save", "/admin/keys")
	now, _ := k.store.APIKey(t.Context(), 1)
	if now.ExpiresAt != nil || now.Budget != nil || now.RPMLimit != nil || len(now.AllowedModels) != 0 || !now.RecordDetails || now.Hash != saved.Hash {
		t.Errorf("after the edit: %+v", now)
	}
	k.postForm("/admin/keys/1", keyForm("version", version)).want(t, "stale edit", http.StatusConflict, "Somebody else has saved")
	for name, c := range map[string][3]string{
		"no name":       {"key_name", "", "must not be empty"},
		"no model":      {"models", "some", "choose at least one model"},
		"odd budget":    {"budget_usd", "lots", "is not an amount in USD"},
		"odd limit":     {"rpm_limit", "many", "must be a whole number"},
		"limit of 0":    {"tpm_limit", "0", "must be between 1 and"},
		"no date":       {"expires_in", "date", "must be a date"},
		"odd expiry":    {"expires_in", "soon", "must be a date"},
		"long tag":      {"tags", strings.Repeat("x", 51), "must have at most 50 characters"},
		"odd period":    {"budget_period", "century", "must be one of"},
		"past deadline": {"expires_at", "", ""},
	} {
		if name == "past deadline" {
			k.postForm("/admin/keys/new", keyForm("key_name", "z", "expires_in", "date", "expires_at", "2020-01-01T00:00")).want(t, name, http.StatusUnprocessableEntity, "must be in the future")
			continue
		}
		k.postForm("/admin/keys/new", keyForm("key_name", "z", c[0], c[1])).want(t, name, http.StatusUnprocessableEntity, c[2], `data-testid="error-summary"`)
	}
}

// TestExpiredKeyCanBeEdited: its date is in the past and stays.
func TestExpiredKeyCanBeEdited(t *testing.T) {
	k := newKit(t)
	k.postForm("/admin/keys/new", keyForm("expires_in", "7"))
	key, _ := k.store.APIKey(t.Context(), 1)
	past := noon.Add(-time.Hour)
	key.ExpiresAt = &past
	if err := k.store.UpdateAPIKey(t.Context(), &key, nil); err != nil {
		t.Fatal(err)
	}
	k.get("/admin/keys").want(t, "list", http.StatusOK, "Expired", "1 h ago")
	k.postForm("/admin/keys/1", keyForm("key_name", "renamed", "expires_in", "date", "expires_at", past.Format(momentLayout))).wantRedirect(t, "rename", "/admin/keys")
}

func TestRotateAndDelete(t *testing.T) {
	k := newKit(t)
	k.postForm("/admin/keys/new", keyForm())
	before, _ := k.store.APIKey(t.Context(), 1)
	version := strconv.FormatInt(before.Version, 10)
	rotated := k.post("/admin/keys/1/rotate", "version", version)
	rotated.want(t, "rotate", http.StatusOK, "has a new value")
	value := shownKey.FindStringSubmatch(rotated.body)
	after, _ := k.store.APIKey(t.Context(), 1)
	if value == nil || after.Hash != sha256.Sum256([]byte(value[1])) || after.Hash == before.Hash {
		t.Errorf("rotated to %v", after.Mask)
	}
	k.post("/admin/keys/1/rotate", "version", version).want(t, "sent again by a reload", http.StatusConflict, "changed or rotated")
	if again, _ := k.store.APIKey(t.Context(), 1); again.Hash != after.Hash {
		t.Error("a reload rotated again")
	}
	k.post("/admin/keys/1/disable").wantRedirect(t, "disable", "/admin/keys")
	k.get("/admin/keys?state=disabled").want(t, "disabled", http.StatusOK, "prod is disabled.", `action="/admin/keys/1/enable"`, "Disabled")
	k.post("/admin/keys/1/delete", "confirm_name", "pro").want(t, "wrong name", http.StatusUnprocessableEntity, "is not the name")
	k.post("/admin/keys/1/delete", "confirm_name", "prod").wantRedirect(t, "delete", "/admin/keys")
	k.get("/admin/keys").want(t, "after", http.StatusOK, "prod is deleted.", `data-testid="empty"`)
}

func TestKeyFilters(t *testing.T) {
	k := newKit(t)
	k.postForm("/admin/keys/new", keyForm())
	k.get("/admin/keys?q=GREEN").want(t, "by tag", http.StatusOK, `data-testid="key"`)
	k.get("/admin/keys?q=nothing").want(t, "no match", http.StatusOK, `data-testid="no-match"`, `!data-testid="empty"`)
}

// TestKeySnippetsAskForUsableModels: the choice of models beside the snippets holds what the key may use, and begins with
// what stands in them.
func TestKeySnippetsAskForUsableModels(t *testing.T) {
	k := newKit(t)
	p := k.provider("one", "https://one.example/v1", "")
	for _, name := range []string{"a", "b", "c"} {
		k.route(name, "x", p.ID)
	}
	key, err := k.service.CreateAPIKey(t.Context(), admin.APIKeyInput{Name: admin.Some("prod"), AllowedModels: admin.Some([]string{"b", "c"})})
	if err != nil {
		t.Fatal(err)
	}
	_, connect, _ := strings.Cut(k.get(keyURL(key.ID)).body, `data-testid="connect"`)
	for _, want := range []string{`data-was="b"`, `<option value="b">`, `<option value="c">`, `&#34;model&#34;:&#34;b&#34;`} {
		if !strings.Contains(connect, want) {
			t.Errorf("no %s", want)
		}
	}
	if strings.Contains(connect, `<option value="a">`) {
		t.Error("a model that the key may not use is offered")
	}
}

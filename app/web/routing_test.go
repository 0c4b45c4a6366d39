package web

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"squirrel/app/admin"
	"squirrel/models"
)

// planning answers dry runs: the request goes to route first, unless that is 0.
type planning struct{ first int64 }

func (p *planning) DryRun(_ context.Context, in admin.DryRun) (admin.DryRunResult, error) {
	result := admin.DryRunResult{Model: in.Model, Matched: p.first != 0, Reason: "no route <b>holds</b>"}
	candidate := models.CandidateVerdict{RouteID: 1, Provider: "one", TargetModel: "gpt-4o", Verdict: models.VerdictExcluded, Reason: "its rule does not hold"}
	if p.first != 0 {
		result.Decision.Order, candidate.RouteID, candidate.Verdict = []int64{p.first}, p.first, models.VerdictSelected
	}
	result.Decision.Strategy, result.Decision.Candidates = models.StrategyPriority, []models.CandidateVerdict{candidate}
	result.Decision.Rules = []models.RuleTrace{{
		RouteID: candidate.RouteID, Field: "token_usage.input_tokens", Operator: "gte", Value: json.RawMessage("8000"), Actual: json.RawMessage("512"),
	}}
	return result, nil
}

// newRoutingKit has a provider, a model "smart" with one route, and a simulator.
func newRoutingKit(t *testing.T) (*kit, *planning) {
	t.Helper()
	k, plan := newKit(t), &planning{first: 1}
	k.web.opts.Admin = admin.New(admin.Options{Store: k.store, Simulator: plan, Prober: k.prober, Now: k.web.opts.Now})
	k.route("smart", "gpt-4o", k.provider("one", "https://one.example/v1", "sk-0123456789abcdef").ID)
	return k, plan
}

func TestModel_FromNothingToARoute(t *testing.T) {
	k := newKit(t)
	k.get("/admin/models").want(t, "no models", http.StatusOK, "No models yet")
	p := k.provider("one", "https://one.example/v1", "")
	refused := k.post("/admin/new-model", "requested_model", "<b> bad", "model_type", "chat", "strategy", "priority", "is_active", "true", "input_price", "much")
	refused.want(t, "a bad model", http.StatusUnprocessableEntity, "error-summary", "&lt;b&gt; bad", "is not an amount", "!<b> bad")
	k.post("/admin/new-model", "requested_model", "meta/llama:8b", "aliases", "llama, small", "model_type", "chat", "strategy", "priority", "is_active", "true",
		"provider_id", whole(p.ID), "target_model_name", "gpt-4o").wantRedirect(t, "a good model", "/admin/models/meta%2Fllama:8b")
	k.get("/admin/models/meta%2Fllama:8b").want(t, "its page", http.StatusOK, "all requests go to one.", "gpt-4o", "small", "Serving")
	k.get("/admin/models/llama").wantRedirect(t, "its alias", "/admin/models/meta%2Fllama:8b")
	k.get("/admin/models?q=llama").want(t, "the list", http.StatusOK, "meta/llama:8b", "1/1")
	k.get("/admin/models?q=nothing", "HX-Request", "true").want(t, "no match", http.StatusOK, "No model matches", "!<html")
	k.get("/admin/models/gone").want(t, "an unknown model", http.StatusNotFound)
}

func TestRoutes_AreEditedInPlace(t *testing.T) {
	k, _ := newRoutingKit(t)
	second := k.provider("two", "https://two.example/v1", "")
	k.post("/admin/models/smart/routes/add", "provider_id", whole(second.ID), "target_model_name", "claude").wantRedirect(t, "add", "/admin/models/smart")
	k.post("/admin/models/smart/strategy", "strategy", "weighted").wantRedirect(t, "strategy", "/admin/models/smart")
	table := []string{"r.1.version", "1", "r.1.target", "gpt-4o", "r.1.priority", "0", "r.1.weight", "3", "r.2.version", "1", "r.2.target", "claude-4", "r.2.priority", "1", "r.2.weight", "1", "op", "save"}
	k.post("/admin/models/smart/routes", table...).wantRedirect(t, "save", "/admin/models/smart")
	k.get("/admin/models/smart").want(t, "shares", http.StatusOK, "one 75 % · two 25 %", "claude-4")
	k.post("/admin/models/smart/routes", table...).wantRedirect(t, "the same again", "/admin/models/smart")
	table[7], table[5] = "heavy", "9"
	k.post("/admin/models/smart/routes", table...).want(t, "a bad weight", http.StatusUnprocessableEntity, "must be a whole number", `value="heavy"`)
	table[7] = "5"
	k.post("/admin/models/smart/routes", table...).want(t, "a stale version", http.StatusUnprocessableEntity, "Somebody else")
	k.post("/admin/models/smart/strategy", "strategy", "priority")
	k.get("/admin/models/smart").want(t, "before moving", http.StatusOK, "one (priority 0); then two (priority 1)")
	k.post("/admin/models/smart/routes", "op", "up:2").wantRedirect(t, "up", "/admin/models/smart")
	k.get("/admin/models/smart").want(t, "after moving", http.StatusOK, "two (priority 0); then one (priority 1)")
	k.post("/admin/routes/2/pause", "minutes", "60").wantRedirect(t, "pause", "/admin/models/smart")
	k.get("/admin/models/smart").want(t, "paused", http.StatusOK, "all requests go to one.", "Paused", "in 1 h")
	k.post("/admin/routes/2/pause", "minutes", "0").wantRedirect(t, "resume", "/admin/models/smart")
	k.get("/admin/models/smart/targets?provider_id=2", "HX-Request", "true").want(t, "targets", http.StatusOK, `value="gpt-4o"`, "&lt;i&gt;odd", "!<html")
	k.get("/admin/models/smart?provider_id=2").want(t, "targets without scripts", http.StatusOK, "2 models to choose from")
	k.post("/admin/routes/1", "version", "99", "provider_id", "1", "target_model_name", "x", "priority", "0", "weight", "1", "on_loss", "allow").
		want(t, "a stale route", http.StatusConflict, "Saving again")
}

func TestReplaceTarget_PreviewsFirst(t *testing.T) {
	k, _ := newRoutingKit(t)
	form := []string{"current_target_model_name", "gpt-4o", "new_target_model_name", "gpt-5", "op", "preview"}
	k.post("/admin/replace-target", form...).want(t, "preview", http.StatusOK, "Change 1 route", "smart")
	k.get("/admin/models/smart").want(t, "not yet", http.StatusOK, "!gpt-5")
	form[5] = "apply"
	k.post("/admin/replace-target", form...).wantRedirect(t, "apply", "/admin/models")
	k.get("/admin/models/smart").want(t, "then", http.StatusOK, "gpt-5")
}

func TestRuleEditor_WithoutScripts(t *testing.T) {
	k, _ := newRoutingKit(t)
	const page = "/admin/routes/1/rule"
	k.get(page).want(t, "no rule", http.StatusOK, "always", "No conditions")
	form := url.Values{"version": {"1"}, "r:l": {"AND"}, "op": {"add:r"}}
	k.postForm(page, form).want(t, "add", http.StatusOK, "r.0:f", "Condition added.")
	form = url.Values{
		"version": {"1"}, "r:l": {"AND"}, "r.0:f": {"headers."}, "r.0:k": {"X-Tier"}, "r.0:c": {"in"}, "r.0:v": {"gold\r\n<i>odd"}, "r.0:t": {"text"},
		"r.1:f": {"token_usage.input_tokens"}, "r.1:c": {"gte"}, "r.1:v": {"8000"}, "op": {"test"}, "try_headers": {"x-tier: gold"}, "try_input_tokens": {"512"},
	}
	k.postForm(page, form).want(t, "test", http.StatusOK, "does not hold", "true", "false", "&#34;gold&#34;", "512", "&lt;i&gt;odd", "!<i>odd")
	form.Set("op", "view:json")
	k.postForm(page, form, "HX-Request", "true").want(t, "as JSON", http.StatusOK, "headers.X-Tier", "8000", "!<html")
	k.post(page, "view", "json", "json", `{"rules":[`, "op", "view:form").want(t, "bad JSON", http.StatusUnprocessableEntity, "line 1")
	k.post(page, "view", "json", "json", `{"rules":[{"field":"nope","operator":"eq","value":1}]}`, "op", "save").want(t, "a bad field", http.StatusUnprocessableEntity, "there is no field")
	form.Set("op", "save")
	form.Set("r.1:v", "many")
	k.postForm(page, form).want(t, "a bad number", http.StatusUnprocessableEntity, "must be a number", `value="many"`)
	form.Set("r.1:v", "8000")
	k.postForm(page, form).wantRedirect(t, "save", "/admin/models/smart")
	k.get("/admin/models/smart").want(t, "in words", http.StatusOK, "header x-tier is gold or &lt;i&gt;odd AND input tokens ≥ 8,000")
	k.get("/admin/models/smart?lang=zh").want(t, "in Chinese", http.StatusOK, "输入 token 数 ≥ 8000")
	k.get("/admin/models/smart?lang=en")
	k.postForm(page, form).want(t, "a stale version", http.StatusUnprocessableEntity, "Somebody else has saved")
	k.post("/admin/models/smart/rule", "r:l", "NOT", "r.0:f", "stream", "r.0:c", "eq", "r.0:v", "true", "op", "save").wantRedirect(t, "a model's rule", "/admin/models/smart")
}

func TestSimulator_SamplesTellWhatChanged(t *testing.T) {
	k, plan := newRoutingKit(t)
	request := []string{"model", "smart", "endpoint", "/v1/chat/completions", "body", `{"messages":[]}`, "name", "first", "op", "run"}
	k.post("/admin/simulate", request...).want(t, "run", http.StatusOK, "Routed", "#1", "512", "Input tokens") // words of the trace follow
	request[5] = "{"
	k.post("/admin/simulate", request...).want(t, "a bad body", http.StatusUnprocessableEntity, "must be a JSON object")
	request[5], request[9] = "", "save"
	k.post("/admin/simulate", request...).wantRedirect(t, "save", "/admin/simulate?sample=1")
	k.get("/admin/simulate").want(t, "as expected", http.StatusOK, "As expected", "!samples-changed")
	k.get("/admin").want(t, "the overview, as expected", http.StatusOK, "!Routing samples")
	plan.first = 0
	k.get("/admin").want(t, "the overview", http.StatusOK, "Routing samples", "go elsewhere than expected: 1 of 1.", `href="/admin/simulate#samples"`)
	k.get("/admin/simulate?sample=1").want(t, "changed", http.StatusOK, "samples-changed", "Different", "&lt;b&gt;holds", "!<b>holds")
	k.post("/admin/simulate/samples/1/accept").wantRedirect(t, "accept", "/admin/simulate")
	k.get("/admin/simulate").want(t, "accepted", http.StatusOK, "!samples-changed")
	k.get("/admin").want(t, "the overview, accepted", http.StatusOK, "!Routing samples")
	k.post("/admin/simulate/samples/1/delete").wantRedirect(t, "delete", "/admin/simulate")
	k.get("/admin/simulate?log=unknown").want(t, "an unknown log", http.StatusNotFound)
}

func TestChanges_AreUndone(t *testing.T) {
	k, _ := newRoutingKit(t)
	k.post("/admin/models/smart/disable")
	k.post("/admin/models/smart/strategy", "strategy", "weighted")
	k.get("/admin/changes").want(t, "the list", http.StatusOK, "strategy", "is_active", testUser)
	k.get("/admin/changes?object=route").want(t, "filtered", http.StatusOK, "!is_active")
	k.get("/admin/changes/2").want(t, "one", http.StatusOK, "is_active")
	k.post("/admin/changes/2/undo").want(t, "not the latest", http.StatusConflict, "changed again since")
	k.post("/admin/changes/3/undo").wantRedirect(t, "the latest", "/admin/changes")
	k.get("/admin/models/smart").want(t, "strategy", http.StatusOK, "requests go to")
	k.post("/admin/models/smart/delete").wantRedirect(t, "delete", "/admin/models")
	k.get("/admin/models/smart").want(t, "deleted", http.StatusNotFound)
	last, err := k.service.Changes(t.Context(), 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	k.post("/admin/changes/"+whole(last[0].ID)+"/undo").wantRedirect(t, "undo the deletion", "/admin/changes")
	k.get("/admin/models/smart").want(t, "back with its route", http.StatusOK, "gpt-4o", "Disabled", `href="/admin/changes?key=smart"`)
	k.get("/admin/providers/1").want(t, "a provider", http.StatusOK, `href="/admin/changes?object=provider&amp;key=one"`)
	k.post("/admin/providers/1/disable")
	k.get("/admin/changes?object=provider&key=one").want(t, "of a provider", http.StatusOK, `break-all">one<`, `!break-all">smart<`)
	k.get("/admin/changes?key=SMART").want(t, "of a model", http.StatusOK, `value="SMART"`, `break-all">smart<`, "smart → one/gpt-4o", `!break-all">one<`)
}

func TestPrices_OverrideAndImport(t *testing.T) {
	k, _ := newRoutingKit(t)
	k.get("/admin/prices?q=gpt-4o").want(t, "the list", http.StatusOK, "gpt-4o", "$2.50 / $10.00")
	k.route("odd", "nobody-knows", 1)
	k.get("/admin/prices").want(t, "unknown", http.StatusOK, "nobody-knows", "1 target model in use has no known price")
	k.post("/admin/prices/override", "target_model", "nobody-knows", "billing_mode", "token_flat", "input_price", "1.5", "output_price", "six").
		want(t, "a bad price", http.StatusUnprocessableEntity, "is not an amount", `value="six"`)
	k.post("/admin/prices/override", "target_model", "nobody-knows", "billing_mode", "token_flat", "input_price", "1.5", "output_price", "6").
		wantRedirect(t, "override", "/admin/prices?q=nobody-knows")
	k.get("/admin/prices?show=override").want(t, "overrides", http.StatusOK, "$1.50 / $6.00", "!in use has no known price")
	k.post("/admin/prices/override", "target_model", "nobody-knows", "version", "1", "op", "remove").wantRedirect(t, "remove", "/admin/prices?q=nobody-knows")
	k.post("/admin/prices/import", "catalogue", "{}", "as_of", "2026-02-30").want(t, "a bad date", http.StatusUnprocessableEntity, "must be a date")
	k.post("/admin/prices/import", "catalogue", `[1]`).want(t, "no list", http.StatusUnprocessableEntity, "is not a price list")
}

func TestTransfer_ThereAndBack(t *testing.T) {
	k, _ := newRoutingKit(t)
	exported := k.get("/admin/transfer/config.yaml")
	exported.want(t, "export", http.StatusOK, "smart", "one.example", "!sk-0123")
	if got := exported.header.Get("Content-Disposition"); !strings.Contains(got, "squirrel-config.yaml") {
		t.Errorf("Content-Disposition %q", got)
	}
	k.get("/admin/transfer/secrets.yaml").want(t, "another file", http.StatusNotFound)
	k.post("/admin/transfer", "document", exported.body, "op", "preview").want(t, "the same", http.StatusOK, "0 new, 0 changed, 3 unchanged")
	changed := strings.ReplaceAll(exported.body, "gpt-4o", "gpt-5")
	k.post("/admin/transfer", "document", changed, "op", "preview").want(t, "another route", http.StatusOK, "1 new, 0 changed, 2 unchanged")
	k.post("/admin/transfer", "document", changed, "op", "apply").wantRedirect(t, "apply", "/admin/models")
	k.get("/admin/models/smart").want(t, "imported", http.StatusOK, "gpt-5")
	k.post("/admin/transfer", "document", "models: [{requested_model: '<b>'}]", "op", "preview").
		want(t, "refused", http.StatusUnprocessableEntity, "models[0].requested_model", "!'<b>'")
	k.post("/admin/transfer", "document", "\t: [", "op", "preview").want(t, "no YAML", http.StatusUnprocessableEntity, "can&#39;t be imported")
	body := "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.yaml\"\r\n\r\n" + changed + "\r\n--x--\r\n"
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/admin/transfer", strings.NewReader(body))
	r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	k.do(r, nil).want(t, "a file", http.StatusOK, "0 new, 0 changed")
}

func TestSettings_ShowSources(t *testing.T) {
	k := newKit(t)
	k.web.opts.Settings = []Setting{
		{Name: "PORT", Value: "8000", Default: "8000", Source: "default", Meaning: "port to listen on"},
		{Name: "ADMIN_PASSWORD", Value: "(hidden)", Source: "environment", Meaning: "the <b>password"},
	}
	k.get("/admin/settings").want(t, "all", http.StatusOK, "PORT", "(hidden)", "environment", "&lt;b&gt;password")
	k.get("/admin/settings?changed=1").want(t, "changed", http.StatusOK, "!PORT", "ADMIN_PASSWORD")
	k.get("/admin/settings?q=listen").want(t, "search", http.StatusOK, "PORT", "!ADMIN_PASSWORD")
}

func TestRoutingForms_RefuseOtherSites(t *testing.T) {
	k, _ := newRoutingKit(t)
	for _, r := range k.web.routingRoutes() {
		if r.method != http.MethodPost {
			continue
		}
		path := strings.NewReplacer(":model", "smart", ":id", "1").Replace(r.path)
		answer := k.postForm(path, url.Values{"op": {"save"}}, "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example")
		if answer.status != http.StatusForbidden {
			t.Errorf("%s from another site: %d", path, answer.status)
		}
	}
	k.get("/admin/models/smart").want(t, "untouched", http.StatusOK, "Serving")
}

func TestRoutingPages_ForeignTextStaysText(t *testing.T) {
	k, _ := newRoutingKit(t)
	for _, text := range hostile {
		rule := models.Rule{Rules: []models.Rule{{Field: "body.x", Operator: "eq", Value: json.RawMessage(indented(mustJSON(t, text)))}}}
		if _, err := k.service.UpdateRoute(t.Context(), 1, admin.RouteInput{TargetModel: admin.Some(text), Rules: admin.Some(rule)}); err != nil {
			t.Fatal(err)
		}
		query := url.QueryEscape(text)
		for _, path := range []string{
			"/admin/models", "/admin/models/smart", "/admin/routes/1", "/admin/routes/1/rule", "/admin/replace-target?from=" + query, "/admin/prices?q=" + query, "/admin/models?q=" + query,
			"/admin/simulate?model=" + query, "/admin/changes?actor=" + query, "/admin/settings?q=" + query, "/admin/prices/override?model=" + query, "/admin/models/smart?target_model_name=" + query,
		} {
			checkInert(t, path, k.get(path).body)
		}
		checkInert(t, "rule", k.post("/admin/routes/1/rule", "view", "json", "json", text, "op", "save").body)
		checkInert(t, "rule form", k.post("/admin/routes/1/rule", "r:l", text, "r.0:f", text, "r.0:c", text, "r.0:v", text, "r.0:t", text, "op", "save", "try_body", text).body)
		checkInert(t, "simulate", k.post("/admin/simulate", "model", text, "body", text, "headers", text).body)
		checkInert(t, "import", k.post("/admin/transfer", "document", text).body)
	}
	for _, c := range []string{"/admin/changes", "/admin/changes/1"} {
		checkInert(t, c, k.get(c).body)
	}
}

func mustJSON(t *testing.T, v any) json.RawMessage {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

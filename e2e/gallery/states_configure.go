package main

import (
	"fmt"
	"time"

	"github.com/chromedp/chromedp"
)

// providerStates are the providers and the test of their connection.
var providerStates = []state{
	{name: "providers", path: "/admin/providers", zh: true},
	{name: "providers-menu", path: "/admin/providers", window: true, steps: steps(click(`tbody tr:first-child .menu > summary`))},
	{name: "providers-picked", path: "/admin/providers", window: true, steps: steps(click(`tbody tr:first-child .pick input`))},
	{name: "providers-no-match", path: "/admin/providers?q=nothing-like-it"},
	{name: "providers-empty", path: "/admin/providers", empty: true, zh: true},
	{name: "provider-new", path: "/admin/providers/new", zh: true},
	{name: "provider-new-preset", path: "/admin/providers/new?preset=deepseek", steps: steps(unfold(`main details`))},
	{name: "provider-refused", path: "/admin/providers/new", zh: true, steps: steps(set(`#base_url`, "nonsense"), anyhow(`[data-testid=save]`), waitFor(`[data-testid=error-summary]`))},
	{name: "provider-test-good", path: "/admin/providers/{provider-openai-main}/edit", zh: true, steps: steps(set(`#test_model`, "gpt-4o"), click(`[data-testid=test]`), waitFor(`[data-testid=step]`), pause(time.Second), unfold(`[data-testid=probe] details`))},
	{name: "provider-test-refused", path: "/admin/providers/{provider-openai-main}/edit", steps: tested(`set`, "http://127.0.0.1:9/v1", "")},
	{name: "provider-test-dns", path: "/admin/providers/{provider-openai-main}/edit", steps: tested(`set`, "https://nowhere.invalid/v1", "")},
	{name: "provider-test-url", path: "/admin/providers/{provider-openai-main}/edit", steps: tested(`set`, "http://169.254.169.254/v1", "")},
	{name: "provider-test-fault", path: "/admin/providers/{provider-openai-main}/edit", zh: true, steps: tested(`keep`, "", "fault:status:401#gpt-4o")},
	{name: "provider-test-quota", path: "/admin/providers/{provider-openai-main}/edit", steps: tested(`keep`, "", "fault:status:429#gpt-4o")},
	{name: "provider", path: "/admin/providers/{provider-openai-main}", zh: true},
	{name: "provider-failing", path: "/admin/providers/{provider-aggregator}"},
	{name: "provider-routes", path: "/admin/providers/{provider-openai-main}?tab=routes"},
	{name: "provider-models", path: "/admin/providers/{provider-openai-main}?tab=models", zh: true, steps: steps(pause(1500 * time.Millisecond))},
	{name: "provider-changes", path: "/admin/providers/{provider-openai-main}?tab=changes"},
	{name: "provider-delete", path: "/admin/providers/{provider-openai-main}/delete", zh: true},
}

// modelStates are the models, their routes and rules.
var modelStates = []state{
	{name: "models", path: "/admin/models", zh: true},
	{name: "models-no-match", path: "/admin/models?q=nothing-like-it"},
	{name: "models-empty", path: "/admin/models", empty: true},
	{name: "model", path: "/admin/models/triage", zh: true},
	{name: "model-route-menu", path: "/admin/models/triage", window: true, steps: steps(click(`[data-testid=route-menu] summary, summary[data-testid=route-menu]`))},
	{name: "model-down", path: "/admin/models/down"},
	{name: "model-unpriced", path: "/admin/models/house-model"},
	{name: "model-new", path: "/admin/new-model", zh: true},
	{name: "model-edit", path: "/admin/models/triage/edit"},
	{name: "model-refused", path: "/admin/new-model", steps: steps(set(`#requested_model`, "no spaces please"), anyhow(`[data-testid=save]`), waitFor(`[data-testid=error-summary]`))},
	{name: "model-delete", path: "/admin/models/triage/delete", zh: true},
	{name: "model-replace", path: "/admin/replace-target", zh: true},
	{name: "model-replace-preview", path: "/admin/replace-target", steps: steps(set(`#current_target_model_name`, "gpt-4o"), set(`#new_target_model_name`, "gpt-4.1"), anyhow(`[data-testid=preview]`), waitFor(`[data-testid=replace-row]`))},
	{name: "route", path: "/admin/models/triage", steps: steps(click(`[data-testid=route] a[href^="/admin/routes/"]:not([href$=rule])`), waitFor(`[data-testid=route-form]`))},
	{name: "rule", path: "/admin/models/triage", zh: true, steps: steps(click(`a[href^="/admin/routes/"][href$=rule]`), waitFor(`[data-testid=rule-form]`))},
	{name: "rule-tried", path: "/admin/models/triage", steps: steps(click(`a[href^="/admin/routes/"][href$=rule]`), waitFor(`[data-testid=rule-form]`), set(`#try_body`, `{"model":"triage","messages":[{"role":"user","content":"hi"}]}`), click(`[data-testid=test]`), waitFor(`[data-testid=try-result]`))},
	{name: "rule-json", path: "/admin/models/triage", steps: steps(click(`a[href^="/admin/routes/"][href$=rule]`), waitFor(`[data-testid=rule-form]`), click(`[data-testid=view-json]`), waitFor(`#json`))},
	{name: "rule-errors", path: "/admin/models/triage", zh: true, steps: steps(click(`a[href^="/admin/routes/"][href$=rule]`), waitFor(`[data-testid=rule-form]`), click(`[data-testid=add-group]`), pause(700*time.Millisecond), click(`[data-testid=save]`), waitFor(`[data-testid=rule-error]`))},
	{name: "rule-none", path: "/admin/models/assistant/rule"},
}

// keyStates are the keys of clients.
var keyStates = []state{
	{name: "keys", path: "/admin/keys", zh: true},
	{name: "keys-empty", path: "/admin/keys", empty: true},
	{name: "keys-no-match", path: "/admin/keys?q=nothing-like-it"},
	{name: "key", path: "/admin/keys/{key-checkout-service}", zh: true},
	{name: "key-new", path: "/admin/keys/new", zh: true, steps: steps(unfold(`main details`))},
	{name: "key-refused", path: "/admin/keys/new", steps: steps(unfold(`main details`), set(`#rpm_limit`, "many"), anyhow(`[data-testid=save]`), waitFor(`[data-testid=error-summary]`))},
	{name: "key-created", path: "/admin/keys/{key-no-recording}/rotate", zh: true, steps: steps(anyhow(`[data-testid=confirm]`), waitFor(`[data-testid=created]`))},
	{name: "key-rotate", path: "/admin/keys/{key-checkout-service}/rotate"},
	{name: "key-delete", path: "/admin/keys/{key-checkout-service}/delete", zh: true},
}

// aSample is a request that the simulator can plan.
const aSample = `{"model":"triage","messages":[{"role":"user","content":"Which nuts keep longest?"}],"stream":false}`

// simulateStates are the route simulator.
var simulateStates = []state{
	{name: "simulate", path: "/admin/simulate", zh: true},
	{name: "simulate-planned", path: "/admin/simulate", zh: true, steps: steps(set(`#model`, "triage"), set(`#body`, aSample), set(`#headers`, "x-tier: bronze"), click(`[data-testid=run]`), waitFor(`[data-testid=result]`))},
	{name: "simulate-sent", path: "/admin/simulate", steps: steps(set(`#model`, "claude"), set(`#body`, aSample), click(`[data-testid=run]`), waitFor(`[data-testid=result]`), unfold(`[data-testid=sent]`))},
	{name: "simulate-unknown", path: "/admin/simulate", steps: steps(set(`#model`, "triag"), click(`[data-testid=run]`), waitFor(`[data-testid=result]`))},
	{name: "simulate-refused", path: "/admin/simulate", steps: steps(set(`#body`, "{"), set(`#headers`, "no colon"), click(`[data-testid=run]`), waitFor(`[data-testid=error-summary]`))},
	{name: "simulate-from-log", path: "/admin/simulate?log={failed-over}"},
}

// systemStates are prices, settings, changes and what else concerns the whole gateway.
var systemStates = []state{
	{name: "prices", path: "/admin/prices", zh: true},
	{name: "prices-unknown", path: "/admin/prices?q=nothing-like-it"},
	{name: "prices-override", path: "/admin/prices/override?pattern=gpt-4o", zh: true},
	{name: "prices-import", path: "/admin/prices/import"},
	{name: "prices-recalculate", path: "/admin/prices/recalculate", zh: true},
	{name: "prices-recalculate-tried", path: "/admin/prices/recalculate", steps: steps(click(`button[name=op]`), pause(4*time.Second))},
	{name: "settings", path: "/admin/settings", zh: true},
	{name: "settings-found", path: "/admin/settings?q=retention&changed=on"},
	{name: "settings-no-match", path: "/admin/settings?q=nothing-like-it"},
	{name: "storage", path: "/admin/settings/storage", zh: true},
	{name: "storage-redacted", path: "/admin/settings/storage", steps: steps(set(`#text`, `{"api_key":"sk-0123456789abcdef","note":"hello"}`), click(`[data-testid=redaction] button[name=op]`), waitFor(`[data-testid=redacted]`))},
	{name: "storage-counted", path: "/admin/settings/storage", zh: true, steps: steps(set(`#days_to_keep`, "20"), click(`[data-testid=cleanup] button[value=count]`), waitFor(`[data-testid=cleanup-count]`))},
	{name: "transfer", path: "/admin/transfer", zh: true},
	{name: "transfer-refused", path: "/admin/transfer", steps: steps(set(`main textarea`, "version: ["), anyhow(`main form button[value=preview]`), waitFor(`[data-testid=error-summary]`))},
	{name: "changes", path: "/admin/changes", zh: true},
	{name: "change", path: "/admin/changes", steps: steps(click(`[data-testid=change] a[href^="/admin/changes/"]`), waitFor(`h1`))},
	{name: "account", path: "/admin/account", zh: true},
	{name: "search", path: "/admin/search?q=gpt", zh: true},
	{name: "search-none", path: "/admin/search?q=nothing-like-it"},
	{name: "search-start", path: "/admin/search"},
	{name: "palette", path: "/admin/models", window: true, steps: steps(chromedp.KeyEvent("k", chromedp.KeyModifiers(2)), pause(400*time.Millisecond), chromedp.KeyEvent("tri"), pause(700*time.Millisecond))},
	{name: "start", path: "/admin/start", empty: true, zh: true},
	{name: "start-provider", path: "/admin/start?preset=openai", empty: true},
	{name: "error-404", path: "/admin/nothing-like-it", zh: true},
	{name: "error-404-model", path: "/admin/models/nothing-like-it"},
	{name: "error-413", path: "/admin/keys/new", zh: true, steps: steps(chromedp.Evaluate(`document.querySelector('[name=notes], #remark, #key_name').removeAttribute('maxlength')`, nil), chromedp.Evaluate(`document.querySelector('#key_name').value = 'x'.repeat(2 << 20)`, nil), anyhow(`[data-testid=save]`), pause(time.Second))},
	{name: "login", path: "/admin/account", zh: true, steps: steps(loggedOut("/admin/login"))},
	{name: "login-refused", path: "/admin/account", steps: steps(loggedOut("/admin/login"), write(`#username`, "ada"), write(`#password`, "wrong"), click(`main form button[type=submit]`), pause(time.Second))},
}

// anyhow presses a button past what the browser checks of its form.
func anyhow(selector string) chromedp.Action {
	return chromedp.Evaluate(fmt.Sprintf(`(b => { b.form.noValidate = true; b.form.requestSubmit(b) })(document.querySelector(%q))`, selector), nil)
}

// tested tests the connection with another address or model.
func tested(how, base, model string) []chromedp.Action {
	var list []chromedp.Action
	if how == "set" {
		list = append(list, set(`#base_url`, base), set(`#api_key`, "sim-0123456789abcdefghijklmn")) // a key never goes to another host unasked
	}
	return append(list, set(`#test_model`, model), click(`[data-testid=test]`), pause(3*time.Second), unfold(`[data-testid=probe] details`))
}

// loggedOut shows a page to who is not logged in, and keeps the session for what comes after.
func loggedOut(path string) chromedp.Action {
	return chromedp.Evaluate(fmt.Sprintf(`fetch(%q, {credentials: 'omit'}).then(r => r.text()).then(t => { document.open(); document.write(t); document.close() })`, path), nil)
}

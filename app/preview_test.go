package app

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"squirrel/app/apptest"
	"squirrel/proxy/simulator"
)

// TestDryRunTellsWhatWouldBeSent: the dry run shows each provider's request as it would be, and sends and records nothing.
func TestDryRunTellsWhatWouldBeSent(t *testing.T) {
	k := newKit(t)
	admin, sim, _ := k.seeded(simulator.Options{})
	const body = `{"model":"%s","temperature":0.5,"logprobs":true,"messages":[{"role":"system","content":"Be <b>brief</b>."},{"role":"user","content":"Hi"}]}`
	dryRun := func(model string) (out []struct {
		URL     string
		Body    json.RawMessage
		Dropped []struct{ Path string }
		Problem string
	}) {
		t.Helper()
		var answer struct{ Outgoing any }
		answer.Outgoing = &out
		request := map[string]any{"body": json.RawMessage(strings.Replace(body, "%s", model, 1))}
		if err := admin.Call(t.Context(), http.MethodPost, "/api/admin/models/"+model+"/match", request, &answer); err != nil {
			t.Fatal(err)
		}
		return out
	}
	same := dryRun(apptest.Plain)
	if len(same) != 1 || !strings.HasSuffix(same[0].URL, "/chat/completions") || !strings.Contains(string(same[0].Body), `"model":"gpt-4o-mini","temperature":0.5`) {
		t.Errorf("same protocol: %+v %s", same, same[0].Body)
	}
	converted := dryRun(apptest.Claude)
	if len(converted) != 1 || !strings.HasSuffix(converted[0].URL, "/v1/messages") || !strings.Contains(string(converted[0].Body), `"max_tokens"`) || len(converted[0].Dropped) == 0 {
		t.Errorf("converted: %+v %s", converted, converted[0].Body)
	}
	if n := len(sim.Ledger().Entries(nil)); n != 0 {
		t.Errorf("%d requests were sent", n)
	}

	page := k.simulatorPage(t, admin, strings.Replace(body, "%s", apptest.Claude, 1))
	for _, want := range []string{"What the provider would be sent", "/v1/messages", "&lt;b&gt;brief", "logprobs"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %q", want)
		}
	}
	if strings.Contains(page, "<b>brief") {
		t.Error("foreign text is markup")
	}
}

// simulatorPage submits the simulator's form with a body, as the signed-in administrator.
func (k *kit) simulatorPage(t *testing.T, admin *apptest.Admin, body string) string {
	t.Helper()
	form := url.Values{"op": {"run"}, "source": {"json"}, "model": {apptest.Claude}, "endpoint": {apptest.Chat}, "body": {body}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, k.url+"/admin/simulate", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", k.url)
	req.Header.Set("Cookie", "sq_sess="+admin.Token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("the simulator answers %d, %v", resp.StatusCode, err)
	}
	return string(page)
}

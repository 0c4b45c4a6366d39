package proxy

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"squirrel/models"
)

// keyOf makes a further key of the test gateway.
func keyOf(id int64, value string, change func(*models.APIKey)) models.APIKey {
	k := models.APIKey{ID: id, Name: fmt.Sprintf("key %d", id), Hash: sha256.Sum256([]byte(value)), IsActive: true, RecordDetails: true}
	if change != nil {
		change(&k)
	}
	return k
}

const otherKey = "lgw-another-key-of-the-same-gateway"

func TestF01_WrongKeys(t *testing.T) {
	g := newTestGateway(t, setup{})
	bodies := map[string]bool{}
	for _, value := range []string{
		"' OR '1'='1", "Bearer", "Bearer ", "Bearer  " + testKey, "bearer" + testKey, "Basic " + testKey, "Basic eDp5", "Token " + testKey, "Bearer " + testKey + " ",
		"Bearer " + testKey[:len(testKey)-1], "Bearer " + testKey + "x", "Bearer " + strings.ToUpper(testKey), "Bearer ключ", "Bearer sk-ant-api03-not-of-this-gateway", "Bearer lgw-" + strings.Repeat("a", 20_000),
		"Bearer " + strings.Repeat("k", 300), "Bearer %00", "Bearer null",
	} {
		for _, d := range dialects {
			req := g.request(d.path, d.ask("m", "x", false, ""))
			req.Header["Authorization"] = []string{value}
			if value == "Bearer "+testKey+" " {
				continue // net/http trims it; the same as the key
			}
			resp := g.do(req)
			body := readAll(t, resp)
			if resp.StatusCode != 401 || !strings.Contains(body, "authentication_error") {
				t.Errorf("%.60q: %d %s", value, resp.StatusCode, body)
			}
			if d.protocol == models.ProtocolOpenAI {
				bodies[body] = true
			}
			if strings.Contains(body, "lgw-") || strings.Contains(body, "ant-api03") {
				t.Errorf("the answer repeats the key: %s", body)
			}
		}
	}
	if len(bodies) > 2 { // no key, wrong key
		t.Errorf("%d different answers to wrong keys: %v", len(bodies), bodies)
	}
	if n := g.sim.Ledger().Total(); n != 0 || len(g.rec.all()) != 0 {
		t.Errorf("%d calls and %d records without a key", n, len(g.rec.all()))
	}
}

func TestF01_WhereAKeyMayStand(t *testing.T) {
	g := newTestGateway(t, setup{})
	for _, c := range []struct {
		header []string
		query  string
		status int
	}{
		{[]string{"Authorization", "Bearer " + testKey}, "", 200},
		{[]string{"Authorization", "bearer " + testKey}, "", 200},
		{[]string{"X-Api-Key", testKey}, "", 200},
		{[]string{"Api-Key", testKey}, "", 200},
		{[]string{"X-Api-Key", testKey, "Authorization", "Bearer " + testKey}, "", 200},
		{[]string{"X-Api-Key", testKey}, "?api-version=2024-10-21", 200},
		{nil, "", 401},
		{nil, "?key=" + testKey, 401},
		{nil, "?api_key=" + testKey, 401},
		{[]string{"X-Api-Key", testKey}, "?API_KEY=" + testKey, 401},
		{[]string{"X-Api-Key", testKey}, "?access%5Ftoken=" + testKey, 401},
		{[]string{"X-Goog-Api-Key", testKey}, "", 401},
		{[]string{"Cookie", "key=" + testKey}, "", 401},
	} {
		resp := g.post("/v1/chat/completions"+c.query, chat("m", "x", false), append([]string{"Authorization", ""}, c.header...)...)
		if body := readAll(t, resp); resp.StatusCode != c.status {
			t.Errorf("%v %s: %d %s", c.header, c.query, resp.StatusCode, body)
		}
	}
}

func TestF02_TwoKeysThatDisagree(t *testing.T) {
	g := newTestGateway(t, setup{keys: []models.APIKey{keyOf(2, otherKey, nil)}})
	for _, header := range [][]string{{"X-Api-Key", otherKey}, {"Api-Key", otherKey}, {"X-Api-Key", "wrong"}} {
		if resp := g.post("/v1/chat/completions", chat("m", "x", false), header...); resp.StatusCode != 401 {
			t.Errorf("%v: %d", header, resp.StatusCode)
		}
	}
	req := g.request("/v1/chat/completions", chat("m", "x", false))
	req.Header["Authorization"] = []string{"Bearer " + testKey, "Bearer " + otherKey}
	if resp := g.do(req); resp.StatusCode != 401 {
		t.Errorf("two Authorization headers: %d", resp.StatusCode)
	}
	if resp := g.post("/v1/chat/completions", chat("m", "x", false), "Authorization", "Basic eDp5", "X-Api-Key", testKey); resp.StatusCode != 401 {
		t.Errorf("a Basic credential beside a key: %d", resp.StatusCode)
	}
}

func TestF03_KeysThatAreNoLongerGood(t *testing.T) {
	past, future := time.Now().Add(-time.Second), time.Now().Add(time.Hour)
	g := newTestGateway(t, setup{keys: []models.APIKey{
		keyOf(2, "lgw-disabled", func(k *models.APIKey) { k.IsActive = false }),
		keyOf(3, "lgw-expired", func(k *models.APIKey) { k.ExpiresAt = &past }),
		keyOf(4, "lgw-not-yet-expired", func(k *models.APIKey) { k.ExpiresAt = &future }),
	}})
	for value, want := range map[string]struct {
		status int
		code   string
	}{
		"lgw-disabled": {401, "api_key_disabled"}, "lgw-expired": {401, "api_key_expired"}, "lgw-not-yet-expired": {200, ""}, "lgw-deleted": {401, "invalid_api_key"},
	} {
		resp := g.post("/v1/chat/completions", chat("m", "x", false), "Authorization", "Bearer "+value)
		if body := readAll(t, resp); resp.StatusCode != want.status || !strings.Contains(body, want.code) {
			t.Errorf("%s: %d %s", value, resp.StatusCode, body)
		}
	}
}

// TestF04_KeysAreFoundByTheirDigest: looking a key up compares SHA-256 sums, so how much of it is right can't be timed.
func TestF04_KeysAreFoundByTheirDigest(t *testing.T) {
	k := NewKeyring()
	k.Swap([]models.APIKey{keyOf(1, testKey, nil)})
	for i := range len(testKey) {
		h := http.Header{"Authorization": {"Bearer " + testKey[:i] + strings.Repeat("x", len(testKey)-i)}}
		if key, f := k.Authenticate(h, "", time.Now()); key != nil || f.Code == "" {
			t.Errorf("a key that is right up to byte %d is taken", i)
		}
	}
}

// TestF05_KeysWithALongCommonBeginning are different keys.
func TestF05_KeysWithALongCommonBeginning(t *testing.T) {
	const common = "lgw-0123456789abcdefghijklmnop"
	g := newTestGateway(t, setup{keys: []models.APIKey{keyOf(2, common+"A", nil), keyOf(3, common+"B", nil)}})
	for value, name := range map[string]string{common + "A": "key 2", common + "B": "key 3"} {
		resp := g.post("/v1/chat/completions", chat("m", "x", false), "Authorization", "Bearer "+value)
		if log := g.rec.end(t, resp.Header.Get("X-Squirrel-Request-Id")).Log; log.APIKeyName != name {
			t.Errorf("%s was taken for %s", value, log.APIKeyName)
		}
	}
	if resp := g.post("/v1/chat/completions", chat("m", "x", false), "Authorization", "Bearer "+common+"C"); resp.StatusCode != 401 {
		t.Errorf("an unknown key with the same beginning: %d", resp.StatusCode)
	}
}

// several is a setup of four models: one plain, one with an alias, one switched off, one without a usable route.
func several(allowed ...string) setup {
	route := []models.Route{{ProviderID: 1, TargetModel: good, Weight: 1}}
	return setup{
		models: []models.Model{
			{Name: "a/model:1", Routes: slices.Clone(route)}, {Name: "b", Aliases: []string{"bee"}, Routes: slices.Clone(route)}, {Name: "nowhere"}, {Name: "z", Routes: slices.Clone(route)},
		},
		key: func(k *models.APIKey) { k.AllowedModels = allowed },
	}
}

func TestModelsInBothShapes(t *testing.T) {
	g := newTestGateway(t, several())
	want := `{"data":[{"id":"a/model:1","object":"model","created":1700000000,"owned_by":"squirrel"},{"id":"b","object":"model","created":1700000000,"owned_by":"squirrel"},` +
		`{"id":"z","object":"model","created":1700000000,"owned_by":"squirrel"}],"object":"list"}`
	for _, path := range []string{"/v1/models", "/models"} {
		if got := readAll(t, g.get(path)); got != want {
			t.Errorf("%s: %s", path, got)
		}
	}
	got := readAll(t, g.get("/v1/models", "Anthropic-Version", "2023-06-01"))
	if want := `{"data":[{"type":"model","id":"a/model:1","display_name":"a/model:1","created_at":"2023-11-14T22:13:20Z"},`; !strings.HasPrefix(got, want) ||
		!strings.HasSuffix(got, `"first_id":"a/model:1","has_more":false,"last_id":"z"}`) {
		t.Errorf("%s", got)
	}
	for path, status := range map[string]int{"/v1/models/b": 200, "/v1/models/bee": 200, "/v1/models/a/model:1": 200, "/v1/models/a%2Fmodel:1": 200, "/models/z": 200, "/v1/models/nowhere": 404, "/v1/models/unknown": 404} {
		resp := g.get(path)
		if body := readAll(t, resp); resp.StatusCode != status || status == 404 && !strings.Contains(body, "model_not_found") {
			t.Errorf("%s: %d %s", path, resp.StatusCode, body)
		}
	}
	if resp := g.get("/v1/models", "Authorization", "Bearer wrong"); resp.StatusCode != 401 {
		t.Errorf("without a key: %d", resp.StatusCode)
	}
}

func TestModelsOfAKey(t *testing.T) {
	g := newTestGateway(t, several("bee", "a/model:1"))
	if got := readAll(t, g.get("/v1/models")); !strings.Contains(got, `"a/model:1"`) || !strings.Contains(got, `"b"`) || strings.Contains(got, `"z"`) {
		t.Errorf("%s", got)
	}
	if resp := g.get("/v1/models/z"); resp.StatusCode != 404 {
		t.Errorf("a model the key may not use: %d", resp.StatusCode)
	}
	for _, d := range dialects {
		for model, status := range map[string]int{"b": 200, "bee": 200, "a/model:1": 200, "z": 403, "unknown": 404} {
			resp := g.post(d.path, d.ask(model, "x", false, ""))
			body := readAll(t, resp)
			if resp.StatusCode != status || status == 403 && !strings.Contains(body, "permission_error") || status == 404 && !strings.Contains(body, "not_found_error") {
				t.Errorf("%s %s: %d %s", d.protocol, model, resp.StatusCode, body)
			}
			if status == 404 && strings.Contains(body, "'z'") {
				t.Errorf("the nearest names hold one the key may not use: %s", body)
			}
		}
	}
}

func TestRequestsPerMinute(t *testing.T) {
	limit := int64(3)
	g := newTestGateway(t, setup{key: func(k *models.APIKey) { k.RPMLimit = &limit }})
	for i := range 3 {
		resp := g.post("/v1/chat/completions", chat("m", "x", i == 1))
		readAll(t, resp)
		if got := resp.Header.Get("X-Ratelimit-Remaining-Requests"); resp.StatusCode != 200 || got != fmt.Sprint(2-i) || len(resp.Header["X-Ratelimit-Limit-Requests"]) != 1 || resp.Header.Get("X-Ratelimit-Limit-Requests") != "3" {
			t.Errorf("request %d: %d %v", i, resp.StatusCode, resp.Header)
		}
	}
	for _, d := range dialects {
		resp := d.post(g, "x", true)
		body := readAll(t, resp)
		if resp.StatusCode != 429 || !strings.Contains(body, "rate_limit_error") || resp.Header.Get("Retry-After") == "" || resp.Header.Get("X-Ratelimit-Remaining-Requests") != "0" || resp.Header.Get("X-Ratelimit-Reset-Requests") == "" {
			t.Errorf("%s: %d %v %s", d.protocol, resp.StatusCode, resp.Header, body)
		}
		if end := g.rec.end(t, resp.Header.Get("X-Squirrel-Request-Id")); end.Log.ErrorCode != "rate_limit_exceeded" || end.Log.AttemptCount != 0 {
			t.Errorf("log: %+v", end.Log)
		}
	}
	if n := g.sim.Ledger().Total(); n != 3 {
		t.Errorf("%d calls", n)
	}
}

func TestBudgetOfAKey(t *testing.T) {
	budget, price := models.NanoUSD(1_000_000), models.NanoUSD(2_000_000_000) // 0.001 USD; 2 USD per 1M tokens
	mode := models.BillingTokenFlat
	s := setup{key: func(k *models.APIKey) { k.Budget, k.BudgetPeriod = &budget, models.BudgetMonth }}
	s.models = []models.Model{{Name: "m", Type: models.ModelChat, Routes: []models.Route{{ProviderID: 1, TargetModel: good, Weight: 1, Prices: models.Prices{
		BillingMode: &mode, TokenPrices: models.TokenPrices{Input: &price, Output: &price},
	}}}}}
	g := newTestGateway(t, s)
	ask := strings.Replace(chat("m", "x", false), `{`, `{"max_tokens":100,`, 1)
	spent, denied := 0, 0
	for range 20 {
		resp := g.post("/v1/chat/completions", ask)
		switch body := readAll(t, resp); {
		case resp.StatusCode == 200:
			spent++
		case resp.StatusCode == 429 && strings.Contains(body, "budget_exceeded"):
			denied++
		default:
			t.Fatalf("%d %s", resp.StatusCode, body)
		}
	}
	if spent == 0 || denied == 0 {
		t.Errorf("%d requests went, %d were denied", spent, denied)
	}
	var state struct {
		Budget struct{ Limit, Spent, Reserved, Remaining json.Number }
		APIKey string `json:"api_key"`
	}
	if err := json.Unmarshal([]byte(readAll(t, g.get("/v1/usage"))), &state); err != nil || state.APIKey != "tests" {
		t.Fatalf("%v %+v", err, state)
	}
	var cost models.NanoUSD
	for _, w := range g.rec.all() {
		if w.Kind == models.WriteEnd && w.Log.TotalCost != nil {
			cost = cost.Add(*w.Log.TotalCost)
		}
	}
	if cost == 0 || cost > budget {
		t.Errorf("%d nano-USD were spent of %d", cost, budget)
	}
}

func TestUsageOfAnUnlimitedKey(t *testing.T) {
	g := newTestGateway(t, setup{})
	resp := g.get("/v1/usage")
	if got := readAll(t, resp); resp.StatusCode != 200 || !strings.Contains(got, `"api_key":"tests"`) || !strings.Contains(got, `"budget":null`) {
		t.Errorf("%d %s", resp.StatusCode, got)
	}
	if resp := g.get("/v1/usage", "Authorization", ""); resp.StatusCode != 401 {
		t.Errorf("without a key: %d", resp.StatusCode)
	}
}

package sdktest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

type object = map[string]any

// admin calls the admin API of the demo and fails the test when it refuses.
func (g *gateway) admin(t testing.TB, method, path string, body any, into any) {
	t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, g.url+path, bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+g.token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode >= 300 {
		t.Fatalf("%s %s: %d %v %s", method, path, resp.StatusCode, err, answer)
	}
	if into != nil {
		if err := json.Unmarshal(answer, into); err != nil {
			t.Fatalf("%s: %v %s", path, err, answer)
		}
	}
}

// login gets a token for the admin API, once.
func (g *gateway) login(t testing.TB) {
	t.Helper()
	if g.token != "" {
		return
	}
	var answer struct {
		Token string `json:"access_token"`
	}
	g.admin(t, http.MethodPost, "/api/auth/login", object{"username": "demo", "password": g.password}, &answer)
	g.token = answer.Token
}

// addProvider adds a provider and returns its id.
func (g *gateway) addProvider(t testing.TB, name, protocol, baseURL string) int {
	t.Helper()
	g.login(t)
	var provider struct {
		ID int `json:"id"`
	}
	g.admin(t, http.MethodPost, "/api/admin/providers", object{"name": name, "protocol": protocol, "base_url": baseURL, "api_key": "sim-key-of-a-test"}, &provider)
	return provider.ID
}

// simulator returns the base URL of the demo's simulated provider for each protocol.
func (g *gateway) simulator(t testing.TB) map[string]string {
	t.Helper()
	g.login(t)
	var page struct {
		Items []struct {
			BaseURL  string `json:"base_url"`
			Protocol string `json:"protocol"`
			Remark   string `json:"remark"`
		} `json:"items"`
	}
	g.admin(t, http.MethodGet, "/api/admin/providers", nil, &page)
	bases := map[string]string{}
	for _, p := range page.Items {
		if strings.HasPrefix(p.Remark, "simulated") {
			bases[p.Protocol] = p.BaseURL
		}
	}
	bases["openai_responses"] = bases["openai"]
	return bases
}

// waitFor waits until the data plane serves a model: it takes a change up a moment after the admin API has answered.
func (g *gateway) waitFor(t testing.TB, model string) {
	t.Helper()
	client := openAI()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		page, err := client.Models.List(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range page.Data {
			if m.ID == model {
				return
			}
		}
		if time.Now().After(deadline) {
			t.Fatal("the model never came: " + model)
		}
	}
}

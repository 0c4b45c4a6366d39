package app

import (
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"squirrel/app/apptest"
	"squirrel/proxy/simulator"
)

// scrape reads /metrics; each sample under its name with its labels.
func (k *kit) scrape() (text string, samples map[string]string) {
	k.t.Helper()
	status, a := k.send(http.MethodGet, "/metrics", "")
	if status != http.StatusOK {
		k.t.Fatalf("metrics: %d", status)
	}
	samples = map[string]string{}
	for line := range strings.SplitSeq(a.body, "\n") {
		if i := strings.LastIndexByte(line, ' '); i > 0 && !strings.HasPrefix(line, "#") {
			samples[line[:i]] = line[i+1:]
		}
	}
	return a.body, samples
}

func routesIn(provider, state string) string {
	return fmt.Sprintf("squirrel_provider_routes{provider=%q,state=%q}", provider, state)
}

func TestMetrics(t *testing.T) {
	k := newKit(t)
	_, _, key := k.seeded(simulator.Options{})
	ask := func(model string) int {
		body := fmt.Sprintf(`{"model":%q,"messages":[{"role":"user","content":"hi"}]}`, model)
		status, _ := k.send(http.MethodPost, "/v1/chat/completions", body, "Authorization", "Bearer "+key)
		return status
	}
	if ask(apptest.Plain) != http.StatusOK || ask(apptest.Broken) != http.StatusBadRequest {
		t.Fatal("the requests went wrong")
	}
	var text string
	var samples map[string]string
	k.eventually("the records are shipped", func() bool {
		text, samples = k.scrape()
		return samples["squirrel_spool_bytes"] == "0"
	})
	if samples["squirrel_spool_disk_bytes"] == "0" {
		t.Error("the newest segment is not counted")
	}
	if !regexp.MustCompile(`(?m)^squirrel_build_info\{goversion="go1\.[0-9.]+.*",version="[^"]+"\} 1$`).MatchString(text) {
		t.Error("no build info")
	}
	if cost, err := strconv.ParseFloat(samples[fmt.Sprintf("squirrel_cost_usd_total{model=%q}", apptest.Plain)], 64); err != nil || cost <= 0 || cost > 0.01 {
		t.Errorf("the cost is %v, %v", cost, err)
	}
	if n := samples[fmt.Sprintf("squirrel_cost_unknown_total{model=%q}", apptest.Broken)]; n != "1" {
		t.Errorf("%q requests without a known cost", n)
	}
	for state, want := range map[string]string{"healthy": "5", "degraded": "0", "cooling": "0", "open": "0"} {
		if n := samples[routesIn("acorn", state)]; n != want {
			t.Errorf("%q routes of acorn are %s, want %s", n, state, want)
		}
	}
	k.eventually("the circuit of a failing route opens", func() bool {
		ask(apptest.Flaky)
		_, samples := k.scrape()
		return samples[routesIn("acorn", "open")] == "1" && samples[routesIn("acorn", "healthy")] == "4" && samples[routesIn("birch", "open")] == "0"
	})
	docs, err := os.ReadFile("../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile(`(?m)^# HELP (squirrel_\w+) `).FindAllStringSubmatch(text, -1)
	if len(names) < 15 {
		t.Errorf("only %d metrics", len(names))
	}
	for _, name := range names {
		if !strings.Contains(string(docs), "`"+name[1]+"`") {
			t.Errorf("docs/api.md does not tell of %s", name[1])
		}
	}
}

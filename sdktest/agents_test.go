//go:build agents

package sdktest

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// agent runs a command-line agent in a folder, cut off from everything but this machine, and returns what it printed.
func agent(t *testing.T, dir string, env []string, name string, args ...string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("agents", "node_modules", ".bin", name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatal("the agents are not installed: make agents")
	}
	cmd := exec.Command(path, args...)
	cmd.Dir = dir
	cmd.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "TERM=dumb", "LANG=C.UTF-8",
		"HTTPS_PROXY=http://127.0.0.1:9", "HTTP_PROXY=http://127.0.0.1:9", "NO_PROXY=127.0.0.1,localhost", // nothing leaves this machine
	}, env...)
	timer := time.AfterFunc(3*time.Minute, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
	return string(out)
}

// workspace is a folder with two files to read.
func workspace(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"a.txt": "the acorn is under the oak\n", "b.txt": "the walnut is under the stone\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// hasAll fails the test unless text holds every piece.
func hasAll(t *testing.T, text string, pieces ...string) {
	t.Helper()
	for _, piece := range pieces {
		if !strings.Contains(text, piece) {
			t.Errorf("%q is missing in\n%.8000s", piece, text)
		}
	}
}

// mustBeRecorded checks the three steps of an agent's work in the request log: all good, with the provider's usage, and the last
// step's history as the provider got it.
func mustBeRecorded(t *testing.T, model string, provider *scripted, finish ...string) {
	t.Helper()
	sent := provider.sent()
	if len(sent) != 3 {
		t.Fatalf("%d steps instead of 3", len(sent))
	}
	hasAll(t, sent[2], "the acorn is under the oak", "the walnut is under the stone")
	reasons := map[string]int{}
	for _, log := range demo.logs(t, model, 3) {
		if log["response_status"] != 200.0 || log["error_code"] != "" || log["input_tokens"] != 1200.0 || log["output_tokens"] != 40.0 || log["usage_source"] != "upstream" {
			t.Errorf("recorded %v", log)
		}
		reasons[fmt.Sprint(log["finish_reason"])]++
	}
	if reasons[finish[0]] != 2 || reasons[finish[1]] < 1 {
		t.Errorf("finish reasons %v", reasons)
	}
}

const written = "größe: \"oak\"\nand stone 🐿️\n"

func mustHaveWritten(t *testing.T, dir string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "c.txt"))
	if err != nil || string(data) != written {
		t.Errorf("c.txt: %q, %v", data, err)
	}
}

// TestAgents_ClaudeCode reads two files in parallel, writes a third and says so, over a provider that speaks chat completions:
// with a model name it knows and with one it has never heard of, which make it ask differently.
func TestAgents_ClaudeCode(t *testing.T) {
	for _, model := range []string{"claude-sonnet-4-5", "a-name-of-ours"} {
		t.Run(model, func(t *testing.T) {
			dir := workspace(t)
			provider := play(t, func(n int, _ []string) turn {
				switch n {
				case 0:
					return turn{thinking: "Both files have to be read.", text: "Reading both.", calls: []call{
						{"Read", `{"file_path":"` + dir + `/a.txt"}`}, {"Bash", `{"command":"cat b.txt","description":"Show b.txt"}`},
					}}
				case 1:
					return turn{calls: []call{{"Write", `{"file_path":"` + dir + `/c.txt","content":"größe: \"oak\"\nand stone 🐿️\n"}`}}}
				}
				return turn{text: "ALL DONE"}
			})
			demo.addModel(t, model, "scripted", demo.addProvider(t, "under "+model, "openai", provider.url+"/v1"))
			out := agent(t, dir, []string{
				"ANTHROPIC_BASE_URL=" + demo.url, "ANTHROPIC_AUTH_TOKEN=" + demo.key,
				"ANTHROPIC_MODEL=" + model, "ANTHROPIC_SMALL_FAST_MODEL=" + model, "ANTHROPIC_DEFAULT_HAIKU_MODEL=" + model,
				"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1", "DISABLE_TELEMETRY=1", "DISABLE_ERROR_REPORTING=1", "DISABLE_AUTOUPDATER=1",
			}, "claude", "-p", "Read a.txt and b.txt, then write what they say to c.txt.",
				"--output-format", "stream-json", "--verbose", "--allowedTools", "Read,Bash,Write")
			hasAll(t, out, `"thinking":"Both files have to be read."`, `"subtype":"success"`, `"result":"ALL DONE"`, `"cache_read_input_tokens":3000`)
			mustHaveWritten(t, dir)
			mustBeRecorded(t, model, provider, "tool_calls", "stop")
		})
	}
}

// TestAgents_Codex runs two commands in parallel, writes a file with its free-form patch tool and says so, over a provider that
// speaks the Messages API, which has no such tools.
func TestAgents_Codex(t *testing.T) {
	const model = "gpt-5.5" // a name it knows, so that it offers all its tools
	dir := workspace(t)
	provider := play(t, func(n int, _ []string) turn {
		switch n {
		case 0:
			return turn{thinking: "Both files have to be read.", text: "Reading both.", calls: []call{{"exec_command", `{"cmd":"cat a.txt"}`}, {"exec_command", `{"cmd":"cat b.txt"}`}}}
		case 1:
			return turn{calls: []call{{"apply_patch", `{"input":"*** Begin Patch\n*** Add File: c.txt\n+größe: \"oak\"\n+and stone 🐿️\n*** End Patch\n"}`}}}
		}
		return turn{text: "ALL DONE"}
	})
	demo.addModel(t, model, "scripted", demo.addProvider(t, "under Codex", "anthropic", provider.url))
	home := t.TempDir()
	config := `model = "` + model + `"
model_provider = "squirrel"
check_for_update_on_startup = false
[analytics]
enabled = false
[model_providers.squirrel]
name = "Squirrel"
base_url = "` + demo.url + `/v1"
env_key = "SQUIRREL_KEY"
wire_api = "responses"
`
	if err := os.WriteFile(filepath.Join(home, "config.toml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	out := agent(t, dir, []string{"CODEX_HOME=" + home, "SQUIRREL_KEY=" + demo.key},
		"codex", "exec", "--json", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox", "Read a.txt and b.txt, then write what they say to c.txt.")
	hasAll(t, out, `"type":"reasoning","text":"Both files have to be read."`, `"type":"agent_message","text":"ALL DONE"`, `"type":"turn.completed"`, `"cached_input_tokens":2700`)
	mustHaveWritten(t, dir)
	mustBeRecorded(t, model, provider, "tool_use", "end_turn")
	// The signature of the thinking has to come back in the tool loop.
	hasAll(t, provider.sent()[2], `"thinking":"Both files have to be read.","signature":"c2lnbmF0dXJl"`)
}

// addModel adds a model with a route to each provider.
func (g *gateway) addModel(t testing.TB, name, target string, providers ...int) {
	t.Helper()
	g.login(t)
	g.admin(t, http.MethodPost, "/api/admin/models", object{"requested_model": name, "strategy": "priority"}, nil)
	for i, id := range providers {
		g.admin(t, http.MethodPost, "/api/admin/model-providers", object{"requested_model": name, "provider_id": id, "target_model_name": target, "priority": i}, nil)
	}
	g.waitFor(t, name)
}

// logs returns the finished records of a model's requests as soon as there are so many; the log is written behind the answers.
func (g *gateway) logs(t testing.TB, model string, atLeast int) []object {
	t.Helper()
	g.login(t)
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		var page struct {
			Items []object `json:"items"`
		}
		g.admin(t, http.MethodGet, fmt.Sprintf("/api/admin/logs?requested_model=%s&state=done&page_size=200", model), nil, &page)
		if len(page.Items) >= atLeast {
			return page.Items
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d records of %s instead of %d", len(page.Items), model, atLeast)
		}
	}
}

package sdktest

import (
	"encoding/json"
	"html"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
	"github.com/goccy/go-yaml"
)

var snippetPanel = regexp.MustCompile(`(?s)data-testid="snippet-([a-z-]+)".*?<pre[^>]*><code>(.*?)</code>`)

// shownSnippets creates a key on its page, as a person would, and reads the snippets shown with it.
func shownSnippets(t *testing.T, name string) map[string]string {
	t.Helper()
	demo.login(t)
	form := url.Values{"key_name": {name}, "expires_in": {"never"}, "models": {"some"}, "allowed_models": {"smart"}, "record_details": {"true"}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, demo.url+"/admin/keys/new", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Authorization", "Bearer "+demo.token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("the page of a new key: %d %v %.300s", resp.StatusCode, err, page)
	}
	snippets := map[string]string{}
	for _, found := range snippetPanel.FindAllSubmatch(page, -1) {
		snippets[string(found[1])] = html.UnescapeString(string(found[2]))
	}
	return snippets
}

// TestSnippets runs what is shown with a new key, word for word, against the gateway. What is configuration of another
// tool is read as that tool would.
func TestSnippets(t *testing.T) {
	snippets := shownSnippets(t, "snippets")
	for id, run := range map[string]func(t *testing.T, code string){
		"curl": runShell, "curl-anthropic": runShell, "node-openai": runNode, "node-anthropic": runNode, "go-openai": runGo, "go-anthropic": runGo,
		"openai": compilePython, "anthropic": compilePython, "langchain": compilePython,
		"codex": readCodex, "continue": readContinue, "opencode": readOpenCode, "claude": readShell, "env": readEnv, "cursor": hasValues, "cline": hasValues,
	} {
		t.Run(id, func(t *testing.T) {
			code, there := snippets[id]
			if !there {
				t.Fatalf("there is no such snippet among %d", len(snippets))
			}
			run(t, code)
		})
		delete(snippets, id)
	}
	for id := range snippets {
		t.Errorf("nothing tests the snippet %s", id)
	}
}

// answered fails unless a command printed an answer.
func answered(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	out, err := cmd.CombinedOutput()
	text := strings.TrimSpace(string(out))
	if err != nil || text == "" {
		t.Fatalf("%v: %s", err, out)
	}
	return text
}

func runShell(t *testing.T, code string) {
	out := answered(t, exec.CommandContext(t.Context(), "bash", "-c", strings.Replace(code, "curl ", "curl -sS --fail-with-body ", 1)))
	var answer struct {
		Choices, Content []json.RawMessage
	}
	if err := json.Unmarshal([]byte(out), &answer); err != nil || len(answer.Choices)+len(answer.Content) != 1 {
		t.Errorf("%v: %s", err, out)
	}
}

func runNode(t *testing.T, code string) {
	dir := t.TempDir()
	modules, err := filepath.Abs("node/node_modules")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(modules, filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "snippet.mjs"), code)
	cmd := exec.CommandContext(t.Context(), "node", "snippet.mjs")
	cmd.Dir = dir
	if text := answered(t, cmd); strings.Contains(text, "undefined") {
		t.Errorf("it printed %s", text)
	}
}

// runGo runs a program as part of this module, which has the SDKs.
func runGo(t *testing.T, code string) {
	dir, err := os.MkdirTemp(".", "snippet-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	write(t, filepath.Join(dir, "main.go"), code)
	answered(t, exec.CommandContext(t.Context(), "go", "run", "./"+dir))
}

// compilePython only reads the program: the SDKs of Python are not installed with the tests.
func compilePython(t *testing.T, code string) {
	cmd := exec.CommandContext(t.Context(), "python3", "-c", "import ast, sys; print(len(ast.parse(sys.stdin.read()).body))")
	cmd.Stdin = strings.NewReader(code)
	answered(t, cmd)
	hasValues(t, code)
}

func readCodex(t *testing.T, code string) {
	var config struct {
		Model     string
		Providers map[string]struct {
			Name    string
			BaseURL string `toml:"base_url"`
			EnvKey  string `toml:"env_key"`
			WireAPI string `toml:"wire_api"`
		} `toml:"model_providers"`
		Named string `toml:"model_provider"`
	}
	if _, err := toml.Decode(code, &config); err != nil {
		t.Fatal(err)
	}
	p := config.Providers[config.Named]
	if config.Model != "smart" || p.BaseURL != demo.url+"/v1" || p.WireAPI != "responses" || p.EnvKey == "" || p.Name == "" {
		t.Errorf("read as %+v", config)
	}
}

func readContinue(t *testing.T, code string) {
	var config struct {
		Schema string
		Models []struct {
			Provider, Model string
			APIBase         string `yaml:"apiBase"`
			APIKey          string `yaml:"apiKey"`
		}
	}
	if err := yaml.Unmarshal([]byte(code), &config); err != nil {
		t.Fatal(err)
	}
	if len(config.Models) != 1 || config.Models[0].Model != "smart" || config.Models[0].APIBase != demo.url+"/v1" || config.Models[0].APIKey == "" || config.Schema != "v1" {
		t.Errorf("read as %+v", config)
	}
}

func readOpenCode(t *testing.T, code string) {
	var config struct {
		Model    string
		Provider map[string]struct {
			Options struct{ BaseURL, APIKey string }
			Models  map[string]any
		}
	}
	if err := json.Unmarshal([]byte(code), &config); err != nil {
		t.Fatal(err)
	}
	p := config.Provider["squirrel"]
	if _, there := p.Models["smart"]; !there || config.Model != "squirrel/smart" || p.Options.BaseURL != demo.url+"/v1" || p.Options.APIKey == "" {
		t.Errorf("read as %+v", config)
	}
}

// readShell runs everything but the tool itself, which would want a terminal.
func readShell(t *testing.T, code string) {
	script := strings.TrimSuffix(code, "claude") + `printf '%s %s %s' "$ANTHROPIC_BASE_URL" "$ANTHROPIC_AUTH_TOKEN" "$ANTHROPIC_MODEL"`
	fields := strings.Fields(answered(t, exec.CommandContext(t.Context(), "bash", "-eu", "-c", script)))
	if len(fields) != 3 || fields[0] != demo.url || !strings.HasPrefix(fields[1], "lgw-") || fields[2] != "smart" {
		t.Errorf("it sets %q", fields)
	}
}

func readEnv(t *testing.T, code string) {
	for line := range strings.Lines(code) {
		if name, value, found := strings.Cut(strings.TrimSpace(line), "="); !found || name == "" || value == "" {
			t.Errorf("the line %q", line)
		}
	}
}

func hasValues(t *testing.T, code string) {
	for _, want := range []string{demo.url, "lgw-", "smart"} {
		if !strings.Contains(code, want) {
			t.Errorf("there is no %s", want)
		}
	}
	if regexp.MustCompile(`\{(base|key|model)\}`).MatchString(code) {
		t.Errorf("a place was left open: %s", code)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

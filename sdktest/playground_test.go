package sdktest

import (
	"html"
	"io"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"testing"
)

// playgroundCode asks the playground to show a request as code, as its form does.
func playgroundCode(t *testing.T, form url.Values) map[string]string {
	t.Helper()
	demo.login(t)
	form.Set("op", "code")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, demo.url+"/admin/playground", strings.NewReader(form.Encode()))
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
		t.Fatalf("the playground: %d %v %.300s", resp.StatusCode, err, page)
	}
	code := map[string]string{}
	for _, found := range snippetPanel.FindAllSubmatch(page, -1) {
		code[string(found[1])] = html.UnescapeString(string(found[2]))
	}
	return code
}

// TestPlaygroundCode runs what the playground shows as code, word for word. There is no key in it: it comes from the environment.
func TestPlaygroundCode(t *testing.T) {
	t.Setenv("SQUIRREL_API_KEY", demo.key)
	said := "Say \"hi\" & <b>it's</b> \\n"
	for name, form := range map[string]url.Values{
		"chat":      {"endpoint": {"/v1/chat/completions"}, "model": {"smart"}, "role": {"user"}, "text": {said}, "system": {"Be brief"}, "temperature": {"0.5"}},
		"stream":    {"endpoint": {"/v1/chat/completions"}, "model": {"smart"}, "role": {"user"}, "text": {said}, "stream": {"true"}},
		"messages":  {"endpoint": {"/v1/messages"}, "model": {"smart"}, "role": {"user"}, "text": {said}, "stream": {"true"}},
		"responses": {"endpoint": {"/v1/responses"}, "model": {"smart"}, "role": {"user"}, "text": {said}},
		"vectors":   {"mode": {"embeddings"}, "model": {"vectors"}, "input": {"one\ntwo"}},
		"speech":    {"mode": {"speech"}, "model": {"voice"}, "input": {said}, "voice": {"alloy"}, "response_format": {"wav"}},
	} {
		t.Run(name, func(t *testing.T) {
			code := playgroundCode(t, form)
			if len(code) != 3 || strings.Contains(code["code-curl"]+code["code-python"]+code["code-node"], "lgw-") {
				t.Fatalf("it shows %v", code)
			}
			answered(t, exec.CommandContext(t.Context(), "bash", "-c", strings.Replace(code["code-curl"], "curl ", "curl -sS --fail-with-body -o - ", 1)))
			python := exec.CommandContext(t.Context(), "python3", "-c", "import ast, sys; print(len(ast.parse(sys.stdin.read()).body))")
			python.Stdin = strings.NewReader(code["code-python"])
			answered(t, python)
			if name != "speech" { // which prints nothing, but keeps a file
				runNode(t, code["code-node"])
			}
		})
	}
}

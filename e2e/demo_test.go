package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"squirrel/e2e/kit"
)

// demo is a running `squirrel demo`.
type demo struct {
	url, user, password, key string
}

var (
	adminLine = regexp.MustCompile(`admin\s+(http://\S+)/admin\s+user (\S+)\s+password (\S+)`)
	keyLine   = regexp.MustCompile(`key\s+(lgw-\S+)`)
)

// startDemo builds the program and runs it until the test ends.
func startDemo(t *testing.T) *demo {
	t.Helper()
	binary, err := kit.Build(t.Context(), t.TempDir(), ".")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, "demo", "--port", "0")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	})
	d := &demo{}
	lines := bufio.NewScanner(stdout)
	for d.key == "" && lines.Scan() {
		if found := adminLine.FindStringSubmatch(lines.Text()); found != nil {
			d.url, d.user, d.password = found[1], found[2], found[3]
		}
		if found := keyLine.FindStringSubmatch(lines.Text()); found != nil {
			d.key = found[1]
		}
	}
	if d.key == "" || d.url == "" {
		t.Fatal("the demo did not print how to use it")
	}
	go io.Copy(io.Discard, stdout) //nolint:errcheck // only so that the program is never blocked
	d.waitReady(t)
	return d
}

func (d *demo) waitReady(t *testing.T) {
	t.Helper()
	for range 100 {
		if resp, err := http.Get(d.url + "/readyz"); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("the demo did not become ready")
}

// ask sends a request as a client would, so that the pages have something to show. It returns the answer's status.
func (d *demo) ask(t *testing.T, path, body string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, d.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+d.key)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

// fill makes traffic of several kinds, refused requests included.
func (d *demo) fill(t *testing.T) {
	t.Helper()
	const hostile = `<script>window.__pwn=1<\/script>\"><img src=x onerror=window.__pwn=1>`
	for i, model := range []string{"smart", "fast", "cheap", "claude", "smart", "fast"} {
		body := fmt.Sprintf(`{"model":%q,"stream":%t,"messages":[{"role":"user","content":"Hello %d %s"}]}`, model, i%2 == 1, i, hostile)
		if status := d.ask(t, "/v1/chat/completions", body); status != http.StatusOK {
			t.Errorf("request to %s: status %d", model, status)
		}
	}
	d.ask(t, "/v1/messages", `{"model":"claude","max_tokens":50,"messages":[{"role":"user","content":"Hello"}]}`)
	d.ask(t, "/v1/chat/completions", `{"model":"<b>nothing","messages":[]}`)
	time.Sleep(500 * time.Millisecond) // until the log is shipped
}

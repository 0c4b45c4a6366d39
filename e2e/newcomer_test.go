package e2e

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// mostInteractions is how many clicks and filled fields the first answered request may cost.
const mostInteractions = 10

// newcomer counts what a person does: each click, and each field that is filled in.
type newcomer struct {
	b    *browser
	done int
}

func (n *newcomer) click(selector string) {
	n.b.t.Helper()
	n.done++
	n.b.run(chromedp.WaitVisible(selector, chromedp.ByQuery), chromedp.Click(selector, chromedp.ByQuery))
}

func (n *newcomer) fill(selector, text string) {
	n.b.t.Helper()
	n.done++
	n.b.run(chromedp.WaitVisible(selector, chromedp.ByQuery), chromedp.SendKeys(selector, text, chromedp.ByQuery))
}

// TestNewcomer goes from an empty data directory to the first answered request, with scripts and without.
func TestNewcomer(t *testing.T) {
	binary := programOf(t)
	upstream := startMock(t, binary)
	for name, scripts := range map[string]bool{"with scripts": true, "without scripts": false} {
		t.Run(name, func(t *testing.T) {
			d := startEmpty(t, binary)
			b := openBrowser(t, d)
			b.look(1280, "light")
			b.run(emulation.SetScriptExecutionDisabled(!scripts))
			n := &newcomer{b: b}
			b.open("/")

			n.click(`[data-testid=local-banner] a`)
			n.fill(`#password`, "correct horse battery")
			n.click(`[data-testid=setup] button[type=submit]`)
			n.click(`a[href="/admin/start?preset=other-openai"]`)
			n.fill(`#base_url`, upstream+"/v1")
			n.fill(`#api_key`, "sk-of-the-newcomer")
			n.click(`[data-testid=start-provider] [data-testid=continue]`)
			n.click(`[data-testid=start-models] [data-testid=continue]`)
			n.click(`[data-testid=start-key] [data-testid=continue]`)
			b.run(chromedp.WaitVisible(`[data-testid=key-value]`, chromedp.ByQuery))
			d.key = eval[string](b, `document.querySelector('[data-testid=key-value]').value`)
			b.shoot("newcomer_key")
			n.click(`[data-testid=send]`)
			b.run(chromedp.WaitVisible(`[data-testid=live]`, chromedp.ByQuery))
			b.shoot("newcomer_live")

			t.Logf("%d interactions", n.done)
			if n.done > mostInteractions {
				t.Errorf("%d interactions, at most %d are allowed", n.done, mostInteractions)
			}
			if status := d.ask(t, "/v1/chat/completions", `{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}`); status != http.StatusOK {
				t.Errorf("the key that was shown is answered with %d", status)
			}
			b.open("/admin")
			if at := eval[string](b, `location.pathname`); at != "/admin" {
				t.Errorf("afterwards the overview leads to %s", at)
			}
			report(t, b, name)
		})
	}
}

// TestFirstRequestIsSeenLive waits on the last step while a client sends the first request itself.
func TestFirstRequestIsSeenLive(t *testing.T) {
	binary := programOf(t)
	d := startEmpty(t, binary)
	b := openBrowser(t, d)
	b.look(1280, "dark")
	n := &newcomer{b: b}
	b.open("/admin/start?preset=other-openai")
	n.fill(`#base_url`, startMock(t, binary)+"/v1")
	n.fill(`#api_key`, "sk-of-the-newcomer")
	n.click(`[data-testid=continue]`)
	n.click(`[data-testid=start-models] [data-testid=continue]`)
	n.click(`[data-testid=start-key] [data-testid=continue]`)
	b.run(chromedp.WaitVisible(`[data-testid=waiting]`, chromedp.ByQuery))
	d.key = eval[string](b, `document.querySelector('[data-testid=key-value]').value`)
	if status := d.ask(t, "/v1/messages", `{"model":"gpt-4o-mini","max_tokens":20,"messages":[{"role":"user","content":"hi"}]}`); status != http.StatusOK {
		t.Fatalf("status %d", status)
	}
	b.run(chromedp.WaitVisible(`[data-testid=live]`, chromedp.ByQuery))
	if shown := eval[string](b, `document.querySelector('[data-testid=key-value]').value`); shown != d.key {
		t.Error("the key has gone while the page waited")
	}
	report(t, b, "first request")
}

// programOf builds the program, unless it is given.
func programOf(t *testing.T) string {
	t.Helper()
	if given := os.Getenv("SQUIRREL_BINARY"); given != "" {
		return given
	}
	binary := filepath.Join(t.TempDir(), "squirrel")
	build := exec.Command("go", "build", "-o", binary, ".")
	build.Dir = ".."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return binary
}

// startEmpty runs the gateway on an empty data directory, without an account.
func startEmpty(t *testing.T, binary string) *demo {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	free.Close()
	_, port, _ := strings.Cut(address, ":")
	dir := t.TempDir()
	cmd := exec.Command(binary)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HOST=127.0.0.1", "PORT="+port, "DATA_DIR="+dir, "DATABASE_URL=sqlite:///"+dir+"/gateway.db", "SHUTDOWN_GRACE_SECONDS=1", "ADMIN_USERNAME=", "ADMIN_PASSWORD=")
	runUntilTheEnd(t, cmd)
	d := &demo{url: "http://" + address}
	d.waitReady(t)
	return d
}

var mockLine = regexp.MustCompile(`simulated providers on (http://\S+)`)

// startMock runs the simulated providers and returns their address.
func startMock(t *testing.T, binary string) string {
	t.Helper()
	cmd := exec.Command(binary, "mock", "--port", "0")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	runUntilTheEnd(t, cmd)
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		if found := mockLine.FindStringSubmatch(lines.Text()); found != nil {
			go io.Copy(io.Discard, stdout) //nolint:errcheck // only so that the program is never blocked
			return strings.TrimSuffix(found[1], "/")
		}
	}
	t.Fatal("the simulated providers did not say where they are")
	return ""
}

func runUntilTheEnd(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		ended := make(chan struct{})
		go func() { _ = cmd.Wait(); close(ended) }()
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			_ = cmd.Process.Kill()
		}
	})
}

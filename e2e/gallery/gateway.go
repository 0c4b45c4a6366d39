package main

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	adminName     = "ada"
	adminPassword = "a password for the gallery"
)

// gateway is the running program with a data directory of its own, and a session of its administrator.
type gateway struct {
	dir, url, token string
	env             []string
	cmd             *exec.Cmd
	binary          string
}

// newGateway prepares a gateway; later variables of the environment win.
func newGateway(binary, dir string, environ ...string) (*gateway, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	return &gateway{binary: binary, dir: dir, url: "http://127.0.0.1:" + port, env: append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "HOST=127.0.0.1", "PORT=" + port, "DATA_DIR=" + dir, "DATABASE_URL=" + databaseURL(dir),
		"ADMIN_USERNAME=" + adminName, "ADMIN_PASSWORD=" + adminPassword, "ENCRYPTION_KEY=" + base64.StdEncoding.EncodeToString(make([]byte, 32)),
		"RETRY_DELAY_MS=300", "SHUTDOWN_GRACE_SECONDS=1", "LOG_STREAM_EVENTS=true",
	}, environ...)}, nil
}

func databaseURL(dir string) string { return "sqlite:///" + filepath.Join(dir, "gateway.db") }

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port), nil
}

// start runs the program until it serves, and logs in.
func (g *gateway) start(ctx context.Context) error {
	out, err := os.OpenFile(filepath.Join(g.dir, "output.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer out.Close() // the process has its own copy
	g.cmd = exec.Command(g.binary, "serve")
	g.cmd.Env, g.cmd.Stdout, g.cmd.Stderr = g.env, out, out
	if err := g.cmd.Start(); err != nil {
		return err
	}
	for range 200 {
		if resp, err := http.Get(g.url + "/readyz"); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return g.login(ctx)
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	return fmt.Errorf("the gateway did not become ready; its output is in %s", out.Name())
}

func (g *gateway) login(ctx context.Context) error {
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	err := g.call(ctx, http.MethodPost, "/api/auth/login", object{"username": adminName, "password": adminPassword}, &answer)
	g.token = answer.AccessToken
	return err
}

// end stops the program with a signal and waits for it.
func (g *gateway) end(s syscall.Signal) {
	if g.cmd == nil {
		return
	}
	_ = g.cmd.Process.Signal(s) // it may have ended
	_ = g.cmd.Wait()
	g.cmd = nil
}

// object is a JSON object.
type object = map[string]any

// call asks the admin API; out may be nil.
func (g *gateway) call(ctx context.Context, method, path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, g.url+path, strings.NewReader(string(body)))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+g.token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode >= http.StatusMultipleChoices {
		err = fmt.Errorf("%s %s: status %d: %s", method, path, resp.StatusCode, text)
	}
	if err == nil && out != nil {
		err = json.Unmarshal(text, out)
	}
	return err
}

// rows reads the summaries of all requests.
func (g *gateway) rows(ctx context.Context, each func(row *logRow)) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, g.url+"/api/admin/logs/export?format=jsonl", http.NoBody)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+g.token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var row logRow
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			return err
		}
		each(&row)
	}
	return lines.Err()
}

// logRow is what the gallery reads of a request's summary.
type logRow struct {
	ID          string `json:"id"`
	Model       string `json:"requested_model"`
	Target      string `json:"target_model"`
	ProviderID  int64  `json:"provider_id"`
	Provider    string `json:"provider_name"`
	ProtocolOut string `json:"protocol_out"`
	Endpoint    string `json:"endpoint"`
	KeyID       int64  `json:"api_key_id"`
	Key         string `json:"api_key_name"`
}

// mock is the running simulated providers.
type mock struct {
	cmd               *exec.Cmd
	openAI, anthropic string // base URLs
}

var mockLine = regexp.MustCompile(`OpenAI: (\S+), Anthropic: (\S+)\)`)

// startMock runs the simulated providers on a port, or on a free one when that is "0".
func startMock(binary, port string) (*mock, error) {
	m := &mock{cmd: exec.Command(binary, "mock", "--port", port)}
	stdout, err := m.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := m.cmd.Start(); err != nil {
		return nil, err
	}
	line, _ := bufio.NewReader(stdout).ReadString('\n')
	found := mockLine.FindStringSubmatch(line)
	if found == nil {
		m.end()
		return nil, errors.New("the simulated providers did not say where they are")
	}
	m.openAI, m.anthropic = found[1], found[2]
	return m, nil
}

func (m *mock) end() {
	_ = m.cmd.Process.Signal(syscall.SIGTERM)
	_ = m.cmd.Wait()
}

package faults

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"squirrel/app/apptest"
)

const (
	adminName     = "root"
	adminPassword = "canary-admin-password-Zq81"
)

// process is a gateway as an operator runs it: the binary, a data directory and an environment. It may be started again
// after its end, and then has the same address.
type process struct {
	t   testing.TB
	dir string // home of the data directory and of everything that was printed
	url string
	env []string
	cmd *exec.Cmd
	end chan error // the result of Wait
}

// newProcess prepares a gateway on SQLite; later variables of the environment win.
func newProcess(t testing.TB, environ ...string) *process {
	t.Helper()
	dir, port := t.TempDir(), freePort(t)
	p := &process{t: t, dir: dir, url: "http://127.0.0.1:" + port, env: append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "HOST=127.0.0.1", "PORT=" + port, "DATA_DIR=" + dir + "/data", "DATABASE_URL=sqlite:///" + dir + "/data/gateway.db",
		"ADMIN_USERNAME=" + adminName, "ADMIN_PASSWORD=" + adminPassword, "RETRY_DELAY_MS=10", "SHUTDOWN_GRACE_SECONDS=5",
	}, environ...)}
	t.Cleanup(func() {
		if p.running() {
			p.kill()
		}
		if t.Failed() {
			t.Logf("the end of the gateway's log:\n%s", tail(p.log(), 4000))
		}
	})
	return p
}

func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

func tail(s string, n int) string { return s[max(0, len(s)-n):] }

// start runs the binary without waiting for it to be ready.
func (p *process) start(args ...string) {
	p.t.Helper()
	out, err := os.OpenFile(p.logFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		p.t.Fatal(err)
	}
	defer out.Close() // the process has its own copy
	p.cmd = exec.Command(binary, args...)
	p.cmd.Dir, p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = p.dir, p.env, out, out
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	cmd, end := p.cmd, make(chan error, 1)
	go func() { end <- cmd.Wait() }()
	p.end = end
}

func (p *process) logFile() string { return filepath.Join(p.dir, "output.log") }

// log is everything the gateway has printed so far.
func (p *process) log() string {
	text, _ := os.ReadFile(p.logFile()) // not there before the first start
	return string(text)
}

func (p *process) running() bool { return p.end != nil }

// startReady starts the gateway and waits until it serves; it returns how long that took.
func (p *process) startReady() time.Duration {
	p.t.Helper()
	began := time.Now()
	p.start("serve")
	p.eventually("the gateway is ready", func() bool { return p.ready() == http.StatusOK })
	return time.Since(began)
}

// ready asks for the readiness over a connection of its own; 0 = nobody listens.
func (p *process) ready() int {
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 5 * time.Second}
	resp, err := client.Get(p.url + "/readyz")
	if err != nil {
		return 0
	}
	resp.Body.Close()
	return resp.StatusCode
}

// eventually waits for a condition, and gives up at once when the gateway dies meanwhile.
func (p *process) eventually(what string, ok func() bool) {
	p.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !ok(); time.Sleep(3 * time.Millisecond) {
		select {
		case err := <-p.end:
			p.end = nil
			p.t.Fatalf("the gateway ended while waiting: %s: %v", what, err)
		default:
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("not within 30 s: %s", what)
		}
	}
}

// kill ends the gateway as kill -9 does.
func (p *process) kill() {
	p.t.Helper()
	p.signal(syscall.SIGKILL)
	<-p.end
	p.end = nil
}

func (p *process) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Error(err)
	}
}

// wait returns the exit status of a gateway that ends by itself.
func (p *process) wait(limit time.Duration) int {
	p.t.Helper()
	select {
	case err := <-p.end:
		p.end = nil
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			p.t.Fatal(err)
		}
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(limit):
		p.t.Fatalf("the gateway has not ended after %v", limit)
		return -1
	}
}

// terminate ends the gateway as a service manager does.
func (p *process) terminate() {
	p.t.Helper()
	p.signal(syscall.SIGTERM)
	if status := p.wait(30 * time.Second); status != 0 {
		p.t.Errorf("exit status %d after SIGTERM", status)
	}
}

func (p *process) login() *apptest.Admin {
	p.t.Helper()
	admin, err := apptest.Login(context.Background(), p.url, adminName, adminPassword)
	if err != nil {
		p.t.Fatal(err)
	}
	return admin
}

// shipped waits until every log record is in the database and no request is open.
func (p *process) shipped(admin *apptest.Admin) {
	p.t.Helper()
	var open struct {
		Total int `json:"total"`
	}
	quiet := 0
	p.eventually("the database has caught up", func() bool {
		_, behind, err := admin.LogState(context.Background())
		if err == nil {
			err = admin.Call(context.Background(), http.MethodGet, "/api/admin/logs?state=running&page_size=1", nil, &open)
		}
		if quiet++; err != nil || behind > 0 || open.Total > 0 {
			quiet = 0
		}
		return quiet >= 50 // a gateway that has just started has yet to find what its earlier life left
	})
}

// once runs a command of the binary to its end and returns the exit status and what it printed.
func (p *process) once(limit time.Duration, args ...string) (status int, printed string) {
	p.t.Helper()
	before := len(p.log())
	p.start(args...)
	status = p.wait(limit)
	return status, p.log()[before:]
}

func (p *process) set(variables ...string) { p.env = append(p.env, variables...) }

// lines returns the non-empty lines of a text.
func lines(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == '\n' })
}

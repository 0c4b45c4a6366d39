package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"squirrel/models"
	"squirrel/models/store"
	"squirrel/proxy/simulator"
)

const (
	key   = "lgw-benchbenchbenchbenchbenchbench12"
	keyNo = "lgw-benchnologbenchnologbenchnolog12" // record_details=false
)

// target is a process under measurement.
type target struct {
	name, url, key string
	pid            int
	cmd            *exec.Cmd
}

// field is everything that runs: the upstream, the bare proxy, and Squirrel with logging on and off.
type field struct {
	upstream, proxy, squirrel, unlogged *target

	birth birth
	dir   string
}

func newField(ctx context.Context) (*field, error) {
	dir, err := os.MkdirTemp("", "squirrel-bench-*")
	if err != nil {
		return nil, err
	}
	f := &field{dir: dir}
	if err := f.start(ctx); err != nil {
		f.close()
		return nil, err
	}
	return f, nil
}

func (f *field) start(ctx context.Context) (err error) {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if f.upstream, err = spawn(ctx, "upstream", nil, self, "-role", "upstream"); err != nil {
		return err
	}
	if f.proxy, err = spawn(ctx, "ReverseProxy", nil, self, "-role", "proxy", "-upstream", f.upstream.url); err != nil {
		return err
	}
	if f.squirrel, err = f.startSquirrel(ctx); err != nil {
		return err
	}
	unlogged := *f.squirrel
	unlogged.name, unlogged.key, unlogged.cmd = "Squirrel, no details", keyNo, nil
	f.unlogged = &unlogged
	return nil
}

// startSquirrel builds the release binary, seeds its database and starts it.
func (f *field) startSquirrel(ctx context.Context) (*target, error) {
	binary := filepath.Join(f.dir, "squirrel")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", binary, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build: %w\n%s", err, out)
	}
	secret := make([]byte, 32)
	rand.Read(secret)
	db := "sqlite:///" + filepath.Join(f.dir, "bench.db")
	if err := seed(ctx, db, secret, f.upstream.url); err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	env := append(os.Environ(), "HOST=127.0.0.1", fmt.Sprintf("PORT=%d", port), "DATA_DIR="+f.dir, "DATABASE_URL="+db,
		"ENCRYPTION_KEY="+base64.StdEncoding.EncodeToString(secret), "ADMIN_USERNAME=bench", "ADMIN_PASSWORD=bench-bench-bench")
	cmd := exec.CommandContext(ctx, binary)
	cmd.Env = env
	log, err := os.Create(filepath.Join(f.dir, "squirrel.log"))
	if err != nil {
		return nil, err
	}
	cmd.Stderr = log
	started := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	t := &target{name: "Squirrel, logging on", url: fmt.Sprintf("http://127.0.0.1:%d", port), key: key, pid: cmd.Process.Pid, cmd: cmd}
	if err := ready(t.url + "/readyz"); err != nil {
		return nil, err
	}
	f.birth.ready = time.Since(started)
	return t, f.birth.weigh(ctx, binary, t.pid)
}

func seed(ctx context.Context, db string, secret []byte, upstream string) error {
	cipher, err := store.NewCipher(secret)
	if err != nil {
		return err
	}
	s, err := store.Open(ctx, store.Config{Type: "sqlite", URL: db, Cipher: cipher})
	if err != nil {
		return err
	}
	defer s.Close()
	for protocol, prefix := range map[models.Protocol]string{models.ProtocolOpenAI: "", models.ProtocolAnthropic: "claude-"} {
		if err := seedProvider(ctx, s, protocol, upstream, prefix); err != nil {
			return err
		}
	}
	for value, details := range map[string]bool{key: true, keyNo: false} {
		k := models.APIKey{Name: value[:14], Hash: sha256.Sum256([]byte(value)), Mask: value[:8], IsActive: true, RecordDetails: details}
		if err := s.CreateAPIKey(ctx, &k); err != nil {
			return err
		}
	}
	return nil
}

// benchModels are the simulator's, each of which both providers serve: one under its name, the other with a prefix.
var benchModels = []string{"bench-1k", "bench-1k@60ms", "bench-stream-100", "bench-stream-200@10ms", "bench-stream-60@50ms"}

func seedProvider(ctx context.Context, s *store.Store, protocol models.Protocol, upstream, prefix string) error {
	provider := models.Provider{Name: string(protocol), Protocol: protocol, BaseURL: upstream + "/v1", APIKey: "bench-upstream-key", IsActive: true,
		ResponseTimeout: 60, ConnectTimeout: 5, FirstByteTimeout: 30, IdleTimeout: 30}
	if err := s.CreateProvider(ctx, &provider); err != nil {
		return err
	}
	for _, target := range benchModels {
		name := prefix + target
		if err := s.CreateModel(ctx, &models.Model{Name: name, Strategy: models.StrategyRoundRobin, Type: models.ModelChat, IsActive: true}); err != nil {
			return err
		}
		if err := s.CreateRoute(ctx, &models.Route{ModelName: name, ProviderID: provider.ID, TargetModel: target, Weight: 1, IsActive: true}); err != nil {
			return err
		}
	}
	return nil
}

// spawn starts this program in another role and reads the address it prints.
func spawn(ctx context.Context, name string, env []string, binary string, args ...string) (*target, error) {
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("%s did not start: %w", name, err)
	}
	return &target{name: name, url: strings.TrimSpace(line), pid: cmd.Process.Pid, cmd: cmd}, nil
}

func (f *field) close() {
	for _, t := range []*target{f.squirrel, f.proxy, f.upstream} {
		if t != nil && t.cmd != nil {
			_ = t.cmd.Process.Signal(syscall.SIGTERM)
			_ = t.cmd.Wait()
			t.cmd = nil
		}
	}
	os.RemoveAll(f.dir)
}

func serveUpstream(ctx context.Context) error {
	sim, err := simulator.Start(simulator.Options{Fast: true})
	if err != nil {
		return err
	}
	defer sim.Close()
	fmt.Println(sim.URL())
	<-ctx.Done()
	return nil
}

func serveProxy(ctx context.Context, upstream string) error {
	u, err := url.Parse(upstream)
	if err != nil {
		return err
	}
	proxy := httputil.NewSingleHostReverseProxy(u)
	proxy.FlushInterval = -1
	proxy.Transport = &http.Transport{MaxIdleConnsPerHost: 512, DisableCompression: true}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println("http://" + l.Addr().String())
	context.AfterFunc(ctx, func() { l.Close() })
	// Without full duplex the server drops the request's body when the answer begins. The simulator is so fast that the
	// transport may then not have seen the body's end yet, and breaks the connection off.
	_ = http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).EnableFullDuplex()
		proxy.ServeHTTP(w, r)
	}))
	return nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func ready(url string) error {
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		resp, err := http.Get(url)
		if err != nil {
			continue
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if resp.StatusCode == http.StatusOK {
			return nil
		}
	}
	return errors.New("squirrel was not ready in time")
}

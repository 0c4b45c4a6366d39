// Package pgtest runs a private PostgreSQL server for tests: one per test binary, in a temporary directory, on a Unix socket
// and a free loopback port. It uses the programs of an installed PostgreSQL and leaves nothing behind.
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

const notInstalled = "PostgreSQL is not installed (no initdb in /usr/lib/postgresql/*/bin nor in PATH): `make setup` installs it"

// Server is a PostgreSQL server of the test's own. It may be stopped and started again.
type Server struct {
	dir  string // owned by the user the server runs as
	bin  string
	port int
	cred *syscall.Credential // nil: the test's own user
	seq  atomic.Int64
}

var shared struct {
	sync.Mutex
	server *Server
	err    error
}

// Main runs the tests of a package and removes the server they started: func TestMain(m *testing.M) { pgtest.Main(m) }.
func Main(m *testing.M) {
	code := m.Run()
	Cleanup()
	os.Exit(code)
}

// Cleanup removes the shared server. For a TestMain that has more to do than Main.
func Cleanup() {
	shared.Lock()
	defer shared.Unlock()
	if shared.server != nil {
		shared.server.remove()
		shared.server = nil
	}
}

// Database makes an empty database on the server that all tests of the binary share, and returns its URL. The package must
// call Main or Cleanup in TestMain.
func Database(t testing.TB) string {
	t.Helper()
	shared.Lock()
	if shared.server == nil && shared.err == nil {
		shared.server, shared.err = newServer()
	}
	server, err := shared.server, shared.err
	shared.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	return server.Database(t)
}

// New starts a server for one test alone, which may then Stop and Start it.
func New(t testing.TB) *Server {
	t.Helper()
	server, err := newServer()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.remove)
	return server
}

// Database makes an empty database and returns its URL.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("test_%d", s.seq.Add(1))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.url("postgres"))
	if err != nil {
		t.Fatalf("connect to the test server: %v", err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+name); err != nil {
		t.Fatalf("create a test database: %v", err)
	}
	return s.url(name)
}

func (s *Server) url(database string) string {
	return fmt.Sprintf("postgresql://postgres@127.0.0.1:%d/%s?sslmode=disable", s.port, database)
}

// Stop ends the server at once, as a crash does: connections break.
func (s *Server) Stop(t testing.TB) {
	t.Helper()
	if out, err := s.run("pg_ctl", "stop", "-D", s.data(), "-m", "immediate", "-w"); err != nil {
		t.Fatalf("stop the test server: %v\n%s", err, out)
	}
}

// Start starts the server again on the same port and waits until it answers.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	if err := s.start(); err != nil {
		t.Fatal(err)
	}
}

func newServer() (*Server, error) {
	bin, err := findPrograms()
	if err != nil {
		return nil, err
	}
	s := &Server{bin: bin}
	if os.Geteuid() == 0 {
		if s.cred, err = unprivileged(); err != nil {
			return nil, err
		}
	}
	if s.dir, err = os.MkdirTemp("", "pgtest-"); err != nil {
		return nil, fmt.Errorf("make the directory of the test server: %w", err)
	}
	if err := s.create(); err != nil {
		s.remove()
		return nil, err
	}
	return s, nil
}

func (s *Server) create() error {
	if s.cred != nil {
		if err := os.Chown(s.dir, int(s.cred.Uid), int(s.cred.Gid)); err != nil {
			return fmt.Errorf("give the directory to the server's user: %w", err)
		}
	}
	var err error
	if s.port, err = freePort(); err != nil {
		return err
	}
	if out, err := s.run("initdb", "-D", s.data(), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"); err != nil {
		return fmt.Errorf("create the test server: %w\n%s", err, out)
	}
	return s.start()
}

// start trades durability for speed: the data lives as long as the test.
func (s *Server) start() error {
	options := fmt.Sprintf("-c listen_addresses=127.0.0.1 -c port=%d -c unix_socket_directories='%s' -c fsync=off "+
		"-c synchronous_commit=off -c full_page_writes=off -c max_connections=200 -c shared_buffers=64MB -c autovacuum=off", s.port, s.dir)
	out, err := s.run("pg_ctl", "start", "-D", s.data(), "-w", "-t", "60", "-l", filepath.Join(s.dir, "log"), "-o", options)
	if err != nil {
		log, _ := os.ReadFile(filepath.Join(s.dir, "log"))
		return fmt.Errorf("start the test server: %w\n%s\n%s", err, out, log)
	}
	return nil
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

func (s *Server) remove() {
	_, _ = s.run("pg_ctl", "stop", "-D", s.data(), "-m", "immediate", "-w") // it may be stopped already
	os.RemoveAll(s.dir)
}

// run executes one of PostgreSQL's programs. Output goes to a file: the server inherits it, and a pipe would stay open.
func (s *Server) run(program string, args ...string) ([]byte, error) {
	output, err := os.CreateTemp("", "pgtest-out-")
	if err != nil {
		return nil, fmt.Errorf("make a file for the output: %w", err)
	}
	defer os.Remove(output.Name())
	defer output.Close()
	cmd := exec.Command(filepath.Join(s.bin, program), args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.dir, output, output
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "TZ=UTC")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.cred, Setpgid: true}
	err = cmd.Run()
	text, _ := os.ReadFile(output.Name())
	return text, err
}

// findPrograms prefers the newest version below /usr/lib/postgresql, where Debian keeps them out of PATH.
func findPrograms() (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) > 0 {
		version := func(path string) int {
			n, _ := strconv.Atoi(strings.Split(path, "/")[4])
			return n
		}
		return filepath.Dir(slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) })), nil
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path), nil
	}
	return "", errors.New(notInstalled)
}

// unprivileged is the user that the package of PostgreSQL creates: the server refuses to run as root.
func unprivileged() (*syscall.Credential, error) {
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("the tests run as root and there is no user postgres to run the server as: %w", err)
	}
	uid, errUID := strconv.ParseUint(u.Uid, 10, 32)
	gid, errGID := strconv.ParseUint(u.Gid, 10, 32)
	if err := errors.Join(errUID, errGID); err != nil {
		return nil, fmt.Errorf("read the ids of user postgres: %w", err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

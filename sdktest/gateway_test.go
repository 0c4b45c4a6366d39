package sdktest

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// gateway is a running `squirrel demo`.
type gateway struct {
	url, key, password string
	token              string // of the admin API, see login
	cmd                *exec.Cmd
}

var demo *gateway

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "squirrel-sdktest-*")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		binary = filepath.Join(dir, "squirrel")
		build := exec.Command("go", "build", "-o", binary, ".")
		build.Dir = ".."
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "build: %v\n%s", err, out)
			return 1
		}
		if demo, err = startDemo(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer demo.stop()
		return m.Run()
	}())
}

var binary string

var printed = map[string]*regexp.Regexp{
	"url": regexp.MustCompile(`admin   (http://[^/]+)/admin`), "password": regexp.MustCompile(`password (\S+)`), "key": regexp.MustCompile(`key     (\S+)`),
}

// startDemo starts the binary and reads what it prints for the newcomer.
func startDemo() (*gateway, error) {
	cmd := exec.Command(binary, "demo", "--port", "0")
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	g := &gateway{cmd: cmd}
	found := make(chan string)
	go func() {
		var text strings.Builder
		lines := bufio.NewScanner(stdout)
		for lines.Scan() {
			text.WriteString(lines.Text() + "\n")
			if strings.HasPrefix(lines.Text(), "Models:") {
				found <- text.String()
			}
		}
		_, _ = io.Copy(io.Discard, stdout)
	}()
	select {
	case text := <-found:
		for name, target := range map[string]*string{"url": &g.url, "password": &g.password, "key": &g.key} {
			match := printed[name].FindStringSubmatch(text)
			if match == nil {
				return nil, fmt.Errorf("the demo did not print its %s:\n%s", name, text)
			}
			*target = match[1]
		}
		return g, nil
	case <-time.After(30 * time.Second):
		_ = cmd.Process.Kill()
		return nil, fmt.Errorf("the demo was not ready after 30 s")
	}
}

func (g *gateway) stop() {
	_ = g.cmd.Process.Signal(syscall.SIGTERM)
	_ = g.cmd.Wait()
}

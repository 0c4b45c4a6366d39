package main

import (
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// TestJ01_ModulesAreWhatTheyWere: what is built is what go.sum names, and go.mod needs no edit.
func TestJ01_ModulesAreWhatTheyWere(t *testing.T) {
	if out, err := exec.Command("go", "mod", "verify").CombinedOutput(); err != nil {
		t.Errorf("go mod verify: %v\n%s", err, out)
	}
	if out, err := exec.Command("go", "list", "-mod=readonly", "-deps", "./...").CombinedOutput(); err != nil {
		t.Errorf("go list -mod=readonly: %v\n%s", err, out)
	}
}

// TestJ02_TheSameBinaryTwice builds as the Dockerfile does, from two directories, and gets one static binary.
func TestJ02_TheSameBinaryTwice(t *testing.T) {
	var binaries [2][]byte
	for i := range binaries {
		out := filepath.Join(t.TempDir(), "squirrel")
		build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w -X main.version=test", "-o", out, ".")
		build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOTMPDIR="+t.TempDir())
		if text, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		binary, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		binaries[i] = binary
		if runtime.GOOS == "linux" {
			checkStatic(t, out)
		}
	}
	if string(binaries[0]) != string(binaries[1]) {
		t.Error("two builds differ")
	}
}

func checkStatic(t *testing.T, file string) {
	t.Helper()
	f, err := elf.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			t.Error("the binary needs a dynamic loader, which the image does not have")
		}
	}
}

// TestJ02_TheImage runs without root, keeps its data in a volume and knows whether it is well.
func TestJ02_TheImage(t *testing.T) {
	text, err := os.ReadFile("Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"CGO_ENABLED=0", "-trimpath", "FROM scratch", "USER 65532:65532", "VOLUME /data", `HEALTHCHECK`, `"/squirrel", "healthcheck"`, "ca-certificates.crt"} {
		if !strings.Contains(string(text), line) {
			t.Errorf("the Dockerfile has no %s", line)
		}
	}
}

// TestJ05_NoUsablePasswordByDefault: examples set none, and those for containers don't start without one of the operator's.
func TestJ05_NoUsablePasswordByDefault(t *testing.T) {
	example, err := os.ReadFile(".env.example")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(example)) {
		if name, value, _ := strings.Cut(strings.TrimLeft(strings.TrimSpace(line), "#"), "="); secretName.MatchString(name) && value != "" {
			t.Errorf(".env.example gives a value to %s", name)
		}
	}
	files, err := filepath.Glob("docs/deploy/*.yml")
	if err != nil || len(files) == 0 {
		t.Fatalf("%v %v", files, err)
	}
	for _, file := range files {
		checkCompose(t, file)
	}
}

var secretName = regexp.MustCompile(`(PASSWORD|TOKEN|KEY)$`)

func checkCompose(t *testing.T, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var compose struct {
		Services map[string]struct {
			Ports       []string
			Environment map[string]string
		}
	}
	if err := yaml.Unmarshal(text, &compose); err != nil || len(compose.Services) == 0 {
		t.Fatalf("%s: %v", file, err)
	}
	for name, service := range compose.Services {
		for variable, value := range service.Environment {
			if secretName.MatchString(variable) && !strings.Contains(value, ":?") {
				t.Errorf("%s: %s of %s has a default", file, variable, name)
			}
		}
		for _, port := range service.Ports {
			if !strings.HasPrefix(port, "127.0.0.1:") {
				t.Errorf("%s: %s is open to the network: %s", file, name, port)
			}
		}
	}
}

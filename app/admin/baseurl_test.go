package admin

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"

	"squirrel/models"
)

func TestE05_BaseURLs(t *testing.T) {
	for text, want := range map[string]string{
		"https://api.openai.com/v1":              "https://api.openai.com/v1",
		" https://API.OpenAI.com/v1/// ":         "https://api.openai.com/v1",
		"http://localhost:11434/v1":              "http://localhost:11434/v1",
		"http://[::1]:8080/v1":                   "http://[::1]:8080/v1",
		"http://10.0.0.7:8000":                   "http://10.0.0.7:8000",
		"https://xn--bcher-kva.example/v1":       "https://xn--bcher-kva.example/v1",
		"https://my_host.internal/v1beta/openai": "https://my_host.internal/v1beta/openai",
		"https://r.openai.azure.com/openai/deployments/d?api-version=2024-10-21": "https://r.openai.azure.com/openai/deployments/d?api-version=2024-10-21",
	} {
		c, got := check{}, text
		if c.baseURL("base_url", &got); len(c) > 0 || got != want {
			t.Errorf("%q became %q, %v", text, got, c)
		}
	}
	for _, text := range []string{
		"", "api.openai.com/v1", "//api.openai.com", "file:///etc/passwd", "gopher://x", "unix:/var/run/x.sock", "ftp://x", "http:x", "http://",
		"https://user:pass@host/v1", "https://user@host", "https://host/v1#top", "https://host/v1#", "https://bücher.example", "https://host./v1",
		"http://host:25", "http://host:6379/v1", "http://host:0", "http://host:65536", "http://host:", "http://host:http", "http://ho st", "http://host/\x00",
		"http:\\\\host", "https://host\\@evil.com", "http://0177.0.0.1", "http://2130706433", "http://0x7f.1", "http://127.1", "http://[fe80::1%25eth0]",
		"http://-host", "http://a..b", "http://" + strings.Repeat("a", 64) + ".com", "https://host/" + strings.Repeat("a", 2048),
		"https://api.openai.com/v1/chat/completions", "https://api.anthropic.com/v1/messages/",
	} {
		c, got := check{}, text
		if c.baseURL("base_url", &got); c["base_url"] == "" {
			t.Errorf("%q was accepted as %q", text, got)
		}
	}
}

func FuzzBaseURL(f *testing.F) {
	for _, seed := range []string{"https://api.openai.com/v1", "http://[::1]:80/", "http://a@b", "http://0x7f.1", "https://h/%2e%2e/?q#"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, once := check{}, text
		if c.baseURL("base_url", &once); len(c) > 0 {
			return
		}
		twice := once
		if c.baseURL("base_url", &twice); len(c) > 0 || twice != once {
			t.Errorf("%q became %q, then %q, %v", text, once, twice, c)
		}
		if strings.ContainsAny(once, "@#\\ ") && strings.Contains(strings.SplitN(once, "/", 4)[2], "@") {
			t.Errorf("%q holds a user", once)
		}
	})
}

func TestE01_PolicyDecidesAboutHosts(t *testing.T) {
	refused := errors.New("refused")
	s := New(Options{CheckHost: func(_ context.Context, host string) error {
		if host == "169.254.169.254" || host == "64:ff9b::a9fe:a9fe" {
			return refused
		}
		if host == "offline.example" {
			return fmt.Errorf("resolve: %w", &net.DNSError{Err: "no such host"})
		}
		return nil
	}})
	for url, want := range map[string]models.Code{
		"http://169.254.169.254/latest": CodePrivateAddress, "http://[64:ff9b::a9fe:a9fe]/": CodePrivateAddress, "https://api.openai.com/v1": "", "https://offline.example": "",
	} {
		err := s.checkNetwork(t.Context(), "base_url", url)
		if models.ErrorCode(err) != want {
			t.Errorf("%s: %v", url, err)
		}
		if e, ok := asError(err); ok && (e.Fields["base_url"] == "" || strings.Contains(e.Message, "169")) {
			t.Errorf("%s: %q, %v", url, e.Message, e.Fields)
		}
	}
}

func TestSameServer(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"https://a/v1", "https://A:443/v2?x=1", true},
		{"http://a", "http://a:80/", true},
		{"https://a", "http://a", false},
		{"https://a", "https://a:8443", false},
		{"https://a", "https://b", false},
		{"https://a", "://", false},
	} {
		if sameServer(c.a, c.b) != c.same {
			t.Errorf("sameServer(%q, %q) is %v", c.a, c.b, !c.same)
		}
	}
}

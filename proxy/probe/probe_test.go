package probe

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"squirrel/models"
	"squirrel/proxy/upstream"
)

// answering is a provider that answers everything alike.
func answering(t *testing.T, status int, contentType, body string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.Header().Set("Location", "http://127.0.0.1:9/elsewhere")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(server.Close)
	return server.URL + "/v1"
}

// silent takes connections and never answers.
func silent(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return "http://" + listener.Addr().String() + "/v1"
}

// TestProbe_FailuresInPlainWords: each way in which a provider can be set up wrongly is told apart, with what to do.
func TestProbe_FailuresInPlainWords(t *testing.T) {
	const asJSON = "application/json"
	closed := silent(t)
	withTLS := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(withTLS.Close)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := "http://" + listener.Addr().String()
	listener.Close()
	for _, tt := range []struct{ name, url, step, detail, fix string }{
		{"a host that isn't", "https://no-such-host.invalid/v1", "dns", "does not resolve", "Check the spelling"},
		{"nobody listens", nobody, "connect", "no connection", "Is the provider up"},
		{"an address that is refused", "http://169.254.169.254/v1", "url", "refused by policy", "never allowed"},
		{"TLS to a plain port", strings.Replace(answering(t, 200, asJSON, "{}"), "http:", "https:", 1), "tls", "handshake failed", "does not speak TLS"},
		{"an unknown authority", withTLS.URL, "tls", "handshake failed", "does not trust"},
		{"a wrong key", answering(t, 401, asJSON, `{"error":{"message":"Incorrect API key provided"}}`), "auth", "Incorrect API key provided", "The key is wrong"},
		{"no rights", answering(t, 403, asJSON, `{}`), "auth", "403", "lacks rights"},
		{"out of credit", answering(t, 429, asJSON, `{"error":{"message":"You exceeded your current quota"}}`), "auth", "current quota", "out of credit"},
		{"a redirect", answering(t, 302, asJSON, ""), "auth", "302", "leads elsewhere"},
		{"a web page", answering(t, 200, "text/html", "<html>Welcome</html>"), "auth", "can't be read", "or a web page?"},
		{"a broken provider", answering(t, 500, asJSON, "{}"), "auth", "500", "problem of its own"},
		{"no answer", closed, "auth", "did not answer", "gave no answer in time"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			step := failedStep(t, tt.url, Options{})
			if step.Name != tt.step || !strings.Contains(step.Detail, tt.detail) || !strings.Contains(step.Fix, tt.fix) {
				t.Errorf("got %+v", step)
			}
		})
	}
	t.Run("a model that isn't", func(t *testing.T) {
		step := failedStep(t, answering(t, 404, asJSON, `{"error":{"message":"no such model"}}`), Options{Model: "nothing"})
		if step.Name != "completion" || !strings.Contains(step.Fix, "does not know this model, or the base URL's path is wrong") {
			t.Errorf("got %+v", step)
		}
	})
}

// failedStep tests a provider and returns the step that failed. All after it must be skipped.
func failedStep(t *testing.T, baseURL string, options Options) Step {
	t.Helper()
	policy := upstream.PrivateAllowed
	client := upstream.NewClient(policy, nil)
	prober := New(client, policy, func(text string) string { return strings.ReplaceAll(text, "sk-secret", "***") })
	prober.patience = time.Second
	provider := models.Provider{
		Name: "draft", Protocol: models.ProtocolOpenAI, BaseURL: baseURL, APIKey: "sk-secret", ConnectTimeout: 2, FirstByteTimeout: 1, IdleTimeout: 1, ResponseTimeout: 2,
	}
	started := time.Now()
	var failed []Step
	for _, step := range prober.Probe(t.Context(), provider, options) {
		if step.Status == Failed {
			failed = append(failed, step)
		} else if len(failed) > 0 && step.Status != Skipped {
			t.Errorf("%s was %s after a failure", step.Name, step.Status)
		}
		if strings.Contains(step.Detail+step.Fix, "sk-secret") {
			t.Errorf("the key is in %+v", step)
		}
	}
	if len(failed) != 1 || time.Since(started) > 10*time.Second {
		t.Fatalf("failed: %+v after %s", failed, time.Since(started))
	}
	return failed[0]
}

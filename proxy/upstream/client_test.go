package upstream

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestE11_CertificatesAreChecked: a provider that nobody vouches for is not called.
func TestE11_CertificatesAreChecked(t *testing.T) {
	called := false
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called = true }))
	server.Config.ErrorLog = nil
	server.StartTLS()
	defer server.Close()
	err := callOnce(t, NewClient(PrivateAllowed, nil), server.URL)
	if out := FromError(t.Context(), err, false); out.Class != ConnectFailed || out.Kind != "tls" || called {
		t.Errorf("%v: %+v", err, out)
	}
	roots := server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	if err := callOnce(t, NewClient(PrivateAllowed, roots), server.URL); err != nil || !called {
		t.Errorf("with its authority among the roots: %v", err)
	}
}

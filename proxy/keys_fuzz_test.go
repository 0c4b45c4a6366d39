package proxy

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"squirrel/models"
)

// FuzzAuthHeader: only the key itself opens, wherever it stands, and every wrong one gets the answer of a wrong one.
func FuzzAuthHeader(f *testing.F) {
	for _, authorization := range []string{
		"", "Bearer", "Bearer ", "Bearer " + testKey, "bearer " + testKey, "Bearer  " + testKey, "Basic " + testKey, testKey, "Bearer ' OR '1'='1", "Bearer " + testKey + "\x00", "Bearer " + testKey[:20],
		"Bearer \u00e9\u0301", "Bearer " + testKey + "," + testKey,
	} {
		f.Add(authorization, "", "", "")
		f.Add(authorization, testKey, "", "")
		f.Add(authorization, "", testKey, "key="+testKey)
	}
	keys := NewKeyring()
	keys.Swap([]models.APIKey{keyOf(1, testKey, nil)})
	known := map[string]bool{}
	for _, h := range []http.Header{{}, {"Authorization": {"Bearer x"}}, {"X-Api-Key": {"a"}, "Api-Key": {"b"}}} {
		_, failure := keys.Authenticate(h, "", time.Now())
		known[failure.Message] = true
	}
	_, inURL := keys.Authenticate(http.Header{}, "key=x", time.Now())
	known[inURL.Message] = true
	f.Fuzz(func(t *testing.T, authorization, apiKey, azure, query string) {
		h := http.Header{}
		for name, value := range map[string]string{"Authorization": authorization, "X-Api-Key": apiKey, "Api-Key": azure} {
			if value != "" {
				h[name] = []string{value}
			}
		}
		key, failure := keys.Authenticate(h, query, time.Now())
		if (key == nil) == (failure == nil) {
			t.Fatalf("%v and %v", key, failure)
		}
		if failure != nil {
			if failure.Status != http.StatusUnauthorized || failure.Code != "invalid_api_key" || !known[failure.Message] {
				t.Errorf("%+v", failure)
			}
			return
		}
		// The three places hold the key or nothing.
		if scheme, token, _ := strings.Cut(authorization, " "); authorization != "" && (!strings.EqualFold(scheme, "Bearer") || token != "" && token != testKey) {
			t.Errorf("let in with %q", authorization)
		}
		for _, value := range []string{apiKey, azure} {
			if value != "" && value != testKey {
				t.Errorf("let in with %q", value)
			}
		}
	})
}

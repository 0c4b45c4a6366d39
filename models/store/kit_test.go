package store

import (
	"bytes"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"squirrel/models"
	"squirrel/models/store/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var testKey = bytes.Repeat([]byte{7}, 32)

// dialects makes an empty database of each kind; every test of what the store does runs on all of them.
var dialects = []struct {
	name string
	url  func(t testing.TB) string
}{
	{"sqlite", func(t testing.TB) string { return "sqlite:///" + filepath.Join(t.TempDir(), "test.db") }},
	{"postgresql", pgtest.Database},
}

func onBoth(t *testing.T, test func(t *testing.T, s *Store)) {
	t.Helper()
	for _, d := range dialects {
		t.Run(d.name, func(t *testing.T) { test(t, open(t, d.url(t))) })
	}
}

func open(t testing.TB, url string) *Store {
	t.Helper()
	s, err := Open(t.Context(), testConfig(t, url))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func testConfig(t testing.TB, url string) Config {
	t.Helper()
	cipher, err := NewCipher(testKey)
	if err != nil {
		t.Fatal(err)
	}
	return Config{URL: url, Cipher: cipher, Logger: slog.New(slog.DiscardHandler), PollInterval: 20 * time.Millisecond}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t testing.TB, what string, err error, want models.Code) {
	t.Helper()
	if got := models.ErrorCode(err); got != want {
		t.Errorf("%s: code %q (%v), want %q", what, got, err, want)
	}
}

func ptr[T any](v T) *T { return &v }

func newProvider(name string) *models.Provider {
	return &models.Provider{
		Name: name, BaseURL: "https://api.example.com/v1", Protocol: models.ProtocolOpenAI, APIKey: "sk-0123456789abcdef",
		ResponseTimeout: 1800, ConnectTimeout: 10, FirstByteTimeout: 120, IdleTimeout: 120, IsActive: true,
	}
}

func newModel(name string, aliases ...string) *models.Model {
	return &models.Model{Name: name, Aliases: aliases, Strategy: models.StrategyRoundRobin, Type: models.ModelChat, IsActive: true}
}

func newKey(name string, hash byte) *models.APIKey {
	return &models.APIKey{Name: name, Hash: [32]byte{hash}, Mask: "lgw-a1b2…c3d4", IsActive: true, RecordDetails: true, BudgetPeriod: models.BudgetMonth}
}

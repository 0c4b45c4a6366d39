package store

import (
	"bytes"
	"database/sql"
	"errors"
	"strings"
	"testing"

	"squirrel/models"
)

// TestG10_SwappedCiphertexts: what is sealed opens in its own row and column only. A provider with a value that does not open
// is broken and shows nothing of it.
func TestG10_SwappedCiphertexts(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		one, two, three := newProvider("one"), newProvider("two"), newProvider("three")
		one.APIKey, two.APIKey = "sk-key-of-one-1111111", "sk-key-of-two-2222222"
		three.ExtraHeaders, three.ProxyURL = map[string]string{"X-Token": "t"}, "http://proxy:3128"
		for _, p := range []*models.Provider{one, two, three} {
			must(t, s.CreateProvider(ctx, p))
		}
		db := s.writer
		must(t, db.Exec("UPDATE providers SET api_key = (SELECT p.api_key FROM providers p WHERE p.id = ?) WHERE id = ?", one.ID, two.ID).Error)
		must(t, db.Exec("UPDATE providers SET proxy_url = api_key WHERE id = ?", three.ID).Error)
		for _, id := range []int64{two.ID, three.ID} {
			got, err := s.Provider(ctx, id)
			if err != nil || !got.APIKeyBroken || got.APIKey != "" || got.ProxyURL != "" || got.ExtraHeaders != nil {
				t.Errorf("provider %d with a foreign value: %#v, %v", id, got, err)
			}
		}
		cfg, err := s.LoadConfig(ctx)
		if err != nil || len(cfg.Providers) != 3 || cfg.Providers[0].APIKeyBroken || !cfg.Providers[1].APIKeyBroken || cfg.Providers[0].APIKey != one.APIKey {
			t.Errorf("%+v, %v", cfg.Providers, err)
		}

		// An edit that brings no new key leaves what is stored: the right one may yet be restored.
		broken, err := s.Provider(ctx, two.ID)
		must(t, err)
		broken.Remark = "edited"
		must(t, s.UpdateProvider(ctx, &broken, nil))
		if !broken.APIKeyBroken {
			t.Error("the edit lost the sealed value")
		}
		broken.APIKey = "sk-a-new-key-33333333"
		must(t, s.UpdateProvider(ctx, &broken, nil))
		if got, err := s.Provider(ctx, two.ID); err != nil || got.APIKeyBroken || got.APIKey != "sk-a-new-key-33333333" {
			t.Errorf("with a new key: %#v, %v", got, err)
		}
	})
}

// TestSecretsAreNowhereInTheClear reads every column of the configuration and the audit trail as it lies in the database.
func TestSecretsAreNowhereInTheClear(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := WithActor(t.Context(), "root")
		p := newProvider("p")
		p.APIKey, p.ProxyURL = "sk-SECRET-0123456789", "http://user:SECRET-pass@proxy:3128"
		p.ExtraHeaders = map[string]string{"X-Auth": "SECRET-header-value"}
		must(t, s.CreateProvider(ctx, p))
		must(t, s.UpdateProvider(ctx, p, nil))
		must(t, s.DeleteProvider(ctx, p.ID))
		must(t, s.CreateProvider(ctx, p))
		for _, table := range []string{"providers", "changes", "config_state"} {
			must(t, s.each(ctx, func(rows *sql.Rows) error {
				columns, _ := rows.Columns()
				row := make([]any, len(columns))
				for i := range row {
					row[i] = new(sql.RawBytes)
				}
				err := rows.Scan(row...)
				for i := range row {
					if text := string(*row[i].(*sql.RawBytes)); strings.Contains(text, "SECRET") {
						t.Errorf("%s.%s holds a secret: %.80s", table, columns[i], text)
					}
				}
				return err
			}, "SELECT * FROM "+table))
		}
	})
}

func TestOpen_RefusesAnotherKey(t *testing.T) {
	for _, d := range dialects {
		t.Run(d.name, func(t *testing.T) {
			url := d.url(t)
			open(t, url)
			cfg := testConfig(t, url)
			cfg.Cipher, _ = NewCipher(bytes.Repeat([]byte{8}, 32))
			if s, err := Open(t.Context(), cfg); !errors.Is(err, ErrWrongKey) {
				t.Errorf("%v, %v", s, err)
			}
		})
	}
}

func TestCipher(t *testing.T) {
	c, err := NewCipher(testKey)
	must(t, err)
	a, b := c.Seal([]byte("text"), []byte("aad")), c.Seal([]byte("text"), []byte("aad"))
	if bytes.Equal(a, b) {
		t.Error("the same text was sealed to the same bytes twice")
	}
	if plain, err := c.Open(a, []byte("aad")); err != nil || string(plain) != "text" {
		t.Errorf("%q, %v", plain, err)
	}
	for i := range a {
		bad := bytes.Clone(a)
		bad[i] ^= 1
		if _, err := c.Open(bad, []byte("aad")); err == nil {
			t.Errorf("opened with byte %d changed", i)
		}
		if _, err := c.Open(a[:i], []byte("aad")); err == nil {
			t.Errorf("opened when cut to %d bytes", i)
		}
	}
	if _, err := c.Open(a, []byte("other")); err == nil {
		t.Error("opened in another place")
	}
	if _, err := NewCipher([]byte("short")); err == nil {
		t.Error("a short key was taken")
	}
}

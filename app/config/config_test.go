package config

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestLoadDefaults(t *testing.T) {
	c, warnings, err := Load(nil, "")
	if err != nil || len(warnings) != 0 {
		t.Fatalf("Load: %v, warnings %v", err, warnings)
	}
	for name, ok := range map[string]bool{
		"AppName":          c.AppName == "LLM Gateway",
		"address":          c.ListenAddress() == "0.0.0.0:8000",
		"database":         c.DatabaseType == DatabaseSQLite && c.DatabaseURL.Reveal() == "sqlite:///./data/llm_gateway.db",
		"retry":            c.RetryMaxAttempts == 3 && c.RetryDelay == time.Second && c.MaxTotalAttempts == 6,
		"timeout":          c.HTTPTimeout == 30*time.Minute,
		"keys":             c.APIKeyPrefix == "lgw-" && c.APIKeyLength == 32,
		"admin":            c.AdminUsername == "" && c.AdminPassword == "" && c.AdminTokenTTL == 24*time.Hour,
		"retention":        c.LogRetentionDays == 7 && c.LogDetailRetentionDays == 7 && c.LogCleanupHour == 4,
		"sizes":            c.LogBodyMaxBytes == 10<<20 && c.MaxRequestBytes == 32<<20 && c.MaxUploadBytes == 100<<20,
		"fsync":            c.LogFsyncInterval == 50*time.Millisecond,
		"redaction":        c.LogRedactBody == RedactSecrets && !c.LogStreamEvents,
		"network":          c.ProviderNetwork == NetworkPrivateAllowed && c.TrustedProxies == nil,
		"shutdown":         c.ShutdownGrace == 2*time.Minute && c.DrainDelay == 0,
		"zone":             c.ReportingTZ == time.UTC,
		"no key generated": c.EncryptionKey == nil,
	} {
		if !ok {
			t.Errorf("default of %s is wrong: %+v", name, c)
		}
	}
}

func TestLoadValues(t *testing.T) {
	key := strings.Repeat("A", 43) + "="
	c, warnings, err := Load([]string{
		"DEBUG=yes", "HOST=[::1]", "PORT=0", "PUBLIC_URL=https://llm.example.com/",
		"DATABASE_URL=postgresql+asyncpg://u:pw@db/gw", "ADMIN_USERNAME=root", "ADMIN_PASSWORD= spaces stay ",
		"TRUSTED_PROXIES=10.0.0.0/8, 192.0.2.7,::ffff:192.0.2.8 2001:db8::/32", "ENCRYPTION_KEY=" + key,
		"LOG_RETENTION_DAYS=30", "REPORTING_TZ=Asia/Shanghai", "LOG_REDACT_BODY=OFF", "RETRY_DELAY_MS=",
	}, "")
	if err != nil || len(warnings) != 0 {
		t.Fatalf("Load: %v, warnings %v", err, warnings)
	}
	want := []netip.Prefix{
		netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.0.2.7/32"),
		netip.MustParsePrefix("192.0.2.8/32"), netip.MustParsePrefix("2001:db8::/32"),
	}
	for name, ok := range map[string]bool{
		"debug":              c.Debug,
		"address":            c.ListenAddress() == "[::1]:0",
		"public url":         c.PublicURL == "https://llm.example.com",
		"type from the URL":  c.DatabaseType == DatabasePostgreSQL,
		"URL as given":       c.DatabaseURL.Reveal() == "postgresql+asyncpg://u:pw@db/gw",
		"password untrimmed": c.AdminPassword.Reveal() == " spaces stay ",
		"proxies":            fmt.Sprint(c.TrustedProxies) == fmt.Sprint(want),
		"key":                len(c.EncryptionKey) == 32,
		"details follow":     c.LogDetailRetentionDays == 30,
		"zone":               c.ReportingTZ.String() == "Asia/Shanghai",
		"any case":           c.LogRedactBody == RedactOff,
		"empty is not set":   c.RetryDelay == time.Second,
	} {
		if !ok {
			t.Errorf("%s is wrong", name)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	cases := map[string]string{
		"PORT=65536":                        `PORT: "65536" is not between 0 and 65535`,
		"PORT=http":                         `PORT: "http" is not a whole number`,
		"DEBUG=maybe":                       "DEBUG: \"maybe\" is neither true nor false",
		"HOST=http://x":                     "HOST: ",
		"PUBLIC_URL=ftp://x":                "PUBLIC_URL: ",
		"PUBLIC_URL=https://u:p@x":          "PUBLIC_URL: ",
		"DATABASE_TYPE=mysql":               `DATABASE_TYPE: "mysql" is not one of sqlite, postgresql`,
		"DATABASE_TYPE=postgresql":          "DATABASE_URL: must be set when DATABASE_TYPE is postgresql",
		"DATABASE_URL=mysql://u:topsecret@": "DATABASE_URL: must begin with",
		"RETRY_MAX_ATTEMPTS=0":              "RETRY_MAX_ATTEMPTS: ",
		"API_KEY_LENGTH=8":                  "API_KEY_LENGTH: ",
		"API_KEY_PREFIX=a b":                "API_KEY_PREFIX: ",
		"LOG_DETAIL_RETENTION_DAYS=8":       "LOG_DETAIL_RETENTION_DAYS: 8 is more than LOG_RETENTION_DAYS (7)",
		"ENCRYPTION_KEY=topsecret":          "ENCRYPTION_KEY: must be the base64 of 32 bytes",
		"TRUSTED_PROXIES=10.0.0.0/33":       "TRUSTED_PROXIES: ",
		"PROVIDER_NETWORK=open":             "PROVIDER_NETWORK: ",
		"REPORTING_TZ=Mars/Olympus":         "REPORTING_TZ: ",
		"METRICS_TOKEN=topsecret":           "METRICS_TOKEN: ",
		"OTEL_EXPORTER_OTLP_ENDPOINT=x":     "OTEL_EXPORTER_OTLP_ENDPOINT: ",
		"LOG_SPOOL_MAX_BYTES=1":             "LOG_SPOOL_MAX_BYTES: ",
	}
	for line, want := range cases {
		_, _, err := Load([]string{line}, "")
		if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "topsecret") {
			t.Errorf("%s: got %v, want %q and no secret", line, err, want)
		}
	}
}

func TestF11_OnlyOneOfUsernameAndPassword(t *testing.T) {
	for line, missing := range map[string]string{"ADMIN_USERNAME=root": "ADMIN_PASSWORD", "ADMIN_PASSWORD=correct-horse": "ADMIN_USERNAME"} {
		_, _, err := Load([]string{line}, "")
		if err == nil || !strings.HasPrefix(err.Error(), missing+": must be set") {
			t.Errorf("%s: got %v", line, err)
		}
	}
	if _, _, err := Load([]string{"ADMIN_USERNAME=", "ADMIN_PASSWORD="}, ""); err != nil {
		t.Errorf("both empty, as compose files pass them: %v", err)
	}
}

func TestI09_CleanupHour(t *testing.T) {
	for value, ok := range map[string]bool{"0": true, "23": true, "24": false, "-1": false} {
		if _, _, err := Load([]string{"LOG_CLEANUP_HOUR=" + value}, ""); (err == nil) != ok {
			t.Errorf("LOG_CLEANUP_HOUR=%s: %v", value, err)
		}
	}
}

func TestAllProblemsAreReportedTogether(t *testing.T) {
	_, _, err := Load([]string{"PORT=x", "DEBUG=x", "LOG_CLEANUP_HOUR=x"}, "")
	if got := strings.Count(err.Error(), "\n") + 1; got != 3 {
		t.Errorf("%d lines, want 3:\n%v", got, err)
	}
}

func TestDotenvIsBelowTheEnvironment(t *testing.T) {
	path := filepath.Join(t.TempDir(), ".env")
	if err := os.WriteFile(path, []byte("# a comment\nPORT=9000\nAPP_NAME=\"My gateway\"\nDATABSE_URL=x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, warnings, err := Load([]string{"PORT=9001"}, path)
	if err != nil || c.Port != 9001 || c.AppName != "My gateway" {
		t.Errorf("port %d, name %q, %v", c.Port, c.AppName, err)
	}
	if len(warnings) != 1 || warnings[0].String() != "DATABSE_URL: is not a setting; did you mean DATABASE_URL?" {
		t.Errorf("warnings: %v", warnings)
	}
	if err := os.WriteFile(path, []byte("topsecret ' \x00 = \n=\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Load(nil, path); err == nil || strings.Contains(err.Error(), "topsecret") {
		t.Errorf("a broken file: %v", err)
	}
}

func TestJ04_TyposAreWarnedAbout(t *testing.T) {
	for name, want := range map[string]string{
		"ADMIN_PASSWROD": "ADMIN_PASSWORD", "ADMIN_USER": "ADMIN_USERNAME", "DATABASE_URI": "DATABASE_URL",
		"LOG_RETENTION_DAY": "LOG_RETENTION_DAYS", "database_url": "DATABASE_URL", "PUBLIC_URl": "PUBLIC_URL",
		"HOME": "", "PATH": "", "HOSTNAME": "", "PORT": "", "GOPATH": "", "DATABASE_URL": "", "LOG_LEVEL": "", "": "",
	} {
		if got := meant(name); got != want {
			t.Errorf("meant(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestWarnings(t *testing.T) {
	_, warnings, err := Load([]string{"ADMIN_USERNAME=a", "ADMIN_PASSWORD=admin", "DATABASE_URL=postgres://h/d"}, "")
	if err != nil || len(warnings) != 2 {
		t.Errorf("got %v and %v, want one about the password and one about the key", warnings, err)
	}
}

func TestEffectiveHidesSecrets(t *testing.T) {
	c, _, err := Load([]string{
		"ADMIN_USERNAME=root", "ADMIN_PASSWORD=topsecret-password", "METRICS_TOKEN=topsecret-metrics-token",
		"DATABASE_URL=postgresql://gw:topsecret@db/gw?sslpassword=topsecret",
		"OTEL_EXPORTER_OTLP_ENDPOINT=https://u:topsecret@otel.example.com",
		"ENCRYPTION_KEY=" + strings.Repeat("dG9w", 10) + "dG8",
	}, "")
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, line := range c.Effective() {
		fmt.Fprintf(&out, "%s=%s (%s)\n", line.Name, line.Value, line.Source)
	}
	if got := out.String(); strings.Contains(got, "topsecret") || strings.Contains(got, "dG9w") {
		t.Errorf("a secret is shown:\n%s", got)
	}
	for _, want := range []string{"ADMIN_PASSWORD=*** (environment)", "PORT=8000 (default)", "METRICS_TOKEN=*** (environment)"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
}

func TestMarkdownHasOneRowPerSetting(t *testing.T) {
	rows := strings.Split(strings.TrimSpace(Markdown()), "\n")
	if len(rows) != len(settings)+2 {
		t.Fatalf("%d rows for %d settings", len(rows), len(settings))
	}
	for _, row := range rows {
		if strings.Count(row, "|") != 4 {
			t.Errorf("row with another number of columns: %s", row)
		}
	}
}

package config

import (
	"strings"
	"time"
)

// Setting describes one variable.
type Setting struct {
	Name    string
	Default string // as it would be written in the environment; "" = not set
	Unit    string
	Meaning string
	Secret  bool // never shown
}

type setting struct {
	Setting
	hasPassword bool // a URL: shown without its password
	read        func(c *Config, value string) error
}

const (
	maxSeconds = 365 * 24 * 3600
	maxBytes   = 1 << 40
)

// settings is the one table. The order is that of the documentation.
var settings = []setting{
	{Setting{"APP_NAME", "LLM Gateway", "", "name on the pages", false}, false,
		text(func(c *Config) *string { return &c.AppName }, 100)},
	{Setting{"DEBUG", "false", "", "log at debug level; never prints secrets or bodies", false}, false,
		boolean(func(c *Config) *bool { return &c.Debug })},
	{Setting{"HOST", "0.0.0.0", "", "address to listen on", false}, false,
		listenHost},
	{Setting{"PORT", "8000", "", "port to listen on; 0 takes a free one", false}, false,
		whole(func(c *Config) *int { return &c.Port }, 0, 65535)},
	{Setting{"PUBLIC_URL", "", "", "address people use, for snippets; https makes cookies Secure", false}, false,
		publicURL},
	{Setting{"DATABASE_TYPE", DatabaseSQLite, "", "`sqlite` or `postgresql`", false}, false,
		oneOf(func(c *Config) *string { return &c.DatabaseType }, DatabaseSQLite, DatabasePostgreSQL)},
	{Setting{"DATABASE_URL", "sqlite:///./data/llm_gateway.db", "", "also `postgresql://…`, `sqlite+aiosqlite:///…`, `postgresql+asyncpg://…`", false}, true,
		databaseURL},
	{Setting{"DATA_DIR", "./data", "", "log spool, temporary files, generated secret key", false}, false,
		text(func(c *Config) *string { return &c.DataDir }, 4096)},
	{Setting{"RETRY_MAX_ATTEMPTS", "3", "", "attempts on one provider for failures that may pass", false}, false,
		whole(func(c *Config) *int { return &c.RetryMaxAttempts }, 1, 20)},
	{Setting{"RETRY_DELAY_MS", "1000", "ms", "base delay between attempts, with jitter", false}, false,
		duration(func(c *Config) *time.Duration { return &c.RetryDelay }, time.Millisecond, 0, 60_000)},
	{Setting{"MAX_TOTAL_ATTEMPTS", "6", "", "attempts over all providers", false}, false,
		whole(func(c *Config) *int { return &c.MaxTotalAttempts }, 1, 100)},
	{Setting{"HTTP_TIMEOUT", "1800", "s", "upstream request timeout", false}, false,
		duration(func(c *Config) *time.Duration { return &c.HTTPTimeout }, time.Second, 1, 86_400)},
	{Setting{"API_KEY_PREFIX", "lgw-", "", "how generated keys begin", false}, false,
		keyPrefix},
	{Setting{"API_KEY_LENGTH", "32", "characters", "random part of generated keys", false}, false,
		whole(func(c *Config) *int { return &c.APIKeyLength }, 24, 128)},
	{Setting{"ADMIN_USERNAME", "", "", "administrator; set both this and the password or none", false}, false,
		text(func(c *Config) *string { return &c.AdminUsername }, 100)},
	{Setting{"ADMIN_PASSWORD", "", "", "the administrator's password", true}, false,
		secret(func(c *Config) *Secret { return &c.AdminPassword }, 1, 1024)},
	{Setting{"ADMIN_TOKEN_TTL_SECONDS", "86400", "s", "how long a login lasts", false}, false,
		duration(func(c *Config) *time.Duration { return &c.AdminTokenTTL }, time.Second, 60, maxSeconds)},
	{Setting{"LOG_RETENTION_DAYS", "7", "days", "how long summaries are kept", false}, false,
		whole(func(c *Config) *int { return &c.LogRetentionDays }, 1, 36_500)},
	{Setting{"LOG_DETAIL_RETENTION_DAYS", "", "days", "how long headers and bodies are kept; as LOG_RETENTION_DAYS when not set, never more", false}, false,
		whole(func(c *Config) *int { return &c.LogDetailRetentionDays }, 1, 36_500)},
	{Setting{"LOG_CLEANUP_HOUR", "4", "UTC hour", "when old logs are deleted", false}, false,
		whole(func(c *Config) *int { return &c.LogCleanupHour }, 0, 23)},
	{Setting{"LOG_BODY_MAX_BYTES", "10485760", "bytes", "longer bodies are recorded with their middle cut out, and marked", false}, false,
		size(func(c *Config) *int64 { return &c.LogBodyMaxBytes }, 1024, maxBytes)},
	{Setting{"LOG_FSYNC_INTERVAL_MS", "50", "ms", "what a power failure may cost of the newest records", false}, false,
		duration(func(c *Config) *time.Duration { return &c.LogFsyncInterval }, time.Millisecond, 1, 10_000)},
	{Setting{"LOG_REDACT_BODY", RedactSecrets, "", "`secrets` hides what looks like a credential in recorded bodies, `off` leaves them as they are", false}, false,
		oneOf(func(c *Config) *string { return &c.LogRedactBody }, RedactSecrets, RedactOff)},
	{Setting{"LOG_STREAM_EVENTS", "false", "", "record the raw events of streams too", false}, false,
		boolean(func(c *Config) *bool { return &c.LogStreamEvents })},
	{Setting{"LOG_SPOOL_MAX_BYTES", "2147483648", "bytes", "disk space for records on their way to the database", false}, false,
		size(func(c *Config) *int64 { return &c.LogSpoolMaxBytes }, 16<<20, maxBytes)},
	{Setting{"MAX_REQUEST_BYTES", "33554432", "bytes", "largest JSON request", false}, false,
		size(func(c *Config) *int64 { return &c.MaxRequestBytes }, 1024, 1<<31-1)},
	{Setting{"MAX_UPLOAD_BYTES", "104857600", "bytes", "largest multipart request", false}, false,
		size(func(c *Config) *int64 { return &c.MaxUploadBytes }, 1024, maxBytes)},
	{Setting{"MAX_INFLIGHT_BYTES", "", "bytes", "JSON requests held in memory at once, further ones get 503; a quarter of the memory when not set", false}, false,
		size(func(c *Config) *int64 { return &c.MaxInflight }, 1<<20, maxBytes)},
	{Setting{"ENCRYPTION_KEY", "", "", "base64 of 32 bytes, encrypts provider keys; generated once into DATA_DIR when not set", true}, false,
		encryptionKey},
	{Setting{"TRUSTED_PROXIES", "", "", "addresses or CIDRs, separated by commas, whose X-Forwarded-For is believed", false}, false,
		trustedProxies},
	{Setting{"PROVIDER_NETWORK", NetworkPrivateAllowed, "", "`public` or `private-allowed`: where providers may be; cloud metadata addresses are always refused", false}, false,
		oneOf(func(c *Config) *string { return &c.ProviderNetwork }, NetworkPublic, NetworkPrivateAllowed)},
	{Setting{"SHUTDOWN_GRACE_SECONDS", "120", "s", "how long running answers may go on after SIGTERM", false}, false,
		duration(func(c *Config) *time.Duration { return &c.ShutdownGrace }, time.Second, 0, 86_400)},
	{Setting{"DRAIN_DELAY_SECONDS", "0", "s", "how long new connections are still taken after SIGTERM, for load balancers", false}, false,
		duration(func(c *Config) *time.Duration { return &c.DrainDelay }, time.Second, 0, 3600)},
	{Setting{"REPORTING_TZ", "UTC", "", "IANA time zone of statistics, budgets and time rules", false}, false,
		timeZone},
	{Setting{"METRICS_TOKEN", "", "", "bearer token that may read /metrics", true}, false,
		secret(func(c *Config) *Secret { return &c.MetricsToken }, 16, 1024)},
	{Setting{"OTEL_EXPORTER_OTLP_ENDPOINT", "", "", "collector that traces are sent to, OTLP over HTTP (`http://collector:4318`)", false}, true,
		otlpEndpoint},
}

// Settings returns the table in the order of the documentation.
func Settings() []Setting {
	all := make([]Setting, len(settings))
	for i := range settings {
		all[i] = settings[i].Setting
	}
	return all
}

// Markdown writes the table as the README shows it.
func Markdown() string {
	var b strings.Builder
	b.WriteString("| Variable | Default | Meaning |\n|---|---|---|\n")
	for _, s := range Settings() {
		def, unit := "-", ""
		if s.Default != "" {
			def = "`" + s.Default + "`"
		}
		if s.Unit != "" {
			unit = " (" + s.Unit + ")"
		}
		b.WriteString("| `" + s.Name + "` | " + def + " | " + s.Meaning + unit + " |\n")
	}
	return b.String()
}

// EffectiveSetting is one line of `squirrel check-config`. Value is masked where it must be.
type EffectiveSetting struct {
	Name   string
	Value  string
	Source Source
}

// Effective lists what Load found, secrets hidden.
func (c Config) Effective() []EffectiveSetting {
	lines := make([]EffectiveSetting, 0, len(settings))
	for i := range settings {
		s := &settings[i]
		raw := c.raw[s.Name]
		lines = append(lines, EffectiveSetting{s.Name, s.show(raw.text), raw.source})
	}
	return lines
}

func (s *setting) show(value string) string {
	switch {
	case value == "":
		return ""
	case s.Secret:
		return hidden
	case s.hasPassword:
		return hidePassword(value)
	default:
		return value
	}
}

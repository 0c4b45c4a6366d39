// Package config turns the environment and an optional .env file into a checked Config.
//
// One table (see settings.go) holds every variable with its default, its meaning and its check. The README's table and
// the output of `squirrel check-config` are generated from it, so that they can't drift apart.
package config

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"strings"
	"time"

	_ "time/tzdata" // REPORTING_TZ must resolve on images without a zone database

	"github.com/joho/godotenv"
)

// Config is the whole configuration of one process. Sizes are in bytes.
type Config struct {
	AppName   string
	Debug     bool
	Host      string
	Port      int    // 0 = any free port
	PublicURL string // without trailing slash; "" = unknown

	DatabaseType string // "sqlite" or "postgresql"
	DatabaseURL  Secret // as it was given, whatever the spelling
	DataDir      string

	RetryMaxAttempts int           // on one provider
	RetryDelay       time.Duration // base, before jitter
	MaxTotalAttempts int           // over all providers
	HTTPTimeout      time.Duration
	ProviderNetwork  string // NetworkPublic or NetworkPrivateAllowed

	APIKeyPrefix string
	APIKeyLength int // random characters after the prefix

	AdminUsername string // "" = no administrator in the environment
	AdminPassword Secret
	AdminTokenTTL time.Duration

	LogRetentionDays       int
	LogDetailRetentionDays int
	LogCleanupHour         int // UTC
	LogBodyMaxBytes        int64
	LogFsyncInterval       time.Duration
	LogRedactBody          string // RedactSecrets or RedactOff
	LogStreamEvents        bool
	LogSpoolMaxBytes       int64

	MaxRequestBytes int64
	MaxUploadBytes  int64
	MaxInflight     int64 // 0 = not set; see InflightBytes
	EncryptionKey   Key   // nil until OpenDataDir when the environment has none
	TrustedProxies  []netip.Prefix
	ShutdownGrace   time.Duration
	DrainDelay      time.Duration
	ReportingTZ     *time.Location

	MetricsToken Secret
	OTLPEndpoint Secret // a URL, which may hold credentials

	raw map[string]rawValue
}

// The values of DATABASE_TYPE, PROVIDER_NETWORK and LOG_REDACT_BODY.
const (
	DatabaseSQLite     = "sqlite"
	DatabasePostgreSQL = "postgresql"

	NetworkPublic         = "public"
	NetworkPrivateAllowed = "private-allowed"

	RedactSecrets = "secrets"
	RedactOff     = "off"
)

// Warning is something an operator should look at, though the gateway starts.
type Warning struct {
	Name string // the variable
	Text string
}

// String writes the warning as one line.
func (w Warning) String() string { return w.Name + ": " + w.Text }

// Problem is one invalid value. It never quotes the value of a secret.
type Problem struct {
	Name string // the variable
	Text string
}

// Error implements error.
func (p *Problem) Error() string { return p.Name + ": " + p.Text }

// Source says where a value comes from.
type Source string

// The sources, strongest first.
const (
	FromEnvironment Source = "environment"
	FromDotenv      Source = ".env"
	FromDefault     Source = "default"
	FromURL         Source = "as DATABASE_URL says"
)

type rawValue struct {
	text   string
	source Source
}

// Load reads environ ("NAME=value" lines, as of os.Environ) and, below it, the file dotenvPath, which may be absent.
// An empty value counts as not set. The error joins one *Problem per invalid value, one line each.
func Load(environ []string, dotenvPath string) (Config, []Warning, error) {
	env := parseEnviron(environ)
	file, problem := readDotenv(dotenvPath)
	c := Config{raw: make(map[string]rawValue, len(settings))}
	problems := []error{}
	if problem != nil {
		problems = append(problems, problem)
	}
	for i := range settings {
		s := &settings[i]
		value := pick(s, env, file)
		c.raw[s.Name] = value
		if value.text == "" {
			continue
		}
		if err := s.read(&c, value.text); err != nil {
			problems = append(problems, s.problem(value.text, err))
		}
	}
	if len(problems) == 0 {
		problems = c.crossChecks()
	}
	return c, c.warnings(env, file), errors.Join(problems...)
}

func parseEnviron(environ []string) map[string]string {
	env := make(map[string]string, len(environ))
	for _, line := range environ {
		if name, value, ok := strings.Cut(line, "="); ok {
			env[name] = value
		}
	}
	return env
}

func readDotenv(path string) (map[string]string, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, &Problem{path, "can't be read"}
	}
	defer f.Close()
	values, err := godotenv.Parse(f)
	if err != nil { // the parser quotes the line, which may hold a secret
		return nil, &Problem{path, "is not a list of NAME=value lines"}
	}
	return values, nil
}

func pick(s *setting, env, file map[string]string) rawValue {
	if v := trim(s, env[s.Name]); v != "" {
		return rawValue{v, FromEnvironment}
	}
	if v := trim(s, file[s.Name]); v != "" {
		return rawValue{v, FromDotenv}
	}
	return rawValue{s.Default, FromDefault}
}

// trim cuts surrounding white space, which is part of a value only in secrets.
func trim(s *setting, value string) string {
	trimmed := strings.TrimSpace(value)
	if s.Secret && trimmed != "" {
		return value
	}
	return trimmed
}

func (s *setting) problem(value string, err error) error {
	if s.Secret || s.hasPassword {
		return &Problem{s.Name, err.Error()}
	}
	if len(value) > 60 {
		value = value[:60] + "…"
	}
	return &Problem{s.Name, fmt.Sprintf("%q %s", value, err)}
}

// crossChecks looks at values that must fit together. It runs only when each of them is valid alone.
func (c *Config) crossChecks() []error {
	var problems []error
	report := func(name, format string, args ...any) {
		problems = append(problems, &Problem{name, fmt.Sprintf(format, args...)})
	}
	switch {
	case c.AdminUsername != "" && c.AdminPassword == "":
		report("ADMIN_PASSWORD", "must be set when ADMIN_USERNAME is set")
	case c.AdminUsername == "" && c.AdminPassword != "":
		report("ADMIN_USERNAME", "must be set when ADMIN_PASSWORD is set")
	}
	if c.raw["LOG_DETAIL_RETENTION_DAYS"].text == "" {
		c.LogDetailRetentionDays = c.LogRetentionDays
	}
	if c.LogDetailRetentionDays > c.LogRetentionDays {
		report("LOG_DETAIL_RETENTION_DAYS", "%d is more than LOG_RETENTION_DAYS (%d)", c.LogDetailRetentionDays, c.LogRetentionDays)
	}
	if err := c.matchDatabase(); err != nil {
		problems = append(problems, err)
	}
	return problems
}

// matchDatabase lets the URL decide when DATABASE_TYPE is not set, and refuses a pair that contradicts itself.
func (c *Config) matchDatabase() error {
	kind := databaseKind(c.DatabaseURL.Reveal())
	if c.raw["DATABASE_TYPE"].source == FromDefault {
		c.DatabaseType = kind
		c.raw["DATABASE_TYPE"] = rawValue{kind, FromURL}
	}
	if c.DatabaseType == kind {
		return nil
	}
	if c.raw["DATABASE_URL"].source == FromDefault {
		return &Problem{"DATABASE_URL", "must be set when DATABASE_TYPE is " + c.DatabaseType}
	}
	return &Problem{"DATABASE_TYPE", fmt.Sprintf("is %s, but DATABASE_URL is for %s", c.DatabaseType, kind)}
}

const shortPassword = 8

func (c *Config) warnings(env, file map[string]string) []Warning {
	found := typos(env)
	found = append(found, typos(file)...)
	if n := len(c.AdminPassword); n > 0 && n < shortPassword {
		found = append(found, Warning{"ADMIN_PASSWORD", "is shorter than 8 characters"})
	}
	if c.DatabaseType == DatabasePostgreSQL && len(c.EncryptionKey) == 0 {
		found = append(found, Warning{"ENCRYPTION_KEY", "is not set: every replica needs the same key, but each will make its own in DATA_DIR"})
	}
	return found
}

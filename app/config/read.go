package config

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// The functions here read one value into its field. Their errors continue the sentence "<value> …", and hold no value.

type reader = func(c *Config, value string) error

func text(field func(*Config) *string, maxLen int) reader {
	return func(c *Config, value string) error {
		if len(value) > maxLen {
			return fmt.Errorf("is longer than %d bytes", maxLen)
		}
		if strings.ContainsFunc(value, unicode.IsControl) {
			return errors.New("holds control characters")
		}
		*field(c) = value
		return nil
	}
}

func secret(field func(*Config) *Secret, minLen, maxLen int) reader {
	return func(c *Config, value string) error {
		if len(value) < minLen || len(value) > maxLen {
			return fmt.Errorf("must have between %d and %d bytes", minLen, maxLen)
		}
		*field(c) = Secret(value)
		return nil
	}
}

func boolean(field func(*Config) *bool) reader {
	return func(c *Config, value string) error {
		switch strings.ToLower(value) {
		case "1", "t", "true", "yes", "y", "on":
			*field(c) = true
		case "0", "f", "false", "no", "n", "off":
			*field(c) = false
		default:
			return errors.New("is neither true nor false")
		}
		return nil
	}
}

func parseWhole(value string, low, high int64) (int64, error) {
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil {
		return 0, errors.New("is not a whole number")
	}
	if n < low || n > high {
		return 0, fmt.Errorf("is not between %d and %d", low, high)
	}
	return n, nil
}

func whole(field func(*Config) *int, low, high int64) reader {
	return func(c *Config, value string) error {
		n, err := parseWhole(value, low, high)
		if err == nil {
			*field(c) = int(n)
		}
		return err
	}
}

func size(field func(*Config) *int64, low, high int64) reader {
	return func(c *Config, value string) error {
		n, err := parseWhole(value, low, high)
		if err == nil {
			*field(c) = n
		}
		return err
	}
}

func duration(field func(*Config) *time.Duration, unit time.Duration, low, high int64) reader {
	return func(c *Config, value string) error {
		n, err := parseWhole(value, low, high)
		if err == nil {
			*field(c) = time.Duration(n) * unit
		}
		return err
	}
}

func oneOf(field func(*Config) *string, allowed ...string) reader {
	return func(c *Config, value string) error {
		value = strings.ToLower(value)
		if !slices.Contains(allowed, value) {
			return errors.New("is not one of " + strings.Join(allowed, ", "))
		}
		*field(c) = value
		return nil
	}
}

func listenHost(c *Config, value string) error {
	host := strings.TrimSuffix(strings.TrimPrefix(value, "["), "]")
	if _, err := netip.ParseAddr(host); err != nil && strings.ContainsAny(host, ":/@ \t") {
		return errors.New("is neither an IP address nor a host name")
	}
	c.Host = host
	return nil
}

func publicURL(c *Config, value string) error {
	u, err := url.Parse(value)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return errors.New("is not an http or https URL")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return errors.New("must have no user, query or fragment")
	}
	c.PublicURL = strings.TrimRight(value, "/")
	return nil
}

// databaseKind reads the scheme; a driver after "+" (SQLAlchemy's spelling) is ignored. "" means neither of the two.
func databaseKind(databaseURL string) string {
	scheme, _, found := strings.Cut(databaseURL, "://")
	if !found {
		return ""
	}
	scheme, _, _ = strings.Cut(strings.ToLower(scheme), "+")
	switch scheme {
	case "sqlite":
		return DatabaseSQLite
	case "postgresql", "postgres":
		return DatabasePostgreSQL
	default:
		return ""
	}
}

func databaseURL(c *Config, value string) error {
	if databaseKind(value) == "" {
		return errors.New("must begin with sqlite:/// or postgresql://")
	}
	c.DatabaseURL = Secret(value)
	return nil
}

func otlpEndpoint(c *Config, value string) error {
	u, err := url.Parse(value)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return errors.New("is not an http or https URL")
	}
	c.OTLPEndpoint = Secret(value)
	return nil
}

var keyPrefixPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$`)

func keyPrefix(c *Config, value string) error {
	if !keyPrefixPattern.MatchString(value) {
		return errors.New("must have 1 to 32 letters, digits, - or _")
	}
	c.APIKeyPrefix = value
	return nil
}

func encryptionKey(c *Config, value string) error {
	key, err := parseKey(value)
	if err != nil {
		return err
	}
	c.EncryptionKey = key
	return nil
}

// parseKey accepts both base64 alphabets, with and without padding.
func parseKey(value string) (Key, error) {
	value = strings.TrimRight(strings.TrimSpace(value), "=")
	value = strings.NewReplacer("-", "+", "_", "/").Replace(value)
	key, err := base64.RawStdEncoding.DecodeString(value)
	if err != nil || len(key) != keySize {
		return nil, fmt.Errorf("must be the base64 of %d bytes", keySize)
	}
	return key, nil
}

func trustedProxies(c *Config, value string) error {
	fields := strings.FieldsFunc(value, func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
	for _, field := range fields {
		prefix, err := netip.ParsePrefix(field)
		if addr, addrErr := netip.ParseAddr(field); addrErr == nil {
			prefix, err = netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen()), nil
		}
		if err != nil {
			return errors.New("is not a list of addresses and CIDRs")
		}
		c.TrustedProxies = append(c.TrustedProxies, prefix.Masked())
	}
	return nil
}

func timeZone(c *Config, value string) error {
	location, err := time.LoadLocation(value)
	if err != nil || value == "Local" {
		return errors.New("is not an IANA time zone")
	}
	c.ReportingTZ = location
	return nil
}

// hidePassword replaces the password of a URL; what can't be parsed is hidden whole.
func hidePassword(value string) string {
	u, err := url.Parse(value)
	if err != nil {
		return hidden
	}
	query := u.Query()
	for name := range query {
		if strings.Contains(strings.ToLower(name), "pass") {
			query.Set(name, hidden)
			u.RawQuery = query.Encode()
		}
	}
	return u.Redacted()
}

// ListenAddress is HOST and PORT in the form net.Listen takes.
func (c Config) ListenAddress() string { return net.JoinHostPort(c.Host, strconv.Itoa(c.Port)) }

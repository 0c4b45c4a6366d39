package config

import "log/slog"

const hidden = "***"

// Secret is a value that prints, logs and marshals as "***". Reveal is the only way to the plain text.
type Secret string

// Reveal returns the plain text.
func (s Secret) Reveal() string { return string(s) }

// String hides the secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return hidden
}

// GoString hides the secret from %#v.
func (s Secret) GoString() string { return s.String() }

// LogValue hides the secret in logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText hides the secret in JSON, YAML and whatever else asks.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

const keySize = 32

// Key is the master key, 32 bytes. It prints, logs and marshals as "***".
type Key []byte

// String hides the key.
func (Key) String() string { return hidden }

// GoString hides the key from %#v.
func (Key) GoString() string { return hidden }

// LogValue hides the key in logs.
func (Key) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText hides the key in JSON, YAML and whatever else asks.
func (Key) MarshalText() ([]byte, error) { return []byte(hidden), nil }

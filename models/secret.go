package models

import (
	"encoding/json"
	"log/slog"
)

// Secret is a value that prints, logs and marshals as a mask. Reveal is the only way to the plain text.
type Secret string

// Reveal returns the plain text. Call it only where the value goes on the wire or into the cipher.
func (s Secret) Reveal() string { return string(s) }

// Mask shortens a secret for people: the first four and last two characters of long ones, "***" for short ones.
func (s Secret) Mask() string {
	switch n := len(s); {
	case n == 0:
		return ""
	case n < 12:
		return "***"
	default:
		return string(s[:4]) + "…" + string(s[n-2:])
	}
}

// String prints the mask.
func (s Secret) String() string { return s.Mask() }

// GoString prints the mask for %#v.
func (s Secret) GoString() string { return s.Mask() }

// LogValue logs the mask.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.Mask()) }

// MarshalJSON writes the mask.
func (s Secret) MarshalJSON() ([]byte, error) { return json.Marshal(s.Mask()) }

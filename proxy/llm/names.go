package llm

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// BareID cuts the prefixes the vendors put before their ids.
func BareID(id string) string {
	for _, prefix := range []string{"chatcmpl-", "msg_", "resp_", "gen-"} {
		if rest, ok := strings.CutPrefix(id, prefix); ok {
			return rest
		}
	}
	if id == "" {
		return "0"
	}
	return id
}

// SafeName returns name if it consists of letters, digits, "_" and "-" and has at most limit bytes, else a name that
// does, ends in a hash of the whole, and is the same every time.
func SafeName(name string, limit int) string {
	if len(name) <= limit && name != "" && strings.IndexFunc(name, isUnsafe) < 0 {
		return name
	}
	clean := strings.Map(func(r rune) rune {
		if isUnsafe(r) {
			return '_'
		}
		return r
	}, name)
	suffix := "_" + Hash(name)[:8]
	if keep := limit - len(suffix); len(clean) > keep {
		clean = clean[:keep]
	}
	return clean + suffix
}

func isUnsafe(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_' && r != '-'
}

// Hash returns the SHA-256 of s in hex: 64 characters.
func Hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// maxCallerID is the length OpenAI allows for the ids of its callers.
const maxCallerID = 64

// CallerID returns an id of a caller in a form OpenAI takes: long ones are hashed.
func CallerID(id string) string {
	if len(id) > maxCallerID {
		return Hash(id)
	}
	return id
}

// SealPrefix marks a seal of another vendor that travels through a client which only knows its own kind.
const SealPrefix = "squirrel."

// WrapSeal packs a foreign seal into one string.
func WrapSeal(t *Thinking) string {
	format := t.Format
	if t.Redacted {
		format += "+redacted"
	}
	return SealPrefix + format + "." + strings.ReplaceAll(t.ID, ".", "_") + "." + t.Seal
}

// UnwrapSeal unpacks what WrapSeal made into t. It reports false, leaving t alone, when the seal is no such package.
func UnwrapSeal(seal string, t *Thinking) bool {
	rest, ok := strings.CutPrefix(seal, SealPrefix)
	if !ok {
		return false
	}
	format, rest, _ := strings.Cut(rest, ".")
	id, data, _ := strings.Cut(rest, ".")
	t.Format, t.Redacted = strings.CutSuffix(format, "+redacted")
	t.ID, t.Seal = id, data
	return true
}

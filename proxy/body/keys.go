package body

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// guarded are the keys this gateway decides by. A parser that ignores case (Go's own does) would take a variant of them
// for the real one, so a lone variant is refused too: routing, limits and log must see what the provider sees.
var guarded = []string{
	"model", "stream", "stream_options", "messages", "input", "prompt", "system", "instructions",
	"max_tokens", "max_completion_tokens", "max_output_tokens", "tools", "n", "user", "metadata",
}

// known are the keys of ordinary requests; naming them here saves an allocation each.
var known = func() map[string]string {
	names := append([]string{
		"temperature", "top_p", "top_k", "stop", "stop_sequences", "seed", "tool_choice", "parallel_tool_calls",
		"response_format", "reasoning", "reasoning_effort", "thinking", "store", "include", "text", "service_tier",
		"presence_penalty", "frequency_penalty", "logprobs", "top_logprobs", "logit_bias", "safety_identifier",
		"prompt_cache_key", "previous_response_id", "truncation", "output_config", "context_management", "encoding_format",
		"dimensions", "modalities", "audio", "voice", "size", "quality",
	}, guarded...)
	m := make(map[string]string, len(names))
	for _, name := range names {
		m[name] = name
	}
	return m
}()

// keyOf decodes a key, quotes included.
func keyOf(raw []byte) string {
	if name, ok := known[string(raw[1:len(raw)-1])]; ok {
		return name
	}
	return unquote(raw)
}

// fewKeys is up to how many keys comparing each with each is cheaper than a map.
const fewKeys = 24

// checkKeys refuses keys that are the same, or the same but for case, and case variants of the guarded keys.
func checkKeys(members []Member) *Error {
	if err := checkDistinct(members); err != nil {
		return err
	}
	for _, m := range members {
		if known[m.Key] != "" {
			continue
		}
		for _, name := range guarded {
			if !strings.EqualFold(m.Key, name) {
				continue
			}
			if name == "model" {
				return paramError(CodeMissingModel, name, "you must provide a model; keys are case-sensitive, write %q instead of %q", name, m.Key)
			}
			return paramError(CodeInvalidRequest, name, "keys are case-sensitive, write %q instead of %q", name, m.Key)
		}
	}
	return nil
}

func checkDistinct(members []Member) *Error {
	if len(members) <= fewKeys {
		for i, m := range members {
			for _, other := range members[:i] {
				if sameKey(m.Key, other.Key) {
					return duplicate(other.Key, m.Key)
				}
			}
		}
		return nil
	}
	seen := make(map[string]string, len(members))
	for _, m := range members {
		folded := fold(m.Key)
		if other, dup := seen[folded]; dup {
			return duplicate(other, m.Key)
		}
		seen[folded] = m.Key
	}
	return nil
}

func duplicate(first, second string) *Error {
	first, second = clip(first), clip(second)
	if first == second {
		return paramError(CodeDuplicateKey, first, "the key %q is given twice", first)
	}
	return paramError(CodeDuplicateKey, first, "the keys %q and %q differ only by case", first, second)
}

// clip keeps a key of any length from swelling an error message.
func clip(key string) string {
	const most = 64
	if len(key) <= most {
		return key
	}
	return strings.ToValidUTF8(key[:most], "") + "…"
}

// sameKey is strings.EqualFold with a quick no for keys of unlike length, which only non-ASCII letters can make equal.
func sameKey(a, b string) bool {
	if len(a) != len(b) && isASCII(a) && isASCII(b) {
		return false
	}
	return strings.EqualFold(a, b)
}

// fold maps keys that strings.EqualFold holds equal, and no others, to one string.
func fold(key string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
			least = min(least, next)
		}
		return least
	}, key)
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

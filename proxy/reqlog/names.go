package reqlog

import (
	"bytes"
	"strings"
)

// Header names whose values are always secret, in lower case.
var secretHeaders = set("authorization", "proxy-authorization", "x-api-key", "api-key", "x-goog-api-key", "x-admin-token",
	"x-auth-token", "x-csrf-token", "cookie", "set-cookie", "ocp-apim-subscription-key", "x-amz-security-token",
	"x-amz-credential", "x-amz-signature", "cf-access-client-secret", "sec-websocket-key")

// Last words of header names that make a value secret: X-Company-Token, my_secret, Service-Api-Key.
var secretHeaderEndings = set("apikey", "key", "token", "secret", "passwd", "password", "signature", "credential", "auth")

// JSON keys, in lower case with "_" for "-". They must match as a whole: max_tokens, token, key, logprobs are data.
var secretKeys = set("api_key", "apikey", "x_api_key", "authorization", "proxy_authorization", "password", "passwd", "secret",
	"client_secret", "access_token", "refresh_token", "id_token", "private_key", "secret_key", "secret_access_key",
	"aws_secret_access_key")

// Parameters of URLs, in lower case with "_" for "-".
var secretParameters = set("key", "api_key", "apikey", "access_token", "refresh_token", "id_token", "token", "auth", "sig",
	"signature", "code", "password", "passwd", "secret", "client_secret")

const (
	longestKey  = 32 // longer JSON keys and parameters are in none of the sets
	longestName = 64 // longer header names are judged by their last word only
)

func set(names ...string) map[string]bool {
	m := make(map[string]bool, len(names))
	for _, n := range names {
		m[n] = true
	}
	return m
}

// secretHeader reports whether a header's value is secret.
func secretHeader(name string) bool {
	var buf [longestName]byte
	if len(name) > len(buf) {
		return secretHeaderEndings[strings.ToLower(name[strings.LastIndexAny(name, "-_")+1:])]
	}
	lower := buf[:len(name)]
	for i := range lower {
		c := name[i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		lower[i] = c
	}
	if secretHeaders[string(lower)] || bytes.HasPrefix(lower, []byte("x-vercel-")) {
		return true
	}
	return secretHeaderEndings[string(lower[bytes.LastIndexAny(lower, "-_")+1:])]
}

// normal brings a key or parameter into the form of the sets. It reports false for what can't be in one.
func normal(name []byte, buf *[longestKey]byte) (string, bool) {
	if len(name) > longestKey {
		return "", false
	}
	for i, c := range name {
		switch {
		case c >= 'A' && c <= 'Z':
			c += 'a' - 'A'
		case c == '-':
			c = '_'
		}
		buf[i] = c
	}
	return string(buf[:len(name)]), true
}

func secretKey(name []byte) bool {
	var buf [longestKey]byte
	n, ok := normal(name, &buf)
	return ok && secretKeys[n]
}

func secretParameter(name []byte) bool {
	var buf [longestKey]byte
	n, ok := normal(name, &buf)
	return ok && (secretParameters[n] || strings.HasPrefix(n, "x_amz_"))
}

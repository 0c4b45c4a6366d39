package admin

import (
	"maps"
	"net/http"
	"net/textproto"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/net/http/httpguts"

	"squirrel/models"
)

const (
	shortMask   = "***"
	maxKey      = 4096
	maxHeaders  = 50
	maxHeader   = 8192
	maskEllipse = "…"
)

// looksMasked reports a value that can only be what we showed: no key and no header holds the ellipsis.
func looksMasked(text string) bool { return text == shortMask || strings.Contains(text, maskEllipse) }

// applyKey sets a new key and reports whether one was sent, null included.
func (c check) applyKey(p *models.Provider, in Opt[string]) (sent bool) {
	if in.Null {
		p.APIKey, p.APIKeyBroken = "", false
		return true
	}
	text := strings.TrimSpace(in.Value)
	if !in.Set || text == "" {
		return false
	}
	if looksMasked(text) {
		if p.APIKey == "" && !p.APIKeyBroken || p.APIKey != "" && text != p.APIKey.Mask() {
			c.fail("api_key", "is a mask, not a key")
		}
		return false
	}
	switch {
	case len(text) > maxKey:
		c.fail("api_key", "must have at most %d bytes", maxKey)
	case strings.ContainsFunc(text, func(r rune) bool { return r > unicode.MaxASCII || r <= ' ' || r == 0x7f }):
		c.fail("api_key", "must have printable ASCII characters only")
	}
	p.APIKey, p.APIKeyBroken = models.Secret(text), false
	return true
}

// keepsSecretsHome is the rule behind key_required_on_host_change: who may edit a provider must not be able to have its
// stored secrets sent to a server of their own.
func keepsSecretsHome(before, after *models.Provider, newKey, freshHeaders bool) error {
	moved := before.BaseURL != "" && !sameServer(before.BaseURL, after.BaseURL)
	tapped := strings.HasPrefix(after.BaseURL, "http://") && after.ProxyURL != "" && before.ProxyURL != after.ProxyURL &&
		!sameServer(before.ProxyURL.Reveal(), after.ProxyURL.Reveal())
	if !moved && !tapped {
		return nil
	}
	hadKey := before.APIKey != "" || before.APIKeyBroken
	if hadKey && !newKey {
		return keyRequired("api_key", "must be sent again when the host or the proxy changes")
	}
	if !freshHeaders && hasSecretHeader(after.ExtraHeaders) {
		return keyRequired("extra_headers", "must be sent again in full when the host or the proxy changes")
	}
	return nil
}

func keyRequired(field, msg string) error {
	return &models.Error{Code: models.CodeKeyRequired, Message: field + " " + msg, Fields: map[string]string{field: msg}}
}

var (
	secretName  = regexp.MustCompile(`(?i)(^|[-_])(api[-_]?key|key|token|secret|passwd|password|signature|credential|credentials|auth|authorization|cookie)$`)
	secretValue = regexp.MustCompile(`(?i)^(bearer |basic |sk-)`)
)

func isSecretHeader(name, value string) bool {
	return secretName.MatchString(name) || secretValue.MatchString(value)
}

func hasSecretHeader(headers map[string]string) bool {
	for name, value := range headers {
		if isSecretHeader(name, value) {
			return true
		}
	}
	return false
}

func maskHeaders(headers map[string]string) map[string]string {
	masked := make(map[string]string, len(headers))
	for name, value := range headers {
		if isSecretHeader(name, value) {
			value = models.Secret(value).Mask()
		}
		masked[name] = value
	}
	return masked
}

// ownHeaders are set by the gateway or belong to the connection.
var ownHeaders = []string{
	"Host", "Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive", "Te", "Trailer", "Upgrade", "Proxy-Authorization",
	"Proxy-Connection", "Accept-Encoding", "Content-Encoding", "Expect",
}

// applyHeaders replaces the extra headers; a masked value keeps the stored one. It reports whether all secret values
// were sent in full.
func (c check) applyHeaders(p *models.Provider, in Opt[map[string]string]) (fresh bool) {
	if !in.Set {
		return false
	}
	const field = "extra_headers"
	fresh = true
	headers := make(map[string]string, len(in.Value))
	for _, name := range slices.Sorted(maps.Keys(in.Value)) {
		value := strings.TrimSpace(in.Value[name])
		if looksMasked(value) {
			stored, ok := p.ExtraHeaders[name]
			if !ok || models.Secret(stored).Mask() != value {
				c.fail(field, "has a mask for %s, not a value", name)
			}
			value, fresh = stored, false
		}
		c.header(field, name, value)
		headers[name] = value
	}
	if len(headers) > maxHeaders {
		c.fail(field, "must have at most %d entries", maxHeaders)
	}
	p.ExtraHeaders = headers
	return fresh
}

func (c check) header(field, name, value string) {
	switch {
	case !httpguts.ValidHeaderFieldName(name):
		c.fail(field, "has a name that is no header name")
	case slices.Contains(ownHeaders, textproto.CanonicalMIMEHeaderKey(name)):
		c.fail(field, "must not set %s", http.CanonicalHeaderKey(name))
	case !httpguts.ValidHeaderFieldValue(value) || len(value) > maxHeader:
		c.fail(field, "has a value for %s that no header can hold", name)
	}
}

// maskProxy shows where a proxy is, without its password.
func maskProxy(proxy models.Secret) string {
	u, err := url.Parse(proxy.Reveal())
	if err != nil {
		return shortMask
	}
	if _, hasPassword := u.User.Password(); !hasPassword {
		return u.String()
	}
	user := url.PathEscape(u.User.Username())
	u.User = nil
	return strings.Replace(u.String(), "://", "://"+user+":"+shortMask+"@", 1)
}

func (c check) applyProxy(p *models.Provider, in Opt[string]) {
	text := strings.TrimSpace(in.Value)
	if !in.Set || p.ProxyURL != "" && text == maskProxy(p.ProxyURL) {
		return
	}
	if text == "" {
		p.ProxyURL = ""
		return
	}
	u := c.proxyURL("proxy_url", text)
	if u == nil {
		return
	}
	if maskedProxy(text) {
		c.fail("proxy_url", "has a mask instead of its password")
		return
	}
	p.ProxyURL = models.Secret(text)
}

func maskedProxy(text string) bool {
	u, err := url.Parse(text)
	if err != nil {
		return looksMasked(text)
	}
	password, _ := u.User.Password()
	return password == shortMask
}

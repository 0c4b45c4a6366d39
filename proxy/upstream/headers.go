package upstream

import (
	"net/http"
	"net/url"
	"strings"

	"squirrel/models"
)

// anthropicVersion is sent when the client named none (https://docs.anthropic.com/en/api/versioning).
const anthropicVersion = "2023-06-01"

var requestAllowed = map[string]bool{
	"Content-Type": true, "Accept": true, "User-Agent": true, "Anthropic-Version": true, "Anthropic-Beta": true,
	"Openai-Beta": true, "Openai-Organization": true, "Openai-Project": true, "Traceparent": true, "Tracestate": true,
	"Idempotency-Key": true,
}

var responseAllowed = map[string]bool{
	"Content-Type": true, "Content-Disposition": true, "X-Request-Id": true, "Request-Id": true, "Retry-After": true,
}

var responsePrefixes = []string{"Openai-", "Anthropic-", "X-Ratelimit-"}

// RequestHeaders keeps of a client's headers (canonical names) what may go upstream. Everything else stays here: cookies,
// keys, forwarding headers, hop-by-hop headers and those that Connection names.
func RequestHeaders(client http.Header) http.Header {
	out := make(http.Header, len(client))
	named := connectionNamed(client)
	for name, values := range client {
		if (requestAllowed[name] || strings.HasPrefix(name, "X-Stainless-")) && !named[name] {
			out[name] = values
		}
	}
	return out
}

// ResponseHeaders keeps of a provider's headers what the client may see.
func ResponseHeaders(provider http.Header) http.Header {
	out := make(http.Header, len(provider))
	named := connectionNamed(provider)
	for name, values := range provider {
		if responseMayPass(name) && !named[name] {
			out[name] = values
		}
	}
	return out
}

func responseMayPass(name string) bool {
	if responseAllowed[name] {
		return true
	}
	for _, prefix := range responsePrefixes {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

func connectionNamed(h http.Header) map[string]bool {
	values := h["Connection"]
	if len(values) == 0 {
		return nil
	}
	named := make(map[string]bool)
	for _, value := range values {
		for name := range strings.SplitSeq(value, ",") {
			named[http.CanonicalHeaderKey(strings.TrimSpace(name))] = true
		}
	}
	return named
}

// authorize puts the provider's key where its protocol wants it, then the provider's own extra headers.
func authorize(h http.Header, u *url.URL, p *models.Provider) {
	key := p.APIKey.Reveal()
	switch {
	case p.Protocol == models.ProtocolAnthropic:
		if key != "" {
			h.Set("X-Api-Key", key)
			if WantsBearer(u) {
				h.Set("Authorization", "Bearer "+key)
			}
		}
		if h.Get("Anthropic-Version") == "" {
			h.Set("Anthropic-Version", anthropicVersion)
		}
	case key == "":
	case IsAzure(u):
		h.Set("Api-Key", key)
	default:
		h.Set("Authorization", "Bearer "+key)
	}
	for name, value := range p.ExtraHeaders {
		h.Set(name, value)
	}
}

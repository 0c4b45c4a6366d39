// Package upstream talks to providers: it builds the URL and the headers of a call, dials only where policy allows,
// and turns every way a call can end into an Outcome.
package upstream

import (
	"net/url"
	"regexp"
	"strings"

	"squirrel/models"
)

// versionSegment matches the last path segment of a base URL that already names an API version: v1, v4, v1beta.
var versionSegment = regexp.MustCompile(`^v\d+([a-z]+\d*)?$`)

// URL joins a provider's base URL with the path of an endpoint. The version is part of the base: "/v1" is never added or
// cut blindly. The one repair: Anthropic's SDKs take their base without a version, so one is added when it is missing.
// The query string of the base (Azure's api-version) is kept.
func URL(p *models.Provider, endpoint models.Endpoint) (*url.URL, error) {
	u, err := url.Parse(p.BaseURL)
	if err != nil {
		return nil, models.Errorf(models.CodeInvalid, "the base URL of provider %q is not a URL", p.Name)
	}
	path := strings.TrimRight(u.Path, "/")
	if p.Protocol == models.ProtocolAnthropic && !versionSegment.MatchString(lastSegment(path)) {
		path += "/v1"
	}
	u.RawPath = ""
	u.Path = path + strings.TrimPrefix(string(endpoint), "/v1")
	return u, nil
}

func lastSegment(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// IsAzure reports whether the provider is an Azure OpenAI deployment, which takes its key in the api-key header.
func IsAzure(u *url.URL) bool {
	host := strings.ToLower(u.Hostname())
	return strings.HasSuffix(host, ".openai.azure.com") || strings.HasSuffix(host, ".services.ai.azure.com") ||
		strings.HasSuffix(host, ".cognitiveservices.azure.com") || strings.Contains(u.Path, "/openai/deployments/")
}

// bearers are the vendors that copy Anthropic's API but take their keys as their other API does. Anthropic itself refuses that.
var bearers = []string{"openrouter.ai", "moonshot.cn", "moonshot.ai", "bigmodel.cn", "z.ai", "aliyuncs.com", "minimax.io", "minimaxi.com"}

// WantsBearer reports whether a provider that speaks Anthropic's protocol wants its key in the Authorization header too.
func WantsBearer(u *url.URL) bool {
	host := strings.ToLower(u.Hostname())
	for _, vendor := range bearers {
		if host == vendor || strings.HasSuffix(host, "."+vendor) {
			return true
		}
	}
	return false
}

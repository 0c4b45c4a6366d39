package web

import (
	"context"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"squirrel/app/admin"
	"squirrel/models"
	"squirrel/views/i18n"
	"squirrel/views/pages"
	"squirrel/views/ui"
)

// previewProvider answers the form while it is filled in: where calls would go.
func (w *Web) previewProvider(c *fiber.Ctx) error {
	return send(c, pages.ProviderPreview(previewOf(c.UserContext(), c.Query("base_url"), models.Protocol(c.Query("protocol")))), nil)
}

var versionSegment = regexp.MustCompile(`^v\d+([a-z]+\d*)?$`)

// chatPaths are the endpoints chat requests go to, without the version, which belongs to the base URL.
var chatPaths = map[models.Protocol]string{
	models.ProtocolOpenAI: "/chat/completions", models.ProtocolResponses: "/responses", models.ProtocolAnthropic: "/messages",
}

// previewOf joins a base URL with the endpoint for chats as the data plane does, and remarks on what is often wrong.
func previewOf(ctx context.Context, base string, protocol models.Protocol) pages.Preview {
	if strings.ContainsAny(base, "{}") {
		return pages.Preview{Notes: []pages.Hint{{Tone: ui.Warn, Text: i18n.T(ctx, "providers.preview.placeholder")}}}
	}
	u, err := url.Parse(strings.TrimSpace(base))
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return pages.Preview{}
	}
	var preview pages.Preview
	hint := func(tone ui.Tone, key string) {
		preview.Notes = append(preview.Notes, pages.Hint{Tone: tone, Text: i18n.T(ctx, key)})
	}
	path := strings.TrimRight(u.Path, "/")
	segments := strings.Split(path, "/")
	versioned := versionSegment.MatchString(segments[len(segments)-1])
	switch {
	case endsInEndpoint(path):
		hint(ui.Warn, "providers.preview.endpoint")
	case protocol == models.ProtocolAnthropic && !versioned:
		path += "/v1"
		hint(ui.Info, "providers.preview.v1_added")
	case protocol != models.ProtocolAnthropic && !anyVersion(segments) && u.RawQuery == "" && !ofPreset(base):
		hint(ui.Info, "providers.preview.no_version")
	}
	switch host := u.Hostname(); {
	case isLoopback(host):
		hint(ui.Info, "providers.preview.local")
	case u.Scheme == "http" && !isPrivate(host):
		hint(ui.Warn, "providers.preview.plain")
	}
	u.RawPath, u.Path = "", path+chatPaths[protocol]
	u.User = nil // never shown
	preview.URL = u.String()
	return preview
}

// ofPreset reports whether a base URL is that of a well-known provider: then it is right as it is.
func ofPreset(base string) bool {
	return slices.ContainsFunc(admin.Presets(), func(p admin.Preset) bool { return p.BaseURL == strings.TrimSpace(base) })
}

func endsInEndpoint(path string) bool {
	for _, suffix := range []string{"/chat/completions", "/completions", "/messages", "/responses", "/embeddings"} {
		if strings.HasSuffix(path, suffix) {
			return true
		}
	}
	return false
}

func anyVersion(segments []string) bool {
	for _, s := range segments {
		if versionSegment.MatchString(s) {
			return true
		}
	}
	return false
}

func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && addr.IsLoopback()
}

func isPrivate(host string) bool {
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return !strings.Contains(host, ".") || strings.HasSuffix(host, ".internal") || strings.HasSuffix(host, ".local")
	}
	return addr.IsPrivate() || addr.IsLoopback()
}

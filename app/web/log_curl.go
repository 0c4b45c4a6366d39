package web

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"squirrel/app/admin"
	"squirrel/models"
	"squirrel/views/i18n"
	"squirrel/views/ui"
)

// maxCurlBody keeps the page small, in bytes of HTML; a longer body is sent from its download.
const maxCurlBody = 8_000

// curl writes the request as a command that makes it again. It holds no key, but the name of a variable for one. The note says
// why the command isn't whole.
func (w *Web) curl(c *fiber.Ctx, found *admin.LogView) (command, note string) {
	ctx := c.UserContext()
	lines := []string{"curl " + shellQuote(w.reachedAs(c)+string(found.Endpoint))}
	if found.ProtocolIn == models.ProtocolAnthropic {
		lines = append(lines, `-H "x-api-key: $SQUIRREL_API_KEY"`, `-H 'anthropic-version: 2023-06-01'`)
	} else {
		lines = append(lines, `-H "Authorization: Bearer $SQUIRREL_API_KEY"`)
	}
	body := textOf(found.RequestBody)
	switch {
	case found.Endpoint.TakesUpload():
		lines = append(lines, `-F 'model=`+strings.ReplaceAll(found.RequestedModel, "'", "")+`'`, `-F 'file=@FILE'`)
		return strings.Join(lines, " \\\n  "), i18n.T(ctx, "log.curl.upload")
	case body == "":
		note, body = i18n.T(ctx, "log.curl.no_body"), "{}"
	case len(found.Truncated) > 0:
		note = i18n.T(ctx, "log.curl.cut")
	}
	lines = append(lines, `-H 'Content-Type: application/json'`)
	if len(body) > maxCurlBody || ui.HTMLSize(body) > maxCurlBody {
		lines = append(lines, "--data-binary @"+found.ID+".request_body.txt")
		note = i18n.T(ctx, "log.curl.long")
	} else {
		lines = append(lines, "--data-binary "+shellQuote(body))
	}
	if found.IsStream {
		lines[0] = strings.Replace(lines[0], "curl ", "curl -N ", 1)
	}
	return strings.Join(lines, " \\\n  "), note
}

// shellQuote makes one word of a text, for any POSIX shell.
func shellQuote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// reachedAs is the base of the gateway's URLs: as it is configured, else as the browser reached it.
func (w *Web) reachedAs(c *fiber.Ctx) string {
	if w.opts.PublicURL != "" {
		return strings.TrimRight(w.opts.PublicURL, "/")
	}
	return c.Protocol() + "://" + string(c.Context().Host())
}

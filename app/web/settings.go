package web

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"squirrel/views/i18n"
	"squirrel/views/layout"
	"squirrel/views/pages"
)

// Setting is one variable of the configuration with the value in effect, secrets hidden.
type Setting = pages.Setting

// settings shows the values in effect, and where they come from.
func (w *Web) settings(c *fiber.Ctx) error {
	ctx := c.UserContext()
	p := pages.Settings{Query: c.Query("q"), Changed: c.Query("changed") != ""}
	query := strings.ToLower(strings.TrimSpace(p.Query))
	for _, s := range w.opts.Settings {
		found := strings.Contains(strings.ToLower(s.Name), query) || strings.Contains(strings.ToLower(s.Meaning), query)
		if found && (!p.Changed || s.Source != "default") {
			p.Rows = append(p.Rows, s)
		}
	}
	title := i18n.T(ctx, "settings.title")
	page := layout.Page{Title: title, Nav: layout.NavSettings, Crumbs: []layout.Crumb{{Label: title}}, Body: pages.SettingsPage(p)}
	return w.render(c, page, pages.SettingResults(p))
}

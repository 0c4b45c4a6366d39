package web

import (
	"github.com/gofiber/fiber/v2"

	"squirrel/views/layout"
)

// savePreferences remembers how this browser wants the pages.
func (w *Web) savePreferences(c *fiber.Ctx) error {
	form, err := readForm(c)
	if err != nil {
		return err
	}
	if theme := layout.Theme(form.Get("theme")); theme.Valid() {
		setPreference(c, themeCookie, string(theme))
	}
	if keys := form.Get("shortcuts"); keys == "on" || keys == "off" {
		setPreference(c, shortcutsCookie, keys)
	}
	return redirect(c, localPath(form.Get("back")))
}

package web

import (
	"encoding/base64"
	"encoding/json"
	"time"

	"github.com/gofiber/fiber/v2"

	"squirrel/views/i18n"
	"squirrel/views/ui"
)

// flash is a message for the page after a redirect. It travels in a cookie as a key and its values, so that the language
// is that of the page, and nobody can put words of their own into it.
type flash struct {
	Tone ui.Tone `json:"t"`
	Key  string  `json:"k"`
	Args []any   `json:"a,omitempty"` // pairs, as for i18n.T
	Undo string  `json:"u,omitempty"` // path to post to
}

const flashCookie = "sq_flash"

// say leaves a message for the next page.
func say(c *fiber.Ctx, key string, args ...any) { leave(c, flash{Tone: ui.OK, Key: key, Args: args}) }

// sayUndo is say with a way back.
func sayUndo(c *fiber.Ctx, undo, key string, args ...any) {
	leave(c, flash{Tone: ui.OK, Key: key, Args: args, Undo: undo})
}

// warn leaves a message that stays until it is dismissed.
func warn(c *fiber.Ctx, key string, args ...any) { leave(c, flash{Tone: ui.Err, Key: key, Args: args}) }

func leave(c *fiber.Ctx, f flash) {
	data, err := json.Marshal(f)
	if err != nil {
		return // values that can't be marshalled are a mistake in a handler; the change itself is made
	}
	c.Cookie(&fiber.Cookie{
		Name: flashCookie, Value: base64.RawURLEncoding.EncodeToString(data), Path: "/admin", MaxAge: 60, HTTPOnly: true,
		SameSite: fiber.CookieSameSiteLaxMode,
	})
}

// takeFlash reads the message left by the request before, once.
func takeFlash(c *fiber.Ctx) []ui.Toast {
	value := c.Cookies(flashCookie)
	if value == "" {
		return nil
	}
	c.Cookie(&fiber.Cookie{Name: flashCookie, Path: "/admin", Expires: time.Unix(1, 0), HTTPOnly: true, SameSite: fiber.CookieSameSiteLaxMode})
	data, err := base64.RawURLEncoding.DecodeString(value)
	var f flash
	if err != nil || json.Unmarshal(data, &f) != nil || !i18n.Has(f.Key) {
		return nil
	}
	toast := ui.Toast{Tone: f.Tone, Text: i18n.T(c.UserContext(), f.Key, f.Args...)}
	if f.Undo != "" && localPath(f.Undo) == f.Undo {
		toast.UndoAction, toast.UndoLabel = f.Undo, i18n.T(c.UserContext(), "flash.undo")
	}
	return []ui.Toast{toast}
}

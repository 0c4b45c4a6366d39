package web

import (
	"net/http"
	"strconv"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"squirrel/app/admin"
	"squirrel/views/i18n"
	"squirrel/views/layout"
	"squirrel/views/pages"
)

func (w *Web) askRotateKey(c *fiber.Ctx) error {
	k, err := w.keyOf(c)
	if err != nil {
		return err
	}
	return w.showConfirm(c, k.Name, "keys.rotate.title", pages.KeyRotatePage(confirmOf(&k)))
}

func confirmOf(k *admin.APIKeyView) pages.KeyConfirm {
	return pages.KeyConfirm{ID: k.ID, Name: k.Name, Mask: k.Value, Version: strconv.FormatInt(k.Version, 10), Active: k.IsActive}
}

func (w *Web) showConfirm(c *fiber.Ctx, name, titleKey string, body templ.Component) error {
	ctx := c.UserContext()
	title := i18n.T(ctx, titleKey, "name", name)
	return w.render(c, layout.Page{Title: title, Nav: layout.NavKeys, Form: true, Crumbs: keyCrumbs(ctx, name), Body: body}, nil)
}

// rotateKey gives a key a new value, once per page: sending the form again, as a reload does, changes nothing.
func (w *Web) rotateKey(c *fiber.Ctx) error {
	k, err := w.keyOf(c)
	if err != nil {
		return err
	}
	sent, err := readForm(c)
	if err != nil {
		return err
	}
	if sent.Get("version") != strconv.FormatInt(k.Version, 10) {
		c.Status(http.StatusConflict)
		again := confirmOf(&k)
		again.Message = i18n.T(c.UserContext(), "keys.rotate.stale")
		return w.showConfirm(c, k.Name, "keys.rotate.title", pages.KeyRotatePage(again))
	}
	rotated, err := w.opts.Admin.RotateAPIKey(c.UserContext(), k.ID)
	if err != nil {
		return err
	}
	return w.showKeyOnce(c, &rotated, true)
}

func (w *Web) askDeleteKey(c *fiber.Ctx) error {
	k, err := w.keyOf(c)
	if err != nil {
		return err
	}
	return w.showConfirm(c, k.Name, "keys.delete.title", pages.KeyDeletePage(confirmOf(&k)))
}

// deleteKey wants the name typed: there is no way back.
func (w *Web) deleteKey(c *fiber.Ctx) error {
	k, err := w.keyOf(c)
	if err != nil {
		return err
	}
	sent, err := readForm(c)
	if err != nil {
		return err
	}
	if sent.Get("confirm_name") != k.Name {
		c.Status(http.StatusUnprocessableEntity)
		again := confirmOf(&k)
		again.Error = "is not the name"
		return w.showConfirm(c, k.Name, "keys.delete.title", pages.KeyDeletePage(again))
	}
	if err := w.opts.Admin.DeleteAPIKey(c.UserContext(), k.ID); err != nil {
		return err
	}
	say(c, "keys.deleted", "name", k.Name)
	return redirect(c, "/admin/keys")
}

func (w *Web) enableKey(c *fiber.Ctx) error  { return w.switchKey(c, true) }
func (w *Web) disableKey(c *fiber.Ctx) error { return w.switchKey(c, false) }

// switchKey takes effect at once; the message offers the way back.
func (w *Web) switchKey(c *fiber.Ctx, on bool) error {
	k, err := w.keyOf(c)
	if err != nil {
		return err
	}
	if _, err := w.opts.Admin.UpdateAPIKey(c.UserContext(), k.ID, admin.APIKeyInput{IsActive: admin.Some(on)}); err != nil {
		return err
	}
	if on {
		sayUndo(c, keyURL(k.ID)+"/disable", "keys.enabled", "name", k.Name)
	} else {
		sayUndo(c, keyURL(k.ID)+"/enable", "keys.disabled", "name", k.Name)
	}
	return redirect(c, backOr(c, "/admin/keys"))
}

package web

import (
	"context"
	"net/http"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"squirrel/app/admin"
	"squirrel/models"
	"squirrel/views/i18n"
	"squirrel/views/layout"
	"squirrel/views/pages"
)

func (w *Web) newKey(c *fiber.Ctx) error { return w.showKeyForm(c, newKeyForm(), nil) }

// showKeyForm shows the form; saved is the key it is for, nil for a new one.
func (w *Web) showKeyForm(c *fiber.Ctx, form pages.KeyForm, saved *admin.APIKeyView) error {
	ctx := c.UserContext()
	names, err := w.modelNames(ctx)
	if err != nil {
		return err
	}
	form.Models, form.Zone = names, w.opts.Zone.String()
	title := i18n.T(ctx, "keys.new")
	if saved != nil {
		title = saved.Name
		form.ID, form.Row = saved.ID, keyRow(ctx, saved, models.StatLine{}, w.opts.Now())
		form.Usable = usable(names, saved.AllowedModels)
		form.Snippets = snippets(ctx, w.baseURL(c), exampleKey, form.Usable)
	}
	return w.render(c, layout.Page{
		Title: title, Nav: layout.NavKeys, Form: saved == nil, Crumbs: keyCrumbs(ctx, title), Body: pages.KeyFormPage(form, title),
	}, nil)
}

func (w *Web) modelNames(ctx context.Context) ([]string, error) {
	list, err := w.opts.Admin.Models(ctx, admin.ModelQuery{})
	var names []string
	for i := range list.Items {
		names = append(names, list.Items[i].Name)
	}
	return names, err
}

// usable is what of all models a key may use.
func usable(all, allowed []string) []string {
	if len(allowed) > 0 {
		return allowed
	}
	return all
}

func (w *Web) createKey(c *fiber.Ctx) error {
	sent, err := readForm(c)
	if err != nil {
		return err
	}
	form := sentKeyForm(sent)
	in, err := w.keyInput(form, sent, nil)
	if err != nil {
		return w.refuseKey(c, form, nil, err)
	}
	created, err := w.opts.Admin.CreateAPIKey(c.UserContext(), in)
	if err != nil {
		return w.refuseKey(c, form, nil, err)
	}
	return w.showKeyOnce(c, &created, false)
}

// showKeyOnce answers the form with the value itself: it is kept nowhere, so no later page could show it.
func (w *Web) showKeyOnce(c *fiber.Ctx, k *admin.APIKeyView, rotated bool) error {
	ctx := c.UserContext()
	names, err := w.modelNames(ctx)
	if err != nil {
		return err
	}
	names = usable(names, k.AllowedModels)
	view := pages.KeyCreated{ID: k.ID, Name: k.Name, Value: k.Value, Rotated: rotated, Models: names, Snippets: snippets(ctx, w.baseURL(c), k.Value, names)}
	return w.render(c, layout.Page{Title: k.Name, Nav: layout.NavKeys, Form: true, Crumbs: keyCrumbs(ctx, k.Name), Body: pages.KeyCreatedPage(view)}, nil)
}

func (w *Web) key(c *fiber.Ctx) error {
	saved, err := w.keyOf(c)
	if err != nil {
		return err
	}
	return w.showKeyForm(c, w.savedKeyForm(&saved), &saved)
}

func (w *Web) saveKey(c *fiber.Ctx) error {
	saved, err := w.keyOf(c)
	if err != nil {
		return err
	}
	sent, err := readForm(c)
	if err != nil {
		return err
	}
	form := sentKeyForm(sent)
	in, err := w.keyInput(form, sent, &saved)
	if err != nil {
		return w.refuseKey(c, form, &saved, err)
	}
	if _, err := w.opts.Admin.UpdateAPIKey(c.UserContext(), saved.ID, in); err != nil {
		return w.refuseKey(c, form, &saved, err)
	}
	say(c, "keys.saved", "name", in.Name.Value)
	return redirect(c, "/admin/keys")
}

// refuseKey shows the form again with what is wrong. After a conflict, saving once more overwrites.
func (w *Web) refuseKey(c *fiber.Ctx, form pages.KeyForm, saved *admin.APIKeyView, err error) error {
	if !refusedForm(err) {
		return err
	}
	form.Errors, form.Message = fieldsOf(err), messageOf(err)
	c.Status(http.StatusUnprocessableEntity)
	if models.ErrorCode(err) == models.CodeVersionConflict && saved != nil {
		c.Status(http.StatusConflict)
		form.Conflict, form.Message, form.Version = true, "", strconv.FormatInt(saved.Version, 10)
	}
	return w.showKeyForm(c, form, saved)
}

func keyURL(id int64) string { return "/admin/keys/" + strconv.FormatInt(id, 10) }

func (w *Web) keyOf(c *fiber.Ctx) (admin.APIKeyView, error) {
	id, err := idOf(c)
	if err != nil {
		return admin.APIKeyView{}, err
	}
	return w.opts.Admin.APIKey(c.UserContext(), id)
}

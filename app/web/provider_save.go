package web

import (
	"net/http"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"squirrel/app/admin"
	"squirrel/models"
	"squirrel/views/i18n"
	"squirrel/views/layout"
	"squirrel/views/pages"
)

// newProvider shows the empty form; ?preset= and ?from= fill it.
func (w *Web) newProvider(c *fiber.Ctx) error {
	form := w.newProviderForm(c.Query("preset"))
	if from, err := strconv.ParseInt(c.Query("from"), 10, 64); err == nil {
		original, err := w.opts.Admin.Provider(c.UserContext(), from)
		if err != nil {
			return err
		}
		form = copiedProviderForm(&original)
	}
	return w.showProviderForm(c, form)
}

// copiedProviderForm fills a new form from a saved provider. Its secrets stay where they are.
func copiedProviderForm(p *admin.ProviderView) pages.ProviderForm {
	form := savedProviderForm(p)
	form.ID, form.Version, form.KeyMask, form.Broken = 0, "", "", false
	form.Values["name"] += " 2"
	form.Values["proxy_url"] = ""
	form.Headers = nil
	return form
}

func (w *Web) showProviderForm(c *fiber.Ctx, form pages.ProviderForm) error {
	ctx := c.UserContext()
	w.completeProvider(ctx, &form)
	title := i18n.T(ctx, "providers.new")
	if form.ID != 0 {
		title = i18n.T(ctx, "providers.edit", "name", form.Values["name"])
	}
	return w.render(c, layout.Page{Title: title, Nav: layout.NavProviders, Crumbs: w.providerCrumbs(ctx, title), Body: pages.ProviderFormPage(form, title)}, nil)
}

func (w *Web) createProvider(c *fiber.Ctx) error {
	sent, err := readForm(c)
	if err != nil {
		return err
	}
	form := sentProviderForm(sent)
	form.ID = 0
	in, err := providerInput(form, sent)
	if err != nil {
		return w.refuseProvider(c, form, err)
	}
	saved, err := w.opts.Admin.CreateProvider(c.UserContext(), in)
	if err != nil {
		return w.refuseProvider(c, form, err)
	}
	say(c, "providers.created", "name", saved.Name)
	return redirect(c, providerURL(saved.ID))
}

func (w *Web) editProvider(c *fiber.Ctx) error {
	saved, err := w.providerOf(c)
	if err != nil {
		return err
	}
	return w.showProviderForm(c, savedProviderForm(&saved))
}

func (w *Web) saveProvider(c *fiber.Ctx) error {
	saved, err := w.providerOf(c)
	if err != nil {
		return err
	}
	sent, err := readForm(c)
	if err != nil {
		return err
	}
	form := sentProviderForm(sent)
	form.ID = saved.ID
	in, err := providerInput(form, sent)
	if err != nil {
		return w.refuseProvider(c, form, err)
	}
	if _, err := w.opts.Admin.UpdateProvider(c.UserContext(), saved.ID, in); err != nil {
		return w.refuseProvider(c, form, err)
	}
	say(c, "providers.saved", "name", in.Name.Value)
	return redirect(c, providerURL(saved.ID))
}

// refuseProvider shows the form again with what is wrong. After a conflict, saving once more overwrites.
func (w *Web) refuseProvider(c *fiber.Ctx, form pages.ProviderForm, err error) error {
	if !refusedForm(err) {
		return err
	}
	form.Errors, form.Message = fieldsOf(err), messageOf(err)
	c.Status(http.StatusUnprocessableEntity)
	if models.ErrorCode(err) == models.CodeVersionConflict {
		c.Status(http.StatusConflict)
		form.Conflict, form.Message = true, ""
		if now, err := w.opts.Admin.Provider(c.UserContext(), form.ID); err == nil {
			form.Version = strconv.FormatInt(now.Version, 10)
		}
	}
	return w.showProviderForm(c, form)
}

func providerURL(id int64) string { return "/admin/providers/" + strconv.FormatInt(id, 10) }

// idOf reads the id of the path. What is no id is not found.
func idOf(c *fiber.Ctx) (int64, error) {
	id, err := strconv.ParseInt(c.Params("id"), 10, 64)
	if err != nil || id < 1 {
		return 0, fiber.ErrNotFound
	}
	return id, nil
}

func (w *Web) providerOf(c *fiber.Ctx) (admin.ProviderView, error) {
	id, err := idOf(c)
	if err != nil {
		return admin.ProviderView{}, err
	}
	return w.opts.Admin.Provider(c.UserContext(), id)
}

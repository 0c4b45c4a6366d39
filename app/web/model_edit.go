package web

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v2"

	"squirrel/app/admin"
	"squirrel/models"
	"squirrel/views/i18n"
	"squirrel/views/layout"
	"squirrel/views/pages"
)

// newModelForm offers an empty form, or one like an existing model.
func (w *Web) newModelForm(c *fiber.Ctx) error {
	form := pages.ModelForm{Active: true, Price: priceForm(models.Prices{}), Values: map[string]string{"model_type": "chat", "strategy": "round_robin"}}
	if from := c.Query("from"); from != "" {
		m, err := w.opts.Admin.Model(c.UserContext(), from)
		if err != nil {
			return err
		}
		form = savedModelForm(&m)
		form.Values["requested_model"], form.Values["aliases"], form.Version = "", "", ""
		if len(m.Providers) > 0 {
			form.Values["provider_id"], form.Values["target_model_name"] = whole(m.Providers[0].ProviderID), m.Providers[0].TargetModel
		}
	}
	return w.showModelForm(c, form, "")
}

func (w *Web) editModelForm(c *fiber.Ctx) error {
	m, err := w.opts.Admin.Model(c.UserContext(), modelParam(c))
	if err != nil {
		return err
	}
	return w.showModelForm(c, savedModelForm(&m), m.Name)
}

func savedModelForm(m *admin.ModelView) pages.ModelForm {
	return pages.ModelForm{
		Version: whole(m.Version), Active: m.IsActive, Price: priceForm(m.Prices), Values: map[string]string{
			"requested_model": m.Name, "aliases": strings.Join(m.Aliases, ", "), "model_type": string(m.Type), "strategy": string(m.Strategy),
			"capabilities": indented(json.RawMessage(rawText(m.Capabilities))),
		},
	}
}

func sentModelForm(v url.Values) pages.ModelForm {
	form := pages.ModelForm{Version: v.Get("version"), Active: v.Get("is_active") == "true", Price: sentPriceForm(v), Values: map[string]string{}}
	for _, name := range []string{"requested_model", "aliases", "model_type", "strategy", "capabilities", "provider_id", "target_model_name"} {
		form.Values[name] = strings.TrimSpace(v.Get(name))
	}
	return form
}

// showModelForm shows the form of the model name; an empty name is a new one.
func (w *Web) showModelForm(c *fiber.Ctx, form pages.ModelForm, name string) error {
	ctx := c.UserContext()
	title := i18n.T(ctx, "models.new")
	form.New, form.Action, form.Cancel = true, "/admin/new-model", "/admin/models"
	if name != "" {
		title = i18n.T(ctx, "models.edit", "name", name)
		form.New, form.Action, form.Cancel = false, modelPath(name)+"/edit", modelPath(name)
	}
	form.Price.Inherit, form.Price.Errors = i18n.T(ctx, "prices.inherit.catalogue"), form.Errors
	var err error
	if form.Providers, err = w.providerOptions(ctx); err != nil {
		return err
	}
	page := layout.Page{Title: title, Nav: layout.NavModels, Crumbs: modelCrumbs(ctx, title), Form: true, Body: pages.ModelFormPage(form, title)}
	return w.render(c, page, nil)
}

func modelInput(form pages.ModelForm) (admin.ModelInput, error) {
	problems := newFields()
	in := admin.ModelInput{
		Name: admin.Some(form.Values["requested_model"]), Aliases: admin.Some(words(form.Values["aliases"])),
		Strategy: admin.Some(models.StrategyName(form.Values["strategy"])), Type: admin.Some(models.ModelType(form.Values["model_type"])),
		Capabilities: admin.Null[json.RawMessage](), IsActive: admin.Some(form.Active), PriceInput: priceInput(form.Price, problems),
		Version: wholeOrNil(form.Version),
	}
	if text := form.Values["capabilities"]; text != "" {
		in.Capabilities = admin.Some(json.RawMessage(text))
		if !json.Valid([]byte(text)) {
			problems.fail("capabilities", "must be a JSON object")
		}
	}
	return in, problems.err()
}

func (w *Web) createModel(c *fiber.Ctx) error {
	sent, err := readForm(c)
	if err != nil {
		return err
	}
	form := sentModelForm(sent)
	in, err := modelInput(form)
	if err != nil {
		return w.refuseModel(c, form, "", err)
	}
	m, err := w.opts.Admin.CreateModel(c.UserContext(), in)
	if err != nil {
		return w.refuseModel(c, form, "", err)
	}
	if err := w.firstRoute(c.UserContext(), &m, form); err != nil {
		warn(c, "models.created_without_route", "name", m.Name, "why", messageOf(err))
		return redirect(c, modelPath(m.Name))
	}
	say(c, "models.created", "name", m.Name)
	return redirect(c, modelPath(m.Name))
}

// firstRoute adds the route of the form. Without a target the model's own name is meant.
func (w *Web) firstRoute(ctx context.Context, m *admin.ModelView, form pages.ModelForm) error {
	provider := wholeOrNil(form.Values["provider_id"])
	if provider == nil {
		return nil
	}
	target := form.Values["target_model_name"]
	if target == "" {
		target = m.Name
	}
	_, err := w.opts.Admin.CreateRoute(ctx, admin.RouteInput{ModelName: admin.Some(m.Name), ProviderID: admin.Some(*provider), TargetModel: admin.Some(target)})
	return err
}

func (w *Web) editModel(c *fiber.Ctx) error {
	sent, err := readForm(c)
	if err != nil {
		return err
	}
	name, form := modelParam(c), sentModelForm(sent)
	in, err := modelInput(form)
	if err != nil {
		return w.refuseModel(c, form, name, err)
	}
	m, err := w.opts.Admin.UpdateModel(c.UserContext(), name, in)
	if err != nil {
		return w.refuseModel(c, form, name, err)
	}
	w.sayChange(c, "models.saved", "name", m.Name)
	return redirect(c, modelPath(m.Name))
}

// refuseModel shows the form again. After a conflict, saving again overwrites what the other one saved.
func (w *Web) refuseModel(c *fiber.Ctx, form pages.ModelForm, name string, err error) error {
	if !refusedForm(err) {
		return err
	}
	form.Errors, form.Message = fieldsOf(err), messageOf(err)
	c.Status(http.StatusUnprocessableEntity)
	if models.ErrorCode(err) == models.CodeVersionConflict {
		c.Status(http.StatusConflict)
		now, err := w.opts.Admin.Model(c.UserContext(), name)
		if err != nil {
			return err
		}
		form.Version, form.Message = whole(now.Version), i18n.T(c.UserContext(), "models.conflict")
	}
	return w.showModelForm(c, form, name)
}

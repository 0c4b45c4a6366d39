package web

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"squirrel/models"
	"squirrel/views/i18n"
	"squirrel/views/pages"
)

func presetURL(id int64) string { return "/admin/playground?preset=" + whole(id) }

// presetQuery holds the fields of a form, but for what was uploaded. It is read again by readPlayground.
func presetQuery(form *pages.Playground) string {
	v := url.Values{
		"mode": {string(form.Mode)}, "endpoint": {form.Endpoint}, "model": {form.Model}, "api_key_id": {form.APIKeyID}, "route_id": {form.RouteID},
		"system": {form.System}, "body": {form.Body}, "stream": {strconv.FormatBool(form.Stream)},
	}
	for name, value := range form.Params {
		v.Set(name, value)
	}
	if form.Mode == pages.PlayChat {
		for i, m := range form.Messages {
			v.Add("role", m.Role)
			v.Add("text", m.Text)
			for _, address := range m.Images {
				if !strings.HasPrefix(address, "data:") {
					v.Add("image_"+strconv.Itoa(i), address)
				}
			}
		}
	}
	for i, other := range form.Columns {
		v.Set("model_"+strconv.Itoa(i+2), other.Model)
		v.Set("route_id_"+strconv.Itoa(i+2), other.RouteID)
	}
	for name := range v {
		if strings.Join(v[name], "") == "" {
			delete(v, name)
		}
	}
	return v.Encode()
}

// presetForm is the form that a preset holds.
func presetForm(p models.Preset) pages.Playground {
	v, err := url.ParseQuery(p.Query)
	if err != nil { // nothing is saved that can't be read
		v = url.Values{}
	}
	form := readPlayground(v, nil).Playground
	form.PresetName = p.Name
	return form
}

// savePreset keeps the form under a name and shows it as it was kept.
func (w *Web) savePreset(c *fiber.Ctx, form pages.Playground) error {
	if len(form.Errors) > 0 {
		return w.changedPlayground(c, form)
	}
	saved, replaced, err := w.opts.Admin.SavePreset(c.UserContext(), models.Preset{Name: form.PresetName, Query: presetQuery(&form)})
	switch {
	case refusedForm(err):
		if form.Errors = fieldsOf(err); len(form.Errors) == 0 {
			form.Errors = map[string]string{"preset_name": messageOf(err)}
		}
		c.Status(http.StatusUnprocessableEntity)
		return w.showPlayground(c, form)
	case err != nil:
		return err
	case replaced:
		w.sayChange(c, "playground.preset.replaced", "name", saved.Name)
	default:
		say(c, "playground.preset.saved", "name", saved.Name)
	}
	return redirect(c, presetURL(saved.ID))
}

// deletePreset takes effect at once; the message offers the way back.
func (w *Web) deletePreset(c *fiber.Ctx) error {
	id, err := idOf(c)
	if err != nil {
		return err
	}
	p, err := w.opts.Admin.Preset(c.UserContext(), id)
	if err != nil {
		return err
	}
	if err := w.opts.Admin.DeletePreset(c.UserContext(), id); err != nil {
		return err
	}
	w.sayChange(c, "playground.preset.deleted", "name", p.Name)
	return redirect(c, "/admin/playground?mode="+string(presetForm(p).Mode))
}

// listPresets names the presets beside the form.
func (w *Web) listPresets(c *fiber.Ctx, form *pages.Playground) error {
	ctx := c.UserContext()
	presets, err := w.opts.Admin.Presets(ctx)
	for i := range presets {
		p := &presets[i]
		form.Presets = append(form.Presets, pages.PlayPreset{
			ID: p.ID, Name: p.Name, URL: presetURL(p.ID), Mode: i18n.T(ctx, "playground.mode."+string(presetForm(*p).Mode)), Current: p.Name == form.PresetName,
		})
	}
	return err
}

package web

import (
	"context"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"squirrel/app/admin"
	"squirrel/models"
	"squirrel/views/pages"
)

// The numbers of the provider form, by field name.
var providerNumbers = []string{"connect_timeout_seconds", "first_byte_timeout_seconds", "idle_timeout_seconds", "response_timeout_seconds"}

// newProviderForm is the empty form, filled from a preset when there is one.
func (w *Web) newProviderForm(presetID string) pages.ProviderForm {
	form := pages.ProviderForm{Preset: presetID, Values: map[string]string{
		"protocol": string(models.ProtocolOpenAI), "connect_timeout_seconds": "10", "first_byte_timeout_seconds": "120",
		"idle_timeout_seconds": "120", "response_timeout_seconds": "1800",
	}}
	if preset, ok := findPreset(presetID); ok {
		preset = w.reachable(preset)
		form.Values["name"], form.Values["base_url"], form.Values["protocol"] = preset.Name, preset.BaseURL, preset.Protocol
	}
	return form
}

func findPreset(id string) (pages.Preset, bool) {
	all := presets()
	i := slices.IndexFunc(all, func(p pages.Preset) bool { return p.ID == id })
	if i < 0 {
		return pages.Preset{}, false
	}
	return all[i], true
}

// savedProviderForm is the form of a saved provider. Secrets are in it as masks only.
func savedProviderForm(p *admin.ProviderView) pages.ProviderForm {
	form := pages.ProviderForm{ID: p.ID, Version: strconv.FormatInt(p.Version, 10), KeyMask: p.APIKey, Broken: p.APIKeyBroken}
	form.Values = map[string]string{
		"name": p.Name, "remark": p.Remark, "base_url": p.BaseURL, "protocol": string(p.Protocol), "proxy_url": p.ProxyURL,
		"connect_timeout_seconds":    strconv.Itoa(p.ConnectTimeout),
		"first_byte_timeout_seconds": strconv.Itoa(p.FirstByteTimeout),
		"idle_timeout_seconds":       strconv.Itoa(p.IdleTimeout),
		"response_timeout_seconds":   strconv.Itoa(p.ResponseTimeout),
		"default_parameters":         parametersText(p.DefaultParameters),
	}
	form.Headers = headerFields(p.ExtraHeaders)
	return form
}

func parametersText(raw json.RawMessage) string {
	if len(raw) == 0 || string(raw) == "null" {
		return ""
	}
	return string(raw)
}

func headerFields(headers map[string]string) []pages.HeaderField {
	var fields []pages.HeaderField
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		fields = append(fields, pages.HeaderField{Name: name, Value: headers[name]})
	}
	return fields
}

// sentProviderForm keeps what somebody sent, for showing it again. A key that was typed is not kept.
func sentProviderForm(v url.Values) pages.ProviderForm {
	id, _ := strconv.ParseInt(v.Get("id"), 10, 64) // anything else is a new provider
	form := pages.ProviderForm{ID: id, Version: v.Get("version"), Preset: v.Get("preset"), Values: map[string]string{}}
	for _, name := range append([]string{"name", "remark", "base_url", "protocol", "proxy_url", "default_parameters", "remove_api_key", "test_model"}, providerNumbers...) {
		form.Values[name] = v.Get(name)
	}
	names, values := v["header_name"], v["header_value"]
	for i, name := range names {
		if i < len(values) && (strings.TrimSpace(name) != "" || strings.TrimSpace(values[i]) != "") {
			form.Headers = append(form.Headers, pages.HeaderField{Name: name, Value: values[i]})
		}
	}
	return form
}

// providerInput turns a form into what the use-cases take. Its error has field errors.
func providerInput(form pages.ProviderForm, v url.Values) (admin.ProviderInput, error) {
	f := newFields()
	in := admin.ProviderInput{
		Name:             admin.Some(v.Get("name")),
		Remark:           admin.Some(v.Get("remark")),
		BaseURL:          admin.Some(v.Get("base_url")),
		Protocol:         admin.Some(models.Protocol(v.Get("protocol"))),
		APIKey:           admin.Some(v.Get("api_key")),
		ProxyURL:         admin.Some(v.Get("proxy_url")),
		ConnectTimeout:   admin.Some(f.number("connect_timeout_seconds", v)),
		FirstByteTimeout: admin.Some(f.number("first_byte_timeout_seconds", v)),
		IdleTimeout:      admin.Some(f.number("idle_timeout_seconds", v)),
		ResponseTimeout:  admin.Some(f.number("response_timeout_seconds", v)),
	}
	if v.Get("remove_api_key") == "true" && v.Get("api_key") == "" {
		in.APIKey = admin.Null[string]()
	}
	in.DefaultParameters = admin.Some(json.RawMessage(strings.TrimSpace(v.Get("default_parameters"))))
	headers := map[string]string{}
	for _, h := range form.Headers {
		name := strings.TrimSpace(h.Name)
		if _, twice := headers[name]; twice {
			f.fail("extra_headers", "has a header twice")
		}
		headers[name] = h.Value
	}
	in.ExtraHeaders = admin.Some(headers)
	in.Version = f.version(v)
	return in, f.err()
}

// completeProvider adds to a form what was not sent with it: the choices, the preview, the mask of the stored key.
func (w *Web) completeProvider(ctx context.Context, form *pages.ProviderForm) {
	form.Presets, form.CanTest = presets(), w.opts.Admin.CanProbe()
	form.Preview = previewOf(ctx, form.Values["base_url"], models.Protocol(form.Values["protocol"]))
	if preset, ok := findPreset(form.Preset); ok {
		form.Note = preset.Note
		if preset.NeedsKey {
			form.KeyURL = preset.KeyURL
		}
	}
	if form.ID == 0 || form.KeyMask != "" {
		return
	}
	if stored, err := w.opts.Admin.Provider(ctx, form.ID); err == nil { // without it the form has no mask, nothing else
		form.KeyMask, form.Broken = stored.APIKey, stored.APIKeyBroken
	}
}

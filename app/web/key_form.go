package web

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"squirrel/app/admin"
	"squirrel/models"
	"squirrel/views/pages"
)

// momentLayout is how a datetime-local input writes a moment.
const momentLayout = "2006-01-02T15:04"

func newKeyForm() pages.KeyForm {
	return pages.KeyForm{Record: true, Values: map[string]string{"expires_in": "never", "budget_period": string(models.BudgetMonth)}}
}

// savedKeyForm is the form of a saved key.
func (w *Web) savedKeyForm(k *admin.APIKeyView) pages.KeyForm {
	form := pages.KeyForm{
		ID: k.ID, Version: strconv.FormatInt(k.Version, 10), Allowed: k.AllowedModels, Limited: len(k.AllowedModels) > 0, Record: k.RecordDetails,
		Values: map[string]string{
			"key_name": k.Name, "tags": strings.Join(k.Tags, ", "), "expires_in": "never", "budget_period": string(k.BudgetPeriod),
			"rpm_limit": numberText(k.RPMLimit), "tpm_limit": numberText(k.TPMLimit),
		},
	}
	if k.Budget != nil {
		form.Values["budget_usd"] = k.Budget.String()
	}
	if k.ExpiresAt != nil {
		form.Values["expires_in"], form.Values["expires_at"] = "date", k.ExpiresAt.In(w.opts.Zone).Format(momentLayout)
	}
	return form
}

func numberText(n *int64) string {
	if n == nil {
		return ""
	}
	return strconv.FormatInt(*n, 10)
}

// sentKeyForm keeps what somebody sent, for showing it again.
func sentKeyForm(v url.Values) pages.KeyForm {
	form := pages.KeyForm{
		Version: v.Get("version"), Allowed: v["allowed_models"], Limited: v.Get("models") == "some", Record: v.Get("record_details") == "true",
		Values: map[string]string{},
	}
	for _, name := range []string{"key_name", "tags", "expires_in", "expires_at", "budget_usd", "budget_period", "rpm_limit", "tpm_limit"} {
		form.Values[name] = v.Get(name)
	}
	return form
}

// keyInput turns a form into what the use-cases take. before is the key as it is saved; nil for a new one.
func (w *Web) keyInput(form pages.KeyForm, v url.Values, before *admin.APIKeyView) (admin.APIKeyInput, error) {
	f := newFields()
	in := admin.APIKeyInput{
		Name: admin.Some(v.Get("key_name")), RecordDetails: admin.Some(form.Record), Tags: admin.Some(words(v.Get("tags"))),
		RPMLimit: optional(f.maybe("rpm_limit", v)), TPMLimit: optional(f.maybe("tpm_limit", v)), Budget: optional(f.money("budget_usd", v)),
		BudgetPeriod: admin.Some(models.BudgetPeriod(v.Get("budget_period"))), AllowedModels: admin.Some([]string{}), Version: f.version(v),
	}
	if form.Limited {
		if len(form.Allowed) == 0 {
			f.fail("allowed_models", "choose at least one model, or allow all")
		}
		in.AllowedModels = admin.Some(slices.Clone(form.Allowed))
	}
	expires := w.expiry(f, v)
	unchanged := before != nil && before.ExpiresAt != nil && expires != nil && expires.Equal(before.ExpiresAt.Truncate(time.Minute))
	if !unchanged { // a key that has expired can be changed otherwise without a new date
		in.ExpiresAt = optional(expires)
	}
	return in, f.err()
}

// expiry reads when a key ends; nil is never.
func (w *Web) expiry(f fields, v url.Values) *time.Time {
	switch choice := v.Get("expires_in"); choice {
	case "never", "":
		return nil
	case "date":
		at := f.moment("expires_at", v, w.opts.Zone)
		if at == nil {
			f.fail("expires_at", "must be a date")
		}
		return at
	default:
		days, err := strconv.Atoi(choice)
		if err != nil || days < 1 || days > 3650 {
			f.fail("expires_at", "must be a date")
			return nil
		}
		at := w.opts.Now().UTC().AddDate(0, 0, days)
		return &at
	}
}

// optional is a field that was sent: nil as null.
func optional[T any](v *T) admin.Opt[T] {
	if v == nil {
		return admin.Null[T]()
	}
	return admin.Some(*v)
}

package web

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"squirrel/app/admin"
	"squirrel/models"
	"squirrel/views/i18n"
	"squirrel/views/layout"
	"squirrel/views/pages"
)

// storage tells what is kept of requests, and how much it takes.
func (w *Web) storage(c *fiber.Ctx) error {
	return w.showStorage(c, pages.Cleanup{}, nil)
}

func (w *Web) showStorage(c *fiber.Ctx, cleanup pages.Cleanup, tried *pages.Redaction) error {
	ctx := c.UserContext()
	found, err := w.opts.Admin.Storage(ctx)
	if err != nil {
		return err
	}
	if cleanup.Days == "" {
		cleanup.Days = strconv.Itoa(found.RetentionDays)
	}
	page := pages.Storage{
		Database: found.DatabaseBytes, Free: found.FreeBytes, Logs: found.Logs, Oldest: found.OldestLog, Days: found.RetentionDays, Cleanup: cleanup,
		PerDay: found.Growth,
	}
	_, _, page.CanTry = w.opts.Admin.Kept("")
	page.Tried = tried
	for _, j := range found.Jobs {
		page.Jobs = append(page.Jobs, pages.StorageJob{Name: j.Name, Slot: slotText(j.Slot), Result: j.Result})
	}
	if r, known := w.opts.Admin.System(); known {
		page.Known, page.State, page.Reason, page.Spool, page.SpoolLimit, page.Lag = true, r.LogState, r.LogReason, r.SpoolBytes, r.SpoolLimit, r.Lag
		page.Lost, page.Rejected, page.Dead, page.DetailDays = int64(r.Lost), int64(r.Rejected), int64(r.Dead), r.DetailDays
		page.BodyLimit, page.Redacted, page.Events, page.Dialect, page.Version = r.BodyLimit, r.RedactBodies, r.StreamEvents, r.Dialect, r.Version
		page.Estimated = r.Dialect == "postgresql"
	}
	title := i18n.T(ctx, "storage.title")
	crumbs := []layout.Crumb{{Label: i18n.T(ctx, "nav.settings"), URL: "/admin/settings"}, {Label: title}}
	return w.render(c, layout.Page{Title: title, Nav: layout.NavSettings, Crumbs: crumbs, Body: pages.StoragePage(page)}, nil)
}

// changeStorage does what one of the page's forms asks for.
func (w *Web) changeStorage(c *fiber.Ctx) error {
	form, err := readForm(c)
	if err != nil {
		return err
	}
	if form.Get("op") == "redact" {
		return w.tryRedaction(c, form.Get("text"))
	}
	return w.cleanLogs(c, form)
}

// tryRedaction shows what the log would keep of a text. Neither is recorded anywhere.
func (w *Web) tryRedaction(c *fiber.Ctx, text string) error {
	text = strings.ReplaceAll(text, "\r\n", "\n") // forms send lines so
	tried := pages.Redaction{Text: text}
	if strings.TrimSpace(text) == "" {
		tried.Error = "must not be empty"
		c.Status(http.StatusUnprocessableEntity)
		return w.showStorage(c, pages.Cleanup{}, &tried)
	}
	kept, cut, known := w.opts.Admin.Kept(text)
	if !known {
		return fiber.ErrNotFound
	}
	tried.Kept, tried.Cut, tried.Same = kept, cut, kept == text
	return w.showStorage(c, pages.Cleanup{}, &tried)
}

// cleanLogs deletes old requests: the first answer says how many they are, the second, for the same days, deletes them.
func (w *Web) cleanLogs(c *fiber.Ctx, form url.Values) error {
	ctx := c.UserContext()
	cleanup := pages.Cleanup{Days: form.Get("days_to_keep")}
	days, err := strconv.Atoi(cleanup.Days)
	if err != nil || days < 0 {
		cleanup.Errors = map[string]string{"days_to_keep": "must be a whole number that is not negative"}
		c.Status(http.StatusUnprocessableEntity)
		return w.showStorage(c, cleanup, nil)
	}
	if form.Get("op") == "delete" && form.Get("confirmed") == cleanup.Days {
		result, err := w.opts.Admin.CleanLogs(ctx, admin.Cleanup{DaysToKeep: admin.Opt[int]{Set: true, Value: days}})
		if err != nil {
			return err
		}
		if result.Done {
			say(c, "storage.deleted", "n", result.Deleted)
		} else {
			say(c, "storage.deleted_part", "n", result.Deleted)
		}
		return redirect(c, "/admin/settings/storage")
	}
	before := w.opts.Now().AddDate(0, 0, -days)
	n, err := w.opts.Admin.LogCount(ctx, models.LogFilter{End: &before})
	if err != nil {
		return err
	}
	cleanup.Count = &n
	return w.showStorage(c, cleanup, nil)
}

// slotText is the hour that a job was due, for people; the slot of a job of another kind is shown as it is.
func slotText(slot string) string {
	due, err := time.Parse("2006-01-02T15", slot)
	if err != nil {
		return slot
	}
	return due.Format("2006-01-02 15:04") + " UTC"
}

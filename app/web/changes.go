package web

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"squirrel/app/admin"
	"squirrel/models"
	"squirrel/views/i18n"
	"squirrel/views/layout"
	"squirrel/views/pages"
)

const (
	changesAtOnce = 50
	changesReadAt = 500 // entries read at once when there is a filter
	changesReads  = 20  // so many times at most for one page
)

// changes shows the audit trail, newest first.
func (w *Web) changes(c *fiber.Ctx) error {
	ctx := c.UserContext()
	p := pages.Changes{Object: c.Query("object"), Key: strings.TrimSpace(c.Query("key")), Actor: strings.TrimSpace(c.Query("actor"))}
	p.Filtered = p.Object != "" || p.Key != "" || p.Actor != ""
	before := int64(0)
	if n := wholeOrNil(c.Query("before")); n != nil && *n > 0 {
		before = *n
	}
	found, next, err := w.findChanges(c, p, before)
	if err != nil {
		return err
	}
	for i := range found {
		p.Rows = append(p.Rows, changeRow(&found[i]))
	}
	query := url.Values{}
	for name, value := range map[string]string{"object": p.Object, "key": p.Key, "actor": p.Actor} {
		if value != "" {
			query.Set(name, value)
		}
	}
	if before > 0 {
		p.NewerURL = queried("/admin/changes", query)
	}
	if next > 0 {
		query.Set("before", whole(next))
		p.OlderURL = queried("/admin/changes", query)
	}
	title := i18n.T(ctx, "changes.title")
	page := layout.Page{Title: title, Nav: layout.NavChanges, Crumbs: []layout.Crumb{{Label: title}}, Body: pages.ChangesPage(p)}
	return w.render(c, page, pages.ChangeResults(p))
}

// findChanges reads one page of the entries that match. next is where the following page begins; 0 = nowhere.
func (w *Web) findChanges(c *fiber.Ctx, p pages.Changes, before int64) (found []models.Change, next int64, err error) {
	limit := changesAtOnce + 1
	if p.Filtered {
		limit = changesReadAt
	}
	for range changesReads {
		page, err := w.opts.Admin.Changes(c.UserContext(), before, limit)
		if err != nil {
			return nil, 0, err
		}
		for i := range page {
			if len(found) == changesAtOnce {
				return found, found[len(found)-1].ID, nil
			}
			if matchesChange(p, &page[i]) {
				found = append(found, page[i])
			}
		}
		if len(page) < limit {
			return found, 0, nil
		}
		before = page[len(page)-1].ID
	}
	return found, before, nil
}

func matchesChange(p pages.Changes, c *models.Change) bool {
	return (p.Object == "" || c.Object == p.Object) && holds(c.ObjectKey, p.Key) && holds(c.Actor, p.Actor)
}

// holds looks for a part of a text, in whatever case.
func holds(text, part string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(part))
}

func changeRow(c *models.Change) pages.ChangeRow {
	row := pages.ChangeRow{ID: c.ID, At: c.At, Actor: c.Actor, Action: c.Action, Object: c.Object, Key: c.ObjectKey, Undoable: admin.Undoable(c)}
	if c.Action == "update" {
		var names []string
		for _, d := range changeDiff(c) {
			names = append(names, d.Field)
		}
		row.Summary = strings.Join(names, ", ")
	}
	return row
}

// changeDiff lists the fields in which an object differs before and after.
func changeDiff(c *models.Change) []pages.FieldDiff {
	before, after := objectFields(c.Before), objectFields(c.After)
	names := maps.Clone(after)
	maps.Copy(names, before)
	var diffs []pages.FieldDiff
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if d := fieldDiff(name, before[name], after[name]); !bytes.Equal(before[name], after[name]) && d.From != d.To {
			diffs = append(diffs, d)
		}
	}
	return diffs
}

// objectFields are the fields of an object; prices are fields like the others.
func objectFields(data []byte) map[string]json.RawMessage {
	fields := map[string]json.RawMessage{}
	if json.Unmarshal(data, &fields) != nil {
		return map[string]json.RawMessage{}
	}
	var prices map[string]json.RawMessage
	if json.Unmarshal(fields["prices"], &prices) == nil {
		delete(fields, "prices")
		maps.Copy(fields, prices)
	}
	return fields
}

func (w *Web) change(c *fiber.Ctx) error {
	id, err := idOf(c)
	if err != nil {
		return err
	}
	return w.showChange(c, id, "")
}

func (w *Web) showChange(c *fiber.Ctx, id int64, problem string) error {
	ctx := c.UserContext()
	entry, err := w.opts.Admin.Change(ctx, id)
	if err != nil {
		return err
	}
	p := pages.ChangeShow{ChangeRow: changeRow(&entry), Changes: changeDiff(&entry), Problem: problem}
	title := i18n.T(ctx, "changes.one", "key", entry.ObjectKey)
	page := layout.Page{Title: title, Nav: layout.NavChanges, Crumbs: crumbs(i18n.T(ctx, "changes.title"), "/admin/changes", []string{title}), Body: pages.ChangeShowPage(p)}
	return w.render(c, page, nil)
}

// undoChange takes a change back. When that is impossible, the page of the change says why.
func (w *Web) undoChange(c *fiber.Ctx) error {
	id, err := idOf(c)
	if err != nil {
		return err
	}
	done, err := w.opts.Admin.Undo(c.UserContext(), id)
	if err != nil {
		if messageOf(err) == "" || statusOf(err) >= http.StatusInternalServerError {
			return err
		}
		c.Status(http.StatusConflict)
		return w.showChange(c, id, messageOf(err))
	}
	if done.Warning != "" {
		warn(c, "changes.undone_warning", "key", done.Key, "warning", done.Warning)
	} else {
		say(c, "changes.undone", "key", done.Key)
	}
	return redirect(c, "/admin/changes")
}

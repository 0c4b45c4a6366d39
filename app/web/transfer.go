package web

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"squirrel/app/admin"
	"squirrel/views/i18n"
	"squirrel/views/layout"
	"squirrel/views/pages"
)

func (w *Web) transferForm(c *fiber.Ctx) error { return w.showTransfer(c, pages.Transfer{}) }

func (w *Web) showTransfer(c *fiber.Ctx, p pages.Transfer) error {
	ctx := c.UserContext()
	title := i18n.T(ctx, "transfer.title")
	page := layout.Page{Title: title, Nav: layout.NavSettings, Crumbs: crumbs(i18n.T(ctx, "settings.title"), "/admin/settings", []string{title}), Form: true, Body: pages.TransferPage(p)}
	return w.render(c, page, nil)
}

// exportFiles are the documents that can be downloaded.
var exportFiles = map[string]admin.Part{
	"config.yaml": admin.PartAll, "config.json": admin.PartAll, "providers.yaml": admin.PartProviders, "models.yaml": admin.PartModels,
}

func (w *Web) exportFile(c *fiber.Ctx) error {
	name := c.Params("file")
	part, ok := exportFiles[name]
	if !ok {
		return fiber.ErrNotFound
	}
	doc, err := w.opts.Admin.Export(c.UserContext(), part)
	if err != nil {
		return err
	}
	write, kind := doc.YAML, "application/yaml; charset=utf-8"
	if strings.HasSuffix(name, ".json") {
		write, kind = doc.JSON, fiber.MIMEApplicationJSONCharsetUTF8
	}
	data, err := write()
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, kind)
	c.Set(fiber.HeaderContentDisposition, `attachment; filename="squirrel-`+name+`"`)
	return c.Send(data)
}

// importFile shows what a document would change, or changes it.
func (w *Web) importFile(c *fiber.Ctx) error {
	sent, err := readUpload(c)
	if err != nil {
		return err
	}
	p := pages.Transfer{Document: cmp.Or(sent.Get("file"), sent.Get("document"))}
	dry := sent.Get("op") != "apply"
	var in admin.ImportInput
	var done admin.Imported
	data, err := admin.YAMLToJSON([]byte(p.Document))
	if err == nil {
		err = admin.Decode(data, &in)
	}
	if err == nil {
		done, err = w.opts.Admin.Import(c.UserContext(), in, dry)
	}
	if err != nil {
		return w.refuseImport(c, p, err)
	}
	if !dry {
		say(c, "transfer.done", "created", done.Created, "updated", done.Updated)
		return redirect(c, "/admin/models")
	}
	p.Dry, p.Created, p.Updated, p.Same = true, done.Created, done.Updated, done.Unchanged
	for _, d := range done.Items {
		diff := pages.Difference{Object: d.Object, Name: d.Name, Action: d.Action, Warning: d.Warning}
		for _, change := range d.Changes {
			diff.Changes = append(diff.Changes, fieldDiff(change.Field, change.From, change.To))
		}
		p.Items = append(p.Items, diff)
	}
	return w.showTransfer(c, p)
}

func (w *Web) refuseImport(c *fiber.Ctx, p pages.Transfer, err error) error {
	if messageOf(err) == "" || statusOf(err) >= http.StatusInternalServerError {
		return err
	}
	c.Status(http.StatusUnprocessableEntity)
	p.Message = messageOf(err)
	problems := fieldsOf(err)
	for _, place := range slices.Sorted(maps.Keys(problems)) {
		p.Errors = append(p.Errors, pages.TransferError{Place: place, Text: problems[place]})
	}
	return w.showTransfer(c, p)
}

// fieldDiff shows a field before and after; null counts as not there.
func fieldDiff(field string, from, to []byte) pages.FieldDiff {
	return pages.FieldDiff{Field: field, From: diffText(from), To: diffText(to)}
}

func diffText(raw []byte) string {
	if string(raw) == "null" {
		return ""
	}
	return indented(raw)
}

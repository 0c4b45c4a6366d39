package api

import (
	"bytes"

	"github.com/gofiber/fiber/v2"

	"squirrel/app/admin"
	"squirrel/models"
)

func (a *API) exportConfig(c *fiber.Ctx) error { return a.export(c, admin.PartAll) }

func (a *API) importConfig(c *fiber.Ctx) error { return a.importDocument(c, admin.PartAll) }

// export sends a part of the configuration as a file, JSON unless ?format=yaml.
func (a *API) export(c *fiber.Ctx, part admin.Part) error {
	doc, err := a.admin.Export(c.UserContext(), part)
	if err != nil {
		return err
	}
	marshal, contentType, extension := doc.JSON, "application/json", "json"
	switch c.Query("format") {
	case "json", "":
	case "yaml":
		marshal, contentType, extension = doc.YAML, "application/yaml", "yaml"
	default:
		return models.Invalid("format", "must be json or yaml")
	}
	data, err := marshal()
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, contentType)
	c.Set(fiber.HeaderContentDisposition, `attachment; filename="squirrel-`+string(part)+`.`+extension+`"`)
	return c.Send(data)
}

// importDocument merges a document in JSON or YAML; ?dry_run=true only shows what would change.
func (a *API) importDocument(c *fiber.Ctx, part admin.Part) error {
	body, err := readBody(c, maxImport)
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) {
		if body, err = admin.YAMLToJSON(body); err != nil {
			return err
		}
	}
	var in admin.ImportInput
	if err := admin.Decode(body, &in); err != nil {
		return err
	}
	switch {
	case part == admin.PartProviders && in.Models.Set:
		return models.Invalid("models", "can't be imported here")
	case part == admin.PartModels && in.Providers.Set:
		return models.Invalid("providers", "can't be imported here")
	}
	return answer[admin.Imported](c, fiber.StatusOK)(a.admin.Import(c.UserContext(), in, c.QueryBool("dry_run")))
}

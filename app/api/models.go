package api

import (
	"encoding/json"
	"strings"

	"github.com/gofiber/fiber/v2"

	"squirrel/app/admin"
	"squirrel/models"
)

// modelUpdate takes a model as it was read: what can't be changed is ignored.
type modelUpdate struct {
	admin.ModelInput
	readOnly
	ProviderCount       json.RawMessage `json:"provider_count"`
	ActiveProviderCount json.RawMessage `json:"active_provider_count"`
	Providers           json.RawMessage `json:"providers"`
}

func (a *API) listModels(c *fiber.Ctx) error {
	q, v, err := pageQuery(c)
	if err != nil {
		return err
	}
	return answer[admin.List[admin.ModelView]](c, fiber.StatusOK)(a.admin.Models(c.UserContext(), admin.ModelQuery{
		PageQuery: q, Strategy: models.StrategyName(v.Get("strategy")), Type: models.ModelType(v.Get("model_type")),
	}))
}

func (a *API) getModel(c *fiber.Ctx) error {
	name, err := nameParam(c.Params("*"))
	if err != nil {
		return err
	}
	return answer[admin.ModelView](c, fiber.StatusOK)(a.admin.Model(c.UserContext(), name))
}

func (a *API) createModel(c *fiber.Ctx) error {
	var in admin.ModelInput
	if err := decode(c, &in); err != nil {
		return err
	}
	return answer[admin.ModelView](c, fiber.StatusCreated)(a.admin.CreateModel(c.UserContext(), in))
}

func (a *API) updateModel(c *fiber.Ctx) error {
	name, err := nameParam(c.Params("*"))
	if err != nil {
		return err
	}
	var in modelUpdate
	if err := decode(c, &in); err != nil {
		return err
	}
	return answer[admin.ModelView](c, fiber.StatusOK)(a.admin.UpdateModel(c.UserContext(), name, in.ModelInput))
}

func (a *API) deleteModel(c *fiber.Ctx) error {
	name, err := nameParam(c.Params("*"))
	if err != nil {
		return err
	}
	return noContent(c, a.admin.DeleteModel(c.UserContext(), name))
}

// modelAction finds the action behind the last slash: the name before it may hold slashes too.
func (a *API) modelAction(c *fiber.Ctx) error {
	rest := c.Params("*")
	i := strings.LastIndexByte(rest, '/')
	if i < 0 {
		return fiber.ErrNotFound
	}
	name, err := nameParam(rest[:i])
	if err != nil {
		return err
	}
	switch action := rest[i+1:]; {
	case action == "match" && a.admin.CanSimulate():
		return a.matchModel(c, name)
	case action == "test" && a.admin.CanTest():
		return a.testModel(c, name)
	default:
		return fiber.ErrNotFound
	}
}

func (a *API) matchModel(c *fiber.Ctx, name string) error {
	var in admin.DryRun
	if err := decodeOptional(c, &in); err != nil {
		return err
	}
	in.Model = name
	return answer[admin.DryRunResult](c, fiber.StatusOK)(a.admin.Simulate(c.UserContext(), in))
}

func (a *API) testModel(c *fiber.Ctx, name string) error {
	var in admin.ModelTest
	if err := decodeOptional(c, &in); err != nil {
		return err
	}
	in.Model = name
	return answer[admin.ModelTestResult](c, fiber.StatusOK)(a.admin.TestModel(c.UserContext(), in))
}

func (a *API) modelStats(c *fiber.Ctx) error {
	v, err := query(c)
	if err != nil {
		return err
	}
	q, err := admin.ParseStatsQuery(v, a.admin.Now(), a.admin.Zone())
	if err != nil {
		return err
	}
	lines, err := a.admin.ModelStats(c.UserContext(), q)
	return answer[items[models.StatGroupLine]](c, fiber.StatusOK)(items[models.StatGroupLine]{lines}, err)
}

func (a *API) exportModels(c *fiber.Ctx) error { return a.export(c, admin.PartModels) }

func (a *API) importModels(c *fiber.Ctx) error { return a.importDocument(c, admin.PartModels) }

package api

import (
	"encoding/json"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"squirrel/app/admin"
	"squirrel/models"
)

// routeUpdate takes a route as it was read: what can't be changed is ignored.
type routeUpdate struct {
	admin.RouteInput
	readOnly
	ProviderName json.RawMessage `json:"provider_name"`
	Protocol     json.RawMessage `json:"provider_protocol"`
	Health       json.RawMessage `json:"health"`
}

func (a *API) listRoutes(c *fiber.Ctx) error {
	page, v, err := pageQuery(c)
	if err != nil {
		return err
	}
	q := admin.RouteQuery{PageQuery: page, Model: v.Get("requested_model")}
	if text := v.Get("provider_id"); text != "" {
		if q.Provider, err = strconv.ParseInt(text, 10, 64); err != nil {
			return models.Invalid("provider_id", "must be a whole number")
		}
	}
	return answer[admin.List[admin.RouteView]](c, fiber.StatusOK)(a.admin.Routes(c.UserContext(), q))
}

func (a *API) getRoute(c *fiber.Ctx) error {
	id, err := idParam(c)
	if err != nil {
		return err
	}
	return answer[admin.RouteView](c, fiber.StatusOK)(a.admin.Route(c.UserContext(), id))
}

func (a *API) createRoute(c *fiber.Ctx) error {
	var in admin.RouteInput
	if err := decode(c, &in); err != nil {
		return err
	}
	return answer[admin.RouteView](c, fiber.StatusCreated)(a.admin.CreateRoute(c.UserContext(), in))
}

func (a *API) updateRoute(c *fiber.Ctx) error {
	id, err := idParam(c)
	if err != nil {
		return err
	}
	var in routeUpdate
	if err := decode(c, &in); err != nil {
		return err
	}
	return answer[admin.RouteView](c, fiber.StatusOK)(a.admin.UpdateRoute(c.UserContext(), id, in.RouteInput))
}

func (a *API) deleteRoute(c *fiber.Ctx) error {
	id, err := idParam(c)
	if err != nil {
		return err
	}
	return noContent(c, a.admin.DeleteRoute(c.UserContext(), id))
}

func (a *API) bulkUpgrade(c *fiber.Ctx) error {
	var in admin.BulkUpgrade
	if err := decode(c, &in); err != nil {
		return err
	}
	return answer[admin.BulkUpgraded](c, fiber.StatusOK)(a.admin.BulkUpgradeRoutes(c.UserContext(), in))
}

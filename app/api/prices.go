package api

import (
	"github.com/gofiber/fiber/v2"

	"squirrel/app/admin"
)

const maxPriceList = 32 << 20

func (a *API) listPrices(c *fiber.Ctx) error {
	q, _, err := pageQuery(c)
	if err != nil {
		return err
	}
	return answer[admin.CatalogueView](c, fiber.StatusOK)(a.admin.Prices(c.UserContext(), q))
}

func (a *API) updatePrices(c *fiber.Ctx) error {
	body, err := readBody(c, maxPriceList)
	if err != nil {
		return err
	}
	var in admin.PriceUpdate
	if err := admin.Decode(body, &in); err != nil {
		return err
	}
	return answer[admin.PricesUpdated](c, fiber.StatusOK)(a.admin.UpdatePrices(c.UserContext(), in))
}

func (a *API) recalculate(c *fiber.Ctx) error {
	var in admin.Recalculation
	if err := decodeOptional(c, &in); err != nil {
		return err
	}
	if in.Background.Value {
		return answer[admin.Repricing](c, fiber.StatusAccepted)(a.admin.StartRecalculation(c.UserContext(), in))
	}
	return answer[admin.Recalculated](c, fiber.StatusOK)(a.admin.Recalculate(c.UserContext(), in))
}

func (a *API) repricing(c *fiber.Ctx) error {
	return answer[admin.Repricing](c, fiber.StatusOK)(a.admin.Repricing(c.UserContext()))
}

func (a *API) stopRepricing(c *fiber.Ctx) error {
	asked, err := a.admin.StopRecalculation(c.UserContext())
	if asked && err == nil {
		return answer[admin.Repricing](c, fiber.StatusAccepted)(a.admin.Repricing(c.UserContext()))
	}
	return noContent(c, err)
}

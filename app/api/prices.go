package api

import (
	"github.com/gofiber/fiber/v2"
)

func (a *API) listPrices(c *fiber.Ctx) error {
	q, _, err := pageQuery(c)
	if err != nil {
		return err
	}
	return c.JSON(a.admin.Catalogue(q))
}

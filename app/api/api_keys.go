package api

import (
	"encoding/json"

	"github.com/gofiber/fiber/v2"

	"squirrel/app/admin"
)

// keyUpdate takes a key as it was read: what can't be changed is ignored.
type keyUpdate struct {
	admin.APIKeyInput
	readOnly
	Value       json.RawMessage `json:"key_value"`
	MonthlyCost json.RawMessage `json:"monthly_cost"`
	LastUsedAt  json.RawMessage `json:"last_used_at"`
}

func (a *API) listKeys(c *fiber.Ctx) error {
	q, _, err := pageQuery(c)
	if err != nil {
		return err
	}
	return answer[admin.List[admin.APIKeyView]](c, fiber.StatusOK)(a.admin.APIKeys(c.UserContext(), q))
}

func (a *API) getKey(c *fiber.Ctx) error {
	id, err := idParam(c)
	if err != nil {
		return err
	}
	return answer[admin.APIKeyView](c, fiber.StatusOK)(a.admin.APIKey(c.UserContext(), id))
}

func (a *API) createKey(c *fiber.Ctx) error {
	var in admin.APIKeyInput
	if err := decode(c, &in); err != nil {
		return err
	}
	return answer[admin.APIKeyView](c, fiber.StatusCreated)(a.admin.CreateAPIKey(c.UserContext(), in))
}

func (a *API) updateKey(c *fiber.Ctx) error {
	id, err := idParam(c)
	if err != nil {
		return err
	}
	var in keyUpdate
	if err := decode(c, &in); err != nil {
		return err
	}
	return answer[admin.APIKeyView](c, fiber.StatusOK)(a.admin.UpdateAPIKey(c.UserContext(), id, in.APIKeyInput))
}

func (a *API) deleteKey(c *fiber.Ctx) error {
	id, err := idParam(c)
	if err != nil {
		return err
	}
	return noContent(c, a.admin.DeleteAPIKey(c.UserContext(), id))
}

func (a *API) rotateKey(c *fiber.Ctx) error {
	id, err := idParam(c)
	if err != nil {
		return err
	}
	return answer[admin.APIKeyView](c, fiber.StatusOK)(a.admin.RotateAPIKey(c.UserContext(), id))
}

package api

import (
	"encoding/json"

	"github.com/gofiber/fiber/v2"

	"squirrel/app/admin"
	"squirrel/models"
)

// providerUpdate takes a provider as it was read: what can't be changed is ignored.
type providerUpdate struct {
	admin.ProviderInput
	readOnly
	APIKeySet    json.RawMessage `json:"api_key_set"`
	APIKeyBroken json.RawMessage `json:"api_key_broken"`
}

// readOnly are fields of every object that an update may hold because the read did.
type readOnly struct {
	ID        json.RawMessage `json:"id"`
	CreatedAt json.RawMessage `json:"created_at"`
	UpdatedAt json.RawMessage `json:"updated_at"`
}

func (a *API) listProviders(c *fiber.Ctx) error {
	q, v, err := pageQuery(c)
	if err != nil {
		return err
	}
	return answer[admin.List[admin.ProviderView]](c, fiber.StatusOK)(
		a.admin.Providers(c.UserContext(), q, models.Protocol(v.Get("protocol"))))
}

func (a *API) providerNames(c *fiber.Ctx) error {
	names, err := a.admin.ProviderNames(c.UserContext())
	return answer[items[admin.ProviderName]](c, fiber.StatusOK)(items[admin.ProviderName]{names}, err)
}

func (a *API) presets(c *fiber.Ctx) error { return c.JSON(items[admin.Preset]{admin.Presets()}) }

func (a *API) getProvider(c *fiber.Ctx) error {
	id, err := idParam(c)
	if err != nil {
		return err
	}
	return answer[admin.ProviderView](c, fiber.StatusOK)(a.admin.Provider(c.UserContext(), id))
}

func (a *API) createProvider(c *fiber.Ctx) error {
	var in admin.ProviderInput
	if err := decode(c, &in); err != nil {
		return err
	}
	return answer[admin.ProviderView](c, fiber.StatusCreated)(a.admin.CreateProvider(c.UserContext(), in))
}

func (a *API) updateProvider(c *fiber.Ctx) error {
	id, err := idParam(c)
	if err != nil {
		return err
	}
	var in providerUpdate
	if err := decode(c, &in); err != nil {
		return err
	}
	return answer[admin.ProviderView](c, fiber.StatusOK)(a.admin.UpdateProvider(c.UserContext(), id, in.ProviderInput))
}

func (a *API) deleteProvider(c *fiber.Ctx) error {
	id, err := idParam(c)
	if err != nil {
		return err
	}
	return noContent(c, a.admin.DeleteProvider(c.UserContext(), id))
}

// testDraft tests a provider that isn't saved, or a saved one with changes that aren't.
func (a *API) testDraft(c *fiber.Ctx) error {
	var in admin.ProbeInput
	if err := decode(c, &in); err != nil {
		return err
	}
	return answer[admin.ProbeReport](c, fiber.StatusOK)(a.admin.TestProvider(c.UserContext(), in))
}

func (a *API) testProvider(c *fiber.Ctx) error {
	id, err := idParam(c)
	if err != nil {
		return err
	}
	var in admin.ProbeInput
	if err := decodeOptional(c, &in); err != nil {
		return err
	}
	in.ID = admin.Some(id)
	return answer[admin.ProbeReport](c, fiber.StatusOK)(a.admin.TestProvider(c.UserContext(), in))
}

func (a *API) upstreamModels(c *fiber.Ctx) error {
	id, err := idParam(c)
	if err != nil {
		return err
	}
	list, err := a.admin.UpstreamModels(c.UserContext(), id)
	return answer[items[admin.UpstreamModel]](c, fiber.StatusOK)(items[admin.UpstreamModel]{list}, err)
}

func (a *API) exportProviders(c *fiber.Ctx) error { return a.export(c, admin.PartProviders) }

func (a *API) importProviders(c *fiber.Ctx) error { return a.importDocument(c, admin.PartProviders) }

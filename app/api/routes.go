// Package api is the JSON API of the control plane, /api/auth and /api/admin: it reads requests, calls app/admin and
// writes answers. One file holds one resource; this one is the index.
package api

import (
	"log/slog"

	"github.com/gofiber/fiber/v2"

	"squirrel/app/admin"
	"squirrel/app/auth"
)

// API serves the JSON API.
type API struct {
	admin *admin.Service
	auth  *auth.Auth
	log   *slog.Logger
}

// New makes the API.
func New(service *admin.Service, a *auth.Auth, logger *slog.Logger) *API {
	return &API{admin: service, auth: a, log: logger}
}

// Register adds everything below /api. What needs a part that the service doesn't have is not there.
func (a *API) Register(app fiber.Router) {
	root := app.Group("/api", a.edge)
	root.Post("/auth/login", a.login)
	root.Post("/auth/logout", a.logout)
	root.Get("/auth/status", a.status)

	r := root.Group("/admin", a.auth.Require, a.actor)
	a.providers(r)
	a.models(r)
	a.routes(r)

	r.Get("/api-keys", a.listKeys)
	r.Post("/api-keys", a.createKey)
	r.Get("/api-keys/:id", a.getKey)
	r.Put("/api-keys/:id", a.updateKey)
	r.Delete("/api-keys/:id", a.deleteKey)
	r.Post("/api-keys/:id/rotate", a.rotateKey)

	a.logs(r)
	r.Get("/storage", a.storage)

	r.Get("/prices", a.listPrices)
	r.Put("/prices", a.updatePrices)
	r.Post("/prices/recalculate", a.recalculate)
	r.Get("/prices/recalculate", a.repricing)
	r.Delete("/prices/recalculate", a.stopRepricing)
	r.Get("/config/export", a.exportConfig)
	r.Post("/config/import", a.importConfig)

	root.All("/*", notFound)
}

func (a *API) providers(r fiber.Router) {
	r.Get("/providers", a.listProviders)
	r.Post("/providers", a.createProvider)
	r.Get("/providers/names", a.providerNames)
	r.Get("/providers/presets", a.presets)
	r.Get("/providers/export", a.exportProviders)
	r.Post("/providers/import", a.importProviders)
	if a.admin.CanProbe() {
		r.Post("/providers/test", a.testDraft)
		r.Post("/providers/:id/test", a.testProvider)
		r.Get("/providers/:id/models", a.upstreamModels)
	}
	r.Get("/providers/:id", a.getProvider)
	r.Put("/providers/:id", a.updateProvider)
	r.Delete("/providers/:id", a.deleteProvider)
}

// models uses wildcards because names may hold slashes.
func (a *API) models(r fiber.Router) {
	r.Get("/models", a.listModels)
	r.Post("/models", a.createModel)
	r.Get("/models/stats", a.modelStats)
	r.Get("/models/export", a.exportModels)
	r.Post("/models/import", a.importModels)
	r.Post("/models/*", a.modelAction) // {name}/match, {name}/test
	r.Get("/models/*", a.getModel)
	r.Put("/models/*", a.updateModel)
	r.Delete("/models/*", a.deleteModel)
}

func (a *API) routes(r fiber.Router) {
	r.Get("/model-providers", a.listRoutes)
	r.Post("/model-providers", a.createRoute)
	r.Post("/model-providers/bulk-upgrade", a.bulkUpgrade)
	r.Get("/model-providers/:id", a.getRoute)
	r.Put("/model-providers/:id", a.updateRoute)
	r.Delete("/model-providers/:id", a.deleteRoute)
}

func (a *API) logs(r fiber.Router) {
	r.Get("/logs", a.listLogs)
	r.Get("/logs/stats", a.logStats)
	r.Get("/logs/export", a.exportLogs)
	r.Post("/logs/cleanup", a.cleanLogs)
	r.Get("/logs/:id", a.getLog)
	if a.admin.CanCancel() {
		r.Post("/logs/:id/cancel", a.cancelLog)
	}
	if a.admin.CanReplay() {
		r.Post("/logs/:id/replay", a.replayLog)
	}
}

func notFound(*fiber.Ctx) error { return fiber.ErrNotFound }

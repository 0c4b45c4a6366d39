package web

import "net/http"

// routingRoutes is the part of the index about models, prices and the configuration as a whole.
func (w *Web) routingRoutes() []route {
	const get, post = http.MethodGet, http.MethodPost
	return []route{
		// Models.
		{method: get, path: "/admin/models", handle: w.models},
		{method: get, path: "/admin/new-model", handle: w.newModelForm},
		{method: post, path: "/admin/new-model", handle: w.createModel},
		{method: get, path: "/admin/new-model/targets", handle: w.targets},
		{method: get, path: "/admin/replace-target", handle: w.replaceForm},
		{method: post, path: "/admin/replace-target", handle: w.replaceTarget},
		{method: post, path: "/admin/models/bulk", handle: w.bulk("/admin/models", "models", w.opts.Admin.EnableModels)},
		{method: get, path: "/admin/models/:model", handle: w.model},
		{method: get, path: "/admin/models/:model/edit", handle: w.editModelForm},
		{method: post, path: "/admin/models/:model/edit", handle: w.editModel},
		{method: post, path: "/admin/models/:model/enable", handle: w.setModelActive(true)},
		{method: post, path: "/admin/models/:model/disable", handle: w.setModelActive(false)},
		{method: post, path: "/admin/models/:model/strategy", handle: w.setStrategy},
		{method: post, path: "/admin/models/:model/test", handle: w.testModel},
		{method: get, path: "/admin/models/:model/delete", handle: w.deleteModelForm},
		{method: post, path: "/admin/models/:model/delete", handle: w.deleteModel},
		{method: get, path: "/admin/models/:model/rule", handle: w.modelRule},
		{method: post, path: "/admin/models/:model/rule", handle: w.editModelRule},

		// Routes. A refused table is answered at its own URL; a reload then asks for the model's page.
		{method: get, path: "/admin/models/:model/targets", handle: w.targets},
		{method: post, path: "/admin/models/:model/routes", handle: w.saveRoutes},
		{method: post, path: "/admin/models/:model/routes/add", handle: w.addRoute},
		{method: get, path: "/admin/routes/:id", handle: w.routeForm},
		{method: post, path: "/admin/routes/:id", handle: w.editRoute},
		{method: post, path: "/admin/routes/:id/enable", handle: w.setRouteActive(true)},
		{method: post, path: "/admin/routes/:id/disable", handle: w.setRouteActive(false)},
		{method: post, path: "/admin/routes/:id/pause", handle: w.pauseRoute},
		{method: post, path: "/admin/routes/:id/delete", handle: w.deleteRoute},
		{method: get, path: "/admin/routes/:id/rule", handle: w.routeRule},
		{method: post, path: "/admin/routes/:id/rule", handle: w.editRouteRule},

		// The simulator.
		{method: get, path: "/admin/simulate", handle: w.simulateForm},
		{method: post, path: "/admin/simulate", handle: w.simulate},
		{method: post, path: "/admin/simulate/samples/:id/accept", handle: w.acceptSample},
		{method: post, path: "/admin/simulate/samples/:id/delete", handle: w.deleteSample},

		// Prices.
		{method: get, path: "/admin/prices", handle: w.prices},
		{method: get, path: "/admin/prices/override", handle: w.overrideForm},
		{method: post, path: "/admin/prices/override", handle: w.overridePrice},
		{method: get, path: "/admin/prices/import", handle: w.importPricesForm},
		{method: post, path: "/admin/prices/import", handle: w.importPrices},
		{method: get, path: "/admin/prices/recalculate", handle: w.recalculateForm},
		{method: post, path: "/admin/prices/recalculate", handle: w.recalculate},

		// The configuration as a whole, and what was changed in it.
		{method: get, path: "/admin/settings", handle: w.settings},
		{method: get, path: "/admin/transfer", handle: w.transferForm},
		{method: post, path: "/admin/transfer", handle: w.importFile},
		{method: get, path: "/admin/transfer/:file", handle: w.exportFile},
		{method: get, path: "/admin/changes", handle: w.changes},
		{method: get, path: "/admin/changes/:id", handle: w.change},
		{method: post, path: "/admin/changes/:id/undo", handle: w.undoChange},
	}
}

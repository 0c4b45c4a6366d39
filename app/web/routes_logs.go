package web

import "net/http"

// requestRoutes are the pages about requests: how it goes, the list, one request, statistics, the playground, what is kept.
func (w *Web) requestRoutes() []route {
	const get, post = http.MethodGet, http.MethodPost
	return []route{
		{method: get, path: "/admin", handle: w.overview},
		{method: get, path: "/admin/logs", handle: w.logs},
		{method: post, path: "/admin/logs/columns", handle: w.saveLogColumns},
		{method: get, path: "/admin/logs/views", handle: w.views},
		{method: post, path: "/admin/logs/views", handle: w.saveView},
		{method: get, path: "/admin/logs/views/:id", handle: w.showView},
		{method: post, path: "/admin/logs/views/:id", handle: w.changeView},
		{method: post, path: "/admin/logs/views/:id/delete", handle: w.deleteView},
		{method: get, path: "/admin/logs/:id", handle: w.logDetail},
		{method: get, path: "/admin/logs/:id/filter", handle: w.filterByCell},
		{method: get, path: "/admin/logs/:id/body/:part", handle: w.logBody},
		{method: post, path: "/admin/logs/:id/cancel", handle: w.cancelLog},
		{method: get, path: "/admin/logs/:id/replay", handle: w.replayed},
		{method: post, path: "/admin/logs/:id/replay", handle: w.replayLog},
		{method: get, path: "/admin/usage", handle: w.usage},
		{method: get, path: "/admin/usage/export", handle: w.exportUsage},
		{method: get, path: "/admin/playground", handle: w.playground},
		{method: post, path: "/admin/playground", handle: w.play},
		{method: post, path: "/admin/playground/stop", handle: w.stopPlay},
		{method: post, path: "/admin/playground/presets/:id/delete", handle: w.deletePreset},
		{method: get, path: "/admin/settings/storage", handle: w.storage},
		{method: post, path: "/admin/settings/storage", handle: w.changeStorage},
	}
}

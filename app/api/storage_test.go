package api

import (
	"testing"

	"squirrel/models"
)

func TestStorage(t *testing.T) {
	k := newKit(t)
	const path = "/api/admin/storage"
	k.run([]scenario{
		{name: "anonymous", method: "GET", path: path, anonymous: true, status: 401},
		{name: "nothing yet", method: "GET", path: path, status: 200, has: []string{`"growth_bytes_per_day":null,"logs":0,"details":0,"oldest_log":null,"retention_days":7,"jobs":[]`}},
		{name: "it is only told", method: "DELETE", path: path, status: 404},
	})
	k.record(0, nil)
	k.record(2*24*60, func(w *models.LogWrite) { w.Detail = nil })
	k.run([]scenario{
		{name: "two days", method: "GET", path: path, status: 200, has: []string{`"database_bytes":`, `"logs":2`, `"oldest_log":"2026-02-27T12:00:00Z"`}, hasNot: []string{`"growth_bytes_per_day":null`}},
	})
}

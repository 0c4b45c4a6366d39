package api

import (
	"slices"
	"testing"

	"squirrel/models"
)

// TestCancelElsewhere: what runs on another gateway is cancelled by that one, as long as it lives; this one says that it asked.
func TestCancelElsewhere(t *testing.T) {
	k := newKit(t)
	begins := func(n int, instance string) string {
		k.record(n, func(w *models.LogWrite) {
			w.Kind, w.Log.State, w.Log.Instance, w.Log.ResponseStatus = models.WriteBegin, models.LogRunning, instance, nil
		})
		return "/api/admin/logs/" + logName(n) + "/cancel"
	}
	here, there, orphan := begins(0, "here"), begins(1, "there"), begins(2, "dead")
	if err := k.store.Heartbeat(t.Context(), "there"); err != nil {
		t.Fatal(err)
	}
	k.run([]scenario{
		{name: "anonymous", method: "POST", path: there, anonymous: true, status: 401},
		{name: "running here", method: "POST", path: here, status: 204},
		{name: "running there", method: "POST", path: there, status: 202, has: []string{`{"state":"asked"}`}},
		{name: "asked twice", method: "POST", path: there, status: 202},
		{name: "its gateway is dead", method: "POST", path: orphan, status: 409, has: []string{"the gateway that runs it does not answer"}},
		{name: "no such request", method: "POST", path: "/api/admin/logs/" + logName(9) + "/cancel", status: 409},
	})
	k.fakes.cancelled = nil
	k.service.Fulfil(t.Context(), "cancel/"+logName(1))
	k.service.Fulfil(t.Context(), "something else")
	if !slices.Equal(k.fakes.cancelled, []string{logName(1)}) {
		t.Errorf("asked by another gateway, this one cancelled %v", k.fakes.cancelled)
	}
}

package api

import (
	"net/http"
	"slices"
	"testing"

	"squirrel/models"
)

// TestReplayOverARoute: a replay takes a route of its request's model, and refuses every other with a reason.
func TestReplayOverARoute(t *testing.T) {
	k := newKit(t)
	k.seed()                                                                                                                                   // route 1
	k.must("POST", "/api/admin/model-providers", `{"requested_model":"gpt-4o","provider_id":1,"target_model_name":"gpt-4o-mini"}`)             // route 2
	k.must("POST", "/api/admin/model-providers", `{"requested_model":"gpt-4o","provider_id":1,"target_model_name":"gpt-4","is_active":false}`) // route 3
	k.must("POST", "/api/admin/models", `{"requested_model":"other"}`)                                                                         // its own
	k.must("POST", "/api/admin/model-providers", `{"requested_model":"other","provider_id":1,"target_model_name":"gpt-4o-mini"}`)              // route 4
	k.record(0, nil)
	k.record(1, func(w *models.LogWrite) { w.Log.RequestedModel = "gone" })
	one, gone := "/api/admin/logs/"+logName(0)+"/replay", "/api/admin/logs/"+logName(1)+"/replay"
	k.run([]scenario{
		{name: "anonymous", method: http.MethodPost, path: one, body: `{"route_id":2}`, anonymous: true, status: 401},
		{name: "over another route", method: http.MethodPost, path: one, body: `{"route_id":2}`, status: 202, has: []string{`{"id":"R1KJMPZ`}},
		{name: "null is as routed", method: http.MethodPost, path: one, body: `{"route_id":null}`, status: 202},
		{name: "an empty object is as routed", method: http.MethodPost, path: one, body: `{}`, status: 202},
		{name: "switched off", method: http.MethodPost, path: one, body: `{"route_id":3}`, status: 422, has: []string{`"route_id":"this route is switched off`}},
		{name: "of another model", method: http.MethodPost, path: one, body: `{"route_id":4}`, status: 422, has: []string{`"route_id":"is no route of the model 'gpt-4o'`}},
		{name: "of nobody", method: http.MethodPost, path: one, body: `{"route_id":99}`, status: 422, has: []string{`"route_id":"is no route`}},
		{name: "zero is no route", method: http.MethodPost, path: one, body: `{"route_id":0}`, status: 422, has: []string{`"route_id":"is no route`}},
		{name: "no number", method: http.MethodPost, path: one, body: `{"route_id":"2"}`, status: 422, has: []string{`"route_id":"must not be a string"`}},
		{name: "no such field", method: http.MethodPost, path: one, body: `{"route":2}`, status: 422, has: []string{`"route":"is not a field of this object"`}},
		{name: "no JSON", method: http.MethodPost, path: one, body: `route_id=2`, status: 400},
		{name: "the model is gone", method: http.MethodPost, path: gone, body: `{"route_id":2}`, status: 422, has: []string{`the model 'gone' of this request is gone`}},
		{name: "no such request", method: http.MethodPost, path: "/api/admin/logs/" + logName(9) + "/replay", body: `{"route_id":2}`, status: 404},
	})
	if !slices.Equal(k.fakes.over, []int64{2}) {
		t.Errorf("replayed over routes %v, want only 2", k.fakes.over)
	}
}

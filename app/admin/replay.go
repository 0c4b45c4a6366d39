package admin

import (
	"context"
	"slices"

	"squirrel/models"
)

// Replay asks to send a recorded request again.
type Replay struct {
	RouteID Opt[int64] `json:"route_id"` // only over this route of its model; without one, as routed
}

// CanReplay reports whether recorded requests can be sent again.
func (s *Service) CanReplay() bool { return s.opts.Replayer != nil }

// Replay sends a recorded request again, and returns the id of the new record.
func (s *Service) Replay(ctx context.Context, id string, in Replay) (string, error) {
	var route *int64
	if in.RouteID.intoPointer(&route); route != nil {
		if err := s.checkReplayRoute(ctx, id, *route); err != nil {
			return "", err
		}
	}
	replay, err := s.opts.Replayer.Replay(ctx, id, route)
	if err == nil {
		s.record(ctx, "replay", "log", id, replay)
	}
	return replay, err
}

// checkReplayRoute refuses a route that could not serve the request: the gateway would record a failure that says nothing.
func (s *Service) checkReplayRoute(ctx context.Context, id string, route int64) error {
	found, err := s.store.LogView(ctx, id)
	if err != nil {
		return err
	}
	name := found.Log.RequestedModel
	model, err := s.store.Model(ctx, name)
	if models.ErrorCode(err) == models.CodeNotFound {
		return models.Invalid("route_id", "the model '%s' of this request is gone, and its routes with it", name)
	}
	if err != nil {
		return err
	}
	at := slices.IndexFunc(model.Routes, func(r models.Route) bool { return r.ID == route })
	switch {
	case at < 0:
		return models.Invalid("route_id", "is no route of the model '%s'; its routes are in GET /api/admin/model-providers", name)
	case !model.Routes[at].IsActive:
		return models.Invalid("route_id", "this route is switched off: switch it on first, or take another")
	}
	return nil
}

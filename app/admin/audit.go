package admin

import (
	"context"
	"encoding/json"

	"squirrel/models"
	"squirrel/models/store"
)

type actorKey struct{}

// WithActor names who acts in ctx. Without an actor nothing is written to the audit trail.
func WithActor(ctx context.Context, name string) context.Context {
	return store.WithActor(context.WithValue(ctx, actorKey{}, name), name)
}

// record writes down what was done that is no change of an object; those the store records itself. What was done stays
// done when the entry can't be written.
func (s *Service) record(ctx context.Context, action, object, key string, details any) {
	actor, _ := ctx.Value(actorKey{}).(string)
	if actor == "" {
		return
	}
	after, err := json.Marshal(details)
	if err == nil {
		err = s.store.AddChange(ctx, &models.Change{At: s.Now(), Actor: actor, Action: action, Object: object, ObjectKey: key, After: after})
	}
	if err != nil {
		s.opts.Logger.WarnContext(ctx, "audit entry was not written", "action", action, "object", object, "error", err)
	}
}

package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"strconv"

	"squirrel/models"
)

// Undoable reports whether a change of the audit trail can be taken back at all. Whether it still can is only known when
// it is tried.
func Undoable(c *models.Change) bool {
	switch c.Object {
	case "model", "route", "price", "provider", "log_view", "preset":
		return c.Action == "create" || c.Action == "update" || c.Action == "delete"
	case "api_key": // a deleted key is gone: only its hash was kept
		return c.Action == "create" || c.Action == "update"
	}
	return false
}

// Undone says what came back.
type Undone struct {
	Object, Key string
	Warning     string // what has to be done by hand; empty for nothing
}

// Undo takes one change back, in one transaction. When the object was changed again since, it is a version conflict: later
// work is never thrown away with it.
func (s *Service) Undo(ctx context.Context, id int64) (Undone, error) {
	var done Undone
	err := s.inTx(ctx, func(tx *Service) error {
		c, err := tx.store.Change(ctx, id)
		if err != nil {
			return err
		}
		if !Undoable(&c) {
			return models.Errorf(models.CodeConflict, "this change can't be undone")
		}
		if err := tx.isLatest(ctx, &c); err != nil {
			return err
		}
		done = Undone{Object: c.Object, Key: c.ObjectKey}
		done.Warning, err = tx.revert(ctx, &c)
		return err
	})
	return done, err
}

const changesAtOnce = 200

// isLatest makes sure that nothing newer is known about the object of c.
func (s *Service) isLatest(ctx context.Context, c *models.Change) error {
	for before := int64(0); ; {
		page, err := s.store.Changes(ctx, before, changesAtOnce)
		if err != nil {
			return err
		}
		for i := range page {
			newer := &page[i]
			if newer.ID <= c.ID {
				return nil
			}
			if sameObject(newer, c) {
				return models.Errorf(models.CodeVersionConflict, "%s %s was changed again since, by %s; undo that change first", c.Object, c.ObjectKey, newer.Actor)
			}
		}
		if len(page) < changesAtOnce {
			return nil
		}
		before = page[len(page)-1].ID
	}
}

// sameObject compares by what stays the same: ids where objects have them, else the names before and after.
func sameObject(newer, older *models.Change) bool {
	if newer.Object != older.Object {
		return false
	}
	if id := stateOf(older).text("id"); id != "" {
		return id == stateOf(newer).text("id")
	}
	return newer.ObjectKey == older.ObjectKey || newer.Object == "model" && stateOf(newer).text("requested_model") == older.ObjectKey
}

// state is an object as the audit trail holds it.
type state map[string]json.RawMessage

func readState(data []byte) state {
	var fields state
	if json.Unmarshal(data, &fields) != nil {
		return nil
	}
	return fields
}

// stateOf is the object before the change, or what was created.
func stateOf(c *models.Change) state {
	if c.Before != nil {
		return readState(c.Before)
	}
	return readState(c.After)
}

func (f state) text(name string) string {
	var text string
	_ = json.Unmarshal(f[name], &text) // what is no text counts as none
	return text
}

func (f state) id() int64 {
	id, _ := strconv.ParseInt(f.text("id"), 10, 64)
	return id
}

// into fills a request struct with the fields, as if a client had sent them. Prices are flat there; the names that only
// identify the object are left out.
func (f state) into(dst any, without ...string) error {
	flat := state{}
	for name, value := range f {
		flat[name] = value
	}
	for name, value := range readState(f["prices"]) {
		flat[name] = value
	}
	for _, name := range append(without, "id", "prices") {
		delete(flat, name)
	}
	data, err := json.Marshal(flat)
	if err != nil {
		return err
	}
	return Decode(data, dst)
}

func (s *Service) revert(ctx context.Context, c *models.Change) (warning string, err error) {
	switch c.Object {
	case "model":
		return "", s.revertModel(ctx, c)
	case "route":
		return "", s.revertRoute(ctx, c)
	case "price":
		return "", s.revertPrice(ctx, c)
	case "api_key":
		return "", s.revertAPIKey(ctx, c)
	case "log_view":
		return "", s.revertView(ctx, c)
	case "preset":
		return "", s.revertPreset(ctx, c)
	default:
		return s.revertProvider(ctx, c)
	}
}

func (s *Service) revertModel(ctx context.Context, c *models.Change) error {
	if c.Action == "create" {
		return s.deleteWithRoutes(ctx, c.ObjectKey)
	}
	var in ModelInput
	if err := readState(c.Before).into(&in); err != nil {
		return err
	}
	if c.Action == "update" {
		_, err := s.UpdateModel(ctx, readState(c.After).text("requested_model"), in)
		return err
	}
	if _, err := s.CreateModel(ctx, in); err != nil {
		return err
	}
	return s.revertRoutesOf(ctx, c)
}

// revertRoutesOf brings back the routes that were deleted together with a model: their entries stand right before its own.
func (s *Service) revertRoutesOf(ctx context.Context, deleted *models.Change) error {
	page, err := s.store.Changes(ctx, deleted.ID, changesAtOnce)
	if err != nil {
		return err
	}
	for i := range page {
		c := &page[i]
		together := c.Object == "route" && c.Action == "delete" && c.Actor == deleted.Actor &&
			readState(c.Before).text("requested_model") == deleted.ObjectKey
		if !together {
			return nil
		}
		if err := s.revertRoute(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) revertRoute(ctx context.Context, c *models.Change) error {
	before := readState(c.Before)
	if c.Action == "create" {
		return s.DeleteRoute(ctx, readState(c.After).id())
	}
	var in RouteInput
	if err := before.into(&in, "provider_name"); err != nil {
		return err
	}
	provider, err := s.store.ProviderByName(ctx, before.text("provider_name"))
	if models.ErrorCode(err) == models.CodeNotFound {
		return models.Errorf(models.CodeConflict, "the provider %s is not there any more", before.text("provider_name"))
	}
	if err != nil {
		return err
	}
	in.ProviderID = Some(provider.ID)
	if c.Action == "update" {
		_, err = s.UpdateRoute(ctx, before.id(), in)
		return err
	}
	_, err = s.CreateRoute(ctx, in)
	return err
}

func (s *Service) revertPrice(ctx context.Context, c *models.Change) error {
	in := PriceUpdate{TargetModel: Some(c.ObjectKey)}
	if c.Action == "create" {
		in.BillingMode = Null[models.BillingMode]()
	} else if err := Decode(c.Before, &in.PriceInput); err != nil {
		return err
	}
	_, err := s.UpdatePrices(ctx, in)
	return err
}

func (s *Service) revertAPIKey(ctx context.Context, c *models.Change) error {
	before, after := readState(c.Before), readState(c.After)
	if c.Action == "create" {
		return s.DeleteAPIKey(ctx, after.id())
	}
	if before.text("key_value") != after.text("key_value") {
		return models.Errorf(models.CodeConflict, "the old value of the key was not kept, so it can't be brought back")
	}
	var in APIKeyInput
	if err := before.into(&in, "key_value"); err != nil {
		return err
	}
	_, err := s.UpdateAPIKey(ctx, before.id(), in)
	return err
}

// secretFields are in the audit trail as masks only.
var secretFields = []string{"api_key", "extra_headers", "proxy_url"}

func (s *Service) revertProvider(ctx context.Context, c *models.Change) (warning string, err error) {
	before, after := readState(c.Before), readState(c.After)
	if c.Action == "create" {
		return "", s.DeleteProvider(ctx, after.id())
	}
	var in ProviderInput
	if err := before.into(&in, secretFields...); err != nil {
		return "", err
	}
	if c.Action == "update" {
		for _, name := range secretFields {
			if !bytes.Equal(before[name], after[name]) {
				return "", models.Errorf(models.CodeConflict, "%s was changed; its old value was not kept, so it can't be brought back", name)
			}
		}
		_, err := s.UpdateProvider(ctx, before.id(), in)
		return "", err
	}
	if before.text("api_key") != "" || before.text("proxy_url") != "" || len(readState(before["extra_headers"])) > 0 {
		warning = "the API key, extra headers and the proxy have to be entered again"
	}
	_, err = s.CreateProvider(ctx, in)
	return warning, err
}

// DeleteModelWithRoutes deletes a model and first, one by one, its routes, so that the audit trail holds what is needed to
// undo it.
func (s *Service) DeleteModelWithRoutes(ctx context.Context, name string) error {
	return s.inTx(ctx, func(tx *Service) error { return tx.deleteWithRoutes(ctx, name) })
}

func (s *Service) deleteWithRoutes(ctx context.Context, name string) error {
	m, err := s.store.Model(ctx, name)
	if err != nil {
		return err
	}
	for i := range m.Routes {
		if err := s.store.DeleteRoute(ctx, m.Routes[i].ID); err != nil {
			return err
		}
	}
	return s.store.DeleteModel(ctx, m.Name)
}

package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"squirrel/models"
	"squirrel/models/store"
)

// ImportInput is a document as it comes in. What is in it is created or changed, by name; nothing is deleted.
type ImportInput struct {
	Version   Opt[int]              `json:"version"`
	Providers Opt[[]ImportProvider] `json:"providers"`
	Models    Opt[[]ImportModel]    `json:"models"`
}

// ImportProvider is a provider of a document. A key may be added by hand; an export never holds one.
type ImportProvider struct{ ProviderInput }

// ImportModel is a model of a document with its routes.
type ImportModel struct {
	ModelInput
	Routes Opt[[]ImportRoute] `json:"providers"`
}

// ImportRoute is a route of a document; the provider is meant by name.
type ImportRoute struct {
	Provider Opt[string] `json:"provider"`
	RouteInput
}

// UnmarshalJSON reads the fields strictly.
func (in *ImportProvider) UnmarshalJSON(data []byte) error { return Decode(data, in) }

// UnmarshalJSON reads the fields strictly.
func (in *ImportModel) UnmarshalJSON(data []byte) error { return Decode(data, in) }

// UnmarshalJSON reads the fields strictly.
func (in *ImportRoute) UnmarshalJSON(data []byte) error { return Decode(data, in) }

// Difference is what an import does, or would do, to one object.
type Difference struct {
	Object  string        `json:"object"` // provider, model, route
	Name    string        `json:"name"`   // a route's is "model → provider/target"
	Action  string        `json:"action"` // create, update, unchanged
	Changes []FieldChange `json:"changes"`
	Warning string        `json:"warning"`
}

// FieldChange is one field before and after. Secrets are masks.
type FieldChange struct {
	Field string          `json:"field"`
	From  json.RawMessage `json:"from"` // null on create
	To    json.RawMessage `json:"to"`
}

// Imported is the outcome of an import.
type Imported struct {
	DryRun    bool         `json:"dry_run"`
	Created   int          `json:"created"`
	Updated   int          `json:"updated"`
	Unchanged int          `json:"unchanged"`
	Items     []Difference `json:"items"`
}

// errDryRun rolls the transaction of a dry run back.
var errDryRun = errors.New("this was a dry run")

// Import merges a document, all of it or nothing. With dryRun it only says what would happen.
func (s *Service) Import(ctx context.Context, in ImportInput, dryRun bool) (Imported, error) {
	if in.Version.Set && in.Version.Value != documentVersion {
		return Imported{}, models.Invalid("version", "must be %d", documentVersion)
	}
	done := Imported{DryRun: dryRun, Items: []Difference{}}
	err := s.inTx(ctx, func(tx *Service) error {
		if err := tx.importAll(ctx, in, &done); err != nil {
			return err
		}
		if dryRun {
			return errDryRun
		}
		return nil
	})
	if err == errDryRun { //nolint:errorlint // the very value
		err = nil
	}
	return done, err
}

// inTx runs fn with a service whose store is one transaction.
func (s *Service) inTx(ctx context.Context, fn func(tx *Service) error) error {
	return s.store.InTx(ctx, func(st *store.Store) error {
		tx := *s
		tx.store = st
		return fn(&tx)
	})
}

func (s *Service) importAll(ctx context.Context, in ImportInput, done *Imported) error {
	for i, p := range in.Providers.Value {
		if err := s.importProvider(ctx, p.ProviderInput, done); err != nil {
			return inside(err, fmt.Sprintf("providers[%d]", i))
		}
	}
	for i := range in.Models.Value {
		m := &in.Models.Value[i]
		if err := s.importModel(ctx, m.ModelInput, done); err != nil {
			return inside(err, fmt.Sprintf("models[%d]", i))
		}
		for j, r := range m.Routes.Value {
			if err := s.importRoute(ctx, m.Name.Value, r, done); err != nil {
				return inside(err, fmt.Sprintf("models[%d].providers[%d]", i, j))
			}
		}
	}
	return nil
}

// inside puts the place in the document before the names of the fields.
func inside(err error, place string) error {
	e, ok := asError(err)
	if !ok || len(e.Fields) == 0 {
		return fmt.Errorf("%s: %w", place, err)
	}
	fields := make(map[string]string, len(e.Fields))
	for name, msg := range e.Fields {
		fields[place+"."+name] = msg
	}
	return &models.Error{Code: e.Code, Message: fieldsMessage(fields), Fields: fields, Err: err}
}

func (s *Service) importProvider(ctx context.Context, in ProviderInput, done *Imported) error {
	in.Version = nil
	stored, err := s.store.ProviderByName(ctx, in.Name.Value)
	if models.ErrorCode(err) == models.CodeNotFound {
		return s.importNewProvider(ctx, in, done)
	}
	if err != nil {
		return err
	}
	before := documentProvider(&stored)
	keyBefore := stored.APIKey
	if err := s.applyProvider(ctx, &stored, in); err != nil {
		return err
	}
	d, err := compare("provider", stored.Name, before, documentProvider(&stored))
	if err != nil {
		return err
	}
	if stored.APIKey != keyBefore {
		d.Action = "update"
		d.Changes = append(d.Changes, change("api_key", quote(keyBefore.Mask()), quote(stored.APIKey.Mask())))
	}
	if d.Action == "update" {
		if err := s.store.UpdateProvider(ctx, &stored, nil); err != nil {
			return err
		}
	}
	done.add(d)
	return nil
}

// importNewProvider leaves out what the export had masked: it has to be entered again.
func (s *Service) importNewProvider(ctx context.Context, in ProviderInput, done *Imported) error {
	p, warning := newProvider(), ""
	for name, value := range in.ExtraHeaders.Value {
		if looksMasked(value) {
			delete(in.ExtraHeaders.Value, name)
			warning = "some headers and credentials have to be entered again"
		}
	}
	if in.ProxyURL.given() && maskedProxy(in.ProxyURL.Value) {
		in.ProxyURL = Opt[string]{}
		warning = "some headers and credentials have to be entered again"
	}
	if looksMasked(in.APIKey.Value) || in.APIKey.Value == "" {
		in.APIKey = Opt[string]{}
		warning = "the API key has to be entered"
	}
	if err := s.applyProvider(ctx, &p, in); err != nil {
		return err
	}
	if err := s.store.CreateProvider(ctx, &p); err != nil {
		return nameTaken(err, "name")
	}
	d, err := compare("provider", p.Name, nil, documentProvider(&p))
	d.Warning = warning
	done.add(d)
	return err
}

func (s *Service) importModel(ctx context.Context, in ModelInput, done *Imported) error {
	in.Version = nil
	stored, err := s.store.Model(ctx, in.Name.Value)
	var before any
	switch {
	case models.ErrorCode(err) == models.CodeNotFound:
		stored = newModel()
	case err != nil:
		return err
	default:
		before = modelOnly(&stored)
	}
	if err := s.applyModel(ctx, &stored, in); err != nil {
		return err
	}
	d, err := compare("model", stored.Name, before, modelOnly(&stored))
	if err != nil {
		return err
	}
	switch d.Action {
	case "create":
		err = s.store.CreateModel(ctx, &stored)
	case "update":
		err = s.store.UpdateModel(ctx, in.Name.Value, &stored, nil)
	}
	done.add(d)
	return err
}

func modelOnly(m *models.Model) DocumentModel {
	d := documentModel(m)
	d.Routes = nil
	return d
}

func (s *Service) importRoute(ctx context.Context, model string, in ImportRoute, done *Imported) error {
	provider, err := s.store.ProviderByName(ctx, in.Provider.Value)
	if err != nil {
		if models.ErrorCode(err) == models.CodeNotFound {
			return models.Invalid("provider", "%q does not exist", in.Provider.Value)
		}
		return err
	}
	in.Version = nil
	in.ModelName, in.ProviderID = Some(model), Some(provider.ID)
	r, found, err := s.routeLike(ctx, model, provider.ID, in.TargetModel.Value)
	if err != nil {
		return err
	}
	var before any
	if found {
		before = documentRoute(&r)
	}
	r.ProviderName = provider.Name
	if err := s.applyRoute(ctx, &r, in.RouteInput); err != nil {
		return err
	}
	d, err := compare("route", model+" → "+provider.Name+"/"+r.TargetModel, before, documentRoute(&r))
	if err != nil {
		return err
	}
	switch d.Action {
	case "create":
		err = s.store.CreateRoute(ctx, &r)
	case "update":
		err = s.store.UpdateRoute(ctx, &r, nil)
	}
	done.add(d)
	return err
}

// routeLike finds the route of a model that leads to the same target at the same provider.
func (s *Service) routeLike(ctx context.Context, model string, providerID int64, target string) (models.Route, bool, error) {
	routes, err := s.store.Routes(ctx, model)
	if err != nil {
		return models.Route{}, false, err
	}
	i := slices.IndexFunc(routes, func(r models.Route) bool { return r.ProviderID == providerID && r.TargetModel == target })
	if i < 0 {
		return newRoute(), false, nil
	}
	return routes[i], true, nil
}

func (i *Imported) add(d Difference) {
	i.Items = append(i.Items, d)
	switch d.Action {
	case "create":
		i.Created++
	case "update":
		i.Updated++
	default:
		i.Unchanged++
	}
}

// compare lists the fields in which two objects of a document differ; before is nil for a new one.
func compare(object, name string, before, after any) (Difference, error) {
	d := Difference{Object: object, Name: name, Action: "unchanged", Changes: []FieldChange{}}
	from, err := fieldsOf(before)
	if err != nil {
		return d, err
	}
	to, err := fieldsOf(after)
	if err != nil {
		return d, err
	}
	names := maps.Clone(to)
	maps.Copy(names, from)
	for _, field := range slices.Sorted(maps.Keys(names)) {
		if !bytes.Equal(from[field], to[field]) {
			d.Changes = append(d.Changes, change(field, from[field], to[field]))
		}
	}
	switch {
	case before == nil:
		d.Action = "create"
	case len(d.Changes) > 0:
		d.Action = "update"
	}
	return d, nil
}

func fieldsOf(v any) (map[string]json.RawMessage, error) {
	fields := map[string]json.RawMessage{}
	if v == nil {
		return fields, nil
	}
	data, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("marshal for comparison: %w", err)
	}
	return fields, json.Unmarshal(data, &fields)
}

func change(field string, from, to json.RawMessage) FieldChange {
	return FieldChange{field, orNull(from), orNull(to)}
}

func quote(text string) json.RawMessage {
	data, _ := json.Marshal(text) // a string always marshals
	return data
}

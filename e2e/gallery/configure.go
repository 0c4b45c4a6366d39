package main

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
)

// configureHistory adds what the month of requests seems to have come through: providers and keys in the order of their ids, and
// the models with their routes.
func (s *scene) configureHistory(ctx context.Context) error {
	providers, keys := map[int64]logRow{}, map[int64]string{}
	type route struct {
		target   string
		provider int64
	}
	routes := map[string][]route{}
	kinds := map[string]string{}
	if err := s.full.rows(ctx, func(row *logRow) {
		if row.KeyID != 0 {
			keys[row.KeyID] = row.Key
		}
		if row.ProviderID == 0 || row.Target == "" {
			return
		}
		providers[row.ProviderID] = *row
		r := route{row.Target, row.ProviderID}
		if !slices.Contains(routes[row.Model], r) {
			routes[row.Model] = append(routes[row.Model], r)
		}
		kinds[row.Model] = "chat"
		if row.Endpoint == "/v1/embeddings" {
			kinds[row.Model] = "embedding"
		}
	}); err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(providers)) {
		row := providers[id]
		made, err := s.addProvider(ctx, row.Provider, row.ProtocolOut)
		if err != nil {
			return err
		}
		if made != id {
			return fmt.Errorf("provider %s has the id %d instead of %d", row.Provider, made, id)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(keys)) {
		if _, err := s.addKey(ctx, object{"key_name": keys[id]}); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(routes)) {
		if err := s.full.call(ctx, http.MethodPost, "/api/admin/models", object{"requested_model": name, "strategy": "priority", "model_type": kinds[name]}, nil); err != nil {
			return err
		}
		for i, r := range routes[name] {
			if err := s.addRoute(ctx, object{"requested_model": name, "provider_id": r.provider, "target_model_name": r.target, "priority": i}); err != nil {
				return err
			}
		}
	}
	return nil
}

// addProvider makes a simulated provider and returns its id, which the cast knows by "provider-" and its name.
func (s *scene) addProvider(ctx context.Context, name, protocol string) (int64, error) {
	base := s.mock.openAI
	if protocol == "anthropic" {
		base = s.mock.anthropic
	} else {
		protocol = "openai"
	}
	var made struct {
		ID int64 `json:"id"`
	}
	err := s.full.call(ctx, http.MethodPost, "/api/admin/providers", object{
		"name": name, "protocol": protocol, "base_url": base, "api_key": "sim-0123456789abcdefghijklmn", "idle_timeout_seconds": 600, "first_byte_timeout_seconds": 600,
	}, &made)
	s.cast.IDs["provider-"+name] = fmt.Sprint(made.ID)
	return made.ID, err
}

// addKey makes a key and returns its id, which the cast knows by "key-" and its name, as it knows its value.
func (s *scene) addKey(ctx context.Context, key object) (int64, error) {
	var made struct {
		ID    int64  `json:"id"`
		Name  string `json:"key_name"`
		Value string `json:"key_value"`
	}
	err := s.full.call(ctx, http.MethodPost, "/api/admin/api-keys", key, &made)
	s.cast.IDs["key-"+made.Name], s.cast.Keys[made.Name] = fmt.Sprint(made.ID), made.Value
	return made.ID, err
}

func (s *scene) addRoute(ctx context.Context, route object) error {
	return s.full.call(ctx, http.MethodPost, "/api/admin/model-providers", route, nil)
}

// stateModel is a model whose routes fail, or answer, as a state needs it. Routes are "provider target", the first is
// preferred. "unpriced" leaves out the prices.
type stateModel struct {
	name, kind string
	routes     [][2]string
	rules      object
	unpriced   bool
}

var stateModels = []stateModel{
	{name: "assistant", routes: [][2]string{{"openai-main", "gpt-4o"}, {"azure-eu", "gpt-4o"}}},
	{name: "claude", routes: [][2]string{{"anthropic", "claude-sonnet-4-5"}}},
	{name: "thinker", routes: [][2]string{{"openai-main", "o3"}}},
	{name: "paint", kind: "images", routes: [][2]string{{"openai-main", "gpt-image-1"}}},
	{name: "voice", kind: "speech", routes: [][2]string{{"azure-eu", "tts-1"}}},
	{name: "scribe", kind: "transcription", routes: [][2]string{{"azure-eu", "gpt-4o-transcribe"}}},
	{name: "vectors", kind: "embedding", routes: [][2]string{{"openai-main", "text-embedding-3-small"}}},
	{name: "house-model", routes: [][2]string{{"own-cluster", "house-7b-instruct"}}, unpriced: true},
	{name: "failing-over", routes: [][2]string{{"google-compat", "fault:status:503#gemini-2.5-flash"}, {"azure-eu", "gpt-4o-mini"}}},
	{name: "wobbly", routes: [][2]string{{"deepseek", "fault:status:500,500,200#deepseek-chat"}}},
	{name: "down", routes: [][2]string{{"aggregator", "fault:status:503#gpt-4o"}, {"google-compat", "fault:status:502#gemini-2.5-flash"}}},
	{name: "busy", routes: [][2]string{{"aggregator", "fault:status:429+retryafter:30#gpt-4.1"}}},
	{name: "picky", routes: [][2]string{{"openai-main", "fault:status:400#gpt-4.1-mini"}}},
	{name: "locked", routes: [][2]string{{"aggregator", "fault:status:401#gpt-4o"}}},
	{name: "garbled", routes: [][2]string{{"deepseek", "fault:json:html#deepseek-chat"}}},
	{name: "breaking", routes: [][2]string{{"deepseek", "fault:slow:40ms+midstreamerror:8#deepseek-chat"}}},
	{name: "cutting", routes: [][2]string{{"deepseek", "fault:slow:30ms+rst:9e#deepseek-chat"}}},
	{name: "halting", routes: [][2]string{{"azure-eu", "fault:slow:30ms+delaychunk:2600ms@6+delaychunk:1400ms@14#gpt-4o"}}},
	{name: "slow", routes: [][2]string{{"azure-eu", "bench-stream-3000@1s"}}},
	{name: "endless", routes: [][2]string{{"own-cluster", "bench-stream-3000@700ms"}}},
	{name: "big", routes: [][2]string{{"openai-main", "gpt-4.1"}}},
	{name: "triage", routes: [][2]string{{"openai-main", "gpt-5"}, {"deepseek", "deepseek-chat"}}, rules: object{"logic": "OR", "rules": []object{
		{"field": "headers.x-tier", "operator": "in", "value": []string{"gold", "silver"}},
		{"logic": "AND", "rules": []object{{"field": "token_usage.input_tokens", "operator": "gt", "value": 2000}, {"field": "stream", "operator": "eq", "value": false}}},
	}}},
}

// configureStates adds the models and keys of the states.
func (s *scene) configureStates(ctx context.Context) error {
	for i := range stateModels {
		if err := s.addStateModel(ctx, &stateModels[i]); err != nil {
			return err
		}
	}
	for _, key := range []object{
		{"key_name": "checkout-service", "tags": []string{"production"}},
		{"key_name": "no-recording", "record_details": false},
		{"key_name": "one-a-minute", "rpm_limit": 1},
	} {
		if _, err := s.addKey(ctx, key); err != nil {
			return err
		}
	}
	for name, query := range map[string]string{"Checkout errors this week": "range=7d&has_error=true&api_key_name=checkout-service", "Slow streams": "range=24h&is_stream=true&total_time_min=10000"} {
		if err := s.saveView(ctx, name, query); err != nil {
			return err
		}
	}
	return nil
}

func (s *scene) addStateModel(ctx context.Context, m *stateModel) error {
	kind := m.kind
	if kind == "" {
		kind = "chat"
	}
	if err := s.full.call(ctx, http.MethodPost, "/api/admin/models", object{"requested_model": m.name, "strategy": "priority", "model_type": kind}, nil); err != nil {
		return err
	}
	for i, r := range m.routes {
		route := object{"requested_model": m.name, "provider_id": number(s.cast.IDs["provider-"+r[0]]), "target_model_name": r[1], "priority": i}
		if !m.unpriced {
			route["input_price"], route["output_price"] = "2.5", "10"
		}
		if m.rules != nil && i == 0 {
			route["provider_rules"] = m.rules
		}
		if err := s.addRoute(ctx, route); err != nil {
			return err
		}
	}
	return nil
}

// saveView saves a view of the log as its form does.
func (s *scene) saveView(ctx context.Context, name, query string) error {
	form := url.Values{"name": {name}, "query": {query}}
	return s.full.post(ctx, "/admin/logs/views", form)
}

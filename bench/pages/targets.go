package main

import (
	"context"
	"errors"
	"net/url"
	"strconv"
	"time"

	"squirrel/models"
)

// target is a page with the addresses that are asked for in turn.
type target struct {
	name  string
	paths []string
}

const (
	sampled = 6000 // requests that filters and details are taken from
	varied  = 40   // addresses of a page whose filter varies
)

var errSampled = errors.New("enough")

// targets are all pages of the admin, and how many requests the log has.
func (v *visitor) targets(ctx context.Context) (all []target, rows int64, err error) {
	store := v.gateway.Store()
	var sample []models.RequestLog
	// Some of the latest, and some of each day before.
	for day := range 30 {
		end := time.Now().AddDate(0, 0, -day)
		err := store.EachLog(ctx, models.LogFilter{End: &end}, func(l models.RequestLog) error {
			if sample = append(sample, l); len(sample)%(sampled/30) == 0 {
				return errSampled
			}
			return nil
		})
		if err != nil && !errors.Is(err, errSampled) {
			return nil, 0, err
		}
	}
	if err := v.configure(ctx, sample); err != nil {
		return nil, 0, err
	}
	if rows, err = store.LogCount(ctx, models.LogFilter{}); err != nil {
		return nil, 0, err
	}
	config, err := store.LoadConfig(ctx)
	if err != nil {
		return nil, 0, err
	}
	all = append(lists(sample), details(sample)...)
	for _, name := range []string{
		"/admin", "/admin?range=7d", "/admin?range=30d", "/admin/playground", "/admin/simulate", "/admin/settings/storage", "/admin/settings", "/admin/providers", "/admin/models",
		"/admin/keys", "/admin/prices", "/admin/changes", "/admin/account", "/admin/providers/new", "/admin/keys/new",
	} {
		all = append(all, target{name, []string{name}})
	}
	for _, metric := range []string{"cost", "tokens", "requests", "latency", "errors", "explore"} {
		for _, span := range []string{"24h", "7d", "30d"} {
			path := "/admin/usage?compare=previous&metric=" + metric + "&range=" + span
			all = append(all, target{path, []string{path, path + "&group_by=provider", path + "&group_by=api_key", path + "&group_by=endpoint", path + "&group_by=user", path + "&group_by=client"}})
		}
	}
	return append(all, entities(config)...), rows, nil
}

// lists are the pages of the log, with one filter, several, and far back.
func lists(sample []models.RequestLog) []target {
	of := func(query func(l *models.RequestLog) url.Values) (paths []string) {
		for i := range varied {
			paths = append(paths, "/admin/logs?"+query(&sample[(i*149)%len(sample)]).Encode())
		}
		return paths
	}
	return []target{
		{"logs", []string{"/admin/logs"}}, {"logs, 7 days", []string{"/admin/logs?range=7d"}}, {"logs, 30 days", []string{"/admin/logs?range=30d"}},
		{"logs, whole time", []string{"/admin/logs?range=all&source=all"}},
		{"logs, errors of 7 days", []string{"/admin/logs?range=7d&has_error=true"}},
		{"logs, slow ones of 7 days", []string{"/admin/logs?range=7d&total_time_min=30000"}},
		{"logs, failovers of 7 days", []string{"/admin/logs?range=7d&failover=true"}},
		{"logs of a model, 7 days", of(func(l *models.RequestLog) url.Values {
			return url.Values{"range": {"7d"}, "requested_model": {l.RequestedModel}}
		})},
		{"logs of a key, failed, 30 days", of(func(l *models.RequestLog) url.Values {
			return url.Values{"range": {"30d"}, "api_key_name": {l.APIKeyName}, "status": {"5xx"}}
		})},
		{"logs, three filters, 24 hours", of(func(l *models.RequestLog) url.Values {
			return url.Values{"requested_model": {l.RequestedModel}, "api_key_name": {l.APIKeyName}, "input_tokens_min": {"500"}}
		})},
		{"logs, an id", of(func(l *models.RequestLog) url.Values { return url.Values{"q": {l.ID}} })},
		{"logs, 24 hours of any day", of(func(l *models.RequestLog) url.Values {
			end := l.RequestTime.Add(time.Second)
			return url.Values{"start_time": {end.Add(-24 * time.Hour).Format(time.RFC3339)}, "end_time": {end.Format(time.RFC3339)}}
		})},
		{"logs, live", []string{"/admin/logs?live=1"}},
	}
}

// details are pages of requests, with each of their parts.
func details(sample []models.RequestLog) (all []target) {
	for _, tab := range []string{"chat", "request", "response", "headers"} {
		t := target{name: "request, " + tab}
		for i := range varied {
			t.paths = append(t.paths, "/admin/logs/"+sample[(i*157)%len(sample)].ID+"?range=30d&tab="+tab)
		}
		all = append(all, t)
	}
	failed := target{name: "request, among the failed ones"}
	for i := range sample {
		if l := &sample[i]; l.ErrorCode != "" && len(failed.paths) < varied {
			failed.paths = append(failed.paths, "/admin/logs/"+l.ID+"?range=30d&has_error=true")
		}
	}
	if len(failed.paths) > 0 {
		all = append(all, failed)
	}
	return all
}

// entities are the pages of providers, models and keys.
func entities(config models.Config) []target {
	providers, edits, names, keys := target{name: "provider"}, target{name: "provider, form"}, target{name: "model"}, target{name: "key"}
	for i := range config.Providers {
		id := strconv.FormatInt(config.Providers[i].ID, 10)
		providers.paths = append(providers.paths, "/admin/providers/"+id)
		edits.paths = append(edits.paths, "/admin/providers/"+id+"/edit")
	}
	for i := range config.Models {
		names.paths = append(names.paths, "/admin/models/"+url.PathEscape(config.Models[i].Name))
	}
	for i := range config.Keys {
		keys.paths = append(keys.paths, "/admin/keys/"+strconv.FormatInt(config.Keys[i].ID, 10))
	}
	return []target{providers, edits, names, keys}
}

package main

import (
	"math/rand/v2"
	"strings"
	"time"

	"squirrel/models"
)

// axis is one filter of the log page, set so that a given request matches.
type axis struct {
	name string
	set  func(f *models.LogFilter, l *models.RequestLog, end time.Time)
}

// since limits to the last so many days, or, for an older request, to as many around it.
func since(days int) func(*models.LogFilter, *models.RequestLog, time.Time) {
	return func(f *models.LogFilter, l *models.RequestLog, end time.Time) {
		start := end.AddDate(0, 0, -days)
		if l.RequestTime.Before(start) {
			start = l.RequestTime.Add(-12 * time.Hour)
			f.End = new(start.AddDate(0, 0, days))
		}
		f.Start = &start
	}
}

var axes = []axis{
	{"day", since(1)},
	{"week", since(7)},
	{"model", func(f *models.LogFilter, l *models.RequestLog, _ time.Time) { f.RequestedModel = l.RequestedModel }},
	{"part of target", func(f *models.LogFilter, l *models.RequestLog, _ time.Time) { f.TargetModel = firstHalf(l.TargetModel) }},
	{"provider", func(f *models.LogFilter, l *models.RequestLog, _ time.Time) { f.ProviderID = l.ProviderID }},
	{"key", func(f *models.LogFilter, l *models.RequestLog, _ time.Time) { f.APIKeyID = l.APIKeyID }},
	{"key name", func(f *models.LogFilter, l *models.RequestLog, _ time.Time) { f.APIKeyName = l.APIKeyName }},
	{"user", func(f *models.LogFilter, l *models.RequestLog, _ time.Time) { f.UserID = l.UserID }},
	{"client", func(f *models.LogFilter, l *models.RequestLog, _ time.Time) { f.Client = l.Client }},
	{"endpoint", func(f *models.LogFilter, l *models.RequestLog, _ time.Time) { f.Endpoint = string(l.Endpoint) }},
	{"stream", func(f *models.LogFilter, l *models.RequestLog, _ time.Time) { f.IsStream = new(l.IsStream) }},
	{"status", func(f *models.LogFilter, l *models.RequestLog, _ time.Time) {
		class := *l.ResponseStatus / 100 * 100
		f.Statuses = []models.StatusRange{{Min: class, Max: class + 99}}
	}},
	{"failed or not", func(f *models.LogFilter, l *models.RequestLog, _ time.Time) { f.HasError = new(l.ErrorCode != "") }},
	{"finish reason", func(f *models.LogFilter, l *models.RequestLog, _ time.Time) { f.FinishReason = l.FinishReason }},
	{"retried", func(f *models.LogFilter, l *models.RequestLog, _ time.Time) { f.RetryMin = new(l.RetryCount) }},
	{"slow", func(f *models.LogFilter, l *models.RequestLog, _ time.Time) {
		f.TotalTimeMin = new(*l.TotalTimeMS * 0.99)
	}},
	{"dear", func(f *models.LogFilter, l *models.RequestLog, _ time.Time) { f.CostMin = l.TotalCost }},
	{"long prompt", func(f *models.LogFilter, l *models.RequestLog, _ time.Time) { f.InputMin = l.InputTokens }},
}

func firstHalf(text string) string { return text[:(len(text)+1)/2] }

// threeFilters draws three different filters. With one request for all of them it matches; with one for each, there may be
// nothing to find, and nothing to stop at.
func threeFilters(r *rand.Rand, end time.Time, from ...*models.RequestLog) (models.LogFilter, string) {
	var f models.LogFilter
	names := make([]string, 3)
	for i, j := range r.Perm(len(axes))[:3] {
		axes[j].set(&f, from[i%len(from)], end)
		names[i] = axes[j].name
	}
	return f, strings.Join(names, " + ")
}

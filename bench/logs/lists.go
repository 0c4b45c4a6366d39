package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"squirrel/models"
)

const pageSize = 50

// random is a source of queries that is the same for the same seed and purpose.
func (b *bench) random(purpose uint64) *rand.Rand { return rand.New(rand.NewPCG(b.seed, purpose)) }

func (b *bench) any(r *rand.Rand) *models.RequestLog { return &b.samples[r.IntN(len(b.samples))] }

func (b *bench) list(page models.LogPage, what string) query {
	page.PageSize = pageSize
	return query{what, func(ctx context.Context) error {
		_, err := b.db.ListLogs(ctx, page)
		return err
	}}
}

// lists asks for first pages, newest first.
func (b *bench) lists(ctx context.Context) error {
	if err := b.measure(ctx, "list, no filter", listTarget, slices.Repeat([]query{b.list(models.LogPage{}, "none")}, 20)); err != nil {
		return err
	}
	if err := b.measure(ctx, "list, 3 filters that match a request", listTarget, b.filtered(b.random(1), b.queries, 1)); err != nil {
		return err
	}
	return b.measure(ctx, "list, 3 filters drawn apart (rare or nothing)", listTarget, b.filtered(b.random(2), b.queries, 3))
}

func (b *bench) filtered(r *rand.Rand, n, requests int) []query {
	queries := make([]query, n)
	for i := range queries {
		from := make([]*models.RequestLog, requests)
		for j := range from {
			from[j] = b.any(r)
		}
		f, what := threeFilters(r, b.end, from...)
		queries[i] = b.list(models.LogPage{Filter: f}, what)
	}
	return queries
}

// paging walks from the newest page back in time and returns, with and without a filter.
func (b *bench) paging(ctx context.Context) error {
	var there, back []query
	pages := max(b.queries/4, 2)
	for _, f := range []struct {
		name   string
		filter models.LogFilter
	}{
		{"none", models.LogFilter{}},
		{"key + stream", models.LogFilter{APIKeyID: b.samples[0].APIKeyID, IsStream: new(true)}},
	} {
		var at models.LogList
		there = append(there, query{f.name + ", first page", b.step(&at, f.filter, false)})
		for range pages {
			there = append(there, query{f.name + ", older", b.step(&at, f.filter, false)})
		}
		for range pages {
			back = append(back, query{f.name + ", newer", b.step(&at, f.filter, true)})
		}
	}
	if err := b.measure(ctx, "list by cursor, to older", listTarget, there); err != nil {
		return err
	}
	return b.measure(ctx, "list by cursor, to newer", listTarget, back)
}

// step goes from a page to the next or the one before it, and stays where there is none.
func (b *bench) step(at *models.LogList, f models.LogFilter, newer bool) func(context.Context) error {
	return func(ctx context.Context) (err error) {
		page := models.LogPage{Filter: f, PageSize: pageSize}
		if newer && at.PrevCursor != nil {
			page.Before = *at.PrevCursor
		} else if !newer && at.NextCursor != nil {
			page.After = *at.NextCursor
		}
		*at, err = b.db.ListLogs(ctx, page)
		return err
	}
}

// searches looks for texts: what a provider's id or an error ends with, and whole ids.
func (b *bench) searches(ctx context.Context) error {
	r := b.random(3)
	var day, all, ids []query
	for i := range b.queries {
		l := b.any(r)
		text := l.UpstreamID
		if text == "" {
			text = l.ErrorCode
		}
		text = text[min(4, len(text)/2):]
		start, end := l.RequestTime.AddDate(0, 0, -1), l.RequestTime.AddDate(0, 0, 1)
		day = append(day, b.list(models.LogPage{Filter: models.LogFilter{Query: text, Start: &start, End: &end}}, "text within 2 days"))
		ids = append(ids, b.list(models.LogPage{Filter: models.LogFilter{Query: l.ID}}, "id"))
		if i%10 == 0 { // rows are read until enough match: slow by nature
			all = append(all, b.list(models.LogPage{Filter: models.LogFilter{Query: text}}, "text "+text))
		}
	}
	if err := b.measure(ctx, "list, search for a text within 2 days", 0, day); err != nil {
		return err
	}
	if err := b.measure(ctx, "list, search for a text in everything", 0, all); err != nil {
		return err
	}
	return b.measure(ctx, "list, search for an id", listTarget, ids)
}

// details opens requests by their id alone.
func (b *bench) details(ctx context.Context) error {
	return b.measure(ctx, "detail", detailTarget, b.views(b.random(4), b.queries))
}

func (b *bench) views(r *rand.Rand, n int) []query {
	queries := make([]query, n)
	for i := range queries {
		id := b.any(r).ID
		queries[i] = query{id, func(ctx context.Context) error {
			view, err := b.db.LogView(ctx, id)
			if err == nil && view.Log.ID != id {
				err = fmt.Errorf("got the request %s", view.Log.ID)
			}
			return err
		}}
	}
	return queries
}

package web

import (
	"cmp"
	"context"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"squirrel/app/admin"
	"squirrel/models"
	"squirrel/views/i18n"
	"squirrel/views/layout"
	"squirrel/views/pages"
	"squirrel/views/ui"
)

func (w *Web) keys(c *fiber.Ctx) error {
	ctx := c.UserContext()
	list := pages.KeyList{Query: c.Query("q"), State: c.Query("state")}
	found, err := w.opts.Admin.APIKeys(ctx, admin.PageQuery{Text: list.Query, Active: activeOf(list.State)})
	if err != nil {
		return err
	}
	list.Total = found.Total
	if list.Query != "" || list.State != "" { // no match is not the same as nothing yet
		all, err := w.opts.Admin.APIKeys(ctx, admin.PageQuery{Page: 1, PageSize: 1})
		if err != nil {
			return err
		}
		list.Total = all.Total
	}
	lines, err := w.lastDay(ctx, models.LogFilter{}, models.GroupAPIKey)
	if err != nil {
		return err
	}
	for i := range found.Items {
		k := &found.Items[i]
		list.Rows = append(list.Rows, keyRow(ctx, k, lines[strconv.FormatInt(k.ID, 10)], w.opts.Now()))
	}
	list.Sort = pages.Sorting{By: keySorting.sort(list.Rows, c.Query("sort")), Self: listURL("/admin/keys", "q", list.Query, "state", list.State)}
	list.Found = len(list.Rows)
	rows, paging := paged(list.Rows, keysAtOnce, list.Sort, c.Query("page"))
	list.Rows, list.Pager = rows, keyPager(ctx, paging)
	page := layout.Page{Title: i18n.T(ctx, "keys.title"), Nav: layout.NavKeys, Crumbs: keyCrumbs(ctx), Body: pages.KeyListPage(list)}
	return w.render(c, page, pages.KeyResults(list))
}

// keysAtOnce is how many keys are on a page: with all that stands around them, less than 100 KB.
const keysAtOnce = 25

// keyPager leads to the other pages of the keys.
func keyPager(ctx context.Context, p pages.Paging) ui.PagerProps {
	return ui.PagerProps{
		Summary: i18n.T(ctx, "keys.page", "from", p.From, "to", p.To, "total", p.Total), PrevText: i18n.T(ctx, "keys.prev"), NextText: i18n.T(ctx, "keys.next"),
		PrevURL: p.PrevURL, NextURL: p.NextURL,
	}
}

var keySorting = sorting[pages.KeyRow]{
	"name":     func(a, b pages.KeyRow) int { return compareNames(a.Name, b.Name) },
	"state":    func(a, b pages.KeyRow) int { return compareStates(a.State, b.State) },
	"spend":    func(a, b pages.KeyRow) int { return cmp.Compare(a.MonthlyCost, b.MonthlyCost) },
	"requests": func(a, b pages.KeyRow) int { return cmp.Compare(a.Requests, b.Requests) },
	"used":     func(a, b pages.KeyRow) int { return compareMoments(a.LastUsedAt, b.LastUsedAt) },
	"expires":  func(a, b pages.KeyRow) int { return compareMoments(a.ExpiresAt, b.ExpiresAt) },
}

// compareMoments puts the latest first, and those without last.
func compareMoments(a, b *time.Time) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	}
	return b.Compare(*a)
}

func keyCrumbs(ctx context.Context, names ...string) []layout.Crumb {
	return crumbs(i18n.T(ctx, "keys.title"), "/admin/keys", names)
}

func keyRow(ctx context.Context, k *admin.APIKeyView, line models.StatLine, now time.Time) pages.KeyRow {
	return pages.KeyRow{
		ID: k.ID, Name: k.Name, Mask: k.Value, Active: k.IsActive, State: keyState(ctx, k, now), Models: k.AllowedModels, Tags: k.Tags,
		NoDetails: !k.RecordDetails, Requests: line.RequestCount, MonthlyCost: k.MonthlyCost, Budget: k.Budget,
		BudgetPeriod: string(k.BudgetPeriod), LastUsedAt: k.LastUsedAt, ExpiresAt: k.ExpiresAt, CreatedAt: k.CreatedAt,
	}
}

// keyState says whether a key works, and if not, why. What is spent in other periods than a month is not known here.
func keyState(ctx context.Context, k *admin.APIKeyView, now time.Time) pages.State {
	over := k.Budget != nil && k.BudgetPeriod == models.BudgetMonth && k.MonthlyCost >= *k.Budget
	switch {
	case !k.IsActive:
		return pages.State{Tone: ui.Neutral, Text: i18n.T(ctx, "keys.state.disabled")}
	case k.ExpiresAt != nil && !k.ExpiresAt.After(now):
		return pages.State{Tone: ui.Err, Text: i18n.T(ctx, "keys.state.expired")}
	case over:
		return pages.State{Tone: ui.Warn, Text: i18n.T(ctx, "keys.state.over"), Reason: i18n.T(ctx, "keys.state.over.reason")}
	}
	return pages.State{Tone: ui.OK, Text: i18n.T(ctx, "keys.state.active")}
}

package web

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"squirrel/app/admin"
	"squirrel/models"
	"squirrel/views/i18n"
	"squirrel/views/layout"
	"squirrel/views/pages"
	"squirrel/views/ui"
)

// logs lists requests. The same URL answers the whole page, its results, and with "since" the news.
func (w *Web) logs(c *fiber.Ctx) error {
	v, err := url.ParseQuery(string(c.Context().URI().QueryString()))
	if err != nil {
		return fiber.ErrBadRequest
	}
	state := readLogState(v, w.opts.Now(), w.opts.Zone)
	views, err := w.openView(c.UserContext(), &state)
	if err != nil {
		return err
	}
	if v.Has("since") && isHTMX(c) {
		return w.logNews(c, v, state)
	}
	if v.Get("part") == "summary" && isHTMX(c) {
		return w.logSummaryPart(c, state)
	}
	ctx := c.UserContext()
	list, err := w.opts.Admin.Logs(ctx, state.query)
	if models.ErrorCode(err) == models.CodeInvalid || models.ErrorCode(err) == models.CodeValidation {
		state.problems["after"] = messageOf(err)
		state.query.After, state.query.Before = "", ""
		list, err = w.opts.Admin.Logs(ctx, state.query)
	}
	if err != nil {
		return err
	}
	page, err := w.logsPage(c, v, state, list)
	if err != nil {
		return err
	}
	page.Saved = viewMenu(views, &state, page.Columns)
	if page.Peek, err = w.peek(c, v, &state); err != nil {
		return err
	}
	if err := w.fitRows(c, &page, v, state); err != nil {
		return err
	}
	if wantsPart(c) {
		c.Set("HX-Push-Url", state.url("/admin/logs"))
	}
	title := i18n.T(ctx, "logs.title")
	return w.render(c, layout.Page{Title: title, Nav: layout.NavLogs, Body: pages.LogsPage(page)}, pages.LogsPart(page))
}

func (w *Web) logsPage(c *fiber.Ctx, v url.Values, state logState, list models.LogList) (pages.Logs, error) {
	ctx := c.UserContext()
	filters, err := w.logFilters(ctx, state)
	if err != nil {
		return pages.Logs{}, err
	}
	page := pages.Logs{
		Self: state.url("/admin/logs"), Filters: filters, Chips: w.chips(ctx, state, filters), ClearURL: "/admin/logs",
		Zone: w.opts.Zone.String(), Columns: w.logColumns(c, state), Views: usualViews(ctx, state),
		CSVURL: state.exportURL("csv"), JSONLURL: state.exportURL("jsonl"), OnlyUsual: state.plain() && !leafed(v),
	}
	fitChoices(ctx, &page.Filters)
	for name, problem := range state.problems {
		page.Problems = append(page.Problems, ui.FieldError{Label: filterName(ctx, name), Text: problem})
	}
	slices.SortFunc(page.Problems, func(a, b ui.FieldError) int { return strings.Compare(a.Label, b.Label) })
	if err := w.fillRows(c, &page, v, state, list); err != nil {
		return page, err
	}
	switch {
	case leafed(v):
	case w.slowSummary(state, list):
		page.SummaryURL = state.url("/admin/logs", "part", "summary")
	default:
		err = w.logSummary(ctx, &page, state)
	}
	return page, err
}

// fillRows shows the requests of a list, and leads to those before and behind them.
func (w *Web) fillRows(c *fiber.Ctx, page *pages.Logs, v url.Values, state logState, list models.LogList) (err error) {
	if page.Rows, err = w.rowView(c, v, state).rows(c.UserContext(), list.Items); err != nil {
		return err
	}
	page.Pager = logPager(c.UserContext(), state, list)
	w.followUp(page, v, state, list)
	return nil
}

// summedRows is how many requests the figures above the list are made of at once; more are summed up after the page is there.
const summedRows = 2_000

// slowSummary reports that the figures would hold up the page: no kept sums have them, and there are many requests to read.
func (w *Web) slowSummary(state logState, list models.LogList) bool {
	f := state.query.Filter
	period := f
	period.Start, period.End, period.Source, period.Except.Source = nil, nil, "", nil
	for _, known := range []*string{&period.RequestedModel, &period.TargetModel, &period.APIKeyName, &period.Endpoint} {
		*known = ""
	}
	period.ProviderID, period.APIKeyID = nil, nil
	byRows := len(admin.LogFilterValues(period)) > 0 || gridOf(spanOf(f, w.opts.Now())).bucket == models.BucketMinute
	return byRows && list.Total > summedRows
}

// logSummaryPart is the summary by itself, for a page that did not wait for it.
func (w *Web) logSummaryPart(c *fiber.Ctx, state logState) error {
	var page pages.Logs
	if err := w.logSummary(c.UserContext(), &page, state); err != nil {
		return err
	}
	return send(c, pages.LogSummary(page), nil)
}

// leafed reports whether an older page is asked for.
func leafed(v url.Values) bool { return v.Has("after") || v.Has("before") || v.Get("page") > "1" }

// followUp offers to follow the list: only where new requests would be seen, at its top.
func (w *Web) followUp(page *pages.Logs, v url.Values, state logState, list models.LogList) {
	if leafed(v) || state.query.Sort != models.SortTime || state.query.Ascending || state.query.Filter.End != nil {
		return
	}
	page.Live, page.LiveURL = v.Get("live") == "1", state.url("/admin/logs", "live", "1")
	since := w.opts.Now()
	if len(list.Items) > 0 {
		since = list.Items[0].RequestTime
	}
	if page.Live {
		page.LiveURL = state.url("/admin/logs")
		page.TailURL = tailURL(state, w.tails.begin(list.Items, w.opts.Now()), since)
		return
	}
	page.Poll = &pages.LogPoll{URL: pollURL(state, since), Show: page.Self}
}

func pollURL(state logState, since time.Time) string {
	return state.url("/admin/logs", "since", since.UTC().Format(time.RFC3339Nano))
}

// logSummary adds the figures and the drawing of what matches.
func (w *Web) logSummary(ctx context.Context, page *pages.Logs, state logState) error {
	now := w.opts.Now()
	g := gridOf(spanOf(state.query.Filter, now))
	outcomes, err := w.opts.Admin.Outcomes(ctx, models.StatsQuery{Filter: state.query.Filter, Bucket: g.bucket, Location: w.opts.Zone})
	if err != nil {
		return err
	}
	if outcomes.Summary.RequestCount > 0 { // of nothing there is nothing to tell
		page.Figures, page.Chart = logFigures(ctx, outcomes.Summary), w.outcomeChart(ctx, state, g, outcomes)
	}
	return nil
}

func logFigures(ctx context.Context, s models.StatLine) []ui.StatProps {
	return []ui.StatProps{
		{Label: i18n.T(ctx, "logs.figure.requests"), Value: ui.Count(s.RequestCount)},
		{Label: i18n.T(ctx, "logs.figure.success"), Value: ui.Percent(ctx, s.SuccessCount, s.RequestCount)},
		{Label: i18n.T(ctx, "logs.figure.cost"), Value: spendText(s), Title: ui.ExactMoney(s.TotalCost), Note: unknownNote(ctx, s)},
		{
			Label: i18n.T(ctx, "logs.figure.tokens"), Value: ui.Tokens(s.InputTokens) + " / " + ui.Tokens(s.OutputTokens),
			Title: ui.Count(s.InputTokens) + " / " + ui.Count(s.OutputTokens), Note: cachedNote(ctx, s),
		},
		{
			Label: i18n.T(ctx, "logs.figure.first_byte"), Value: ui.MillisecondsPair(s.FirstByteMS.P50, s.FirstByteMS.P95),
			Note: i18n.T(ctx, "logs.figure.percentiles"),
		},
		{Label: i18n.T(ctx, "logs.figure.total"), Value: ui.MillisecondsOf(s.TotalMS.P95), Note: "p95"},
	}
}

// spendText is the known cost; when no request's cost is known, it is unknown, not nothing.
func spendText(s models.StatLine) string {
	if s.RequestCount > 0 && s.UnknownCostCount == s.RequestCount {
		return ui.Dash
	}
	return ui.Money(s.TotalCost)
}

func unknownNote(ctx context.Context, s models.StatLine) string {
	if s.UnknownCostCount == 0 {
		return ""
	}
	return i18n.T(ctx, "logs.figure.unknown", "n", ui.Count(s.UnknownCostCount))
}

func cachedNote(ctx context.Context, s models.StatLine) string {
	if s.InputTokens == 0 || s.CachedInputTokens == 0 {
		return ""
	}
	return i18n.T(ctx, "logs.cached", "share", strconv.FormatInt(100*s.CachedInputTokens/s.InputTokens, 10)+" %")
}

func (w *Web) outcomeChart(ctx context.Context, state logState, g grid, outcomes admin.Outcomes) ui.Chart {
	start, end := period(state.query.Filter, outcomes.Points, w.opts.Now())
	chart := ui.Chart{Title: i18n.T(ctx, "logs.chart", "zone", w.opts.Zone.String())}
	counts := [4][]*float64{}
	for _, s := range g.slots(outcomes.Points, start, end, w.opts.Zone) {
		chart.Labels = append(chart.Labels, s.Start.Format(g.layout))
		link := ""
		if s.Success+s.Refused+s.Cancelled+s.Failed > 0 {
			link = state.urlWithin(s.Start, s.End)
		}
		chart.Links = append(chart.Links, link)
		for i, n := range []int64{s.Success, s.Cancelled, s.Refused, s.Failed} {
			counts[i] = append(counts[i], ui.Number(float64(n)))
		}
	}
	if ui.HTMLSize(strings.Join(chart.Links, "")) > chartLinkBytes {
		chart.Links = nil // the filter is long, and each of them has it
	}
	chart.Series = []ui.Series{
		{Name: i18n.T(ctx, "logs.outcome.success"), Values: counts[0], Tone: ui.OK}, {Name: i18n.T(ctx, "logs.outcome.cancelled"), Values: counts[1], Tone: ui.Neutral},
		{Name: i18n.T(ctx, "logs.outcome.refused"), Values: counts[2], Tone: ui.Warn}, {Name: i18n.T(ctx, "logs.outcome.failed"), Values: counts[3], Tone: ui.Err},
	}
	return chart
}

func logPager(ctx context.Context, state logState, list models.LogList) ui.PagerProps {
	p := ui.PagerProps{Summary: i18n.T(ctx, "logs.shown", "n", len(list.Items), "total", totalText(list))}
	if state.query.Sort == models.SortTime {
		if list.PrevCursor != nil {
			p.PrevURL = state.url("/admin/logs", "before", *list.PrevCursor)
		}
		if list.NextCursor != nil {
			p.NextURL = state.url("/admin/logs", "after", *list.NextCursor)
		}
		if state.query.Ascending {
			p.PrevText, p.NextText = i18n.T(ctx, "common.older"), i18n.T(ctx, "common.newer")
		}
		return p
	}
	p.PrevText, p.NextText = i18n.T(ctx, "logs.page.previous"), i18n.T(ctx, "logs.page.next")
	counted := func(page int) string {
		if list.PageSize == logPageSize {
			return state.url("/admin/logs", "page", strconv.Itoa(page))
		}
		return state.url("/admin/logs", "page", strconv.Itoa(page), "page_size", strconv.Itoa(list.PageSize))
	}
	if list.Page > 1 {
		p.PrevURL = counted(list.Page - 1)
	}
	if len(list.Items) == list.PageSize {
		p.NextURL = counted(list.Page + 1)
	}
	return p
}

func totalText(list models.LogList) string {
	if list.TotalIsEstimate {
		return "~" + ui.Count(list.Total)
	}
	return ui.Count(list.Total)
}

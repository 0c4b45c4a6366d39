package web

import (
	"context"
	"net/http"
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

// logDetail shows one request. The query is the filter of the list it was opened from, and which part is shown.
func (w *Web) logDetail(c *fiber.Ctx) error {
	v, err := url.ParseQuery(string(c.Context().URI().QueryString()))
	if err != nil {
		return fiber.ErrBadRequest
	}
	ctx := c.UserContext()
	found, err := w.opts.Admin.Log(ctx, logID(c))
	if err != nil {
		return err
	}
	state := readLogState(v, w.opts.Now(), w.opts.Zone)
	page := w.logPage(c, v, &found, &state)
	if v.Get("part") == "peek" && isHTMX(c) {
		page.Chat = lastSaid(&found)
		return send(c, pages.LogPeek(page), nil)
	}
	if page.Again, err = w.replayForm(ctx, &found); err != nil {
		return err
	}
	next, err := w.opts.Admin.Neighbours(ctx, state.query.Filter, found.RequestLog)
	if err != nil {
		return err
	}
	if next.Newer != "" {
		page.NewerURL = state.url("/admin/logs/"+url.PathEscape(next.Newer), "tab", v.Get("tab"))
	}
	if next.Older != "" {
		page.OlderURL = state.url("/admin/logs/"+url.PathEscape(next.Older), "tab", v.Get("tab"))
	}
	title := i18n.T(ctx, "log.title")
	crumbs := []layout.Crumb{{Label: i18n.T(ctx, "logs.title"), URL: page.ListURL}, {Label: found.ID}}
	body := pages.LogPage(page)
	return w.render(c, layout.Page{Title: title, Nav: layout.NavLogs, Crumbs: crumbs, Body: body}, body)
}

func logID(c *fiber.Ctx) string {
	id, err := url.PathUnescape(c.Params("id"))
	if err != nil {
		return ""
	}
	return id
}

func (w *Web) logPage(c *fiber.Ctx, v url.Values, found *admin.LogView, state *logState) pages.Log {
	ctx := c.UserContext()
	tab := logTab(v.Get("tab"), found.Endpoint)
	link := func(changes ...string) string { return state.url("/admin/logs/"+url.PathEscape(found.ID), changes...) }
	page := pages.Log{
		RequestLog: found.RequestLog, Attempts: attemptRows(*found), Decision: found.Decision, CostLines: found.CostLines, Dropped: found.Dropped,
		Missing: found.DetailReason, Cut: cuts(found.Truncated), Self: link("tab", v.Get("tab")), ListURL: state.url("/admin/logs"),
		Tab: tab, Tabs: logTabs(ctx, tab, link), Pace: pages.PaceOf(found.StreamPacing, found.TotalTimeMS), PaceURL: link("tab", "stream") + "#parts",
		URL: link(), Filters: cellFilters(&found.RequestLog, state),
	}
	if report, known := w.opts.Admin.System(); known {
		page.DetailDays = report.DetailDays
	}
	if found.State == models.LogRunning {
		page.Elapsed, page.CanCancel = elapsed(found.RequestLog, w.opts.Now()), w.opts.Admin.CanCancel()
		page.Missing = ""
		if found.DetailReason != "" && found.RequestBody == nil {
			page.Missing = "running"
		}
	}
	if found.State == models.LogDone && w.opts.Admin.CanPlay() {
		page.PlayURL = "/admin/playground?log=" + url.QueryEscape(found.ID)
	}
	detailLists{ctx: ctx, v: v, link: link}.fill(&page, found)
	w.fillTab(ctx, &page, v, found, link)
	page.Curl, page.CurlNote = w.curl(c, found)
	return page
}

func (w *Web) fillTab(ctx context.Context, page *pages.Log, v url.Values, found *admin.LogView, link func(...string) string) {
	switch page.Tab {
	case "chat":
		page.Chat = chatView(ctx, v, found, link)
	case "stream":
		fillStream(page, v, found, link)
	case "headers":
		page.Headers = headerTables(ctx, found)
	default:
		body := bodyPane{ctx: ctx, found: found, response: page.Tab == "response", side: v.Get("side"), raw: v.Get("view") == "raw", part: v.Get("part"), link: link}
		page.Body = body.view()
	}
}

var logTabNames = []string{"chat", "request", "response", "stream", "headers"}

// logTab is the part that is shown: the one that is asked for, else the conversation, or the request where there is none.
func logTab(asked string, endpoint models.Endpoint) string {
	switch {
	case slices.Contains(logTabNames, asked):
		return asked
	case hasConversation(endpoint):
		return "chat"
	}
	return "request"
}

func logTabs(ctx context.Context, current string, link func(...string) string) (tabs []ui.Tab) {
	for i, name := range logTabNames {
		tabs = append(tabs, ui.Tab{Label: i18n.T(ctx, "log.tab."+name), URL: link("tab", name) + "#parts", Current: name == current, Key: strconv.Itoa(i + 1)})
	}
	return tabs
}

// attemptRows places the attempts on the time of the request.
func attemptRows(found admin.LogView) []pages.LogAttempt {
	rows := make([]pages.LogAttempt, 0, len(found.Attempts))
	whole := 0.0
	if found.TotalTimeMS != nil {
		whole = *found.TotalTimeMS
	}
	for i := range found.Attempts {
		a := pages.LogAttempt{Attempt: found.Attempts[i].Attempt, Final: i == len(found.Attempts)-1}
		if body := textOf(found.Attempts[i].ResponseBody); body != "" {
			if a.Body = ui.Beginning(body, attemptBodyBytes); len(a.Body) < len(body) {
				a.BodySize, a.Download = int64(len(body)), "/admin/logs/"+url.PathEscape(found.ID)+"/body/attempt-"+strconv.Itoa(a.N)
			}
		}
		a.Offset = max(float64(a.StartedAt.Sub(found.RequestTime))/float64(time.Millisecond), 0)
		if a.Final {
			relayed(&a, &found.RequestLog)
		}
		if a.TotalMS != nil {
			whole = max(whole, a.Offset+*a.TotalMS)
		}
		rows = append(rows, a)
	}
	for i := range rows {
		rows[i].Whole = whole
	}
	return rows
}

// relayed completes the last attempt of a stream: its record was made when the stream began to be relayed, and the rest of the
// request's time is the rest of the stream.
func relayed(a *pages.LogAttempt, l *models.RequestLog) {
	began := l.IsStream && a.Error == "" && a.ErrorKind == "" && l.SentStatus != nil && *l.SentStatus < http.StatusBadRequest
	if !began || l.TotalTimeMS == nil {
		return
	}
	whole := max(*l.TotalTimeMS-a.Offset, 0)
	a.TotalMS, a.Broken = &whole, l.ResponseStatus != nil && *l.ResponseStatus >= http.StatusBadRequest
	a.Left = a.Broken && l.ErrorCode == "client_disconnected"
}

// cuts reads "request_body:12345678".
func cuts(truncated []string) (list []pages.BodyCut) {
	for _, text := range truncated {
		name, size, _ := strings.Cut(text, ":")
		n, _ := strconv.ParseInt(size, 10, 64) // 0 when it was not told
		list = append(list, pages.BodyCut{Name: name, Size: n})
	}
	return list
}

func textOf(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

// cancelLog stops a running request.
func (w *Web) cancelLog(c *fiber.Ctx) error {
	form, err := readForm(c)
	if err != nil {
		return err
	}
	if !w.opts.Admin.CanCancel() {
		return fiber.ErrNotFound
	}
	asked, err := w.opts.Admin.Cancel(c.UserContext(), logID(c))
	switch models.ErrorCode(err) {
	case "":
		key := "log.cancelled"
		if asked {
			key = "log.cancel_asked"
		}
		say(c, key)
	case models.CodeConflict:
		warn(c, "log.cancel_refused")
	default:
		return err
	}
	return redirect(c, localPath(form.Get("back")))
}

// logBody is one body as a download: as text, so that no browser runs what stands in it.
func (w *Web) logBody(c *fiber.Ctx) error {
	found, err := w.opts.Admin.Log(c.UserContext(), logID(c))
	if err != nil {
		return err
	}
	body := bodyByName(&found, c.Params("part"))
	if body == nil {
		return fiber.ErrNotFound
	}
	c.Set(fiber.HeaderContentType, "text/plain; charset=utf-8")
	c.Set(fiber.HeaderContentDisposition, `attachment; filename="`+found.ID+"."+c.Params("part")+`.txt"`)
	return c.SendString(*body)
}

func bodyByName(found *admin.LogView, name string) *string {
	switch name {
	case "request_body":
		return found.RequestBody
	case "upstream_request_body":
		return found.UpstreamBody
	case "response_body":
		return found.ResponseBody
	case "upstream_response_body":
		return found.UpstreamResponse
	case "stream_events":
		return found.StreamEvents
	}
	for i := range found.Attempts {
		if name == "attempt-"+strconv.Itoa(found.Attempts[i].N) {
			return found.Attempts[i].ResponseBody
		}
	}
	return nil
}

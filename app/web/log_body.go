package web

import (
	"bytes"
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"squirrel/app/admin"
	"squirrel/models"
	"squirrel/views/i18n"
	"squirrel/views/pages"
	"squirrel/views/ui"
)

const (
	bodyBytes    = 32_000    // of HTML of a body that a page shows at once
	maxShownBody = 200 << 10 // bytes of an answer that the playground shows; its log has all of it
)

// bodyPane chooses one body out of the four: of the request or the answer, as client or provider saw it.
type bodyPane struct {
	ctx      context.Context
	found    *admin.LogView
	response bool
	side     string
	raw      bool
	part     string // of the body, or of the difference, that is shown
	link     func(...string) string
}

func (p bodyPane) names() (client, upstream string) {
	if p.response {
		return "response_body", "upstream_response_body"
	}
	return "request_body", "upstream_request_body"
}

func (p bodyPane) tab() string {
	if p.response {
		return "response"
	}
	return "request"
}

func (p bodyPane) viewName() string {
	if p.raw {
		return "raw"
	}
	return ""
}

func (p bodyPane) view() *pages.BodyView {
	clientName, upstreamName := p.names()
	client, upstream := bodyByName(p.found, clientName), bodyByName(p.found, upstreamName)
	v := &pages.BodyView{Title: pages.PartName(p.ctx, clientName), Sides: p.sides(), Views: p.views()}
	shown, name := client, clientName
	switch p.side {
	case "upstream":
		if v.Title = pages.PartName(p.ctx, upstreamName); upstream != nil {
			shown, name = upstream, upstreamName
		}
	case "diff":
		if v.Views = nil; client == nil {
			break
		}
		if upstream == nil {
			v.Same = true
			return v
		}
		p.compare(v, *client, *upstream)
		return v
	}
	if shown == nil {
		v.Missing = i18n.T(p.ctx, missingBody(p.found))
		return v
	}
	v.Download = "/admin/logs/" + url.PathEscape(p.found.ID) + "/body/" + name
	v.Binary = slices.Contains(p.found.Base64Fields, name)
	p.fill(v, *shown)
	return v
}

// fill shows the part of a body that is asked for.
func (p bodyPane) fill(v *pages.BodyView, text string) {
	asked, _ := strconv.Atoi(p.part) // what is no number asks for the first
	part := textParts(walk(text, p.raw), bodyBytes, asked)
	v.Text, v.Size = part.text, int64(len(text))
	v.Parts = partPager(p.ctx, part, func(n int) string {
		return p.link("tab", p.tab(), "side", p.side, "view", p.viewName(), "part", strconv.Itoa(n)) + "#parts"
	})
}

// partPager leads to the parts before and behind one.
func partPager(ctx context.Context, part textPart, link func(n int) string) (pager ui.PagerProps) {
	if part.of < 2 {
		return pager
	}
	pager = ui.PagerProps{
		Summary: i18n.T(ctx, "log.body.part", "n", ui.Count(int64(part.n)), "of", ui.Count(int64(part.of))), PrevText: i18n.T(ctx, "log.body.before"), NextText: i18n.T(ctx, "log.body.after"),
	}
	if part.n > 1 {
		pager.PrevURL = link(part.n - 1)
	}
	if part.n < part.of {
		pager.NextURL = link(part.n + 1)
	}
	return pager
}

// compare shows what differs between two bodies, from a place in both on.
func (p bodyPane) compare(v *pages.BodyView, client, upstream string) {
	a, b := walk(client, false), walk(upstream, false)
	from, to, further := strings.Cut(p.part, "-")
	if further {
		inA, _ := strconv.Atoi(from) // what is no number is the beginning
		inB, _ := strconv.Atoi(to)
		a, b = a.seek(inA), b.seek(inB)
	}
	found := compare(a, b, bodyBytes)
	v.Lines = found.lines
	v.Same = len(v.Lines) == 0 && !further
	if v.NoMore = len(v.Lines) == 0 && further; further {
		v.Parts.PrevURL, v.Parts.PrevText = p.link("tab", p.tab(), "side", p.side)+"#parts", i18n.T(p.ctx, "log.diff.first")
	}
	if found.next != nil {
		place := strconv.Itoa(found.next[0]) + "-" + strconv.Itoa(found.next[1])
		v.Parts.NextURL, v.Parts.NextText = p.link("tab", p.tab(), "side", p.side, "part", place)+"#parts", i18n.T(p.ctx, "log.body.after")
		v.Parts.Summary = i18n.T(p.ctx, "log.diff.more")
	}
}

// missingBody is the key of why a body is not there.
func missingBody(found *admin.LogView) string {
	switch {
	case found.State == models.LogRunning:
		return "log.body.running"
	case !found.DetailAvailable || found.DetailReason != "":
		return "log.body.not_recorded"
	}
	return "log.body.empty"
}

func (p bodyPane) sides() (tabs []ui.Tab) {
	for _, side := range []string{"client", "upstream", "diff"} {
		current := p.side == side || side == "client" && p.side != "upstream" && p.side != "diff"
		tabs = append(tabs, ui.Tab{Label: i18n.T(p.ctx, "log.side."+side), URL: p.link("tab", p.tab(), "side", side) + "#parts", Current: current})
	}
	return tabs
}

func (p bodyPane) views() []ui.Tab {
	link := func(view string) string { return p.link("tab", p.tab(), "side", p.side, "view", view) + "#parts" }
	return []ui.Tab{
		{Label: i18n.T(p.ctx, "log.view.pretty"), URL: link(""), Current: !p.raw}, {Label: i18n.T(p.ctx, "log.view.raw"), URL: link("raw"), Current: p.raw},
	}
}

// pretty indents JSON without touching its numbers or the order of its keys. Other text stays as it is.
func pretty(text string) string {
	var out bytes.Buffer
	if json.Indent(&out, []byte(text), "", "  ") != nil {
		return text
	}
	return out.String()
}

// headerTables lists the headers of the messages; what is secret was taken out before it was recorded.
func headerTables(ctx context.Context, found *admin.LogView) (tables []pages.HeaderTable) {
	room := headersBytes
	for _, of := range []struct {
		key string
		raw json.RawMessage
	}{{"request_headers", found.RequestHeaders}, {"upstream_request_headers", found.UpstreamHeaders}, {"response_headers", found.ResponseHeaders}} {
		pairs := headerPairs(of.raw)
		for i := range pairs {
			pairs[i][0], pairs[i][1] = ui.Beginning(pairs[i][0], headerBytes), ui.Beginning(pairs[i][1], headerBytes)
			if room -= ui.HTMLSize(pairs[i][0]) + ui.HTMLSize(pairs[i][1]) + optionBytes; room < 0 {
				pairs = append(pairs[:i:i], [2]string{"…", i18n.T(ctx, "log.headers.more")})
				break
			}
		}
		if len(pairs) > 0 {
			tables = append(tables, pages.HeaderTable{Title: pages.PartName(ctx, of.key), Headers: pairs})
		}
	}
	return tables
}

// headerPairs reads an object whose values are texts or lists of texts.
func headerPairs(raw json.RawMessage) (pairs [][2]string) {
	var object map[string]json.RawMessage
	if json.Unmarshal(raw, &object) != nil {
		return nil
	}
	for name, value := range object {
		var one string
		var many []string
		switch {
		case json.Unmarshal(value, &one) == nil:
			many = []string{one}
		case json.Unmarshal(value, &many) != nil:
			many = []string{string(value)}
		}
		for _, text := range many {
			pairs = append(pairs, [2]string{name, text})
		}
	}
	slices.SortStableFunc(pairs, func(a, b [2]string) int { return strings.Compare(strings.ToLower(a[0]), strings.ToLower(b[0])) })
	return pairs
}

// shortened is a text as far as a page shows it.
func shortened(text string) string {
	if len(text) <= maxShownBody {
		return text
	}
	return strings.ToValidUTF8(text[:maxShownBody], "") + "…"
}

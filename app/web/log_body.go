package web

import (
	"bytes"
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"squirrel/app/admin"
	"squirrel/models"
	"squirrel/views/i18n"
	"squirrel/views/pages"
	"squirrel/views/ui"
)

// maxShownBody is how much of a body a page shows; the download has all of it.
const maxShownBody = 200 << 10

// bodyPane chooses one body out of the four: of the request or the answer, as client or provider saw it.
type bodyPane struct {
	ctx      context.Context
	found    *admin.LogView
	response bool
	side     string
	raw      bool
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
		v.Lines = diff(pretty(*client), pretty(*upstream))
		v.Same = len(v.Lines) == 0
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

func (p bodyPane) fill(v *pages.BodyView, text string) {
	if !p.raw {
		text = pretty(text)
	}
	if len(text) > maxShownBody {
		v.Cut = int64(len(text))
		text = strings.ToValidUTF8(text[:maxShownBody], "")
	}
	v.Text = text
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
	for _, of := range []struct {
		key string
		raw json.RawMessage
	}{{"request_headers", found.RequestHeaders}, {"upstream_request_headers", found.UpstreamHeaders}, {"response_headers", found.ResponseHeaders}} {
		if pairs := headerPairs(of.raw); len(pairs) > 0 {
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

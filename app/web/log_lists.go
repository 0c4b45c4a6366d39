package web

import (
	"context"
	"net/url"
	"slices"
	"strconv"

	"squirrel/app/admin"
	"squirrel/models"
	"squirrel/views/i18n"
	"squirrel/views/pages"
	"squirrel/views/ui"
)

const (
	attemptsAtOnce   = 8
	candidatesAtOnce = 12
	rulesAtOnce      = 20
	droppedAtOnce    = 20
	attemptBodyBytes = 500    // of HTML of the answer of a failed attempt; the download has all that was recorded
	headersBytes     = 30_000 // of HTML of all headers
	headerBytes      = 1_000
	maxFilterBytes   = 300 // of a filter that the links of a request's page carry along to others
)

// detailLists are the lists of a request's page that have as many entries as there are providers and repetitions.
type detailLists struct {
	ctx  context.Context
	v    url.Values
	link func(...string) string
}

// fill shows a part of each: of the attempts the last ones, of the candidates those around the one that was chosen.
func (d detailLists) fill(page *pages.Log, found *admin.LogView) {
	from, to := d.window("attempt", len(page.Attempts), attemptsAtOnce, len(page.Attempts)-1)
	page.Listed, page.AttemptPager = page.Attempts[from:to], d.pager("attempt", "log.attempts.shown", from, to, len(page.Attempts))
	if len(found.Dropped) > droppedAtOnce {
		page.Dropped, page.MoreDropped = found.Dropped[:droppedAtOnce], len(found.Dropped)-droppedAtOnce
	}
	if page.Decision == nil {
		return
	}
	all := page.Decision.Candidates
	chosen := slices.IndexFunc(all, func(c models.CandidateVerdict) bool { return found.RouteID != nil && c.RouteID == *found.RouteID })
	from, to = d.window("candidate", len(all), candidatesAtOnce, max(chosen, 0))
	page.Candidates, page.CandidatePager = all[from:to], d.pager("candidate", "log.candidates.shown", from, to, len(all))
	for _, rule := range page.Decision.Rules {
		if rule.RouteID == 0 || slices.ContainsFunc(page.Candidates, func(c models.CandidateVerdict) bool { return c.RouteID == rule.RouteID }) {
			page.Rules = append(page.Rules, rule)
		}
	}
	if len(page.Rules) > rulesAtOnce {
		page.Rules, page.MoreRules = page.Rules[:rulesAtOnce], len(page.Rules)-rulesAtOnce
	}
}

// window is the part of a list that is asked for by one of its entries, counted from 1, or that an entry is in.
func (d detailLists) window(param string, n, most, otherwise int) (from, to int) {
	at := otherwise
	if asked, err := strconv.Atoi(d.v.Get(param)); err == nil {
		at = asked - 1
	}
	from = max(min(at, n-1), 0) / most * most
	return from, min(from+most, n)
}

func (d detailLists) pager(param, text string, from, to, n int) (p ui.PagerProps) {
	if from == 0 && to == n {
		return p
	}
	at := func(entry int) string { return d.link("tab", d.v.Get("tab"), param, strconv.Itoa(entry)) }
	p = ui.PagerProps{
		Summary: i18n.T(d.ctx, text, "from", from+1, "to", to, "total", n), PrevText: i18n.T(d.ctx, "logs.page.previous"), NextText: i18n.T(d.ctx, "logs.page.next"),
	}
	if from > 0 {
		p.PrevURL = at(from)
	}
	if to < n {
		p.NextURL = at(to + 1)
	}
	return p
}

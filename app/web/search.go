package web

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"squirrel/app/admin"
	"squirrel/models"
	"squirrel/views/i18n"
	"squirrel/views/layout"
	"squirrel/views/pages"
)

// foundPerKind bounds how many objects of a kind a search shows; their lists show all.
const foundPerKind = 8

var requestID = regexp.MustCompile(`^[0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{26}$`)

// search finds pages, things to do, objects by name and requests by id. It is the palette's list, and a page of its own.
func (w *Web) search(c *fiber.Ctx) error {
	ctx := c.UserContext()
	view := pages.Search{Query: strings.TrimSpace(c.Query("q"))}
	view.Add(i18n.T(ctx, "search.pages"), w.foundPages(ctx, view.Query))
	if view.Query != "" {
		for _, find := range []func(context.Context, *pages.Search) error{w.foundRequest, w.foundModels, w.foundProviders, w.foundKeys} {
			if err := find(ctx, &view); err != nil {
				return err
			}
		}
	}
	page := layout.Page{Title: i18n.T(ctx, "search.title"), Form: true, Body: pages.SearchPage(view)}
	return w.render(c, page, pages.SearchResults(view))
}

// foundPages lists what the navigation leads to, and what is often done.
func (w *Web) foundPages(ctx context.Context, query string) []pages.Found {
	var all []pages.Found
	for _, item := range w.items {
		all = append(all, pages.Found{Name: i18n.T(ctx, "nav."+string(item.Nav)), URL: item.URL, Icon: item.Icon})
	}
	for _, action := range []struct{ key, url, icon string }{
		{"providers.add", "/admin/providers/new", "plus"}, {"models.add", "/admin/new-model", "plus"}, {"keys.add", "/admin/keys/new", "plus"},
		{"models.replace", "/admin/replace-target", "refresh"}, {"transfer.title", "/admin/transfer", "upload"}, {"nav.account", "/admin/account", "shield"}, {"start.title", "/admin/start", "play"},
	} {
		all = append(all, pages.Found{Name: i18n.T(ctx, action.key), URL: action.url, Icon: action.icon})
	}
	return slices.DeleteFunc(all, func(f pages.Found) bool { return !strings.Contains(strings.ToLower(f.Name), strings.ToLower(query)) })
}

func (w *Web) foundRequest(ctx context.Context, view *pages.Search) error {
	if !requestID.MatchString(view.Query) {
		return nil
	}
	id := strings.ToUpper(view.Query)
	found, err := w.opts.Admin.Log(ctx, id)
	if models.ErrorCode(err) == models.CodeNotFound {
		return nil
	}
	if err != nil {
		return err
	}
	view.Add(i18n.T(ctx, "search.requests"), []pages.Found{{Name: id, Note: found.RequestedModel, URL: "/admin/logs/" + id + "?source=all&range=all", Icon: "list"}})
	return nil
}

func (w *Web) foundModels(ctx context.Context, view *pages.Search) error {
	list, err := w.opts.Admin.Models(ctx, admin.ModelQuery{PageQuery: someOf(view.Query)})
	var found []pages.Found
	for i := range list.Items {
		m := &list.Items[i]
		found = append(found, pages.Found{Name: m.Name, Note: foundIn(ctx, m, view.Query), URL: modelPath(m.Name), Icon: "cube"})
	}
	named := func(f pages.Found) int { // what is called so itself comes first
		if holds(f.Name, view.Query) {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(found, func(a, b pages.Found) int { return named(a) - named(b) })
	view.Add(i18n.T(ctx, "nav.models"), found)
	return err
}

// foundIn says what of a model was found, when it is not its name.
func foundIn(ctx context.Context, m *admin.ModelView, query string) string {
	aliases := strings.Join(m.Aliases, ", ")
	if holds(m.Name, query) || holds(aliases, query) {
		return aliases
	}
	return i18n.T(ctx, "search.by_target")
}

func (w *Web) foundProviders(ctx context.Context, view *pages.Search) error {
	list, err := w.opts.Admin.Providers(ctx, someOf(view.Query), "")
	var found []pages.Found
	for i := range list.Items {
		p := &list.Items[i]
		found = append(found, pages.Found{Name: p.Name, Note: addressOf(p.BaseURL).Host, URL: providerURL(p.ID), Icon: "server"})
	}
	view.Add(i18n.T(ctx, "nav.providers"), found)
	return err
}

func (w *Web) foundKeys(ctx context.Context, view *pages.Search) error {
	list, err := w.opts.Admin.APIKeys(ctx, someOf(view.Query))
	var found []pages.Found
	for i := range list.Items {
		k := &list.Items[i]
		found = append(found, pages.Found{Name: k.Name, Note: k.Value, URL: keyURL(k.ID), Icon: "key"})
	}
	view.Add(i18n.T(ctx, "nav.keys"), found)
	return err
}

func someOf(query string) admin.PageQuery {
	return admin.PageQuery{Text: query, Page: 1, PageSize: foundPerKind}
}

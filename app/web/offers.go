package web

import (
	"context"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"squirrel/app/admin"
	"squirrel/views/i18n"
	"squirrel/views/pages"
	"squirrel/views/ui"
)

// offerRows puts what a provider offers into rows; those in checked are picked already.
func offerRows(ctx context.Context, offers []admin.Offer, checked []string) []pages.Offer {
	rows := make([]pages.Offer, len(offers))
	for i, o := range offers {
		row := pages.Offer{ID: o.ID, OwnedBy: o.OwnedBy, Type: string(o.Type), Context: ui.Dash, Price: i18n.T(ctx, "common.unknown_price"), UsedBy: o.UsedBy, Checked: slices.Contains(checked, o.ID)}
		if o.ContextWindow > 0 {
			row.Context = ui.Tokens(o.ContextWindow)
		}
		if o.Priced {
			row.Price, row.Priced = priceText(ctx, o.Prices), true
		}
		rows[i] = row
	}
	return rows
}

// addOffers asks the provider for its models and marks those in use, and the routes to models that are gone. That it
// can't be asked is shown, not an error.
func (w *Web) addOffers(ctx context.Context, view *pages.ProviderShow, routes []admin.RouteView) {
	offers, err := w.opts.Admin.Offers(ctx, view.ID)
	if err != nil {
		view.Problem = messageOf(err)
		if view.Problem == "" {
			view.Problem = "the provider could not be reached"
		}
		return
	}
	for i := range routes {
		target := routes[i].TargetModel
		if len(offers) > 0 && !slices.ContainsFunc(offers, func(o admin.Offer) bool { return o.ID == target }) {
			view.Gone = append(view.Gone, pages.ProviderRoute{Model: routes[i].ModelName, Target: target})
		}
	}
	view.Listed = len(offers)
	offers = slices.DeleteFunc(offers, func(o admin.Offer) bool {
		return !strings.Contains(strings.ToLower(o.ID), strings.ToLower(strings.TrimSpace(view.Query)))
	})
	view.Upstream = offerRows(ctx, offers, nil)
}

// adopt makes models of what was picked of a provider's offers.
func (w *Web) adopt(c *fiber.Ctx) error {
	p, err := w.providerOf(c)
	if err != nil {
		return err
	}
	sent, err := readForm(c)
	if err != nil {
		return err
	}
	back := providerURL(p.ID) + "?tab=models"
	done, err := w.opts.Admin.Adopt(c.UserContext(), p.ID, sent["targets"])
	if refusedForm(err) {
		warn(c, "offers.refused", "why", messageOf(err))
		return redirect(c, back)
	}
	if err != nil {
		return err
	}
	say(c, "offers.added", "models", done.Models, "routes", done.Routes, "known", done.Known)
	return redirect(c, back)
}

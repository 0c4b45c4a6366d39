package web

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"squirrel/app/admin"
	"squirrel/models"
	"squirrel/views/i18n"
	"squirrel/views/layout"
	"squirrel/views/pages"
	"squirrel/views/ui"
)

// pricesAtOnce is how many prices are on a page: with all that stands around them, less than 100 KB.
const pricesAtOnce = 80

func (w *Web) prices(c *fiber.Ctx) error {
	ctx := c.UserContext()
	p := pages.Prices{Query: c.Query("q"), Show: c.Query("show")}
	book, err := w.opts.Admin.Prices(ctx, admin.PageQuery{Text: p.Query})
	if err != nil {
		return err
	}
	used, err := w.usedTargets(ctx)
	if err != nil {
		return err
	}
	p.AsOf, p.Unknown = book.AsOf, used.unknown
	for _, name := range slices.Sorted(maps.Keys(book.Sources)) {
		p.Sources = append(p.Sources, pages.PriceSource{Name: name, Text: book.Sources[name]})
	}
	for i := range book.Items {
		row := priceRow(ctx, &book.Items[i], used.count[book.Items[i].Model])
		if p.Show == "used" && row.Used == 0 || p.Show == "override" && !row.Override {
			continue
		}
		p.Rows = append(p.Rows, row)
	}
	number, _ := strconv.Atoi(c.Query("page")) // what is no number is the first page
	pagePrices(ctx, &p, max(number, 1))
	title := i18n.T(ctx, "prices.title")
	page := layout.Page{Title: title, Nav: layout.NavPrices, Crumbs: []layout.Crumb{{Label: title}}, Body: pages.PricesPage(p)}
	return w.render(c, page, pages.PriceResults(p))
}

// pagePrices cuts the rows to one page.
func pagePrices(ctx context.Context, p *pages.Prices, number int) {
	p.Total = len(p.Rows)
	from := min((number-1)*pricesAtOnce, p.Total)
	to := min(from+pricesAtOnce, p.Total)
	link := func(number int) string {
		q := url.Values{"page": {strconv.Itoa(number)}}
		for name, value := range map[string]string{"q": p.Query, "show": p.Show} {
			if value != "" {
				q.Set(name, value)
			}
		}
		return queried("/admin/prices", q)
	}
	if from > 0 {
		p.PrevURL = link(number - 1)
	}
	if to < p.Total {
		p.NextURL = link(number + 1)
	}
	p.Page = i18n.T(ctx, "prices.page", "from", min(from+1, p.Total), "to", to, "total", p.Total)
	p.Rows = p.Rows[from:to]
}

func priceRow(ctx context.Context, v *admin.PriceView, used int) pages.PriceRow {
	row := pages.PriceRow{
		Model: v.Model, Vendor: v.Vendor, Type: string(v.Type), Price: priceText(ctx, v.Prices), Cached: ui.MoneyOf(v.CachedInput), Context: ui.Dash,
		AsOf: v.AsOf, Source: v.Source, Override: v.Version > 0, Used: used,
	}
	if v.ContextWindow > 0 {
		row.Context = ui.Tokens(v.ContextWindow)
	}
	return row
}

// targetUse says how many routes lead to each target model, and for which of these nobody has a price.
type targetUse struct {
	count   map[string]int
	unknown []pages.UnknownPrice
}

func (w *Web) usedTargets(ctx context.Context) (targetUse, error) {
	use := targetUse{count: map[string]int{}}
	around, err := w.modelSurroundings(ctx, models.LogFilter{})
	if err != nil {
		return use, err
	}
	list, err := w.opts.Admin.Models(ctx, admin.ModelQuery{})
	if err != nil {
		return use, err
	}
	unknown := map[string][]string{}
	for i := range list.Items {
		m := &list.Items[i]
		for _, r := range around.routes[m.Name] {
			use.count[r.TargetModel]++
			if _, source := effective(r.Prices, m.Prices, around.book, r.TargetModel); source == models.PriceUnknown && !slices.Contains(unknown[r.TargetModel], m.Name) {
				unknown[r.TargetModel] = append(unknown[r.TargetModel], m.Name)
			}
		}
	}
	for _, target := range slices.Sorted(maps.Keys(unknown)) {
		use.unknown = append(use.unknown, pages.UnknownPrice{Target: target, Models: unknown[target]})
	}
	return use, nil
}

// overrideForm starts from the override there is, or from what the list says.
func (w *Web) overrideForm(c *fiber.Ctx) error {
	p := pages.PriceOverride{Model: c.Query("model"), Price: priceForm(models.Prices{})}
	p.Price.Values["billing_mode"] = string(models.BillingTokenFlat)
	listed, err := w.listedPrice(c.UserContext(), p.Model)
	if err != nil {
		return err
	}
	if listed != nil {
		p.Price, p.Saved, p.Version = priceForm(listed.Prices), listed.Version > 0, whole(listed.Version)
		p.Price.Example = priceExample(c.UserContext(), listed.Prices)
	}
	return w.showOverride(c, p)
}

func (w *Web) listedPrice(ctx context.Context, target string) (*admin.PriceView, error) {
	if target == "" {
		return nil, nil
	}
	book, err := w.opts.Admin.Prices(ctx, admin.PageQuery{Text: target})
	if err != nil {
		return nil, err
	}
	for i := range book.Items { // overrides stand first
		if book.Items[i].Model == target {
			return &book.Items[i], nil
		}
	}
	return nil, nil
}

func (w *Web) showOverride(c *fiber.Ctx, p pages.PriceOverride) error {
	ctx := c.UserContext()
	p.Price.Errors = p.Errors
	title := i18n.T(ctx, "prices.override.title")
	return w.render(c, layout.Page{Title: title, Nav: layout.NavPrices, Crumbs: priceCrumbs(ctx, title), Form: true, Body: pages.PriceOverridePage(p)}, nil)
}

func priceCrumbs(ctx context.Context, names ...string) []layout.Crumb {
	return crumbs(i18n.T(ctx, "prices.title"), "/admin/prices", names)
}

// overridePrice saves an override, or goes back to the list's price.
func (w *Web) overridePrice(c *fiber.Ctx) error {
	sent, err := readForm(c)
	if err != nil {
		return err
	}
	p := pages.PriceOverride{Model: sent.Get("target_model"), Version: sent.Get("version"), Price: sentPriceForm(sent)}
	in := admin.PriceUpdate{TargetModel: admin.Some(p.Model)}
	key := "prices.removed"
	if sent.Get("op") == "remove" {
		in.BillingMode = admin.Null[models.BillingMode]()
	} else {
		problems := newFields()
		in.PriceInput, in.Version, key = priceInput(p.Price, problems), expected(p.Version), "prices.saved"
		if in.BillingMode.Null { // would remove it
			problems.fail("billing_mode", "must not be empty")
		}
		err = problems.err()
	}
	if err == nil {
		_, err = w.opts.Admin.UpdatePrices(c.UserContext(), in)
	}
	if err == nil {
		w.sayChange(c, key, "model", p.Model)
		return redirect(c, "/admin/prices?q="+url.QueryEscape(p.Model))
	}
	if !refusedForm(err) {
		return err
	}
	p.Errors, p.Message = fieldsOf(err), messageOf(err)
	c.Status(http.StatusUnprocessableEntity)
	if listed, err := w.listedPrice(c.UserContext(), p.Model); err == nil && listed != nil {
		p.Saved, p.Version = listed.Version > 0, whole(listed.Version)
	}
	return w.showOverride(c, p)
}

// expected is the version an override was made from; 0 means that there was none, which is no expectation.
func expected(version string) *int64 {
	if n := wholeOrNil(version); n != nil && *n > 0 {
		return n
	}
	return nil
}

func (w *Web) importPricesForm(c *fiber.Ctx) error {
	return w.showPriceImport(c, pages.PriceImport{AsOf: w.opts.Now().UTC().Format("2006-01-02")})
}

func (w *Web) showPriceImport(c *fiber.Ctx, p pages.PriceImport) error {
	title := i18n.T(c.UserContext(), "prices.import.title")
	return w.render(c, layout.Page{Title: title, Nav: layout.NavPrices, Crumbs: priceCrumbs(c.UserContext(), title), Form: true, Body: pages.PriceImportPage(p)}, nil)
}

func (w *Web) importPrices(c *fiber.Ctx) error {
	sent, err := readUpload(c)
	if err != nil {
		return err
	}
	text := cmp.Or(sent.Get("file"), sent.Get("catalogue"))
	in := admin.PriceUpdate{Catalogue: admin.Some(json.RawMessage(text))}
	if asOf := sent.Get("as_of"); asOf != "" {
		in.AsOf = admin.Some(asOf)
	}
	done, err := w.opts.Admin.UpdatePrices(c.UserContext(), in)
	if err != nil {
		if !refusedForm(err) {
			return err
		}
		c.Status(http.StatusUnprocessableEntity)
		return w.showPriceImport(c, pages.PriceImport{AsOf: sent.Get("as_of"), Errors: fieldsOf(err), Message: messageOf(err)})
	}
	say(c, "prices.imported", "n", done.Imported, "skipped", len(done.Skipped))
	return redirect(c, "/admin/prices")
}

package web

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"squirrel/app/admin"
	"squirrel/models"
	"squirrel/views/i18n"
	"squirrel/views/ui"
)

// strategySentence says what the strategy of a model means for its present routes.
func (s *surroundings) strategySentence(ctx context.Context, m *admin.ModelView) string {
	routes := slices.DeleteFunc(slices.Clone(m.Providers), func(r admin.RouteView) bool { return !s.serves(&r) })
	if len(routes) == 0 {
		return i18n.T(ctx, "models.now.nothing")
	}
	if len(routes) == 1 {
		return i18n.T(ctx, "models.now.single", "route", routeLabel(routes, 0))
	}
	switch m.Strategy {
	case models.StrategyPriority:
		return prioritySentence(ctx, routes)
	case models.StrategyWeighted:
		return weightedSentence(ctx, routes)
	case models.StrategyCostFirst:
		return s.costSentence(ctx, m, routes)
	}
	return i18n.T(ctx, "models.now.round_robin", "routes", joined(routes, " → "))
}

// routeLabel names a route by its provider, and by its target where the provider alone is not enough.
func routeLabel(routes []admin.RouteView, i int) string {
	same := 0
	for j := range routes {
		if routes[j].ProviderName == routes[i].ProviderName {
			same++
		}
	}
	if same > 1 {
		return routes[i].ProviderName + " (" + routes[i].TargetModel + ")"
	}
	return routes[i].ProviderName
}

func joined(routes []admin.RouteView, separator string) string {
	labels := make([]string, len(routes))
	for i := range routes {
		labels[i] = routeLabel(routes, i)
	}
	return strings.Join(labels, separator)
}

func prioritySentence(ctx context.Context, routes []admin.RouteView) string {
	slices.SortStableFunc(routes, func(a, b admin.RouteView) int { return cmp.Compare(a.Priority, b.Priority) })
	var clauses []string
	for from := 0; from < len(routes); {
		to := from
		for to < len(routes) && routes[to].Priority == routes[from].Priority {
			to++
		}
		key := "models.now.priority.one"
		if to-from > 1 {
			key = "models.now.priority.shared"
		}
		labels := make([]string, 0, to-from)
		for i := from; i < to; i++ {
			labels = append(labels, routeLabel(routes, i))
		}
		clauses = append(clauses, i18n.T(ctx, key, "routes", strings.Join(labels, i18n.T(ctx, "models.now.and")), "priority", routes[from].Priority))
		from = to
	}
	return i18n.T(ctx, "models.now.priority", "groups", strings.Join(clauses, i18n.T(ctx, "models.now.then")))
}

func weightedSentence(ctx context.Context, routes []admin.RouteView) string {
	shares := weightShares(routes)
	var parts, spare []string
	for i := range routes {
		if routes[i].Weight == 0 {
			spare = append(spare, routeLabel(routes, i))
			continue
		}
		parts = append(parts, routeLabel(routes, i)+" "+shares[routes[i].ID])
	}
	sentence := i18n.T(ctx, "models.now.weighted", "shares", strings.Join(parts, " · "))
	if len(parts) == 0 {
		sentence = i18n.T(ctx, "models.now.weightless")
	}
	if len(spare) > 0 && len(parts) > 0 {
		sentence += " " + i18n.T(ctx, "models.now.fallback", "routes", strings.Join(spare, i18n.T(ctx, "models.now.and")))
	}
	return sentence
}

// weightShares are the shares of routes that take requests, by id: "70 %".
func weightShares(routes []admin.RouteView) map[int64]string {
	total := 0
	for i := range routes {
		total += routes[i].Weight
	}
	shares := map[int64]string{}
	for i := range routes {
		if total > 0 {
			shares[routes[i].ID] = strconv.FormatFloat(100*float64(routes[i].Weight)/float64(total), 'f', -1, 32) + " %"
			if rounded := strconv.FormatFloat(100*float64(routes[i].Weight)/float64(total), 'f', 1, 64); len(shares[routes[i].ID]) > len(rounded)+2 {
				shares[routes[i].ID] = rounded + " %"
			}
		}
	}
	return shares
}

func (s *surroundings) costSentence(ctx context.Context, m *admin.ModelView, routes []admin.RouteView) string {
	costs := make(map[int64]*models.NanoUSD, len(routes))
	for i := range routes {
		p, _ := effective(routes[i].Prices, m.Prices, s.book, routes[i].TargetModel)
		if cost, ok := p.Cost(exampleUsage); ok {
			costs[routes[i].ID] = &cost.Total
		}
	}
	slices.SortStableFunc(routes, func(a, b admin.RouteView) int {
		x, y := costs[a.ID], costs[b.ID]
		switch {
		case x == nil && y == nil:
			return 0
		case x == nil:
			return 1
		case y == nil:
			return -1
		}
		return cmp.Compare(*x, *y)
	})
	parts := make([]string, len(routes))
	for i := range routes {
		price := i18n.T(ctx, "common.unknown_price")
		if cost := costs[routes[i].ID]; cost != nil {
			price = ui.Money(*cost)
		}
		parts[i] = routeLabel(routes, i) + " " + price
	}
	return i18n.T(ctx, "models.now.cost_first", "routes", strings.Join(parts, " → "))
}

package pages

import (
	"context"

	"squirrel/models"
	"squirrel/views/i18n"
	"squirrel/views/ui"
)

// UsageGroups are the dimensions of the statistics, in the order of the page.
var UsageGroups = []models.StatGroup{
	models.GroupModel, models.GroupTargetModel, models.GroupProvider, models.GroupAPIKey, models.GroupUser, models.GroupEndpoint,
}

func groupOptions(ctx context.Context) (options []ui.Option) {
	for _, g := range UsageGroups {
		options = append(options, ui.Option{Value: string(g), Label: i18n.T(ctx, "overview.by."+string(g))})
	}
	return options
}

func groupColumns(ctx context.Context, compared bool) []ui.Column {
	columns := []ui.Column{{Label: i18n.T(ctx, "overview.name")}, {Label: i18n.T(ctx, "logs.figure.requests"), Number: true}}
	if compared {
		columns = append(columns, ui.Column{Label: i18n.T(ctx, "usage.change"), Number: true})
	}
	for _, key := range []string{
		"logs.figure.success", "usage.input", "usage.cached", "usage.output", "logs.figure.cost", "usage.cost_share", "usage.average", "usage.first_byte", "usage.total",
	} {
		columns = append(columns, ui.Column{Label: i18n.T(ctx, key), Number: true})
	}
	return columns
}

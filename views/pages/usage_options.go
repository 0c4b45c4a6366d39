package pages

import (
	"context"

	"squirrel/models"
	"squirrel/views/i18n"
	"squirrel/views/ui"
)

// UsageGroups are the dimensions of the statistics, in the order of the page.
var UsageGroups = []models.StatGroup{
	models.GroupModel, models.GroupTargetModel, models.GroupProvider, models.GroupAPIKey, models.GroupUser, models.GroupClient, models.GroupEndpoint,
}

// The periods that one can be compared with, as they stand in URLs.
const (
	ComparePrevious = "previous" // as long as this one, just before it
	CompareWeek     = "week"     // the same days and hours, a week before
)

// UsageExplore is the tab on which a figure is drawn by group.
const UsageExplore = "explore"

// UsageMetrics are what the tabs before it show, and what can be drawn on it.
var UsageMetrics = []string{"cost", "tokens", "requests", "latency", "errors"}

// GroupName is the name of a group for people.
func GroupName(ctx context.Context, name string) string {
	if name == "" {
		return i18n.T(ctx, "usage.group.none")
	}
	return name
}

func figureOptions(ctx context.Context) (options []ui.Option) {
	for _, f := range UsageMetrics {
		options = append(options, ui.Option{Value: f, Label: i18n.T(ctx, "usage.figure."+f)})
	}
	return options
}

// UsageComparisons are these periods in the order of the page.
var UsageComparisons = []string{ComparePrevious, CompareWeek}

// Projection is what a month will have cost at its end, estimated.
type Projection struct {
	Expected string
	Spent    string // since the month began
	PerDay   string // the pace of the period
	Month    string
	Unknown  bool // some requests have no known cost and are not in it
}

func compareOptions(ctx context.Context) []ui.Option {
	options := []ui.Option{{Value: "", Label: i18n.T(ctx, "usage.compare.none")}}
	for _, c := range UsageComparisons {
		options = append(options, ui.Option{Value: c, Label: i18n.T(ctx, "usage.compare."+c)})
	}
	return options
}

func projectionNote(ctx context.Context, p *Projection) string {
	note := i18n.T(ctx, "usage.projection.note", "spent", p.Spent, "rate", p.PerDay)
	if p.Unknown {
		note += " " + i18n.T(ctx, "usage.projection.unknown")
	}
	return note
}

func groupOptions(ctx context.Context) (options []ui.Option) {
	for _, g := range UsageGroups {
		options = append(options, ui.Option{Value: string(g), Label: i18n.T(ctx, "overview.by."+string(g))})
	}
	return options
}

func groupColumns(ctx context.Context, metric, compare string) []ui.Column {
	columns := []ui.Column{{Label: i18n.T(ctx, "overview.name")}, {Label: i18n.T(ctx, "logs.figure.requests"), Number: true}}
	if compare != "" {
		columns = append(columns, ui.Column{Label: i18n.T(ctx, "usage.change."+metric), Title: i18n.T(ctx, "usage.change."+compare), Number: true})
	}
	for _, key := range []string{
		"logs.figure.success", "usage.input", "usage.output", "logs.figure.cost", "usage.average", "usage.first_byte", "usage.total",
	} {
		columns = append(columns, ui.Column{Label: i18n.T(ctx, key), Number: true})
	}
	return columns
}

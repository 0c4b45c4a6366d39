package pages

import (
	"context"
	"slices"

	"squirrel/models"
	"squirrel/views/i18n"
	"squirrel/views/ui"
)

// Ranges are the spans a period may have, as they stand in URLs.
var Ranges = []string{"15m", "1h", "6h", "24h", "7d", "30d"}

// RangeOptions are the spans to choose from. A period of its own, and the whole time, are there when they make sense.
func RangeOptions(ctx context.Context, current string, all bool) []ui.Option {
	var options []ui.Option
	if current == "custom" {
		options = append(options, ui.Option{Value: "custom", Label: i18n.T(ctx, "logs.range.custom")})
	}
	for _, r := range Ranges {
		options = append(options, ui.Option{Value: r, Label: i18n.T(ctx, "logs.range."+r)})
	}
	if all {
		options = append(options, ui.Option{Value: "all", Label: i18n.T(ctx, "logs.range.all")})
	}
	return options
}

// statusOptions offers the usual statuses, and the one that is set.
func statusOptions(ctx context.Context, current string) []ui.Option {
	options := []ui.Option{{Label: i18n.T(ctx, "logs.any.status")}}
	for _, status := range []string{"2xx", "4xx", "429", "499", "5xx"} {
		options = append(options, ui.Option{Value: status, Label: status + " " + i18n.T(ctx, "logs.statuses."+status)})
	}
	if current != "" && !slices.ContainsFunc(options, func(o ui.Option) bool { return o.Value == current }) {
		options = append(options, ui.Option{Value: current, Label: current})
	}
	return options
}

func yesNo(ctx context.Context) []ui.Option {
	return []ui.Option{{Value: "true", Label: i18n.T(ctx, "common.yes")}, {Value: "false", Label: i18n.T(ctx, "common.no")}}
}

func stateOptions(ctx context.Context) []ui.Option {
	return []ui.Option{
		{Value: string(models.LogRunning), Label: i18n.T(ctx, "logs.status.running")},
		{Value: string(models.LogDone), Label: i18n.T(ctx, "logs.status.done")},
	}
}

func sourceOptions(ctx context.Context) []ui.Option {
	options := []ui.Option{{Value: "all", Label: i18n.T(ctx, "common.all")}}
	for _, s := range []models.LogSource{models.SourceClient, models.SourceTest, models.SourcePlayground, models.SourceReplay} {
		options = append(options, ui.Option{Value: string(s), Label: i18n.T(ctx, "logs.source."+string(s))})
	}
	return options
}

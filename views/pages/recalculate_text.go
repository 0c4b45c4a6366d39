package pages

import (
	"context"

	"squirrel/views/i18n"
	"squirrel/views/ui"
)

func previewKind(r Recalculation) ui.Kind {
	if r.State == "running" || r.State == "done" && r.DryRun && r.Changed > 0 {
		return ui.Secondary // another button stands out
	}
	return ui.Primary
}

func recalculationTitle(ctx context.Context, r Recalculation) string {
	kind := "apply"
	if r.DryRun {
		kind = "dry"
	}
	return i18n.T(ctx, "prices.recalculate."+kind+"."+r.State)
}

// recalculationWhen says what was looked at, since when, and where.
func recalculationWhen(ctx context.Context, r Recalculation) string {
	text := r.What
	if r.BeganText != "" {
		text += " · " + i18n.T(ctx, "prices.recalculate.began", "time", r.BeganText)
	}
	if r.EndedText != "" {
		text += " · " + i18n.T(ctx, "prices.recalculate.ended", "time", r.EndedText)
	}
	if r.Elsewhere {
		text += " · " + i18n.T(ctx, "prices.recalculate.elsewhere")
	}
	return text
}

// unfinishedNote says what is the case after a recalculation that ended before its time.
func unfinishedNote(ctx context.Context, r Recalculation, key string) string {
	text := i18n.T(ctx, key, "seen", ui.Count(r.Seen), "total", ui.Count(r.Total))
	if r.DryRun {
		return text + " " + i18n.T(ctx, "prices.recalculate.unchanged")
	}
	return text + " " + i18n.T(ctx, "prices.recalculate.rest")
}

func changedLabel(r Recalculation) string {
	if r.DryRun {
		return "prices.recalculate.changed"
	}
	return "prices.recalculate.changed.done"
}

package pages

import (
	"context"

	"squirrel/views/i18n"
	"squirrel/views/ui"
)

// attentionWord says how pressing something is.
func attentionWord(ctx context.Context, tone ui.Tone) string {
	if tone == ui.Err {
		return i18n.T(ctx, "overview.pressing")
	}
	return i18n.T(ctx, "overview.look")
}

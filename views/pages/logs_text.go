package pages

import (
	"context"
	"strconv"

	"squirrel/models"
	"squirrel/views/i18n"
	"squirrel/views/ui"
)

const statusClientGone = 499

// StatusTone is the colour of an outcome.
func StatusTone(l models.RequestLog) ui.Tone {
	switch status := statusOf(l); {
	case l.State == models.LogRunning:
		return ui.Info
	case status == statusClientGone:
		return ui.Neutral
	case status >= 200 && status < 400:
		return ui.OK
	case status >= 400 && status < 500:
		return ui.Warn
	default:
		return ui.Err
	}
}

// StatusText is an outcome in a word, with its status.
func StatusText(ctx context.Context, l models.RequestLog) string {
	status := statusOf(l)
	key := "logs.status.failed"
	switch {
	case l.ErrorCode == "interrupted":
		key = "logs.status.interrupted"
	case status == statusClientGone:
		key = "logs.status.cancelled"
	case status >= 200 && status < 400:
		key = "logs.status.ok"
	case status >= 400 && status < 500:
		key = "logs.status.refused"
	}
	text := i18n.T(ctx, key)
	if status == 0 {
		return text
	}
	return strconv.Itoa(status) + " " + text
}

func statusOf(l models.RequestLog) int {
	if l.ResponseStatus == nil {
		return 0
	}
	return *l.ResponseStatus
}

// LogCost is what a request cost; estimates are marked.
func LogCost(l models.RequestLog) string {
	text := ui.MoneyOf(l.TotalCost)
	if l.TotalCost != nil && *l.TotalCost != 0 && l.UsageSource != models.UsageUpstream && l.UsageSource != "" {
		return "~" + text
	}
	return text
}

func costTitle(ctx context.Context, l models.RequestLog) string {
	if l.TotalCost == nil {
		if l.State == models.LogRunning {
			return ""
		}
		return i18n.T(ctx, "common.unknown_price")
	}
	return ui.ExactMoney(*l.TotalCost)
}

func tokenTitle(ctx context.Context, l models.RequestLog) string {
	if l.InputTokens == nil && l.OutputTokens == nil {
		return i18n.T(ctx, "logs.tokens.unknown")
	}
	return exactCount(l.InputTokens) + " / " + exactCount(l.OutputTokens) + " · " + UsageSourceText(ctx, l.UsageSource)
}

// UsageSourceText says where token counts come from.
func UsageSourceText(ctx context.Context, s models.UsageSource) string {
	if s == "" {
		s = models.UsageNone
	}
	return i18n.T(ctx, "logs.usage."+string(s))
}

func exactCount(n *int64) string {
	if n == nil {
		return ui.Dash
	}
	return ui.Count(*n)
}

// CachedShare is how much of the input came from the provider's cache; empty when none did.
func CachedShare(l models.RequestLog) string {
	if l.InputTokens == nil || l.CachedInputTokens == nil || *l.InputTokens <= 0 || *l.CachedInputTokens <= 0 {
		return ""
	}
	return strconv.FormatInt(100**l.CachedInputTokens / *l.InputTokens, 10) + " %"
}

// Speed is output tokens per second after the first byte; for whole answers, over the whole time.
func Speed(l models.RequestLog) string {
	if l.OutputTokens == nil || *l.OutputTokens == 0 || l.TotalTimeMS == nil {
		return ui.Dash
	}
	ms := *l.TotalTimeMS
	if l.IsStream && l.FirstByteDelayMS != nil {
		ms -= *l.FirstByteDelayMS
	}
	if ms < 1 {
		return ui.Dash
	}
	return strconv.FormatFloat(1000*float64(*l.OutputTokens)/ms, 'f', 1, 64) + " t/s"
}

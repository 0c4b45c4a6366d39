package pages

import (
	"context"
	"strconv"
	"strings"

	"squirrel/models"
	"squirrel/views/i18n"
	"squirrel/views/ui"
)

// toned is a remark with what its colour means.
type toned struct {
	Tone ui.Tone
	Text string
}

// logNotes say what of a request is missing, and what could not be carried over.
func logNotes(ctx context.Context, p Log) (notes []toned) {
	if p.Missing != "" {
		notes = append(notes, toned{ui.Info, missingText(ctx, p)})
	}
	for _, cut := range p.Cut {
		if cut.Name == "stream_events" {
			notes = append(notes, toned{ui.Warn, i18n.T(ctx, "log.cut_events", "size", ui.Bytes(cut.Size))})
			continue
		}
		notes = append(notes, toned{ui.Warn, i18n.T(ctx, "log.cut", "part", PartName(ctx, cut.Name), "size", ui.Bytes(cut.Size))})
	}
	for _, a := range p.Attempts {
		if a.Ambiguous {
			notes = append(notes, toned{ui.Warn, i18n.T(ctx, "log.ambiguous", "n", a.N, "provider", a.Provider)})
		}
	}
	if names := untried(p); len(names) > 0 {
		notes = append(notes, toned{ui.Info, i18n.T(ctx, "log.untried", "names", strings.Join(names, ", "))})
	}
	return notes
}

func missingText(ctx context.Context, p Log) string {
	key := "log.missing." + p.Missing
	if !i18n.Has(key) {
		key = "log.missing.not_recorded"
	}
	return i18n.T(ctx, key, "days", p.DetailDays)
}

// ReasonText puts the recorded reason of a candidate into the language of the page, each of its parts for itself.
func ReasonText(ctx context.Context, recorded string) string {
	parts := strings.Split(recorded, "; ")
	for i := range parts {
		parts[i] = i18n.Message(ctx, parts[i])
	}
	return strings.Join(parts, "; ")
}

// PartName is what a body is called.
func PartName(ctx context.Context, field string) string {
	if key := "log.part." + field; i18n.Has(key) {
		return i18n.T(ctx, key)
	}
	return field
}

func arrow(from, to string) string {
	if to == "" || to == from {
		return from
	}
	return from + " → " + to
}

func yesOrNo(ctx context.Context, is bool) string {
	if is {
		return i18n.T(ctx, "common.yes")
	}
	return i18n.T(ctx, "common.no")
}

func overhead(us *int64) string {
	switch {
	case us == nil:
		return ui.Dash
	case *us < 1000:
		return strconv.FormatInt(*us, 10) + " µs"
	}
	return ui.Milliseconds(float64(*us) / 1000)
}

func costKind(ctx context.Context, kind string) string {
	if key := "log.kind." + kind; i18n.Has(key) {
		return i18n.T(ctx, key)
	}
	return kind
}

// costPrice is the price of a line with its unit.
func costPrice(line models.CostLine) string {
	if line.Kind == "request" || line.Kind == "image" {
		return ui.Money(line.Price)
	}
	return ui.Money(line.Price) + "/1M"
}

func priceSource(s models.PriceSource) string {
	if s == "" {
		s = models.PriceUnknown
	}
	return string(s)
}

// attemptTone is the colour of an attempt.
func attemptTone(a LogAttempt) ui.Tone {
	switch {
	case a.TotalMS == nil && a.Error == "":
		return ui.Info
	case a.Left, a.ErrorKind == "client_gone":
		return ui.Neutral
	case a.Broken:
		return ui.Err
	case a.Error == "" && a.ErrorKind == "" && a.Status != nil && *a.Status < 400:
		return ui.OK
	default:
		return ui.Err
	}
}

func attemptOutcome(ctx context.Context, a LogAttempt) string {
	var words []string
	if a.Status != nil {
		words = append(words, strconv.Itoa(*a.Status))
	}
	switch {
	case a.Left:
		words = append(words, i18n.T(ctx, "log.attempt.kind.client_gone"))
	case a.Broken:
		words = append(words, i18n.T(ctx, "log.attempt.broken"))
	case a.ErrorKind == "status" && a.Status != nil && *a.Status < 500:
		words = append(words, i18n.T(ctx, "logs.status.refused"))
	case a.ErrorKind == "status":
		words = append(words, i18n.T(ctx, "logs.status.failed"))
	case i18n.Has("log.attempt.kind." + a.ErrorKind):
		words = append(words, i18n.T(ctx, "log.attempt.kind."+a.ErrorKind))
	case a.ErrorKind != "":
		words = append(words, a.ErrorKind)
	}
	if len(words) == 0 {
		return i18n.T(ctx, "logs.status.running")
	}
	return strings.Join(words, " ")
}

// attemptThen says what followed on an attempt, as it was recorded: "same provider again after server_error". After the last one of a
// request that has ended, nothing did.
func attemptThen(ctx context.Context, a LogAttempt, last bool) string {
	where, class, found := strings.Cut(a.RetryReason, " after ")
	if !found {
		return a.RetryReason
	}
	key := "log.attempt.then.next"
	if strings.HasPrefix(where, "same") {
		key = "log.attempt.then.again"
	}
	if last {
		key += ".not"
	}
	if name := "log.attempt.class." + class; i18n.Has(name) {
		class = i18n.T(ctx, name)
	}
	return i18n.T(ctx, key, "why", class)
}

// interruptedCode is the error code of requests whose gateway ended before them.
const interruptedCode = "interrupted"

// attemptCount is how often a provider was called. Before a request ends, that isn't recorded.
func attemptCount(l models.RequestLog) string {
	if l.AttemptCount == 0 && (l.State == models.LogRunning || l.ErrorCode == interruptedCode) {
		return ""
	}
	return strconv.Itoa(l.AttemptCount)
}

// unknownCost says why nobody knows what a request has cost.
func unknownCost(ctx context.Context, l models.RequestLog) string {
	switch {
	case l.ErrorCode == interruptedCode:
		return i18n.T(ctx, "log.cost.interrupted")
	case l.AttemptCount == 0:
		return i18n.T(ctx, "log.cost.no_call")
	case l.InputTokens == nil:
		return i18n.T(ctx, "log.cost.no_tokens")
	}
	return i18n.T(ctx, "log.cost.no_price", "target", orDash(l.TargetModel))
}

// shortestBar is a width that can be seen.
const shortestBar = 4

// share is a position on a scale of 1000.
func share(part, whole float64) string {
	if whole <= 0 || part <= 0 {
		return "0"
	}
	return strconv.FormatFloat(min(1000*part/whole, 1000-shortestBar), 'f', 1, 64)
}

// barWidth keeps the shortest attempt visible.
func barWidth(part, whole float64) string {
	if whole <= 0 {
		return "4"
	}
	return strconv.FormatFloat(max(1000*min(part/whole, 1), shortestBar), 'f', 1, 64)
}

func orZero(f *float64) float64 {
	if f == nil {
		return 0
	}
	return *f
}

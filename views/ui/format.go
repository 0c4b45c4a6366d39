package ui

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"squirrel/models"
	"squirrel/views/i18n"
)

// Dash stands for what is unknown. It is never 0.
const Dash = "—"

// Count writes a number with thousands separators: "12,345".
func Count(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	var out strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			out.WriteByte(',')
		}
		out.WriteRune(d)
	}
	return sign + out.String()
}

// Tokens writes a count of tokens: exact below 1000, then "12.3K" and "4.56M".
func Tokens(n int64) string {
	switch {
	case n < 1000:
		return strconv.FormatInt(n, 10)
	case n < 999_950:
		return significant(float64(n)/1e3) + "K"
	default:
		return significant(float64(n)/1e6) + "M"
	}
}

// TokensOf is Tokens of a count that may be unknown.
func TokensOf(n *int64) string {
	if n == nil {
		return Dash
	}
	return Tokens(*n)
}

// significant writes three significant digits: 1.23, 12.3, 123; more in front of the point when there are more.
func significant(f float64) string {
	switch {
	case f < 9.995:
		return strconv.FormatFloat(f, 'f', 2, 64)
	case f < 99.95:
		return strconv.FormatFloat(f, 'f', 1, 64)
	default:
		return Count(int64(math.Round(f)))
	}
}

// Money writes dollars: "$1,234", "$12.34", "$0.123", "$0.000456"; never an exponent, and "$0" only for nothing.
func Money(n models.NanoUSD) string {
	sign, abs := "", n
	if n < 0 {
		sign, abs = "-", -n
	}
	usd := float64(abs) / float64(models.NanoPerUSD)
	switch {
	case abs == 0:
		return "$0"
	case usd >= 99.995:
		return sign + "$" + Count(int64(math.Round(usd)))
	case usd >= 0.9995:
		return sign + "$" + strconv.FormatFloat(usd, 'f', 2, 64)
	default:
		return sign + "$" + smallMoney(usd)
	}
}

// smallMoney writes three significant digits of an amount below a dollar, without zeros at the end but for those of whole
// cents.
func smallMoney(usd float64) string {
	decimals := 2 - int(math.Floor(math.Log10(usd)))
	text := strconv.FormatFloat(usd, 'f', min(decimals, 9), 64)
	return text[:max(len(strings.TrimRight(text, "0")), len("0.00"))]
}

// MoneyOf is Money of an amount that may be unknown.
func MoneyOf(n *models.NanoUSD) string {
	if n == nil {
		return Dash
	}
	return Money(*n)
}

// ExactMoney writes all digits, for tooltips.
func ExactMoney(n models.NanoUSD) string { return n.String() + " USD" }

// Milliseconds writes a duration: "<1 ms", "320 ms", "4.48 s", "48.2 s", "3 m 05 s", "1 h 02 m".
func Milliseconds(ms float64) string {
	switch s := ms / 1000; {
	case ms > 0 && ms < 0.5:
		return "<1 ms"
	case ms < 999.5:
		return strconv.FormatFloat(math.Round(ms), 'f', 0, 64) + " ms"
	case s < 9.995:
		return strconv.FormatFloat(s, 'f', 2, 64) + " s"
	case s < 59.95:
		return strconv.FormatFloat(s, 'f', 1, 64) + " s"
	case s < 3599.5:
		whole := int(math.Round(s))
		return fmt.Sprintf("%d m %02d s", whole/60, whole%60)
	default:
		minutes := int(math.Round(s / 60))
		return fmt.Sprintf("%d h %02d m", minutes/60, minutes%60)
	}
}

// MillisecondsOf is Milliseconds of a duration that may be unknown.
func MillisecondsOf(ms *float64) string {
	if ms == nil {
		return Dash
	}
	return Milliseconds(*ms)
}

// MillisecondsPair writes two durations next to each other, with their unit once when it is the same: "12 / 610 ms".
func MillisecondsPair(a, b *float64) string {
	first, second := MillisecondsOf(a), MillisecondsOf(b)
	for _, unit := range []string{" ms", " s"} {
		number, found := strings.CutSuffix(first, unit)
		if found && strings.HasSuffix(second, unit) && !strings.Contains(number+second, " m ") && !strings.Contains(number+second, " h ") {
			return number + " / " + second
		}
	}
	if a == nil && b == nil {
		return Dash
	}
	return first + " / " + second
}

// Percent writes part of whole; with fewer than 30 it says "3 of 4", and 100 % only when it is all.
func Percent(ctx context.Context, part, whole int64) string {
	switch {
	case whole == 0:
		return Dash
	case whole < 30:
		return i18n.T(ctx, "forms.part_of", "part", part, "whole", whole)
	case part == whole:
		return "100 %"
	}
	p := 100 * float64(part) / float64(whole)
	if p >= 99.9 {
		return strconv.FormatFloat(min(p, 99.99), 'f', 2, 64) + " %"
	}
	return strconv.FormatFloat(p, 'f', 1, 64) + " %"
}

// Bytes writes a size in binary units: "512 B", "1.5 KiB".
func Bytes(n int64) string {
	if n < 1024 {
		return strconv.FormatInt(n, 10) + " B"
	}
	size, unit := float64(n)/1024, 0
	for size >= 1023.95 && unit < 3 {
		size /= 1024
		unit++
	}
	return strconv.FormatFloat(size, 'f', 1, 64) + " " + [...]string{"KiB", "MiB", "GiB", "TiB"}[unit]
}

// ClockTime writes a moment in the viewer's zone: "2026-11-22 14:03:12".
func ClockTime(ctx context.Context, t time.Time) string {
	return t.In(i18n.From(ctx).Zone).Format(time.DateTime)
}

// ListTime is ClockTime for long lists: without the year while that is the present one.
func ListTime(ctx context.Context, t time.Time) string {
	at, now := t.In(i18n.From(ctx).Zone), i18n.From(ctx).Now
	if now.IsZero() || at.Year() != now.In(at.Location()).Year() {
		return at.Format(time.DateTime)
	}
	return at.Format("01-02 15:04:05")
}

// ExactTime writes a moment in UTC with milliseconds, for tooltips.
func ExactTime(_ context.Context, t time.Time) string {
	return t.UTC().Format("2006-01-02 15:04:05.000") + " UTC"
}

// Relative writes how far a moment is from now: "3 min ago", "in 2 d".
func Relative(ctx context.Context, t time.Time) string {
	now := i18n.From(ctx).Now
	if now.IsZero() {
		return ClockTime(ctx, t)
	}
	d := now.Sub(t)
	span, key := d.Abs(), "common.ago"
	if d < 0 {
		key = "common.ahead"
	}
	switch {
	case span < time.Minute:
		return i18n.T(ctx, "common.now")
	case span < time.Hour:
		return i18n.T(ctx, key, "span", i18n.T(ctx, "common.minutes", "n", int(span/time.Minute)))
	case span < 48*time.Hour:
		return i18n.T(ctx, key, "span", i18n.T(ctx, "common.hours", "n", int(span/time.Hour)))
	default:
		return i18n.T(ctx, key, "span", i18n.T(ctx, "common.days", "n", int(span/(24*time.Hour))))
	}
}

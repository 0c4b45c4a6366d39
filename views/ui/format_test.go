package ui

import (
	"testing"
	"time"

	"squirrel/models"
	"squirrel/views/i18n"
)

func TestMoney(t *testing.T) {
	for want, text := range map[string]string{
		"$0": "0", "$0.000000001": "0.000000001", "$0.000000123": "0.000000123", "$0.000456": "0.000456", "$0.0000307": "0.0000307",
		"$0.123": "0.1234", "$0.50": "0.5", "$0.999": "0.9994", "$1.00": "0.9996", "$1.50": "1.5", "$12.34": "12.34", "$99.99": "99.99",
		"$100": "99.996", "$1,234": "1234.4", "$1,234,567": "1234567", "-$0.50": "-0.5", "-$1.25": "-1.25",
	} {
		n, err := models.ParseUSD(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := Money(n); got != want {
			t.Errorf("Money(%s) = %s, want %s", text, got, want)
		}
	}
	if got := MoneyOf(nil); got != Dash {
		t.Errorf("an unknown amount is %q", got)
	}
	if got := ExactMoney(37_500); got != "0.0000375 USD" {
		t.Errorf("exact: %q", got)
	}
}

func TestTokens(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0", 999: "999", 1000: "1.00K", 12_345: "12.3K", 99_949: "99.9K", 123_456: "123K", 999_949: "1,000K", 999_950: "1.00M", 4_560_000: "4.56M", 1_234_567_890: "1,235M",
	} {
		if got := Tokens(n); got != want {
			t.Errorf("Tokens(%d) = %s, want %s", n, got, want)
		}
	}
	if TokensOf(nil) != Dash || TokensOf(new(int64(5))) != "5" {
		t.Error("unknown counts and known ones are mixed up")
	}
}

func TestMilliseconds(t *testing.T) {
	for ms, want := range map[float64]string{
		0: "0 ms", 320.4: "320 ms", 999.4: "999 ms", 999.6: "1.00 s", 4480: "4.48 s", 9996: "10.0 s", 48_200: "48.2 s", 59_960: "1 m 00 s",
		185_000: "3 m 05 s", 3_599_600: "1 h 00 m", 3_720_000: "1 h 02 m",
	} {
		if got := Milliseconds(ms); got != want {
			t.Errorf("Milliseconds(%v) = %s, want %s", ms, got, want)
		}
	}
	if MillisecondsOf(nil) != Dash {
		t.Error("an unknown duration has a number")
	}
}

func TestPercent(t *testing.T) {
	for _, c := range []struct {
		part, whole int64
		want        string
	}{
		{0, 0, Dash},
		{3, 4, "3 of 4"},
		{29, 29, "29 of 29"},
		{30, 30, "100 %"},
		{953, 1000, "95.3 %"},
		{9995, 10_000, "99.95 %"},
		{999_999, 1_000_000, "99.99 %"},
		{0, 100, "0.0 %"},
	} {
		if got := Percent(t.Context(), c.part, c.whole); got != c.want {
			t.Errorf("Percent(%d, %d) = %s, want %s", c.part, c.whole, got, c.want)
		}
	}
}

func TestBytesAndCount(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 1023: "1023 B", 1536: "1.5 KiB", 5 << 20: "5.0 MiB", 1 << 40: "1.0 TiB", 5 << 50: "5120.0 TiB"} {
		if got := Bytes(n); got != want {
			t.Errorf("Bytes(%d) = %s, want %s", n, got, want)
		}
	}
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1_234_567: "1,234,567", -1000: "-1,000"} {
		if got := Count(n); got != want {
			t.Errorf("Count(%d) = %s, want %s", n, got, want)
		}
	}
}

func TestTimes(t *testing.T) {
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 22, 6, 3, 12, 123e6, time.UTC)
	en := i18n.With(t.Context(), i18n.Viewer{Lang: i18n.English, Zone: shanghai, Now: now})
	zh := i18n.With(t.Context(), i18n.Viewer{Lang: i18n.Chinese, Zone: shanghai, Now: now})
	if got := ClockTime(en, now); got != "2026-11-22 14:03:12" {
		t.Errorf("clock: %s", got)
	}
	if got := ExactTime(en, now); got != "2026-11-22 06:03:12.123 UTC" {
		t.Errorf("exact: %s", got)
	}
	for d, want := range map[time.Duration][2]string{
		0: {"just now", "刚刚"}, -30 * time.Second: {"just now", "刚刚"}, -3 * time.Minute: {"3 min ago", "3 分钟前"},
		-47 * time.Hour: {"47 h ago", "47 小时前"}, -48 * time.Hour: {"2 d ago", "2 天前"}, 5 * time.Minute: {"in 5 min", "5 分钟后"},
	} {
		if got := [2]string{Relative(en, now.Add(d)), Relative(zh, now.Add(d))}; got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
	if got := Relative(t.Context(), now); got != "2026-11-22 06:03:12" {
		t.Errorf("without a clock: %s", got)
	}
}

func TestMillisecondsPair(t *testing.T) {
	at := func(ms float64) *float64 { return &ms }
	for _, c := range []struct {
		a, b *float64
		want string
	}{
		{at(1), at(611), "1 / 611 ms"}, {at(2000), at(3500), "2.00 / 3.50 s"}, {at(120), at(2500), "120 ms / 2.50 s"}, {at(2500), at(120_000), "2.50 s / 2 m 00 s"},
		{at(120_000), at(180_000), "2 m 00 s / 3 m 00 s"}, {nil, nil, Dash}, {nil, at(5), Dash + " / 5 ms"},
	} {
		if got := MillisecondsPair(c.a, c.b); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

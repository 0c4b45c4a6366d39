package models

import (
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"testing"
	"testing/quick"
)

func TestParseUSD(t *testing.T) {
	for _, tc := range []struct {
		text string
		want NanoUSD
	}{
		{"0", 0},
		{"-0", 0},
		{"0.0", 0},
		{"0e5", 0},
		{"1", 1_000_000_000},
		{" 1 ", 1_000_000_000},
		{".5", 500_000_000},
		{"5.", 5_000_000_000},
		{"0.0375", 37_500_000},
		{"0.000000001", 1},
		{"-0.000000001", -1},
		{"1e-9", 1},
		{"1.5E-7", 150},
		{"1e+2", 100_000_000_000},
		{"10e-10", 1},
		{"0.0000000010000", 1},
		{"00012.50", 12_500_000_000},
		{"9223372036.854775807", math.MaxInt64},
		{"-9223372036.854775808", math.MinInt64},
	} {
		got, err := ParseUSD(tc.text)
		if err != nil || got != tc.want {
			t.Errorf("ParseUSD(%q) = %d, %v; want %d", tc.text, got, err, tc.want)
		}
	}
}

func TestParseUSD_Refuses(t *testing.T) {
	for _, text := range []string{
		"", " ", ".", "-", "--1", "+1", "1.2.3", "1,5", "$1", "0x10", "1_000", "NaN", "Inf", "null", "1e", "e5", "1e1.5",
		"1e99", "1e-99", "0.0000000001", "1e-10", "9223372036.854775808", "-9223372036.854775809", "1e18", "१",
	} {
		if got, err := ParseUSD(text); !errors.Is(err, ErrMoney) {
			t.Errorf("ParseUSD(%q) = %d, %v; want ErrMoney", text, got, err)
		}
	}
}

func TestNanoUSD_String(t *testing.T) {
	for want, n := range map[string]NanoUSD{
		"0":                     0,
		"1":                     NanoPerUSD,
		"100":                   100 * NanoPerUSD,
		"0.0000375":             37_500,
		"-0.5":                  -NanoPerUSD / 2,
		"0.000000001":           1,
		"9223372036.854775807":  math.MaxInt64,
		"-9223372036.854775808": math.MinInt64,
	} {
		if got := n.String(); got != want {
			t.Errorf("NanoUSD(%d).String() = %q, want %q", int64(n), got, want)
		}
	}
}

func TestNanoUSD_JSON(t *testing.T) {
	type doc struct {
		Price   NanoUSD  `json:"price"`
		Maybe   *NanoUSD `json:"maybe"`
		Another *NanoUSD `json:"another"`
	}
	var got doc
	if err := json.Unmarshal([]byte(`{"price":0.30,"maybe":"1.25e-6","another":null}`), &got); err != nil {
		t.Fatal(err)
	}
	if got.Price != 300_000_000 || got.Maybe == nil || *got.Maybe != 1250 || got.Another != nil {
		t.Errorf("read %+v", got)
	}
	out, err := json.Marshal(got)
	if want := `{"price":"0.3","maybe":"0.00000125","another":null}`; err != nil || string(out) != want {
		t.Errorf("wrote %s, %v; want %s", out, err, want)
	}
	kept := NanoUSD(7)
	if err := json.Unmarshal([]byte("null"), &kept); err != nil || kept != 7 {
		t.Errorf("null changed the amount to %d, %v", kept, err)
	}
	for _, bad := range []string{`true`, `{}`, `""`, `"a"`, `1e-10`} {
		if err := json.Unmarshal([]byte(bad), &kept); err == nil {
			t.Errorf("%s was read as %d", bad, kept)
		}
	}
}

func TestMulPerMillion_IsExactlyRoundedHalfUp(t *testing.T) {
	exact := func(tokens int64, price NanoUSD) bool {
		tokens, price = tokens&math.MaxInt64, price&math.MaxInt64
		want := new(big.Int).Mul(big.NewInt(tokens), big.NewInt(int64(price)))
		want.Add(want, big.NewInt(500_000)).Quo(want, big.NewInt(1_000_000))
		if !want.IsInt64() {
			want.SetInt64(math.MaxInt64)
		}
		return mulPerMillion(tokens, price) == NanoUSD(want.Int64())
	}
	if err := quick.Check(exact, &quick.Config{MaxCount: 5000}); err != nil {
		t.Error(err)
	}
	for _, tc := range [][3]int64{{1, 499_999, 0}, {1, 500_000, 1}, {-1, 5, 0}, {5, -1, 0}, {math.MaxInt64, 1_000_000, math.MaxInt64}} {
		if got := mulPerMillion(tc[0], NanoUSD(tc[1])); got != NanoUSD(tc[2]) {
			t.Errorf("mulPerMillion(%d, %d) = %d, want %d", tc[0], tc[1], got, tc[2])
		}
	}
}

func TestNanoUSD_AddSaturates(t *testing.T) {
	sum := func(a, b int64) bool {
		want := new(big.Int).Add(big.NewInt(a), big.NewInt(b))
		switch {
		case want.Cmp(big.NewInt(math.MaxInt64)) > 0:
			want.SetInt64(math.MaxInt64)
		case want.Cmp(big.NewInt(math.MinInt64)) < 0:
			want.SetInt64(math.MinInt64)
		}
		return NanoUSD(a).Add(NanoUSD(b)) == NanoUSD(want.Int64())
	}
	if err := quick.Check(sum, nil); err != nil {
		t.Error(err)
	}
	for _, pair := range [][2]int64{{math.MaxInt64, 1}, {math.MinInt64, -1}, {math.MaxInt64, math.MaxInt64}, {-1, 1}} {
		if !sum(pair[0], pair[1]) {
			t.Errorf("%d + %d is wrong", pair[0], pair[1])
		}
	}
}

func FuzzParseUSD(f *testing.F) {
	for _, seed := range []string{"0", "1.5", "-2e-9", "9223372036.854775807", "1e18", "..", "0.1e+3"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := ParseUSD(text)
		if err != nil {
			if !errors.Is(err, ErrMoney) {
				t.Fatalf("ParseUSD(%q): %v", text, err)
			}
			return
		}
		if back, err := ParseUSD(n.String()); err != nil || back != n {
			t.Fatalf("%q = %d, written %q, read back %d, %v", text, n, n.String(), back, err)
		}
	})
}

package models

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"
)

// NanoUSD is an amount of money in 1e-9 USD. Prices per million tokens use it too, so $0.0375 per 1M is exact.
type NanoUSD int64

// NanoPerUSD is one dollar.
const NanoPerUSD NanoUSD = 1_000_000_000

// ErrMoney says that a text is not an amount in USD with at most nine decimals.
var ErrMoney = errors.New("not an amount in USD with at most 9 decimals")

// ParseUSD reads a decimal number of dollars exactly. Exponents are accepted ("1e-7"), fractions of a nano-dollar are not.
// Its only error is ErrMoney; String of the result parses to the same amount.
func ParseUSD(text string) (NanoUSD, error) {
	mantissa, exp, err := splitExponent(strings.TrimSpace(text))
	if err != nil {
		return 0, err
	}
	sign := ""
	if rest, negative := strings.CutPrefix(mantissa, "-"); negative {
		sign, mantissa = "-", rest
	}
	whole, frac, _ := strings.Cut(mantissa, ".")
	digits := whole + frac
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return 0, ErrMoney
	}
	shift := 9 + exp - len(frac)
	for shift < 0 && strings.HasSuffix(digits, "0") {
		digits, shift = digits[:len(digits)-1], shift+1
	}
	if digits = strings.TrimLeft(digits, "0"); digits == "" {
		return 0, nil
	}
	if shift < 0 || len(digits)+shift > 19 {
		return 0, ErrMoney
	}
	n, err := strconv.ParseInt(sign+digits+strings.Repeat("0", shift), 10, 64)
	if err != nil {
		return 0, ErrMoney
	}
	return NanoUSD(n), nil
}

// splitExponent cuts "1.5e-7" into "1.5" and -7. Exponents beyond ±18 can't be an amount, however long the mantissa is.
func splitExponent(text string) (mantissa string, exp int, err error) {
	i := strings.IndexAny(text, "eE")
	if i < 0 {
		return text, 0, nil
	}
	if exp, err = strconv.Atoi(strings.TrimPrefix(text[i+1:], "+")); err != nil || exp > 18 || exp < -18 {
		return "", 0, ErrMoney
	}
	return text[:i], exp, nil
}

// String writes the amount in dollars without trailing zeros: "0.0000375".
func (n NanoUSD) String() string {
	sign, abs := "", uint64(n)
	if n < 0 {
		sign, abs = "-", uint64(-n)
	}
	text := fmt.Sprintf("%s%d.%09d", sign, abs/uint64(NanoPerUSD), abs%uint64(NanoPerUSD))
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}

// MarshalJSON writes a decimal string.
func (n NanoUSD) MarshalJSON() ([]byte, error) { return []byte(`"` + n.String() + `"`), nil }

// UnmarshalJSON reads a decimal string or a number; no value passes through a float. As is usual, null changes nothing.
func (n *NanoUSD) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	v, err := ParseUSD(string(bytes.Trim(data, `"`)))
	if err != nil {
		return err
	}
	*n = v
	return nil
}

// Add returns n + m, saturating instead of overflowing.
func (n NanoUSD) Add(m NanoUSD) NanoUSD {
	switch {
	case m > 0 && n > math.MaxInt64-m:
		return math.MaxInt64
	case m < 0 && n < math.MinInt64-m:
		return math.MinInt64
	}
	return n + m
}

// times returns count × n for amounts and counts of zero or more, saturating instead of overflowing.
func (n NanoUSD) times(count int64) NanoUSD {
	if n <= 0 || count <= 0 {
		return 0
	}
	hi, lo := bits.Mul64(uint64(n), uint64(count))
	if hi > 0 || lo > math.MaxInt64 {
		return math.MaxInt64
	}
	return NanoUSD(lo)
}

// mulPerMillion returns tokens × perMillion / 1e6, rounded half up, saturating instead of overflowing.
func mulPerMillion(tokens int64, perMillion NanoUSD) NanoUSD {
	if tokens <= 0 || perMillion <= 0 {
		return 0
	}
	hi, lo := bits.Mul64(uint64(tokens), uint64(perMillion))
	lo, carry := bits.Add64(lo, 500_000, 0)
	hi += carry
	if hi >= 1_000_000 {
		return math.MaxInt64
	}
	q, _ := bits.Div64(hi, lo, 1_000_000)
	if q > math.MaxInt64 {
		return math.MaxInt64
	}
	return NanoUSD(q)
}

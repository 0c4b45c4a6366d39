package prices

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/big"
	"strconv"
	"strings"

	"squirrel/models"
)

// The factors from what a list states to what models.Prices holds.
const (
	perToken   = 1_000_000 // the list has USD per token, we have USD per million
	perMillion = 1
)

var errNumber = errors.New("a price is not a number")

// number is a decimal of a price list, a JSON number or a string, as its text: no price passes through a float.
type number string

// UnmarshalJSON keeps the text. Null and the empty string are no number.
func (n *number) UnmarshalJSON(data []byte) error {
	text := bytes.Trim(data, `"`)
	if string(text) == "null" {
		text = nil
	}
	*n = number(text)
	return nil
}

// price converts a number, rounded to a nano-dollar: some lists were written by programs that computed with floats, and
// hold 0.00000060000000000000001. nil when there is none.
func (n number) price(factor int64) (*models.NanoUSD, error) {
	if n == "" {
		return nil, nil
	}
	if err := n.check(); err != nil {
		return nil, err
	}
	r, ok := new(big.Rat).SetString(string(n))
	if !ok {
		return nil, errNumber
	}
	r.Mul(r, new(big.Rat).SetInt64(factor*int64(models.NanoPerUSD)))
	twice := new(big.Int).Mul(r.Num(), big.NewInt(2))
	twice.Add(twice, r.Denom()).Div(twice, new(big.Int).Mul(r.Denom(), big.NewInt(2))) // half up
	if !twice.IsInt64() {
		return nil, errNumber
	}
	price := models.NanoUSD(twice.Int64())
	return &price, nil
}

// check bounds what big.Rat has to work with, and refuses its other notations (fractions, hexadecimal).
func (n number) check() error {
	if len(n) > 64 || strings.Trim(string(n), "+-.0123456789eE") != "" {
		return errNumber
	}
	if _, exp, found := strings.Cut(strings.ToLower(string(n)), "e"); found {
		if e, err := strconv.Atoi(exp); err != nil || e > 30 || e < -30 {
			return errNumber
		}
	}
	return nil
}

// tokens reads a count that may be written as a string or a float, 0 when it is neither.
func (n number) tokens() int64 {
	price, err := n.price(1)
	if err != nil || price == nil || *price < 0 {
		return 0
	}
	return int64(*price / models.NanoPerUSD)
}

// priceReader converts the prices of one model and keeps the first error.
type priceReader struct {
	factor int64
	err    error
}

func (r *priceReader) read(n number) *models.NanoUSD {
	price, err := n.price(r.factor)
	if err != nil && r.err == nil {
		r.err = err
	}
	return price
}

// lenient decodes what fits and leaves the rest at its zero value: lists hold notes where one expects numbers.
func lenient[T any](data json.RawMessage) (v T) {
	_ = json.Unmarshal(data, &v)
	return v
}

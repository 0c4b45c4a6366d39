package limits

import (
	"encoding/json"
	"time"
)

// stored is how a shared state is written down.
type stored struct {
	Last     time.Time        `json:"last"`
	Requests dense            `json:"requests"`
	Tokens   dense            `json:"tokens"`
	Budget   budget           `json:"budget"`
	Shares   map[string]share `json:"shares"`
}

// dense is a window: what was used in each slot, from the first with something in it.
type dense struct {
	From time.Time `json:"from"`
	Use  []int64   `json:"use,omitempty"`
}

func (s *state) encode(now time.Time) ([]byte, error) {
	return json.Marshal(stored{
		Last: s.last, Requests: s.requests.encode(now), Tokens: s.tokens.encode(now), Budget: s.budget, Shares: s.shares,
	})
}

// decodeState reads a state. What is not there or can't be read is a new state: a minute later it makes no difference, and
// the log knows the money.
func decodeState(text []byte, grain time.Duration) state {
	s := newState(grain, time.Time{})
	var in stored
	if len(text) == 0 || json.Unmarshal(text, &in) != nil {
		return s
	}
	s.last, s.budget = in.Last, in.Budget
	s.requests.decode(in.Requests)
	s.tokens.decode(in.Tokens)
	if in.Shares != nil {
		s.shares = in.Shares
	}
	return s
}

func (w *window) encode(now time.Time) (d dense) {
	w.expire(now)
	for _, u := range w.slots {
		if len(d.Use) == 0 {
			d.From = u.begin
		}
		at := int(u.begin.Sub(d.From) / w.grain)
		for len(d.Use) <= at {
			d.Use = append(d.Use, 0)
		}
		d.Use[at] = u.amount
	}
	return d
}

func (w *window) decode(d dense) {
	for i, amount := range d.Use {
		w.add(d.From.Add(time.Duration(i)*w.grain), amount)
	}
}

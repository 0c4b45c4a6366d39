package rules

import "hash/fnv"

// random is a number in [0, 100) with two decimals. It is the same for every request of a user, on every replica and
// after every restart; without a user it is the request's own.
func (f *RequestFacts) random() float64 {
	id := f.src.UserID
	if id == "" {
		id = f.src.RequestID
	}
	h := fnv.New64a()
	h.Write([]byte(id))
	x := h.Sum64()
	// FNV leaves the high bits of short texts alike (the finaliser is MurmurHash3's).
	x = (x ^ x>>33) * 0xff51afd7ed558ccd
	x = (x ^ x>>33) * 0xc4ceb9fe1a85ec53
	x ^= x >> 33
	return float64(x%10_000) / 100
}

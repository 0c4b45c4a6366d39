package store

import (
	"encoding/binary"
	"errors"
	"maps"
	"math"
	"slices"

	"squirrel/models"
)

// histogram counts durations in buckets that grow by 2 % each, from a hundredth of a millisecond: whatever is merged in which
// order, its percentiles are the same, and at most 1 % from the true ones.
type histogram map[int]int64

const (
	smallest = 0.01 // milliseconds
	growth   = 1.02
	largest  = 1e9 // milliseconds; longer ones count as this
)

var logGrowth = math.Log(growth)

var errDamagedHistogram = errors.New("a stored histogram is damaged")

func bucketOf(ms float64) int {
	if !(ms > smallest) { // also NaN
		return 0
	}
	return int(math.Log(min(ms, largest)/smallest) / logGrowth)
}

// add counts a duration n times; n is negative to take one back.
func (h *histogram) add(ms *float64, n int64) {
	if ms == nil {
		return
	}
	if *h == nil {
		*h = histogram{}
	}
	(*h)[bucketOf(*ms)] += n
}

func (h *histogram) merge(other histogram) {
	if *h == nil && len(other) > 0 {
		*h = make(histogram, len(other))
	}
	for bucket, n := range other {
		(*h)[bucket] += n
	}
}

// encode writes pairs of uvarints: the distance to the bucket before, and the count.
func (h histogram) encode() []byte {
	if len(h) == 0 {
		return nil
	}
	out := make([]byte, 0, 4*len(h))
	last := 0
	for _, bucket := range slices.Sorted(maps.Keys(h)) {
		if h[bucket] <= 0 {
			continue
		}
		out = binary.AppendUvarint(out, uint64(bucket-last))
		out = binary.AppendUvarint(out, uint64(h[bucket]))
		last = bucket
	}
	return out
}

// mergeEncoded adds what encode wrote.
func (h *histogram) mergeEncoded(data []byte) error {
	if len(data) > 0 && *h == nil {
		*h = make(histogram, len(data)/2)
	}
	for bucket := 0; len(data) > 0; {
		step, n := binary.Uvarint(data)
		if n <= 0 {
			return errDamagedHistogram
		}
		count, m := binary.Uvarint(data[n:])
		if m <= 0 {
			return errDamagedHistogram
		}
		bucket += int(step)
		(*h)[bucket] += int64(count)
		data = data[n+m:]
	}
	return nil
}

// percentiles are the middles of the buckets in which the ranks lie.
func (h histogram) percentiles() models.Percentiles {
	var total int64
	for _, n := range h {
		total += n
	}
	if total <= 0 {
		return models.Percentiles{}
	}
	buckets := slices.Sorted(maps.Keys(h))
	at := func(p float64) *float64 {
		rank := max(int64(math.Ceil(p*float64(total))), 1)
		for _, bucket := range buckets {
			if rank -= h[bucket]; rank <= 0 {
				ms := math.Round(smallest*math.Pow(growth, float64(bucket)+0.5)*1000) / 1000
				return &ms
			}
		}
		return nil
	}
	return models.Percentiles{P50: at(0.50), P95: at(0.95), P99: at(0.99)}
}

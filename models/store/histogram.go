package store

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"

	"squirrel/models"
)

// histogram counts durations in buckets that grow by 2 % each, from a hundredth of a millisecond: whatever is merged in which
// order, its percentiles are the same, and at most 1 % from the true ones.
type histogram struct {
	first  int     // number of the first bucket
	counts []int64 // of the buckets from there on; durations of one kind lie close together
}

const (
	smallest = 0.01 // milliseconds
	growth   = 1.02
	largest  = 1e9 // milliseconds; longer ones count as this
)

var (
	logGrowth  = math.Log(growth)
	lastBucket = bucketOf(largest)
)

var errDamagedHistogram = errors.New("a stored histogram is damaged")

func bucketOf(ms float64) int {
	if !(ms > smallest) { // also NaN
		return 0
	}
	return int(math.Log(min(ms, largest)/smallest) / logGrowth)
}

// add counts a duration n times; n is negative to take one back.
func (h *histogram) add(ms *float64, n int64) {
	if ms != nil {
		bucket := bucketOf(*ms)
		h.cover(bucket, bucket)
		h.counts[bucket-h.first] += n
	}
}

// cover makes room for the buckets from one to another.
func (h *histogram) cover(from, to int) {
	if len(h.counts) == 0 {
		h.first = from
	}
	if from < h.first {
		h.counts = slices.Insert(h.counts, 0, make([]int64, h.first-from)...)
		h.first = from
	}
	if missing := to + 1 - h.first - len(h.counts); missing > 0 {
		h.counts = append(h.counts, make([]int64, missing)...)
	}
}

func (h *histogram) merge(other histogram) {
	if len(other.counts) == 0 {
		return
	}
	h.cover(other.first, other.first+len(other.counts)-1)
	for i, n := range other.counts {
		h.counts[other.first-h.first+i] += n
	}
}

// encode writes pairs of uvarints for the buckets that have counts: the distance to the one before, and the count.
func (h *histogram) encode() []byte {
	out := make([]byte, 0, 64)
	last := 0
	for i, n := range h.counts {
		if n > 0 {
			out = binary.AppendUvarint(out, uint64(h.first+i-last))
			out = binary.AppendUvarint(out, uint64(n))
			last = h.first + i
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// mergeEncoded adds what encode wrote.
func (h *histogram) mergeEncoded(data []byte) error {
	for bucket := 0; len(data) > 0; {
		step, n := binary.Uvarint(data)
		if n <= 0 || step > uint64(lastBucket-bucket) {
			return errDamagedHistogram
		}
		count, m := binary.Uvarint(data[n:])
		if m <= 0 {
			return errDamagedHistogram
		}
		bucket += int(step)
		h.cover(bucket, bucket)
		h.counts[bucket-h.first] += int64(count)
		data = data[n+m:]
	}
	return nil
}

// percentiles are the middles of the buckets in which the ranks lie.
func (h *histogram) percentiles() models.Percentiles {
	var total int64
	for _, n := range h.counts {
		total += n
	}
	if total <= 0 {
		return models.Percentiles{}
	}
	at := func(p float64) *float64 {
		rank := max(int64(math.Ceil(p*float64(total))), 1)
		for i, n := range h.counts {
			if rank -= n; rank <= 0 {
				ms := math.Round(smallest*math.Pow(growth, float64(h.first+i)+0.5)*1000) / 1000
				return &ms
			}
		}
		return nil
	}
	return models.Percentiles{P50: at(0.50), P95: at(0.95), P99: at(0.99)}
}

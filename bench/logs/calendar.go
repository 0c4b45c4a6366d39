package main

import (
	"math"
	"sort"
	"time"
)

// calendar spreads requests over days as people work: busy afternoons, quiet nights, half as much at weekends.
type calendar struct {
	from       time.Time
	cumulative []float64 // share of the requests until the end of each hour
}

func newCalendar(from time.Time, days int) *calendar {
	c := &calendar{from: from, cumulative: make([]float64, 24*days)}
	sum := 0.0
	for i := range c.cumulative {
		at := from.Add(time.Duration(i) * time.Hour)
		weight := 1.15 - math.Cos(2*math.Pi*float64(at.Hour()-3)/24)
		if day := at.Weekday(); day == time.Saturday || day == time.Sunday {
			weight /= 2
		}
		sum += weight
		c.cumulative[i] = sum
	}
	for i := range c.cumulative {
		c.cumulative[i] /= sum
	}
	return c
}

// at is when a share (0-1) of all requests has begun, in the precision that is stored.
func (c *calendar) at(share float64) time.Time {
	hour := min(sort.SearchFloat64s(c.cumulative, share), len(c.cumulative)-1)
	before := 0.0
	if hour > 0 {
		before = c.cumulative[hour-1]
	}
	into := (share - before) / (c.cumulative[hour] - before)
	return c.from.Add(time.Duration((float64(hour) + into) * float64(time.Hour))).Truncate(time.Microsecond)
}

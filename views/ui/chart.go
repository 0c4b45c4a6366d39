package ui

import (
	"math"
	"strconv"
	"strings"
)

// Chart is a picture of series over buckets, drawn as SVG here; the same numbers stand in a table below it.
type Chart struct {
	Title  string // states what is shown, the unit and the time zone
	Labels []string
	Series []Series
	Links  []string               // where a bucket leads; empty or as long as Labels
	Format func(f float64) string // of a value; nil = a plain number
	Lines  bool                   // lines instead of stacked bars
}

// Series is one row of values. A nil value is a gap: no data is not 0.
type Series struct {
	Name   string
	Values []*float64
	Tone   Tone // OK, Warn or Err for outcomes; else the colours go by place
	Dashed bool // a comparison with the series before it
}

// The size of the drawing, which is stretched to its place.
const (
	plotWidth  = 1000.0
	plotHeight = 160.0
)

// seriesClasses are the colours by place; the ninth and later series share the last.
var seriesClasses = [...]string{"s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8"}

var toneSeries = map[Tone]string{Neutral: "s8", OK: "s-ok", Warn: "s-warn", Err: "s-err"}

func (c *Chart) class(i int) string {
	if class, ok := toneSeries[c.Series[i].Tone]; ok {
		return class
	}
	place := -1
	for _, s := range c.Series[:i+1] {
		if !s.Dashed { // a comparison has the colour of what it is compared with
			place++
		}
	}
	return seriesClasses[min(max(place, 0), len(seriesClasses)-1)]
}

func (c *Chart) format(f float64) string {
	if c.Format != nil {
		return c.Format(f)
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

// cell is the text of a value in the table.
func (c *Chart) cell(series, bucket int) string {
	if v := c.at(series, bucket); v != nil {
		return c.format(*v)
	}
	return Dash
}

func (c *Chart) at(series, bucket int) *float64 {
	if values := c.Series[series].Values; bucket < len(values) {
		return values[bucket]
	}
	return nil
}

func (c *Chart) empty() bool {
	for i := range c.Series {
		for b := range c.Labels {
			if c.at(i, b) != nil {
				return false
			}
		}
	}
	return true
}

// top is the highest point to be drawn: of the stack, or of the highest line.
func (c *Chart) top() float64 {
	top := niceTop(c.highest())
	if c.Format == nil && top == 1 {
		return 2 // whole things have no half
	}
	return top
}

func (c *Chart) highest() float64 {
	highest := 0.0
	for b := range c.Labels {
		sum := 0.0
		for s := range c.Series {
			v := c.at(s, b)
			if v == nil {
				continue
			}
			sum += *v
			if c.Lines {
				highest = max(highest, *v)
			}
		}
		if !c.Lines {
			highest = max(highest, sum)
		}
	}
	return highest
}

// niceTop rounds up to 1, 2, 4, 5 or 10 times a power of ten, so that half of it is round too.
func niceTop(f float64) float64 {
	if f <= 0 || math.IsInf(f, 0) || math.IsNaN(f) {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(f)))
	for _, step := range []float64{1, 2, 4, 5, 10} {
		if f <= step*power*(1+1e-9) {
			return step * power
		}
	}
	return 10 * power
}

// bar is a rectangle of the drawing.
type bar struct {
	X, Y, W, H, Class, Tip string
}

// bars stacks the series of a bucket.
func (c *Chart) bars(bucket int) []bar {
	width := plotWidth / float64(max(len(c.Labels), 1))
	gap := min(width*0.2, 6)
	scale, base := plotHeight/c.top(), plotHeight
	var list []bar
	for s := range c.Series {
		v := c.at(s, bucket)
		if v == nil || *v <= 0 {
			continue
		}
		height := *v * scale
		base -= height
		list = append(list, bar{
			X: number(float64(bucket)*width + gap/2), Y: number(base), W: number(width - gap), H: number(height), Class: "fill " + c.class(s),
		})
	}
	return list
}

// hit is the area of a bucket that takes the pointer.
func (c *Chart) hit(bucket int) bar {
	width := plotWidth / float64(max(len(c.Labels), 1))
	return bar{X: number(float64(bucket) * width), Y: "0", W: number(width), H: number(plotHeight), Tip: c.tip(bucket)}
}

func (c *Chart) tip(bucket int) string {
	lines := []string{c.Labels[bucket]}
	something := false
	for s := range c.Series {
		v := c.at(s, bucket)
		something = something || v != nil && *v != 0
	}
	for s := range c.Series {
		if v := c.at(s, bucket); something && !c.Lines && v != nil && *v == 0 {
			continue // of a stack, what is not there is not told; the table has it all
		}
		lines = append(lines, c.Series[s].Name+": "+c.cell(s, bucket))
	}
	return strings.Join(lines, "\n")
}

// path draws a series as a line with gaps.
func (c *Chart) path(series int) string {
	step := plotWidth / float64(max(len(c.Labels)-1, 1))
	scale := plotHeight / c.top()
	var d strings.Builder
	pen := "M"
	for b := range c.Labels {
		v := c.at(series, b)
		if v == nil {
			pen = "M"
			continue
		}
		d.WriteString(pen + number(float64(b)*step) + " " + number(plotHeight-*v*scale))
		if b+1 == len(c.Labels) || c.at(series, b+1) == nil {
			d.WriteString("h.01") // a point of its own is seen too
		}
		pen = "L"
	}
	return d.String()
}

// scale lists the labels beside the plot, from the top: nothing but 0 where all is 0.
func (c *Chart) scale() []string {
	if c.highest() == 0 {
		return []string{c.format(0)}
	}
	return []string{c.format(c.top()), c.format(c.top() / 2), c.format(0)}
}

// axis lists the labels below the plot: the first, the middle and the last.
func (c *Chart) axis() []string {
	switch n := len(c.Labels); {
	case n == 0:
		return nil
	case n < 3:
		return c.Labels
	default:
		return []string{c.Labels[0], c.Labels[n/2], c.Labels[n-1]}
	}
}

func (c *Chart) link(bucket int) string {
	if bucket < len(c.Links) {
		return c.Links[bucket]
	}
	return ""
}

// number writes a coordinate.
func number(f float64) string {
	return strconv.FormatFloat(math.Round(f*100)/100, 'f', -1, 64)
}

// sparkPath draws values on 100×24.
func sparkPath(values []float64) string {
	highest := 0.0
	for _, v := range values {
		highest = max(highest, v)
	}
	if highest == 0 {
		highest = 1
	}
	step := 100 / float64(max(len(values)-1, 1))
	var d strings.Builder
	for i, v := range values {
		pen := "L"
		if i == 0 {
			pen = "M"
		}
		d.WriteString(pen + number(float64(i)*step) + " " + number(23-21*v/highest))
	}
	return d.String()
}

// Number points to a value, for Series.
func Number(f float64) *float64 { return &f }

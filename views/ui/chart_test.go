package ui

import (
	"math"
	"strings"
	"testing"
)

func TestNiceTop(t *testing.T) {
	for f, want := range map[float64]float64{
		0: 1, -5: 1, 0.03: 0.04, 1: 1, 1.1: 2, 2: 2, 3: 4, 4.5: 5, 7: 10, 10: 10, 11: 20, 99: 100, 1234: 2000, math.Inf(1): 1, math.NaN(): 1,
	} {
		if got := niceTop(f); math.Abs(got-want) > 1e-9 {
			t.Errorf("niceTop(%v) = %v, want %v", f, got, want)
		}
	}
}

func TestBarsStackUpToTheirSum(t *testing.T) {
	c := Chart{Labels: []string{"a", "b"}, Series: []Series{
		{Name: "good", Values: []*float64{Number(6), nil}, Tone: OK},
		{Name: "bad", Values: []*float64{Number(4), Number(0)}, Tone: Err},
	}}
	if c.top() != 10 {
		t.Errorf("top is %v", c.top())
	}
	bars := c.bars(0)
	if len(bars) != 2 || bars[0].H != "96" || bars[1].H != "64" || bars[1].Y != "0" {
		t.Errorf("bars: %+v", bars)
	}
	if len(c.bars(1)) != 0 {
		t.Errorf("no data and zero draw %+v", c.bars(1))
	}
	if got := c.tip(1); got != "b\ngood: —\nbad: 0" {
		t.Errorf("tip: %q", got)
	}
}

func TestLinesHaveGaps(t *testing.T) {
	c := Chart{Lines: true, Labels: []string{"a", "b", "c", "d"}, Series: []Series{{Values: []*float64{Number(1), nil, Number(2), Number(0)}}}}
	if got := c.path(0); got != "M0 80h.01M666.67 0L1000 160h.01" {
		t.Errorf("path: %s", got)
	}
}

func TestPlotHasATable(t *testing.T) {
	c := Chart{
		Title: `Requests <b>per hour</b>, UTC`, Labels: []string{"10:00", "11:00", "12:00"}, Links: []string{"/admin/logs?from=10"},
		Series: []Series{{Name: "<script>x</script>", Values: []*float64{Number(1), Number(2), nil}}, {Name: "two", Values: []*float64{Number(3)}}},
	}
	var out strings.Builder
	if err := Plot(c).Render(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	html := out.String()
	for _, want := range []string{"<table", "10:00", `href="/admin/logs?from=10"`, "&lt;script&gt;", "Data as a table", `class="n">—`} {
		if !strings.Contains(html, want) {
			t.Errorf("no %s in %s", want, html)
		}
	}
	for _, not := range []string{"<script>", "<b>per", "style="} {
		if strings.Contains(html, not) {
			t.Errorf("%s in the chart", not)
		}
	}
}

func TestEmptyPlotSaysSo(t *testing.T) {
	var out strings.Builder
	if err := Plot(Chart{Title: "x", Labels: []string{"a"}, Series: []Series{{Values: []*float64{nil}}}}).Render(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "No data") || strings.Contains(out.String(), "<svg") {
		t.Errorf("an empty chart: %s", out.String())
	}
}

func TestMeterIsBounded(t *testing.T) {
	for _, c := range []struct{ part, whole, want float64 }{{1, 2, 50}, {3, 2, 100}, {-1, 2, 0}, {1, 0, 0}} {
		if got := meterWidth(c.part, c.whole); got != c.want {
			t.Errorf("meterWidth(%v, %v) = %v", c.part, c.whole, got)
		}
	}
}

func TestChart_ComparisonsShareColours(t *testing.T) {
	values := []*float64{Number(1), Number(2)}
	c := Chart{Labels: []string{"a", "b"}, Lines: true, Series: []Series{
		{Name: "p50", Values: values}, {Name: "p50 before", Values: values, Dashed: true}, {Name: "p95", Values: values}, {Name: "p95 before", Values: values, Dashed: true},
	}}
	for i, want := range []string{"s1", "s1", "s2", "s2"} {
		if got := c.class(i); got != want {
			t.Errorf("%s has the colour %s, want %s", c.Series[i].Name, got, want)
		}
	}
}

package pages

import (
	"context"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"

	"squirrel/models"
	"squirrel/views/i18n"
	"squirrel/views/ui"
)

// A pause is a silence of more than tenfold the usual one, which is the median. Whatever the pace is, less than shortestPause
// is none and longestUsual is one; and a stream of a few reads has no pace to compare with.
const (
	shortestPause = 1_000  // ms
	longestUsual  = 10_000 // ms
	tenfold       = 10
	fewSilences   = 8
)

// shownPauses is how many of the pauses are drawn and listed: the longest.
const shownPauses = 40

// Pace is how an answer arrived from its provider. Times are milliseconds since the request's arrival.
type Pace struct {
	Arrivals []models.Arrival // at least one
	End      int64            // of the request; 0 = not known
	Least    int64            // a silence of more than this is a pause
	Pauses   []Pause
}

// Pause is a silence within an answer, or behind what came of it.
type Pause struct {
	From, To      int64
	Bytes, Events int64 // that were there
	Before        int   // the arrival that ended it, by its place; behind the last one when none did
	Held          bool  // the client had not taken what was there
	Last          bool  // nothing came any more until the request ended
}

// Length is in milliseconds.
func (p Pause) Length() int64 { return p.To - p.From }

// PaceOf finds the pauses. end is how long the request took, nil when that is not known; the result is nil without arrivals.
func PaceOf(arrivals []models.Arrival, end *float64) *Pace {
	if len(arrivals) == 0 {
		return nil
	}
	p := &Pace{Arrivals: arrivals}
	if end != nil {
		p.End = int64(math.Round(*end))
	}
	silences := make([]int64, 0, len(arrivals))
	for i := 1; i < len(arrivals); i++ {
		silences = append(silences, arrivals[i].FromMS-arrivals[i-1].AtMS)
	}
	p.Least = leastPause(silences)
	for i, silence := range silences {
		if before, next := arrivals[i], arrivals[i+1]; silence > p.Least {
			p.Pauses = append(p.Pauses, Pause{From: before.AtMS, To: next.FromMS, Bytes: before.Bytes, Events: before.Events, Before: i + 1, Held: next.Held})
		}
	}
	if last := arrivals[len(arrivals)-1]; p.End-last.AtMS > p.Least {
		p.Pauses = append(p.Pauses, Pause{From: last.AtMS, To: p.End, Bytes: last.Bytes, Events: last.Events, Before: len(arrivals), Last: true})
	}
	return p
}

func leastPause(silences []int64) int64 {
	if len(silences) < fewSilences {
		return shortestPause
	}
	sorted := slices.Sorted(slices.Values(silences))
	return min(max(tenfold*sorted[len(sorted)/2], shortestPause), longestUsual)
}

// longest are the pauses that are shown, in their order.
func (p *Pace) longest() []Pause {
	shown := slices.Clone(p.Pauses)
	slices.SortStableFunc(shown, func(a, b Pause) int { return int(b.Length() - a.Length()) })
	shown = shown[:min(len(shown), shownPauses)]
	slices.SortFunc(shown, func(a, b Pause) int { return int(a.From - b.From) })
	return shown
}

func (p *Pace) first() models.Arrival { return p.Arrivals[0] }
func (p *Pace) last() models.Arrival  { return p.Arrivals[len(p.Arrivals)-1] }

// end is where the drawing ends.
func (p *Pace) end() int64 { return max(p.End, p.last().AtMS, p.first().AtMS+1) }

// Summary says in a sentence how the answer came.
func (p *Pace) Summary(ctx context.Context) string {
	size := ui.Bytes(p.last().Bytes)
	switch n := len(p.Pauses); {
	case n > 0:
		worst := slices.MaxFunc(p.Pauses, func(a, b Pause) int { return int(a.Length() - b.Length()) })
		return i18n.N(ctx, "log.pace.pauses", n, "long", span(worst.Length()), "at", span(worst.From), "size", ui.Bytes(worst.Bytes), "why", worst.why(ctx))
	case len(p.Arrivals) == 1 && p.first().FromMS == p.last().AtMS:
		return i18n.T(ctx, "log.pace.at_once", "size", size, "at", span(p.last().AtMS))
	default:
		return i18n.T(ctx, "log.pace.steady", "size", size, "span", span(p.last().AtMS-p.first().FromMS), "least", span(p.Least))
	}
}

// Short is the summary for a list of facts.
func (p *Pace) Short(ctx context.Context) string {
	if len(p.Pauses) == 0 {
		return i18n.T(ctx, "log.pace.short.none")
	}
	worst := slices.MaxFunc(p.Pauses, func(a, b Pause) int { return int(a.Length() - b.Length()) })
	return i18n.N(ctx, "log.pace.short", len(p.Pauses), "long", span(worst.Length()))
}

func (p Pause) why(ctx context.Context) string {
	switch {
	case p.Last:
		return i18n.T(ctx, "log.pause.last")
	case p.Held:
		return i18n.T(ctx, "log.pause.client")
	}
	return i18n.T(ctx, "log.pause.provider")
}

// tell says what a pause was, for its mark.
func (p Pause) tell(ctx context.Context) string {
	return i18n.T(ctx, "log.pause", "long", span(p.Length()), "why", p.why(ctx))
}

// tellAll says what pauses were that lie between the same two events.
func tellAll(ctx context.Context, pauses []Pause) string {
	if len(pauses) == 1 {
		return pauses[0].tell(ctx)
	}
	sum := int64(0)
	for _, p := range pauses {
		sum += p.Length()
	}
	return i18n.T(ctx, "log.pause.several", "n", len(pauses), "long", span(sum))
}

func span(ms int64) string { return ui.Milliseconds(float64(ms)) }

// clock is a moment of the stream, to the millisecond.
func clock(ms int64) string { return strconv.FormatFloat(float64(ms)/1000, 'f', 3, 64) + " s" }

// drawing writes the bytes over time on 1000×160: a step for each read, a slope where reads were recorded together.
func (p *Pace) drawing() string {
	var d strings.Builder
	height := 0.0
	d.WriteString("M0 160")
	for _, a := range p.Arrivals {
		from := p.x(a.FromMS)
		to := 160 - 160*float64(a.Bytes)/float64(max(p.last().Bytes, 1))
		d.WriteString("H" + coordinate(from))
		if height = to; a.AtMS == a.FromMS {
			d.WriteString("V" + coordinate(height))
		} else {
			d.WriteString("L" + coordinate(p.x(a.AtMS)) + " " + coordinate(height))
		}
	}
	return d.String() + "H1000"
}

func (p *Pace) x(ms int64) float64 {
	return 1000 * float64(ms-p.first().FromMS) / float64(p.end()-p.first().FromMS)
}

// band is where a pause lies in the drawing; the shortest is still seen.
func (p *Pace) band(pause Pause) (x, width string) {
	from := min(p.x(pause.From), 1000-shortestBar)
	return coordinate(from), coordinate(max(p.x(pause.To)-from, shortestBar))
}

func coordinate(f float64) string {
	return strconv.FormatFloat(math.Round(10*f)/10, 'f', -1, 64)
}

// place is which arrival an event ended in, by its number from 1; the number of arrivals when that is not known.
func (p *Pace) place(event int64) int {
	return sort.Search(len(p.Arrivals), func(i int) bool { return p.Arrivals[i].Events >= event })
}

// Tell adds to events, which follow each other, when they came and what pauses were before them, and returns those behind the last.
func (p *Pace) Tell(events []StreamEvent) (behind []Pause) {
	if p == nil || len(events) == 0 {
		return nil
	}
	before := 0
	if n := events[0].N; n > 1 {
		before = p.place(int64(n - 1))
	}
	for i := range events {
		e := &events[i]
		at := p.place(int64(e.N))
		if e.Untimed || at == len(p.Arrivals) {
			return nil
		}
		e.Came, e.Pauses = &p.Arrivals[at], p.between(before, at)
		before = at
	}
	return p.between(before, len(p.Arrivals))
}

// between are the pauses behind one arrival, up to the one before another.
func (p *Pace) between(one, other int) (list []Pause) {
	for _, pause := range p.Pauses {
		if pause.Before > one && pause.Before <= other {
			list = append(list, pause)
		}
	}
	return list
}

// came is when an event had come: a moment, or from when to when the reads took that were recorded together.
func came(a *models.Arrival) string {
	switch {
	case a == nil:
		return ui.Dash
	case a.FromMS == a.AtMS:
		return clock(a.AtMS)
	}
	return strings.TrimSuffix(clock(a.FromMS), " s") + "–" + clock(a.AtMS)
}

func eventColumns(ctx context.Context, timed, named bool) []ui.Column {
	columns := []ui.Column{{Label: "#", Number: true}}
	if timed {
		columns = append(columns, ui.Column{Label: i18n.T(ctx, "log.event.came"), Number: true, Title: i18n.T(ctx, "log.event.came.hint")})
	}
	if named {
		columns = append(columns, ui.Column{Label: i18n.T(ctx, "log.event.name")})
	}
	return append(columns, ui.Column{Label: i18n.T(ctx, "log.event.size"), Number: true}, ui.Column{Label: i18n.T(ctx, "log.event.data")})
}

func pauseColumns(ctx context.Context) []ui.Column {
	return []ui.Column{
		{Label: i18n.T(ctx, "log.pauses.from")}, {Label: i18n.T(ctx, "log.pauses.length"), Number: true}, {Label: i18n.T(ctx, "log.pauses.bytes"), Number: true},
		{Label: i18n.T(ctx, "log.pauses.events"), Number: true}, {Label: i18n.T(ctx, "log.pauses.why")},
	}
}

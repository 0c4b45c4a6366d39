package pages

import (
	"slices"
	"strings"
	"testing"

	"squirrel/models"
	"squirrel/views/i18n"
)

// steady are reads of one event each, so many ms apart.
func steady(n int, apart int64) (all []models.Arrival) {
	for i := range int64(n) {
		at := 300 + i*apart
		all = append(all, models.Arrival{FromMS: at, AtMS: at, Bytes: (i + 1) * 180, Events: i + 1})
	}
	return all
}

// paused makes everything from an arrival on later.
func paused(all []models.Arrival, at int, ms int64) []models.Arrival {
	all = slices.Clone(all)
	for i := at; i < len(all); i++ {
		all[i].FromMS, all[i].AtMS = all[i].FromMS+ms, all[i].AtMS+ms
	}
	return all
}

func TestPaceOf(t *testing.T) {
	t.Parallel()
	end := func(ms float64) *float64 { return &ms }
	held := paused(steady(20, 20), 5, 3000)
	held[5].Held = true
	for name, tt := range map[string]struct {
		arrivals []models.Arrival
		end      *float64
		least    int64
		pauses   []Pause
		says     string
	}{
		"steady":                         {steady(100, 20), end(2290), 1000, nil, "No pause: 17.6 KiB came within 1.98 s, with no silence of more than 1.00 s."},
		"at once":                        {steady(1, 0), end(300), 1000, nil, "The whole answer, 180 B, came at once, 300 ms after the request."},
		"one":                            {paused(steady(20, 20), 5, 14_180), nil, 1000, []Pause{{From: 380, To: 14_580, Bytes: 900, Events: 5, Before: 5}}, "One pause: 14.2 s, after 380 ms, 900 B in. The provider sent nothing."},
		"the client's":                   {held, nil, 1000, []Pause{{From: 380, To: 3400, Bytes: 900, Events: 5, Before: 5, Held: true}}, "The client did not take what was there."},
		"a silence that is none":         {paused(steady(20, 20), 5, 980), end(1660), 1000, nil, "No pause"},
		"a slow stream":                  {paused(steady(20, 500), 5, 4000), nil, 5000, nil, "No pause"},
		"a pause of a slow stream":       {paused(steady(20, 500), 5, 5000), nil, 5000, []Pause{{From: 2300, To: 7800, Bytes: 900, Events: 5, Before: 5}}, "One pause: 5.50 s"},
		"a very slow stream":             {paused(steady(20, 3000), 5, 8000), nil, 10_000, []Pause{{From: 12_300, To: 23_300, Bytes: 900, Events: 5, Before: 5}}, "One pause: 11.0 s"},
		"few reads have no pace":         {paused(paused(steady(4, 10), 1, 5000), 2, 6000), nil, 1000, []Pause{{From: 300, To: 5310, Bytes: 180, Events: 1, Before: 1}, {From: 5310, To: 11_320, Bytes: 360, Events: 2, Before: 2}}, "2 pauses; the longest 6.01 s, after 5.31 s, 360 B in."},
		"nothing came any more":          {steady(20, 20), end(120_680), 1000, []Pause{{From: 680, To: 120_680, Bytes: 3600, Events: 20, Before: 20, Last: true}}, "One pause: 2 m 00 s, after 680 ms, 3.5 KiB in. Nothing came any more until the request ended."},
		"the end of a request that runs": {steady(20, 20), nil, 1000, nil, "No pause"},
	} {
		p := PaceOf(tt.arrivals, tt.end)
		if p.Least != tt.least || !slices.Equal(p.Pauses, tt.pauses) {
			t.Errorf("%s: more than %d ms: %+v, want more than %d: %+v", name, p.Least, p.Pauses, tt.least, tt.pauses)
		}
		if got := p.Summary(t.Context()); !strings.Contains(got, tt.says) {
			t.Errorf("%s: %q, want %q", name, got, tt.says)
		}
	}
	if PaceOf(nil, end(3)) != nil {
		t.Error("a pace of nothing")
	}
}

func TestPaceTell(t *testing.T) {
	t.Parallel()
	// Two events in the first read; half of the third, a pause, and its end; the fourth; then nothing more.
	arrivals := []models.Arrival{
		{FromMS: 100, AtMS: 100, Bytes: 360, Events: 2}, {FromMS: 110, AtMS: 110, Bytes: 400, Events: 2}, {FromMS: 3110, AtMS: 3110, Bytes: 540, Events: 3},
		{FromMS: 5110, AtMS: 5200, Bytes: 720, Events: 4},
	}
	total := 9200.0
	p := PaceOf(arrivals, &total)
	events := []StreamEvent{{N: 1}, {N: 2}, {N: 3}, {N: 4}}
	behind := p.Tell(events)
	var got []string
	for _, e := range events {
		for _, pause := range e.Pauses {
			got = append(got, "pause "+span(pause.Length()))
		}
		got = append(got, came(e.Came))
	}
	want := []string{"0.100 s", "0.100 s", "pause 3.00 s", "3.110 s", "pause 2.00 s", "5.110–5.200 s"}
	if !slices.Equal(got, want) || len(behind) != 1 || !behind[0].Last {
		t.Errorf("%q and %+v behind, want %q", got, behind, want)
	}
	later := []StreamEvent{{N: 4}, {N: 5}}
	if behind := p.Tell(later); len(later[0].Pauses) != 1 || later[1].Came != nil || behind != nil {
		t.Errorf("a part of the events: %+v, %+v", later, behind)
	}
	unknown := []StreamEvent{{N: 1}, {N: 2, Untimed: true}, {N: 3}}
	if p.Tell(unknown); unknown[0].Came == nil || unknown[1].Came != nil || unknown[2].Came != nil {
		t.Errorf("behind a cut: %+v", unknown)
	}
	var none *Pace
	if none.Tell(events[:1]) != nil {
		t.Error("no pace has pauses")
	}
}

// TestPaceDrawing: steps for reads, slopes for reads that were recorded together, and bands that can be seen.
func TestPaceDrawing(t *testing.T) {
	t.Parallel()
	total := 1100.0
	p := PaceOf([]models.Arrival{{FromMS: 100, AtMS: 100, Bytes: 50}, {FromMS: 300, AtMS: 600, Bytes: 100}}, &total)
	if got := p.drawing(); got != "M0 160H0V80H200L500 0H1000" {
		t.Error(got)
	}
	if x, width := p.band(Pause{From: 100, To: 600}); x != "0" || width != "500" {
		t.Errorf("at %s, %s wide", x, width)
	}
	if x, width := p.band(Pause{From: 1099, To: 1100}); x != "996" || width != "4" {
		t.Errorf("at %s, %s wide", x, width)
	}
	single := PaceOf([]models.Arrival{{}}, nil)
	if got := single.drawing(); strings.Contains(got, "NaN") || strings.Contains(got, "Inf") {
		t.Error(got)
	}
}

// TestPaceView: the picture says the same in words, in both languages; what is not known is told.
func TestPaceView(t *testing.T) {
	t.Parallel()
	many := steady(200, 20)
	for i := range 60 {
		many = paused(many, 3*i+1, int64(1000+i*10))
	}
	for _, lang := range []i18n.Lang{i18n.English, i18n.Chinese} {
		ctx := i18n.With(t.Context(), i18n.Viewer{Lang: lang})
		p := Log{RequestLog: storyLog(200, 200, ""), Pace: PaceOf(many, nil)}
		p.IsStream = true
		var b strings.Builder
		if err := paceView(p).Render(ctx, &b); err != nil {
			t.Fatal(err)
		}
		html := b.String()
		if n := strings.Count(html, `class="pause"`); n != shownPauses || strings.Count(html, `data-testid="pause-listed"`) != shownPauses {
			t.Errorf("%d pauses are drawn, %d listed", n, strings.Count(html, `data-testid="pause-listed"`))
		}
		if !strings.Contains(html, `role="img" aria-label="`+i18n.T(ctx, "log.pace")+": 60 ") || !strings.Contains(html, i18n.N(ctx, "log.pauses.more", 20, "shown", shownPauses)) || len(html) > 24<<10 {
			t.Errorf("%d bytes: %s", len(html), html)
		}
		for key, change := range map[string]func(*Log){
			"log.pace.unknown": func(*Log) {},
			"log.pace.running": func(p *Log) { p.State = models.LogRunning },
			"log.pace.never":   func(p *Log) { p.RequestLog = storyLog(502, 502, "upstream_error") },
		} {
			p := p
			p.Pace = nil
			change(&p)
			p.IsStream = true
			b.Reset()
			if err := paceView(p).Render(ctx, &b); err != nil || !strings.Contains(b.String(), i18n.T(ctx, key)) {
				t.Errorf("%s: %v %s", key, err, b.String())
			}
		}
	}
}

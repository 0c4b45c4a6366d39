package store

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	mrand "math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"squirrel/models"
)

// fromRows computes the statistics of a query from the rows, whatever sums are kept.
func fromRows(t *testing.T, s *Store, q models.StatsQuery) models.Stats {
	t.Helper()
	tally := newTally(q)
	must(t, s.collectRows(t.Context(), &q.Filter, tally))
	return tally.stats(time.Time{})
}

// plain is a statistic without the time it was made, to compare.
func plain(st models.Stats) models.Stats {
	st.AsOf = time.Time{}
	return st
}

// TestStats_SumsAgree is the promise of the statistics: over random requests, time zones, spans and filters, the sum over the
// buckets is the summary is the sum over the rows, and the kept sums give the very same numbers as the rows.
func TestStats_SumsAgree(t *testing.T) {
	zones := []string{"UTC", "Asia/Kathmandu", "Asia/Shanghai", "America/New_York", "Australia/Lord_Howe", "America/St_Johns", "Asia/Kolkata"}
	onBoth(t, func(t *testing.T, s *Store) {
		r := mrand.New(mrand.NewPCG(9, 10))
		from := time.Date(2025, 3, 8, 3, 7, 0, 0, time.UTC) // over a change of the clock in New York
		logs := randomLogs(r, 700, from, 55*time.Hour)
		late := slices.Clone(logs)
		r.Shuffle(len(late), func(i, j int) { late[i], late[j] = late[j], late[i] })
		writeEnds(t, s, late[:600])
		if made, err := s.SumDays(t.Context(), from.Add(46*time.Hour)); err != nil || made != 2 {
			t.Fatalf("made %d days, %v", made, err)
		}
		writeEnds(t, s, late[600:]) // some of them of days that are made
		for i := range 100 {
			zone, err := time.LoadLocation(zones[i%len(zones)])
			must(t, err)
			q := models.StatsQuery{
				Location: zone, Filter: randomFilter(r, from),
				Bucket: []models.StatBucket{models.BucketHour, models.BucketDay}[r.IntN(2)],
				Group:  []models.StatGroup{"", models.GroupModel, models.GroupTargetModel, models.GroupProvider, models.GroupAPIKey, models.GroupEndpoint, models.GroupUser, models.GroupClient}[r.IntN(8)],
			}
			got, rows := plain(stats(t, s, q)), fromRows(t, s, q)
			if !reflect.DeepEqual(got, rows) {
				t.Fatalf("%s, %+v:\nkept sums %+v\nrows      %+v", zone, q, got, rows)
			}
			checkAgainst(t, got, q, matching(logs, &q.Filter))
			if q.Group != "" && i%3 == 0 {
				checkLeading(t, s, q, got)
				checkTrends(t, s, q, got)
			}
		}
	})
}

// checkTrends asks for the trends of all groups: together they are the trend, and each adds up to its group.
func checkTrends(t *testing.T, s *Store, q models.StatsQuery, all models.Stats) {
	t.Helper()
	var keys []string
	for i := range all.Groups {
		keys = append(keys, all.Groups[i].Key)
	}
	trends, err := s.GroupTrends(t.Context(), q, append(keys, "nobody"))
	must(t, err)
	together := map[int64]models.StatLine{}
	for i := range all.Groups {
		var sum, want models.StatLine
		for _, p := range trends[all.Groups[i].Key] {
			addLine(&sum, p.StatLine)
			at := together[p.Bucket.UnixMicro()]
			addLine(&at, p.StatLine)
			together[p.Bucket.UnixMicro()] = at
		}
		if addLine(&want, all.Groups[i].StatLine); sum != want {
			t.Fatalf("%+v, %q: %+v over time, %+v together", q, all.Groups[i].Key, sum, want)
		}
	}
	if len(together) != len(all.Trend) || len(trends["nobody"]) > 0 {
		t.Fatalf("%+v: %d buckets, want %d; %d of nobody", q, len(together), len(all.Trend), len(trends["nobody"]))
	}
	for _, p := range all.Trend {
		var want models.StatLine
		if addLine(&want, p.StatLine); together[p.Bucket.UnixMicro()] != want {
			t.Fatalf("%+v, %v: %+v, want %+v", q, p.Bucket, together[p.Bucket.UnixMicro()], want)
		}
	}
}

// checkLeading asks for the percentiles of the first group alone: nothing else may differ from what is told of all.
func checkLeading(t *testing.T, s *Store, q models.StatsQuery, all models.Stats) {
	t.Helper()
	q.Leading = 1
	got, lacking := plain(stats(t, s, q)), 0
	for i := range got.Groups {
		g, of := &got.Groups[i], &all.Groups[i]
		dearest := !slices.ContainsFunc(all.Groups, func(other models.StatGroupLine) bool { return other.TotalCost > of.TotalCost })
		if i > 0 && !dearest && g.TotalMS == (models.Percentiles{}) {
			lacking++
			g.FirstByteMS, g.TotalMS = of.FirstByteMS, of.TotalMS
		}
	}
	if !reflect.DeepEqual(got, all) {
		t.Fatalf("%+v:\nof the first %+v\nof all       %+v", q, got, all)
	}
	if _, kept := s.wholeGroups(&q.Filter, q.Group); kept && len(all.Groups) > 4 && lacking == 0 {
		t.Errorf("%+v: percentiles were read for all %d groups", q, len(all.Groups))
	}
}

// randomFilter is one that the kept sums can answer, with ends in the middle of anything.
func randomFilter(r *mrand.Rand, from time.Time) (f models.LogFilter) {
	if r.IntN(3) > 0 {
		f.Start = ptr(from.Add(time.Duration(r.Int64N(int64(40 * time.Hour)))).Truncate(time.Microsecond))
		f.End = ptr(f.Start.Add(time.Duration(r.Int64N(int64(30 * time.Hour)))).Truncate(time.Microsecond))
	}
	if r.IntN(3) == 0 {
		f.RequestedModel = fmt.Sprint(r.IntN(6))
	}
	if r.IntN(4) == 0 {
		f.APIKeyID = ptr(int64(r.IntN(8) + 1))
	}
	if r.IntN(4) == 0 {
		f.ProviderID = ptr(int64(r.IntN(3) + 1))
	}
	switch r.IntN(6) {
	case 0:
		f.Source = models.SourceTest
	case 1, 2:
		f.Source = models.SourceClient
	}
	return f
}

func matching(logs []models.RequestLog, f *models.LogFilter) (out []models.RequestLog) {
	for _, l := range logs {
		switch {
		case f.Start != nil && (l.RequestTime.Before(*f.Start) || !l.RequestTime.Before(*f.End)):
		case f.RequestedModel != "" && l.RequestedModel != "model-"+f.RequestedModel:
		case f.APIKeyID != nil && *l.APIKeyID != *f.APIKeyID:
		case f.ProviderID != nil && (l.ProviderID == nil || *l.ProviderID != *f.ProviderID):
		case f.Source != "" && l.Source != f.Source:
		default:
			out = append(out, l)
		}
	}
	return out
}

func checkAgainst(t *testing.T, got models.Stats, q models.StatsQuery, logs []models.RequestLog) {
	t.Helper()
	var want, trend, groups models.StatLine
	for i := range logs {
		l := &logs[i]
		addLine(&want, models.StatLine{RequestCount: 1, InputTokens: deref(l.InputTokens), OutputTokens: deref(l.OutputTokens), TotalCost: deref(l.TotalCost)})
	}
	for i, p := range got.Trend {
		addLine(&trend, p.StatLine)
		if i > 0 && !p.Bucket.After(got.Trend[i-1].Bucket) {
			t.Errorf("buckets out of order: %v", p.Bucket)
		}
		if local := p.Bucket.In(q.Location); local.Minute() != 0 && q.Location.String() != "Australia/Lord_Howe" || q.Bucket == models.BucketDay && local.Hour() != 0 {
			t.Errorf("a bucket begins at %v", local)
		}
	}
	for _, g := range got.Groups {
		addLine(&groups, g.StatLine)
	}
	sum := models.StatLine{RequestCount: got.Summary.RequestCount, InputTokens: got.Summary.InputTokens, OutputTokens: got.Summary.OutputTokens, TotalCost: got.Summary.TotalCost}
	if !reflect.DeepEqual(sum, want) || !reflect.DeepEqual(trend, want) || q.Group != "" && !reflect.DeepEqual(groups, want) {
		t.Fatalf("%+v: summary %+v, trend %+v, groups %+v; rows %+v", q, sum, trend, groups, want)
	}
}

func addLine(to *models.StatLine, l models.StatLine) {
	to.RequestCount += l.RequestCount
	to.InputTokens += l.InputTokens
	to.OutputTokens += l.OutputTokens
	to.TotalCost += l.TotalCost
}

func TestStats_OnlyRowsCanTell(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		logs := randomLogs(mrand.New(mrand.NewPCG(11, 12)), 300, noon, 3*time.Hour)
		writeEnds(t, s, logs)
		users := stats(t, s, models.StatsQuery{Group: models.GroupUser, Bucket: models.BucketMinute})
		if len(users.Groups) < 40 || len(users.Trend) < 100 || users.Summary.RequestCount != 300 {
			t.Errorf("%d users, %d minutes, %d requests", len(users.Groups), len(users.Trend), users.Summary.RequestCount)
		}
		failures := stats(t, s, models.StatsQuery{Filter: models.LogFilter{HasError: ptr(true)}})
		if failures.Summary.FailureCount != users.Summary.FailureCount || failures.Summary.SuccessCount != 0 || failures.Summary.FailureCount == 0 {
			t.Errorf("failures %+v of %+v", failures.Summary, users.Summary)
		}
		_, err := s.Stats(t.Context(), models.StatsQuery{Group: "color"})
		wantCode(t, "unknown group", err, models.CodeValidation)
	})
}

// TestStats_GroupsOfOlderDatabases: sums by group that are not there yet are made when the database is opened.
func TestStats_GroupsOfOlderDatabases(t *testing.T) {
	for _, d := range dialects {
		t.Run(d.name, func(t *testing.T) {
			url := d.url(t)
			s := open(t, url)
			writeEnds(t, s, randomLogs(mrand.New(mrand.NewPCG(13, 14)), 400, noon, 60*time.Hour))
			must(t, s.writer.Exec("DELETE FROM usage_rollups WHERE series IN (SELECT id FROM usage_groups)").Error)
			must(t, s.writer.Exec("DELETE FROM usage_groups").Error)
			_, err := s.SumDays(t.Context(), noon.Add(24*time.Hour))
			must(t, err)
			s = open(t, url)
			for _, group := range []models.StatGroup{models.GroupModel, models.GroupTargetModel, models.GroupProvider, models.GroupAPIKey, models.GroupEndpoint, models.GroupUser, models.GroupClient} {
				for _, source := range []models.LogSource{"", models.SourceClient} {
					q := models.StatsQuery{Group: group, Filter: models.LogFilter{Start: ptr(noon.Add(time.Hour)), End: ptr(noon.Add(50 * time.Hour)), Source: source}}
					if got, rows := plain(stats(t, s, q)), fromRows(t, s, q); len(got.Groups) == 0 || !reflect.DeepEqual(got, rows) {
						t.Errorf("%s:\nkept sums %+v\nrows      %+v", group, got.Groups, rows.Groups)
					}
				}
			}
		})
	}
}

// TestStats_GroupNames: a renamed provider is one group, under its latest name.
func TestStats_GroupNames(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		for i, name := range []string{"old", "new"} {
			l := finished(noon.Add(time.Duration(i) * 48 * time.Hour))
			l.ProviderName = name
			writeEnds(t, s, []models.RequestLog{l})
		}
		q := models.StatsQuery{Group: models.GroupProvider}
		got := plain(stats(t, s, q))
		if len(got.Groups) != 1 || got.Groups[0].Key != "2" || got.Groups[0].Name != "new" || !reflect.DeepEqual(got, fromRows(t, s, q)) {
			t.Errorf("groups %+v", got.Groups)
		}
	})
}

func TestSpendSince(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		logs := randomLogs(mrand.New(mrand.NewPCG(13, 14)), 400, noon.Add(-30*time.Hour), 60*time.Hour)
		writeEnds(t, s, logs)
		_, err := s.SumDays(t.Context(), noon.Add(12*time.Hour))
		must(t, err)
		for _, since := range []time.Time{{}, noon, noon.Add(-17 * time.Minute), noon.Truncate(24 * time.Hour), logs[200].RequestTime, noon.AddDate(1, 0, 0)} {
			var want models.NanoUSD
			for _, l := range logs {
				if *l.APIKeyID == 3 && !l.RequestTime.Before(since) {
					want += deref(l.TotalCost)
				}
			}
			if got, err := s.SpendSince(t.Context(), 3, since); err != nil || got != want {
				t.Errorf("since %v: %s, %v; want %s", since, got, err, want)
			}
		}
	})
}

func TestFixCosts(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		logs := randomLogs(mrand.New(mrand.NewPCG(15, 16)), 60, noon, time.Hour)
		writeEnds(t, s, logs)
		running := begun(noon)
		write(t, s, begin(running))
		fixes := []CostFix{{ID: newID(noon), RequestTime: noon}, {ID: running.ID, RequestTime: noon}}
		for i := range 30 {
			fix := CostFix{ID: logs[i].ID, RequestTime: logs[i].RequestTime, Source: models.PriceFromCatalogue}
			if i%3 > 0 {
				fix.Total, fix.Input, fix.Output = ptr(models.NanoUSD(i*10)), ptr(models.NanoUSD(i)), ptr(models.NanoUSD(i*9))
			}
			fixes = append(fixes, fix)
		}
		for range 2 { // the second time changes nothing
			if n, err := s.FixCosts(ctx, fixes); err != nil || n != 30 {
				t.Fatalf("fixed %d, %v", n, err)
			}
		}
		q := models.StatsQuery{Group: models.GroupModel}
		if got, rows := plain(stats(t, s, q)), fromRows(t, s, q); !reflect.DeepEqual(got, rows) {
			t.Errorf("kept sums %+v\nrows %+v", got, rows)
		}
		view, err := s.LogView(ctx, logs[4].ID)
		if err != nil || *view.Log.TotalCost != 40 || *view.Log.InputCost != 4 || view.Log.PriceSource != models.PriceFromCatalogue {
			t.Errorf("%+v, %v", view.Log, err)
		}
	})
}

func TestHistogram_PercentilesAreClose(t *testing.T) {
	r := mrand.New(mrand.NewPCG(17, 18))
	var all histogram
	values := make([]float64, 20_000)
	parts := make([]histogram, 7)
	for i := range values {
		values[i] = r.ExpFloat64() * 900
		all.add(&values[i], 1)
		parts[r.IntN(7)].add(&values[i], 1)
	}
	slices.Sort(values)
	var merged histogram
	for _, part := range parts {
		must(t, merged.mergeEncoded(part.encode()))
	}
	if !bytes.Equal(merged.encode(), all.encode()) {
		t.Error("merging parts gives another histogram")
	}
	got := merged.percentiles()
	for p, value := range map[float64]*float64{0.50: got.P50, 0.95: got.P95, 0.99: got.P99} {
		exact := values[int(p*float64(len(values)))-1]
		if math.Abs(*value-exact)/exact > 0.011 {
			t.Errorf("p%.0f is %.2f, exactly %.2f", 100*p, *value, exact)
		}
	}
	for _, odd := range []float64{0, -5, math.NaN(), math.Inf(1), 1e300} {
		merged.add(&odd, 1)
		merged.add(&odd, -1)
	}
	if again := merged.percentiles(); !reflect.DeepEqual(again, got) {
		t.Errorf("taking back changed %v to %v", got, again)
	}
	if none := new(histogram).percentiles(); none.P50 != nil {
		t.Error("percentiles of nothing")
	}
	for _, bad := range [][]byte{{0x80}, {1}, {1, 0x80}, binary.AppendUvarint(nil, 1<<40), append(binary.AppendUvarint(nil, math.MaxUint64), 1)} {
		if err := merged.mergeEncoded(bad); err == nil {
			t.Errorf("a damaged histogram was read: %v", bad)
		}
	}
}

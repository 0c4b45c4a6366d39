package store

import (
	"cmp"
	"context"
	"database/sql"
	"math"
	"slices"
	"strconv"
	"time"

	"squirrel/models"
)

// Stats sums over the completed requests that match (with State running, over the running ones). The trend has the buckets in
// which there are requests. The same numbers come out whether they are read from the sums kept per quarter of an hour or, when
// the filter or the bucket needs it, from the rows. Sums outlive the rows they were made of.
func (s *Store) Stats(ctx context.Context, q models.StatsQuery) (models.Stats, error) {
	if q.Location == nil {
		q.Location = time.UTC
	}
	if _, ok := groupColumns[q.Group]; !ok && q.Group != "" {
		return models.Stats{}, models.Invalid("group_by", "is not a dimension of the statistics")
	}
	asOf := now()
	t := newTally(q)
	var coarse *time.Time
	err := s.inRead(ctx, func(tx *Store) (err error) {
		if tx.summed(&q.Filter) && q.Bucket != models.BucketMinute && tx.groupable(&q.Filter, q.Group) {
			if coarse, err = tx.coarseBefore(ctx, &q); err != nil {
				return err
			}
			return tx.collect(ctx, &q.Filter, t)
		}
		return tx.collectRows(ctx, &q.Filter, t)
	})
	if err != nil {
		return models.Stats{}, fail("read the statistics", err)
	}
	answer := t.stats(asOf)
	answer.CoarseBefore = coarse
	return answer, nil
}

// tally adds up what a query asks for.
type tally struct {
	query   models.StatsQuery
	summary sums
	trend   map[int64]*sums // first microsecond of the bucket
	groups  map[string]*groupSums

	followed map[string]*tally // whose trend is wanted, too, by the keys of their groups
}

type groupSums struct {
	sums
	name   string
	nameAt int64 // when the name was seen last: providers and keys may be renamed
}

func newTally(q models.StatsQuery) *tally {
	if q.Location == nil {
		q.Location = time.UTC
	}
	return &tally{query: q, trend: map[int64]*sums{}, groups: map[string]*groupSums{}}
}

// bucket is where the bucket begins in which a time lies. A bucket of a time zone begins when its clock says so.
func (t *tally) bucket(micros int64) int64 {
	at := time.UnixMicro(micros).In(t.query.Location)
	switch t.query.Bucket {
	case models.BucketMinute:
		return floor(micros, int64(time.Minute/time.Microsecond))
	case models.BucketDay:
		return time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, t.query.Location).UnixMicro()
	default:
		into := time.Duration(at.Minute())*time.Minute + time.Duration(at.Second())*time.Second + time.Duration(at.Nanosecond())
		return micros - into.Microseconds()
	}
}

func (t *tally) bucketSums(micros int64) *sums {
	bucket := t.bucket(micros)
	u := t.trend[bucket]
	if u == nil {
		u = &sums{}
		t.trend[bucket] = u
	}
	return u
}

func (t *tally) group(key string) *groupSums {
	g := t.groups[key]
	if g == nil {
		g = &groupSums{nameAt: math.MinInt64}
		t.groups[key] = g
	}
	return g
}

// at are the sums of the group, which had this name at a time.
func (g *groupSums) at(micros int64, name string) *sums {
	if micros > g.nameAt || micros == g.nameAt && name > g.name {
		g.name, g.nameAt = name, micros
	}
	return &g.sums
}

// row adds one request.
func (t *tally) row(l *models.RequestLog) {
	micros := toMicros(l.RequestTime)
	t.bucketSums(micros).count(l, 1)
	if t.query.Group != "" {
		key, name := groupOf(t.query.Group, l)
		t.group(key).at(floor(micros, dayMicros), name).count(l, 1)
		if followed := t.followed[key]; followed != nil {
			followed.bucketSums(micros).count(l, 1)
		}
	}
}

// groupOf is the group of a request.
func groupOf(group models.StatGroup, l *models.RequestLog) (key, name string) {
	switch group {
	case models.GroupModel:
		return l.RequestedModel, l.RequestedModel
	case models.GroupTargetModel:
		return l.TargetModel, l.TargetModel
	case models.GroupProvider:
		return idText(l.ProviderID), l.ProviderName
	case models.GroupAPIKey:
		return idText(l.APIKeyID), l.APIKeyName
	case models.GroupUser:
		return l.UserID, l.UserID
	case models.GroupClient:
		return l.Client, l.Client
	default:
		return string(l.Endpoint), string(l.Endpoint)
	}
}

func idText(id *int64) string {
	if id == nil {
		return ""
	}
	return strconv.FormatInt(*id, 10)
}

// collectRows reads the rows themselves.
func (s *Store) collectRows(ctx context.Context, f *models.LogFilter, t *tally) error {
	filter := *f
	filter.State = cmp.Or(f.State, models.LogDone)
	w, err := s.everyFilter(ctx, &filter)
	if err != nil {
		return err
	}
	err = s.addRows(ctx, w, t)
	t.sumUp()
	return err
}

func (s *Store) addRows(ctx context.Context, w where, t *tally) error {
	return s.each(ctx, func(rows *sql.Rows) error {
		var l models.RequestLog
		if err := rows.Scan(countedTargets(&l)...); err != nil {
			return err
		}
		t.row(&l)
		return nil
	}, "SELECT "+countedColumns+" FROM "+s.from(w)+" WHERE "+w.sql(), w.values()...)
}

// sumUp makes the summary out of the trend, so that they can't differ.
func (t *tally) sumUp() {
	t.summary = sums{}
	for _, u := range t.trend {
		t.summary.merge(u)
	}
}

func (t *tally) stats(asOf time.Time) models.Stats {
	out := models.Stats{Summary: t.summary.line(), AsOf: asOf, Trend: []models.StatPoint{}, Groups: []models.StatGroupLine{}}
	for bucket, u := range t.trend {
		if u.requests > 0 {
			out.Trend = append(out.Trend, models.StatPoint{Bucket: fromMicros(bucket), StatLine: u.line()})
		}
	}
	slices.SortFunc(out.Trend, func(a, b models.StatPoint) int { return a.Bucket.Compare(b.Bucket) })
	for key, g := range t.groups {
		if g.requests > 0 {
			out.Groups = append(out.Groups, models.StatGroupLine{Key: key, Name: g.name, StatLine: g.line()})
		}
	}
	slices.SortFunc(out.Groups, func(a, b models.StatGroupLine) int {
		return cmp.Or(cmp.Compare(b.RequestCount, a.RequestCount), cmp.Compare(a.Key, b.Key))
	})
	return out
}

func (u *sums) line() models.StatLine {
	line := models.StatLine{
		RequestCount: u.requests, SuccessCount: u.successes, FailureCount: u.requests - u.successes,
		InputTokens: u.input, OutputTokens: u.output, CachedInputTokens: u.cached,
		TotalCost: models.NanoUSD(u.cost), UnknownCostCount: u.unknownCosts,
		FirstByteMS: u.firstByte.percentiles(), TotalMS: u.totalTime.percentiles(),
	}
	if u.requests > 0 {
		rate := float64(u.successes) / float64(u.requests)
		line.SuccessRate = &rate
	}
	return line
}

package admin

import (
	"net/url"
	"strconv"
	"time"

	"squirrel/models"
)

// ParseLogQuery reads the filters, the order and the page of a URL.
func ParseLogQuery(v url.Values, now time.Time) (LogQuery, error) {
	c := check{}
	q := LogQuery{
		Filter: parseLogFilter(c, v, now),
		Sort:   models.LogSort(v.Get("sort_by")),
		After:  v.Get("after"),
		Before: v.Get("before"),
	}
	q.Page, q.PageSize = c.page(v, maxLogPageSize)
	if q.Sort == "" {
		q.Sort = models.SortTime
	}
	oneOf(c, "sort_by", q.Sort, models.SortTime, models.SortTotalTime, models.SortFirstByte, models.SortInputTokens,
		models.SortOutputTokens, models.SortCost, models.SortStatus)
	oneOf(c, "sort_order", v.Get("sort_order"), "", "asc", "desc")
	q.Ascending = v.Get("sort_order") == "asc"
	switch {
	case q.After != "" && q.Before != "":
		c.fail("before", "must not be sent together with after")
	case (q.After != "" || q.Before != "") && q.Sort != models.SortTime:
		c.fail("sort_by", "must be request_time with a cursor")
	}
	return q, c.err()
}

// Values writes the query the way ParseLogQuery reads it.
func (q LogQuery) Values() url.Values {
	v := LogFilterValues(q.Filter)
	if q.Sort != "" && q.Sort != models.SortTime {
		v.Set("sort_by", string(q.Sort))
	}
	if q.Ascending {
		v.Set("sort_order", "asc")
	}
	if q.Page > 1 {
		v.Set("page", strconv.Itoa(q.Page))
	}
	if q.PageSize > 0 && q.PageSize != defaultPageSize {
		v.Set("page_size", strconv.Itoa(q.PageSize))
	}
	if q.After != "" {
		v.Set("after", q.After)
	}
	if q.Before != "" {
		v.Set("before", q.Before)
	}
	return v
}

// LogPage is the query as the store takes it.
func (q LogQuery) LogPage() models.LogPage {
	return models.LogPage{
		Filter: q.Filter, Sort: q.Sort, Ascending: q.Ascending, Page: q.Page, PageSize: q.PageSize, After: q.After, Before: q.Before,
	}
}

// page reads "page" and "page_size". A page size that is too large is cut, everything else out of range is refused.
func (c check) page(v url.Values, largest int) (page, size int) {
	page, size = 1, defaultPageSize
	if text := v.Get("page"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > maxPage {
			c.fail("page", "must be a whole number from 1 to %d", maxPage)
			n = 1
		}
		page = n
	}
	if text := v.Get("page_size"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			c.fail("page_size", "must be a whole number from 1 to %d", largest)
			n = defaultPageSize
		}
		size = min(n, largest)
	}
	return page, size
}

const maxTrendPoints = 5000

// ParseStatsQuery reads the filters and the grouping of a URL. Without a bucket, the width fits the period.
func ParseStatsQuery(v url.Values, now time.Time, zone *time.Location) (models.StatsQuery, error) {
	c := check{}
	q := models.StatsQuery{
		Filter:   parseLogFilter(c, v, now),
		Bucket:   models.StatBucket(v.Get("bucket")),
		Group:    models.StatGroup(v.Get("group_by")),
		Location: zone,
	}
	if name := v.Get("tz"); name != "" {
		location, err := time.LoadLocation(name)
		if err != nil || name == "Local" {
			c.fail("tz", "must be an IANA time zone such as Asia/Shanghai")
			location = zone
		}
		q.Location = location
	}
	oneOf(c, "bucket", q.Bucket, "", models.BucketMinute, models.BucketHour, models.BucketDay)
	oneOf(c, "group_by", q.Group, "", models.GroupModel, models.GroupTargetModel, models.GroupProvider, models.GroupAPIKey,
		models.GroupUser, models.GroupClient, models.GroupEndpoint)
	c.bucket(&q, now)
	return q, c.err()
}

func (c check) bucket(q *models.StatsQuery, now time.Time) {
	if q.Filter.Start == nil {
		if q.Bucket == "" {
			q.Bucket = models.BucketDay
		}
		if q.Bucket == models.BucketMinute {
			c.fail("bucket", "must not be minute without a start")
		}
		return
	}
	end := now
	if q.Filter.End != nil {
		end = *q.Filter.End
	}
	span := end.Sub(*q.Filter.Start)
	if q.Bucket == "" {
		q.Bucket = fittingBucket(span)
	}
	if span/bucketWidth(q.Bucket) > maxTrendPoints {
		c.fail("bucket", "is too narrow for this period: more than %d points", maxTrendPoints)
	}
}

func fittingBucket(span time.Duration) models.StatBucket {
	switch {
	case span <= 3*time.Hour:
		return models.BucketMinute
	case span <= 4*24*time.Hour:
		return models.BucketHour
	default:
		return models.BucketDay
	}
}

func bucketWidth(b models.StatBucket) time.Duration {
	switch b {
	case models.BucketMinute:
		return time.Minute
	case models.BucketHour:
		return time.Hour
	default:
		return 24 * time.Hour
	}
}

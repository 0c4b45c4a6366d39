package admin

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"time"
	"unicode/utf8"

	"squirrel/models"
)

// Logs lists one page of requests.
func (s *Service) Logs(ctx context.Context, q LogQuery) (models.LogList, error) {
	list, err := s.store.ListLogs(ctx, q.LogPage())
	list.Items = nonNil(list.Items)
	return list, err
}

// Stats sums up the requests that match.
func (s *Service) Stats(ctx context.Context, q models.StatsQuery) (models.Stats, error) {
	stats, err := s.store.Stats(ctx, q)
	stats.Trend, stats.Groups = nonNil(stats.Trend), nonNil(stats.Groups)
	return stats, err
}

// GroupTrends are the trends of some groups of a question, by their keys.
func (s *Service) GroupTrends(ctx context.Context, q models.StatsQuery, keys []string) (map[string][]models.StatPoint, error) {
	return s.store.GroupTrends(ctx, q, keys)
}

// LogView is one request with everything that is known about it. Bodies are text; those that aren't UTF-8 are base64 and
// named in Base64Fields.
type LogView struct {
	models.RequestLog
	RequestHeaders   json.RawMessage   `json:"request_headers"`
	RequestBody      *string           `json:"request_body"`
	UpstreamURL      string            `json:"upstream_url"`
	UpstreamHeaders  json.RawMessage   `json:"upstream_request_headers"`
	UpstreamBody     *string           `json:"upstream_request_body"`
	ResponseHeaders  json.RawMessage   `json:"response_headers"`
	UpstreamResponse *string           `json:"upstream_response_body"`
	ResponseBody     *string           `json:"response_body"`
	StreamEvents     *string           `json:"stream_events"`
	StreamPacing     []models.Arrival  `json:"stream_pacing"`
	Attempts         []AttemptView     `json:"attempts"`
	Decision         *models.Decision  `json:"decision"`
	Dropped          []models.Dropped  `json:"dropped"`
	CostLines        []models.CostLine `json:"cost_lines"`
	Truncated        []string          `json:"truncated"`
	Base64Fields     []string          `json:"base64_fields"`
	DetailAvailable  bool              `json:"detail_available"`
	DetailReason     string            `json:"detail_reason"`
}

// AttemptView is one try at one candidate.
type AttemptView struct {
	models.Attempt
	ResponseBody *string `json:"response_body"`
}

// Log shows one request. What the store keeps is redacted already.
func (s *Service) Log(ctx context.Context, id string) (LogView, error) {
	found, err := s.store.LogView(ctx, id)
	if err != nil {
		return LogView{}, err
	}
	v := LogView{
		RequestLog: found.Log, DetailAvailable: found.Detail != nil, DetailReason: found.Reason, Attempts: []AttemptView{},
		RequestHeaders: orNull(nil), UpstreamHeaders: orNull(nil), ResponseHeaders: orNull(nil),
	}
	for i := range found.Attempts {
		a := AttemptView{Attempt: found.Attempts[i]}
		a.ResponseBody = v.text("attempts.response_body", found.Attempts[i].ResponseBody)
		v.Attempts = append(v.Attempts, a)
	}
	if found.Detail != nil {
		v.fill(found.Detail)
	}
	v.Dropped, v.CostLines, v.Truncated = nonNil(v.Dropped), nonNil(v.CostLines), nonNil(v.Truncated)
	v.Base64Fields = nonNil(v.Base64Fields)
	return v, nil
}

func (v *LogView) fill(d *models.LogDetail) {
	v.RequestHeaders, v.UpstreamHeaders, v.ResponseHeaders = orNull(d.RequestHeaders), orNull(d.UpstreamHeaders), orNull(d.ResponseHeaders)
	v.UpstreamURL = d.UpstreamURL
	v.RequestBody = v.text("request_body", d.RequestBody)
	v.UpstreamBody = v.text("upstream_request_body", d.UpstreamBody)
	v.UpstreamResponse = v.text("upstream_response_body", d.UpstreamResponse)
	v.ResponseBody = v.text("response_body", d.ResponseBody)
	v.StreamEvents = v.text("stream_events", d.StreamEvents)
	v.StreamPacing = d.StreamPacing.Arrivals()
	v.Decision, v.Dropped, v.CostLines, v.Truncated = d.Decision, d.Dropped, d.CostLines, d.Truncated
	if v.DetailReason == "" {
		v.DetailReason = d.Reason
	}
}

func (v *LogView) text(name string, body []byte) *string {
	if body == nil {
		return nil
	}
	text := string(body)
	if !utf8.Valid(body) {
		text = base64.StdEncoding.EncodeToString(body)
		v.Base64Fields = append(v.Base64Fields, name)
	}
	return &text
}

// EachLog calls fn for every request that matches, newest first, until fn fails. Memory stays flat.
func (s *Service) EachLog(ctx context.Context, f models.LogFilter, fn func(models.RequestLog) error) error {
	return s.store.EachLog(ctx, f, fn)
}

// Cleanup asks to delete old requests.
type Cleanup struct {
	DaysToKeep Opt[int]       `json:"days_to_keep"` // not sent: LOG_RETENTION_DAYS
	Before     Opt[time.Time] `json:"before"`       // instead of days_to_keep
}

// CleanupResult says how far a clean-up came. One call works for a bounded time; Done is false when there is more to do.
type CleanupResult struct {
	Deleted int       `json:"deleted"`
	Before  time.Time `json:"before"`
	Done    bool      `json:"done"`
}

const (
	cleanupBatch = 500
	cleanupPause = 50 * time.Millisecond // lets other writers in
	cleanupLimit = 20 * time.Second
	maxKeepDays  = 36_500
)

// CleanLogs deletes requests older than asked, in batches.
func (s *Service) CleanLogs(ctx context.Context, in Cleanup) (CleanupResult, error) {
	c := check{}
	days := s.opts.RetentionDays
	in.DaysToKeep.into(&days)
	c.between("days_to_keep", int64(days), 0, maxKeepDays)
	result := CleanupResult{Before: s.Now().AddDate(0, 0, -days)}
	if in.Before.given() {
		result.Before = in.Before.Value.UTC()
	}
	if result.Before.After(s.Now()) {
		c.fail("before", "must not be in the future")
	}
	if err := c.err(); err != nil {
		return result, err
	}
	err := s.clean(ctx, &result)
	s.record(ctx, "cleanup", "logs", "", result)
	return result, err
}

func (s *Service) clean(ctx context.Context, result *CleanupResult) error {
	stop := time.NewTimer(cleanupLimit)
	defer stop.Stop()
	for {
		n, err := s.store.DeleteLogsBefore(ctx, result.Before, cleanupBatch)
		result.Deleted += n
		if err != nil {
			return err
		}
		if n == 0 {
			result.Done = true
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-stop.C:
			return nil
		case <-time.After(cleanupPause):
		}
	}
}

// ModelStats sums up the requests of each model; Key and Name are the model's name.
func (s *Service) ModelStats(ctx context.Context, q models.StatsQuery) ([]models.StatGroupLine, error) {
	q.Group = models.GroupModel
	stats, err := s.Stats(ctx, q)
	return nonNil(stats.Groups), err
}

// Changes lists the audit trail, newest first, from before an id (0 = the newest).
func (s *Service) Changes(ctx context.Context, before int64, limit int) ([]models.Change, error) {
	changes, err := s.store.Changes(ctx, before, limit)
	return nonNil(changes), err
}

// Change shows one entry of the audit trail.
func (s *Service) Change(ctx context.Context, id int64) (models.Change, error) {
	return s.store.Change(ctx, id)
}

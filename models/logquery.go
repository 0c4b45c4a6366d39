package models

import "time"

// LogFilter is the query of the log list, the statistics and the exports. Zero values and nil mean "any".
type LogFilter struct {
	Start, End     *time.Time // [Start, End)
	RequestedModel string     // text filters: substring, or after WholeText the whole; case-insensitive, % and _ literal
	TargetModel    string
	ProviderID     *int64
	APIKeyID       *int64
	APIKeyName     string
	UserID         string
	Client         string
	Endpoint       string
	ProtocolIn     Protocol
	ProtocolOut    Protocol
	IsStream       *bool
	Statuses       []StatusRange // any of them
	StatusMin      *int
	StatusMax      *int
	HasError       *bool
	ErrorCode      string
	FinishReason   string
	RetryMin       *int
	RetryMax       *int
	Failover       *bool // more than one provider was tried
	InputMin       *int64
	InputMax       *int64
	OutputMin      *int64
	OutputMax      *int64
	TotalTimeMin   *float64 // ms
	TotalTimeMax   *float64
	FirstByteMin   *float64 // ms
	FirstByteMax   *float64
	CostMin        *NanoUSD
	CostMax        *NanoUSD
	Source         LogSource
	State          LogState
	Query          string // request id, upstream id or error text
	Except         LogExcept
}

// WholeText before a text filter makes it match only what is that text, not what holds it: "=gpt-4o" is not gpt-4o-mini.
const WholeText = "="

// LogExcept leaves requests out: those that match any of its values, the way the filter of the same name would find them.
type LogExcept struct {
	RequestedModel []string
	TargetModel    []string
	APIKeyName     []string
	UserID         []string
	Client         []string
	Endpoint       []string
	ErrorCode      []string
	FinishReason   []string
	Source         []string
	ProviderID     []int64
	APIKeyID       []int64
	Statuses       []StatusRange
}

// StatusRange is an inclusive range of statuses: 4xx is {400, 499}, 499 is {499, 499}.
type StatusRange struct{ Min, Max int }

// LogSort is a column the log list can be ordered by.
type LogSort string

// The sortable columns.
const (
	SortTime         LogSort = "request_time"
	SortTotalTime    LogSort = "total_time_ms"
	SortFirstByte    LogSort = "first_byte_delay_ms"
	SortInputTokens  LogSort = "input_tokens"
	SortOutputTokens LogSort = "output_tokens"
	SortCost         LogSort = "total_cost"
	SortStatus       LogSort = "response_status"
)

// LogPage asks for one page of the list. With After or Before (opaque cursors of an earlier answer, only with SortTime)
// Page is ignored.
type LogPage struct {
	Filter    LogFilter
	Sort      LogSort
	Ascending bool
	Page      int // from 1
	PageSize  int // 1-200
	After     string
	Before    string
}

// LogList is one page of the list.
type LogList struct {
	Items           []RequestLog `json:"items"`
	Total           int64        `json:"total"`
	TotalIsEstimate bool         `json:"total_is_estimate"`
	Page            int          `json:"page"`
	PageSize        int          `json:"page_size"`
	NextCursor      *string      `json:"next_cursor"`
	PrevCursor      *string      `json:"prev_cursor"`
}

// SavedView is a filter of the log list under a name, for all administrators.
type SavedView struct {
	ID        int64
	Name      string // unique
	Query     string // of the list's URL: filters, order and columns
	Author    string // who saved it last; empty = unknown
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Preset is a form of the playground under a name, for all administrators. Its Query holds the fields of the form.
type Preset SavedView

// LogView is one request with everything that is known about it.
type LogView struct {
	Log      RequestLog
	Detail   *LogDetail // nil: see Reason
	Attempts []Attempt
	Reason   string // why Detail is missing: "expired", "not_recorded", "running"
}

// StatBucket is the width of a point on a trend.
type StatBucket string

// The bucket widths.
const (
	BucketMinute StatBucket = "minute"
	BucketHour   StatBucket = "hour"
	BucketDay    StatBucket = "day"
)

// StatGroup is the dimension statistics are grouped by. Empty means no groups.
type StatGroup string

// The dimensions.
const (
	GroupModel       StatGroup = "model"
	GroupTargetModel StatGroup = "target_model"
	GroupProvider    StatGroup = "provider"
	GroupAPIKey      StatGroup = "api_key"
	GroupUser        StatGroup = "user"
	GroupClient      StatGroup = "client"
	GroupEndpoint    StatGroup = "endpoint"
)

// StatsQuery asks for statistics. Location decides where days and hours begin.
type StatsQuery struct {
	Filter   LogFilter
	Bucket   StatBucket
	Location *time.Location
	Group    StatGroup

	// Leading is of how many groups, by requests and by cost, the percentiles are wanted; 0 is all. Others may lack them: a page that
	// shows a few of a thousand users need not wait for those of all.
	Leading int
}

// Percentiles are in milliseconds; nil when there is no sample.
type Percentiles struct {
	P50 *float64 `json:"p50"`
	P95 *float64 `json:"p95"`
	P99 *float64 `json:"p99"`
}

// StatLine is the sum over some rows.
type StatLine struct {
	RequestCount      int64       `json:"request_count"`
	SuccessCount      int64       `json:"success_count"`
	FailureCount      int64       `json:"failure_count"`
	SuccessRate       *float64    `json:"success_rate"` // 0-1; nil without requests
	InputTokens       int64       `json:"input_tokens"`
	OutputTokens      int64       `json:"output_tokens"`
	CachedInputTokens int64       `json:"cached_input_tokens"`
	TotalCost         NanoUSD     `json:"total_cost"` // of the rows whose cost is known
	UnknownCostCount  int64       `json:"unknown_cost_count"`
	FirstByteMS       Percentiles `json:"first_byte_ms"`
	TotalMS           Percentiles `json:"total_ms"`
}

// FailureKinds counts failed requests of a bucket. Those of neither kind failed at the provider or in the gateway.
type FailureKinds struct {
	Bucket    time.Time
	Refused   int64 // 4xx but 499: the request was to blame, or a limit
	Cancelled int64 // 499: the client left
}

// StatPoint is one bucket of a trend.
type StatPoint struct {
	Bucket time.Time `json:"bucket"`
	StatLine
}

// StatGroupLine is one group.
type StatGroupLine struct {
	Key  string `json:"key"`
	Name string `json:"name"`
	StatLine
}

// Stats is the answer to a StatsQuery. Sum over Trend = Summary = sum over rows.
type Stats struct {
	Summary StatLine        `json:"summary"`
	Trend   []StatPoint     `json:"trend"`
	Groups  []StatGroupLine `json:"groups"`
	AsOf    time.Time       `json:"as_of"`
	// CoarseBefore is until when there are only sums per day of UTC: hours stand at 12:00 of their day, days of other clocks are UTC's of
	// the same date, and days that the period cuts are left out. Nil: all is as asked for.
	CoarseBefore *time.Time `json:"coarse_before"`
}

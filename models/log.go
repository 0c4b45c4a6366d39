package models

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// LogSource says who made a request.
type LogSource string

// The sources of requests.
const (
	SourceClient     LogSource = "client"
	SourceTest       LogSource = "test"
	SourcePlayground LogSource = "playground"
	SourceReplay     LogSource = "replay"
)

// LogState says whether a request has ended.
type LogState string

// The states of a log row.
const (
	LogRunning LogState = "running"
	LogDone    LogState = "done"
)

// RequestLog is the summary of one request: one row, narrow and indexed. Pointers are nil while a value is unknown.
type RequestLog struct {
	ID                string      `json:"id"` // ULID made here, never from client or upstream data
	Instance          string      `json:"-"`  // which gateway process wrote it
	RequestTime       time.Time   `json:"request_time"`
	APIKeyID          *int64      `json:"api_key_id"`
	APIKeyName        string      `json:"api_key_name"`
	UserID            string      `json:"user_id"`
	RequestedModel    string      `json:"requested_model"`
	TargetModel       string      `json:"target_model"`
	RouteID           *int64      `json:"-"`
	ProviderID        *int64      `json:"provider_id"`
	ProviderName      string      `json:"provider_name"`
	Endpoint          Endpoint    `json:"endpoint"`
	ProtocolIn        Protocol    `json:"protocol_in"`
	ProtocolOut       Protocol    `json:"protocol_out"`
	IsStream          bool        `json:"is_stream"`
	ResponseStatus    *int        `json:"response_status"` // the outcome: 499 client gone, 502 for a cut stream even when 200 was sent
	SentStatus        *int        `json:"sent_status"`     // the status line the client got
	FinishReason      string      `json:"finish_reason"`
	ErrorCode         string      `json:"error_code"`
	ErrorInfo         string      `json:"error_info"` // redacted, safe to show
	AttemptCount      int         `json:"attempt_count"`
	RetryCount        int         `json:"retry_count"`
	FirstByteDelayMS  *float64    `json:"first_byte_delay_ms"`
	TotalTimeMS       *float64    `json:"total_time_ms"`
	GatewayOverheadUS *int64      `json:"gateway_overhead_us"`
	InputTokens       *int64      `json:"input_tokens"`
	OutputTokens      *int64      `json:"output_tokens"`
	CachedInputTokens *int64      `json:"cached_input_tokens"`
	CacheWriteTokens  *int64      `json:"cache_write_tokens"`
	ReasoningTokens   *int64      `json:"reasoning_tokens"`
	CacheHourTokens   *int64      `json:"cache_write_1h_tokens"` // nil: not told, or of before it was recorded; so are the next two
	AudioInputTokens  *int64      `json:"audio_input_tokens"`
	AudioOutputTokens *int64      `json:"audio_output_tokens"`
	UsageSource       UsageSource `json:"usage_source"`
	TotalCost         *NanoUSD    `json:"total_cost"` // nil = unknown price
	InputCost         *NanoUSD    `json:"input_cost"`
	OutputCost        *NanoUSD    `json:"output_cost"`
	PriceSource       PriceSource `json:"price_source"`
	TraceID           string      `json:"trace_id"`
	UpstreamID        string      `json:"upstream_request_id"`
	Client            string      `json:"client"` // user-agent family
	ClientIP          string      `json:"client_ip"`
	Source            LogSource   `json:"source"`
	State             LogState    `json:"state"`
}

// LogDetail is what is large: headers as JSON objects, bodies as bytes. Everything in it is redacted.
// A nil body was not recorded or not there; DetailReason of the reader's view says which.
type LogDetail struct {
	RequestHeaders   json.RawMessage
	RequestBody      []byte
	UpstreamURL      string
	UpstreamHeaders  json.RawMessage // request headers sent upstream
	UpstreamBody     []byte          // only when it differs from RequestBody
	ResponseHeaders  json.RawMessage // what the client got
	UpstreamResponse []byte          // only when it differs from ResponseBody
	ResponseBody     []byte          // streams: the re-assembled message
	StreamEvents     []byte          // raw events, when LOG_STREAM_EVENTS=true
	StreamPacing     Pacing          // when the bytes of a relayed answer came; nil = not recorded
	Decision         *Decision
	Dropped          []Dropped
	CostLines        []CostLine
	Truncated        []string // names of bodies whose middle was cut, with their real size: "request_body:12345678"
	Reason           string   // why something is missing: "key_opted_out", "spool_lean", "spool_meta", …
}

// Attempt is one try at one candidate.
type Attempt struct {
	N                 int       `json:"n"` // from 1
	RouteID           int64     `json:"route_id"`
	ProviderID        int64     `json:"provider_id"`
	Provider          string    `json:"provider"`
	TargetModel       string    `json:"target_model"`
	Protocol          Protocol  `json:"protocol"`
	URL               string    `json:"url"` // without secrets
	Status            *int      `json:"status"`
	Error             string    `json:"error"`
	ErrorKind         string    `json:"error_kind"` // dial, dns, tls, timeout, reset, status, bad_response, stream_error, client_gone
	StartedAt         time.Time `json:"started_at"`
	FirstByteMS       *float64  `json:"first_byte_ms"`
	TotalMS           *float64  `json:"total_ms"`
	RetryReason       string    `json:"retry_reason"` // why the next attempt was made; "" = it was the last
	Ambiguous         bool      `json:"ambiguous"`    // the provider may have done (and billed) the work
	UpstreamRequestID string    `json:"upstream_request_id"`
	ResponseBody      []byte    `json:"-"` // of a failed attempt, redacted and capped at 64 KiB
}

// Dropped names a part of a request or an answer that the target protocol could not hold.
type Dropped struct {
	Path   string `json:"path"`
	Reason string `json:"reason"`
}

// Verdict is what the plan decided about a candidate.
type Verdict string

// The verdicts.
const (
	VerdictSelected Verdict = "selected" // in the order, may be tried
	VerdictExcluded Verdict = "excluded" // not eligible; Reason says why
)

// CandidateVerdict is one line of a decision.
type CandidateVerdict struct {
	RouteID       int64    `json:"route"`
	Provider      string   `json:"provider"`
	TargetModel   string   `json:"target_model"`
	Protocol      Protocol `json:"protocol"`
	Verdict       Verdict  `json:"verdict"`
	Reason        string   `json:"reason"`
	Health        string   `json:"health"`
	EstimatedCost *NanoUSD `json:"estimated_cost"`
}

// Decision is why a request went where it went.
type Decision struct {
	Strategy   StrategyName       `json:"strategy"`
	Order      []int64            `json:"order"` // route ids
	Candidates []CandidateVerdict `json:"candidates"`
	Rules      []RuleTrace        `json:"rules,omitempty"`
}

// RuleTrace is the value a rule leaf saw, for the log page and the dry run.
type RuleTrace struct {
	RouteID  int64           `json:"route,omitempty"` // 0 = the model's own rules
	Field    string          `json:"field"`
	Operator string          `json:"operator"`
	Value    json.RawMessage `json:"value,omitempty"`
	Actual   json.RawMessage `json:"actual"` // null = missing
	Result   bool            `json:"result"`
}

// LogWriteKind says what a LogWrite does to its row.
type LogWriteKind byte

// The kinds of writes, in the order in which they happen to one request.
const (
	WriteBegin   LogWriteKind = 1
	WriteAttempt LogWriteKind = 2
	WriteChunk   LogWriteKind = 3
	WriteEnd     LogWriteKind = 4
)

// LogWrite is one change to the log on its way from the spool to the database.
type LogWrite struct {
	Kind     LogWriteKind
	Log      RequestLog // Begin and End: whole; Attempt and Chunk: only ID, Instance and RequestTime
	Detail   *LogDetail // Begin: request part; Chunk: ResponseBody so far; End: whole; nil = not recorded
	Attempts []Attempt
	Whole    bool // End: what the begin said is in it, too; nothing of the request should be stored yet
}

// BodyWasCut reports whether the middle of a body was not recorded; notes are those of LogDetail.Truncated.
func BodyWasCut(notes []string, body string) bool {
	return slices.ContainsFunc(notes, func(note string) bool {
		name, _, _ := strings.Cut(note, ":")
		return name == body
	})
}

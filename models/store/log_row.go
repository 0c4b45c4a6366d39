package store

import (
	"database/sql"
	"fmt"
	"strings"
	"time"

	"squirrel/models"
)

// logKey is what a log row is known by everywhere. The time comes first: rows lie in its order.
type logKey struct {
	time int64 // microseconds
	id   string
}

func keyOf(l *models.RequestLog) logKey { return logKey{toMicros(l.RequestTime), l.ID} }

// logRow is a log with the columns that only the store knows.
type logRow struct {
	models.RequestLog
	failed, provisional, hasDetail bool
}

// logColumns are all columns of request_logs, in the order of logValues and scanLog.
var logColumns = []string{
	"request_time", "id", "state", "failed", "provisional", "has_detail", "instance", "api_key_id", "api_key_name", "user_id",
	"requested_model", "target_model", "route_id", "provider_id", "provider_name", "endpoint", "protocol_in", "protocol_out", "is_stream",
	"response_status", "sent_status", "finish_reason", "error_code", "error_info", "attempt_count", "retry_count",
	"first_byte_delay_ms", "total_time_ms", "gateway_overhead_us",
	"input_tokens", "output_tokens", "cached_input_tokens", "cache_write_tokens", "reasoning_tokens", "usage_source",
	"cache_hour_tokens", "audio_input_tokens", "audio_output_tokens",
	"total_cost", "input_cost", "output_cost", "price_source", "trace_id", "upstream_id", "client", "client_ip", "source",
}

var (
	logColumnList = strings.Join(logColumns, ", ")

	// insertLog leaves alone what is there.
	insertLog = bulk{
		into: "request_logs (" + logColumnList + ")", columns: len(logColumns), tail: "ON CONFLICT (request_time, id) DO NOTHING",
		types: strings.Fields(`bigint text text boolean boolean boolean text bigint text text
			text text bigint bigint text text text text boolean
			bigint bigint text text text bigint bigint
			float8 float8 bigint
			bigint bigint bigint bigint bigint text
			bigint bigint bigint
			bigint bigint bigint text text text text text text`),
	}
)

func logValues(r *logRow) []any {
	l := &r.RequestLog
	return []any{
		toMicros(l.RequestTime), l.ID, string(l.State), r.failed, r.provisional, r.hasDetail, clean(l.Instance, maxWord), l.APIKeyID,
		clean(l.APIKeyName, maxName), clean(l.UserID, maxName), clean(l.RequestedModel, maxName), clean(l.TargetModel, maxName),
		l.RouteID, l.ProviderID, clean(l.ProviderName, maxName), clean(string(l.Endpoint), maxWord),
		string(l.ProtocolIn), string(l.ProtocolOut), l.IsStream, l.ResponseStatus, l.SentStatus, clean(l.FinishReason, maxWord),
		clean(l.ErrorCode, maxWord), clean(l.ErrorInfo, maxReason), l.AttemptCount, l.RetryCount,
		l.FirstByteDelayMS, l.TotalTimeMS, l.GatewayOverheadUS,
		l.InputTokens, l.OutputTokens, l.CachedInputTokens, l.CacheWriteTokens, l.ReasoningTokens, string(l.UsageSource),
		l.CacheHourTokens, l.AudioInputTokens, l.AudioOutputTokens,
		(*int64)(l.TotalCost), (*int64)(l.InputCost), (*int64)(l.OutputCost), string(l.PriceSource), clean(l.TraceID, maxWord),
		clean(l.UpstreamID, maxName), clean(l.Client, maxName), clean(l.ClientIP, maxWord), string(l.Source),
	}
}

func scanLog(rows *sql.Rows) (r logRow, err error) {
	l := &r.RequestLog
	err = rows.Scan((*microTime)(&l.RequestTime), &l.ID, &l.State, &r.failed, &r.provisional, &r.hasDetail, &l.Instance, &l.APIKeyID, &l.APIKeyName, &l.UserID,
		&l.RequestedModel, &l.TargetModel, &l.RouteID, &l.ProviderID, &l.ProviderName, &l.Endpoint, &l.ProtocolIn, &l.ProtocolOut, &l.IsStream,
		&l.ResponseStatus, &l.SentStatus, &l.FinishReason, &l.ErrorCode, &l.ErrorInfo, &l.AttemptCount, &l.RetryCount,
		&l.FirstByteDelayMS, &l.TotalTimeMS, &l.GatewayOverheadUS,
		&l.InputTokens, &l.OutputTokens, &l.CachedInputTokens, &l.CacheWriteTokens, &l.ReasoningTokens, &l.UsageSource,
		&l.CacheHourTokens, &l.AudioInputTokens, &l.AudioOutputTokens,
		&l.TotalCost, &l.InputCost, &l.OutputCost, &l.PriceSource, &l.TraceID, &l.UpstreamID, &l.Client, &l.ClientIP, &l.Source)
	return r, err
}

// hasFailed: a finished request without an outcome of 2xx or 3xx. It is stored, so that an index can hold the failures alone.
func hasFailed(l *models.RequestLog) bool {
	if l.State != models.LogDone {
		return false
	}
	return l.ErrorCode != "" || l.ResponseStatus == nil || *l.ResponseStatus < 200 || *l.ResponseStatus >= 400
}

// countedColumns are those that statistics count and group by, in the order of countedTargets.
const countedColumns = `request_time, id, state, requested_model, target_model, provider_id, provider_name, api_key_id, api_key_name,
	user_id, client, endpoint, source, response_status, error_code, input_tokens, output_tokens, cached_input_tokens, total_cost,
	first_byte_delay_ms, total_time_ms`

func countedTargets(l *models.RequestLog) []any {
	return []any{
		(*microTime)(&l.RequestTime), &l.ID, &l.State, &l.RequestedModel, &l.TargetModel, &l.ProviderID, &l.ProviderName, &l.APIKeyID,
		&l.APIKeyName, &l.UserID, &l.Client, &l.Endpoint, &l.Source, &l.ResponseStatus, &l.ErrorCode, &l.InputTokens, &l.OutputTokens,
		&l.CachedInputTokens, &l.TotalCost, &l.FirstByteDelayMS, &l.TotalTimeMS,
	}
}

// microTime scans microseconds since 1970 as a time.
type microTime time.Time

// Scan implements sql.Scanner.
func (t *microTime) Scan(value any) error {
	micros, ok := value.(int64)
	if !ok {
		return fmt.Errorf("a time is stored as %T", value)
	}
	*t = microTime(fromMicros(micros))
	return nil
}

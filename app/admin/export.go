package admin

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"time"

	"squirrel/models"
)

// column is one column of the CSV export. Text columns hold what others wrote; they are made safe for spreadsheets.
type column struct {
	name string
	text bool
	of   func(*models.RequestLog) string
}

var columns = []column{
	{"id", false, func(l *models.RequestLog) string { return l.ID }},
	{"request_time", false, func(l *models.RequestLog) string { return l.RequestTime.UTC().Format(time.RFC3339Nano) }},
	{"api_key_id", false, func(l *models.RequestLog) string { return wholeText(l.APIKeyID) }},
	{"api_key_name", true, func(l *models.RequestLog) string { return l.APIKeyName }},
	{"user_id", true, func(l *models.RequestLog) string { return l.UserID }},
	{"requested_model", true, func(l *models.RequestLog) string { return l.RequestedModel }},
	{"target_model", true, func(l *models.RequestLog) string { return l.TargetModel }},
	{"provider_id", false, func(l *models.RequestLog) string { return wholeText(l.ProviderID) }},
	{"provider_name", true, func(l *models.RequestLog) string { return l.ProviderName }},
	{"endpoint", true, func(l *models.RequestLog) string { return string(l.Endpoint) }},
	{"protocol_in", true, func(l *models.RequestLog) string { return string(l.ProtocolIn) }},
	{"protocol_out", true, func(l *models.RequestLog) string { return string(l.ProtocolOut) }},
	{"is_stream", false, func(l *models.RequestLog) string { return strconv.FormatBool(l.IsStream) }},
	{"response_status", false, func(l *models.RequestLog) string { return wholeText(l.ResponseStatus) }},
	{"finish_reason", true, func(l *models.RequestLog) string { return l.FinishReason }},
	{"error_code", true, func(l *models.RequestLog) string { return l.ErrorCode }},
	{"error_info", true, func(l *models.RequestLog) string { return l.ErrorInfo }},
	{"attempt_count", false, func(l *models.RequestLog) string { return strconv.Itoa(l.AttemptCount) }},
	{"retry_count", false, func(l *models.RequestLog) string { return strconv.Itoa(l.RetryCount) }},
	{"first_byte_delay_ms", false, func(l *models.RequestLog) string { return decimal(l.FirstByteDelayMS) }},
	{"total_time_ms", false, func(l *models.RequestLog) string { return decimal(l.TotalTimeMS) }},
	{"gateway_overhead_us", false, func(l *models.RequestLog) string { return wholeText(l.GatewayOverheadUS) }},
	{"input_tokens", false, func(l *models.RequestLog) string { return wholeText(l.InputTokens) }},
	{"output_tokens", false, func(l *models.RequestLog) string { return wholeText(l.OutputTokens) }},
	{"cached_input_tokens", false, func(l *models.RequestLog) string { return wholeText(l.CachedInputTokens) }},
	{"cache_write_tokens", false, func(l *models.RequestLog) string { return wholeText(l.CacheWriteTokens) }},
	{"reasoning_tokens", false, func(l *models.RequestLog) string { return wholeText(l.ReasoningTokens) }},
	{"usage_source", true, func(l *models.RequestLog) string { return string(l.UsageSource) }},
	{"total_cost", false, func(l *models.RequestLog) string { return dollars(l.TotalCost) }},
	{"input_cost", false, func(l *models.RequestLog) string { return dollars(l.InputCost) }},
	{"output_cost", false, func(l *models.RequestLog) string { return dollars(l.OutputCost) }},
	{"price_source", true, func(l *models.RequestLog) string { return string(l.PriceSource) }},
	{"trace_id", true, func(l *models.RequestLog) string { return l.TraceID }},
	{"client", true, func(l *models.RequestLog) string { return l.Client }},
	{"source", true, func(l *models.RequestLog) string { return string(l.Source) }},
	{"state", true, func(l *models.RequestLog) string { return string(l.State) }},
}

func wholeText[T int | int64](n *T) string {
	if n == nil {
		return ""
	}
	return strconv.FormatInt(int64(*n), 10)
}

func decimal(f *float64) string {
	if f == nil {
		return ""
	}
	return strconv.FormatFloat(*f, 'f', -1, 64)
}

func dollars(n *models.NanoUSD) string {
	if n == nil {
		return ""
	}
	return n.String()
}

// formulaStarts begin a formula in one spreadsheet program or another, or are cut off before one.
const formulaStarts = "=+-@\t\r\n\x00＝＋－＠"

// safeCell keeps a cell from being a formula: "=1+1" becomes "'=1+1".
func safeCell(text string) string {
	if text != "" && strings.ContainsAny(firstRune(strings.TrimLeft(text, " ")), formulaStarts) {
		return "'" + text
	}
	return text
}

func firstRune(text string) string {
	for _, r := range text {
		return string(r)
	}
	return ""
}

// ExportCSV writes the requests that match, newest first, as RFC 4180 with a header line.
func (s *Service) ExportCSV(ctx context.Context, f models.LogFilter, w io.Writer) error {
	s.record(ctx, "export", "logs", "csv", LogFilterValues(f))
	out := csv.NewWriter(w)
	out.UseCRLF = true
	row := make([]string, len(columns))
	for i := range columns {
		row[i] = columns[i].name
	}
	if err := out.Write(row); err != nil {
		return err
	}
	err := s.store.EachLog(ctx, f, func(l models.RequestLog) error {
		for i := range columns {
			if row[i] = columns[i].of(&l); columns[i].text {
				row[i] = safeCell(row[i])
			}
		}
		return out.Write(row)
	})
	out.Flush()
	if err != nil {
		return err
	}
	return out.Error()
}

// ExportJSONL writes the requests that match, newest first, one JSON object a line.
func (s *Service) ExportJSONL(ctx context.Context, f models.LogFilter, w io.Writer) error {
	s.record(ctx, "export", "logs", "jsonl", LogFilterValues(f))
	buffered := bufio.NewWriterSize(w, 32<<10)
	enc := json.NewEncoder(buffered)
	enc.SetEscapeHTML(false)
	if err := s.store.EachLog(ctx, f, func(l models.RequestLog) error { return enc.Encode(&l) }); err != nil {
		return err
	}
	return buffered.Flush()
}

package store

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"squirrel/models"
)

// where is a condition with its values. The zero value holds for everything.
type where struct {
	terms []string
	args  []any

	// How rows are found, where that is known better than the database knows it; at most one is set.
	index    string  // by this index of request_logs
	quarters []int64 // only in these quarters of an hour
	asArray  bool    // the quarters are a value and not text: PostgreSQL

	byKey bool // the keys of the rows are put in order before the rows are read: many may match

	span bounds // of the time, as far as the terms tell
}

// bounds are the earliest and the latest time in microseconds, both inclusive; nil = unknown.
type bounds struct{ first, last *int64 }

func (b bounds) meet(o bounds) bounds {
	if b.first == nil || o.first != nil && *o.first > *b.first {
		b.first = o.first
	}
	if b.last == nil || o.last != nil && *o.last < *b.last {
		b.last = o.last
	}
	return b
}

func (w *where) add(term string, args ...any) {
	w.terms = append(w.terms, term)
	w.args = append(w.args, args...)
}

// sql writes the condition, so that "WHERE " can stand before it.
func (w where) sql() string {
	if len(w.terms) == 0 {
		return "1 = 1"
	}
	switch {
	case w.asArray:
		return "1 = 1" // from has them
	case w.quarters == nil:
		return strings.Join(w.terms, " AND ")
	}
	// Rows are found by their quarters. With another bound of the time the database might take that one instead, and look at
	// everything from there to each quarter: the sign keeps it from that.
	terms := slices.Clone(w.terms)
	for i, term := range terms {
		if strings.HasPrefix(term, "request_time ") {
			terms[i] = strings.ReplaceAll(term, "request_time", "+request_time")
		}
	}
	return strings.Join(terms, " AND ")
}

func (w where) join(o where) where {
	return where{
		terms: append(w.terms[:len(w.terms):len(w.terms)], o.terms...), args: append(w.args[:len(w.args):len(w.args)], o.args...),
		index: cmp.Or(w.index, o.index), quarters: slices.Concat(w.quarters, o.quarters), asArray: w.asArray || o.asArray,
		byKey: w.byKey || o.byKey, span: w.span.meet(o.span),
	}
}

// few reports that only few rows are looked at.
func (w where) few() bool { return w.index != "" || w.quarters != nil }

// values are those of from and the condition.
func (w where) values() []any {
	if w.asArray {
		return append([]any{w.quarters}, w.args...)
	}
	return w.args[:len(w.args):len(w.args)]
}

// from is what the rows of a condition are selected from.
func (h *handle) from(w where) string {
	switch {
	case w.asArray:
		// OFFSET 0 keeps PostgreSQL from reading everything and then comparing it with each quarter.
		return fmt.Sprintf(`unnest(?::bigint[]) AS quarter CROSS JOIN LATERAL (SELECT * FROM request_logs
			WHERE request_time >= quarter AND request_time < quarter + %d AND %s OFFSET 0) AS request_logs`, quarterMicros, strings.Join(w.terms, " AND "))
	case h.postgres():
	case w.index != "":
		return "request_logs INDEXED BY " + w.index
	case w.quarters != nil:
		slots := make([]string, len(w.quarters))
		for i, slot := range w.quarters {
			slots[i] = fmt.Sprintf("(%d)", slot)
		}
		return fmt.Sprintf("(SELECT column1 AS quarter FROM (VALUES %s)) CROSS JOIN request_logs ON request_time >= quarter AND request_time < quarter + %d",
			strings.Join(slots, ","), quarterMicros)
	}
	return "request_logs"
}

func optional[T any](w *where, term string, value *T) {
	if value != nil {
		w.add(term, *value)
	}
}

func exact[T ~string](w *where, column string, value T) {
	if value != "" {
		w.add(column+" = ?", string(value))
	}
}

// contains finds a text anywhere in a column, in any case; % and _ are themselves.
func (h *handle) contains(column string) string {
	if h.postgres() {
		return column + ` ILIKE ? ESCAPE '\'`
	}
	return column + ` LIKE ? ESCAPE '\'`
}

var likeEscaper = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

func likePattern(text string) string { return "%" + likeEscaper.Replace(clean(text, maxName)) + "%" }

// textPattern is what a text filter looks for: a part of the column, or with = before it the whole of it.
func textPattern(value string) string {
	if whole, ok := strings.CutPrefix(value, models.WholeText); ok {
		return likeEscaper.Replace(clean(whole, maxName))
	}
	return likePattern(value)
}

func (h *handle) text(w *where, column, value string) {
	if value != "" {
		w.add(h.contains(column), textPattern(value))
	}
}

// indexed is the part of a filter that an index of request_logs narrows down: time, key, failures, retries, running ones.
func (h *handle) indexed(f *models.LogFilter) (w where) {
	if f.State == models.LogRunning {
		w.add("state = 'running'") // as in the index: there are few that run, and many in any span
		w.index = "request_logs_running"
	}
	optional(&w, "request_time >= ?", toMicrosPtr(f.Start))
	optional(&w, "request_time < ?", toMicrosPtr(f.End))
	w.span.first = toMicrosPtr(f.Start)
	if f.End != nil {
		w.span.last = new(toMicros(*f.End) - 1)
	}
	optional(&w, "api_key_id = ?", f.APIKeyID)
	if wantsFailures(f) {
		w.add("failed")
	}
	if f.RetryMin != nil && *f.RetryMin > 0 || f.Failover != nil && *f.Failover {
		w.add("retry_count > 0") // as in the index
	}
	return w
}

// wantsFailures reports that only failed requests can match.
func wantsFailures(f *models.LogFilter) bool {
	if f.HasError != nil && *f.HasError || f.ErrorCode != "" || f.StatusMin != nil && *f.StatusMin >= 400 {
		return true
	}
	for _, r := range f.Statuses {
		if r.Min < 400 {
			return false
		}
	}
	return len(f.Statuses) > 0
}

// dimensional is the part of a filter that usage_series knows the columns of, too.
func (h *handle) dimensional(f *models.LogFilter) (w where) {
	optional(&w, "provider_id = ?", f.ProviderID)
	exact(&w, "endpoint", f.Endpoint)
	exact(&w, "source", f.Source)
	h.text(&w, "requested_model", f.RequestedModel)
	h.text(&w, "target_model", f.TargetModel)
	h.text(&w, "api_key_name", f.APIKeyName)
	h.textsNot(&w, "requested_model", f.Except.RequestedModel)
	h.textsNot(&w, "target_model", f.Except.TargetModel)
	h.textsNot(&w, "api_key_name", f.Except.APIKeyName)
	noneOf(&w, "endpoint", f.Except.Endpoint)
	noneOf(&w, "source", f.Except.Source)
	noneOf(&w, "provider_id", f.Except.ProviderID)
	noneOf(&w, "api_key_id", f.Except.APIKeyID)
	return w
}

// textsNot leaves out what one of the texts would find.
func (h *handle) textsNot(w *where, column string, values []string) {
	for _, value := range values {
		w.add("NOT "+h.contains(column), textPattern(value))
	}
}

// noneOf leaves out what equals one of the values; what has none stays.
func noneOf[T any](w *where, column string, values []T) {
	for _, value := range values {
		w.add("("+column+" IS NULL OR "+column+" <> ?)", value)
	}
}

// remaining is what only the rows can tell.
func (h *handle) remaining(f *models.LogFilter) (w where) {
	optional(&w, "is_stream = ?", f.IsStream)
	statuses(&w, f.Statuses)
	optional(&w, "response_status >= ?", f.StatusMin)
	optional(&w, "response_status <= ?", f.StatusMax)
	if f.HasError != nil && !*f.HasError {
		w.add("NOT failed")
	}
	if f.State == models.LogDone {
		w.add("state = 'done'")
	}
	optional(&w, "retry_count >= ?", f.RetryMin)
	optional(&w, "retry_count <= ?", f.RetryMax)
	optional(&w, "input_tokens >= ?", f.InputMin)
	optional(&w, "input_tokens <= ?", f.InputMax)
	optional(&w, "output_tokens >= ?", f.OutputMin)
	optional(&w, "output_tokens <= ?", f.OutputMax)
	optional(&w, "total_time_ms >= ?", f.TotalTimeMin)
	optional(&w, "total_time_ms <= ?", f.TotalTimeMax)
	optional(&w, "first_byte_delay_ms >= ?", f.FirstByteMin)
	optional(&w, "first_byte_delay_ms <= ?", f.FirstByteMax)
	optional(&w, "total_cost >= ?", (*int64)(f.CostMin))
	optional(&w, "total_cost <= ?", (*int64)(f.CostMax))
	exact(&w, "protocol_in", f.ProtocolIn)
	exact(&w, "protocol_out", f.ProtocolOut)
	exact(&w, "error_code", f.ErrorCode)
	exact(&w, "finish_reason", f.FinishReason)
	h.text(&w, "user_id", f.UserID)
	h.text(&w, "client", f.Client)
	h.textsNot(&w, "user_id", f.Except.UserID)
	h.textsNot(&w, "client", f.Except.Client)
	noneOf(&w, "error_code", f.Except.ErrorCode)
	noneOf(&w, "finish_reason", f.Except.FinishReason)
	for _, r := range f.Except.Statuses {
		w.add("(response_status IS NULL OR response_status NOT BETWEEN ? AND ?)", r.Min, r.Max)
	}
	failover(&w, f.Failover)
	if f.Query != "" {
		pattern := likePattern(f.Query)
		w.add("("+h.contains("id")+" OR "+h.contains("upstream_id")+" OR "+h.contains("error_info")+" OR "+h.contains("error_code")+")",
			pattern, pattern, pattern, pattern)
	}
	return w
}

func statuses(w *where, ranges []models.StatusRange) {
	if len(ranges) == 0 {
		return
	}
	terms := make([]string, len(ranges))
	args := make([]any, 0, 2*len(ranges))
	for i, r := range ranges {
		terms[i] = "response_status BETWEEN ? AND ?"
		args = append(args, r.Min, r.Max)
	}
	w.add("("+strings.Join(terms, " OR ")+")", args...)
}

// failover asks the attempts, but only for requests that had several.
func failover(w *where, wanted *bool) {
	if wanted == nil {
		return
	}
	term := `(attempt_count > 1 AND (SELECT COUNT(DISTINCT a.provider_id) FROM request_attempts a
		WHERE a.request_time = request_logs.request_time AND a.log_id = request_logs.id) > 1)`
	if !*wanted {
		term = "NOT " + term
	}
	w.add(term)
}

// filter is all of it, in the order of what it costs to find out: SQLite looks at the terms from left to right.
func (h *handle) filter(f *models.LogFilter) where {
	return h.indexed(f).join(h.remaining(f)).join(h.dimensional(f))
}

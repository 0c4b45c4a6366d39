package llm

// StopReason is why the model stopped.
type StopReason string

// The reasons. StopUnknown is an answer whose end nobody explained.
const (
	StopUnknown  StopReason = ""
	StopEnd      StopReason = "end"
	StopLength   StopReason = "length"
	StopTool     StopReason = "tool"
	StopSequence StopReason = "sequence"
	StopFilter   StopReason = "filter"
	StopPause    StopReason = "pause"
)

// Usage counts tokens. Input includes cached and cache-write tokens; Output includes reasoning tokens.
type Usage struct {
	Input       int64
	Output      int64
	CachedInput int64
	CacheWrite  int64
	Reasoning   int64
	AudioInput  int64
	AudioOutput int64
	Known       bool // false: nobody told
}

// Uncached returns the input tokens that were neither read from nor written to a cache, Anthropic's input_tokens.
func (u Usage) Uncached() int64 { return max(u.Input-u.CachedInput-u.CacheWrite, 0) }

// Response is an answer in no particular dialect.
type Response struct {
	From     Dialect
	ID       string
	Model    string
	Created  int64 // Unix seconds; 0 when the upstream did not tell
	Parts    []Part
	Stop     StopReason
	Sequence string // the stop sequence that was met
	Usage    Usage
	Dropped  []Dropped
}

// SettleStop returns the stop reason that fits what was sent: calls that can be run mean StopTool whatever the upstream
// said, and without a call there is nothing to run. An answer cut by its token limit in the middle of a call's
// arguments stays cut, because nobody can run half a call.
func SettleStop(told StopReason, calls int, lastCallWhole bool) StopReason {
	switch {
	case calls > 0 && told == StopLength && !lastCallWhole:
		return StopLength
	case calls > 0:
		return StopTool
	case told == StopTool || told == StopUnknown:
		return StopEnd
	}
	return told
}

// Settle makes the answer's stop reason follow from its parts.
func (r *Response) Settle() {
	calls, whole := 0, true
	for _, p := range r.Parts {
		call, ok := p.(*ToolCall)
		if !ok {
			continue
		}
		calls++
		var args Progress
		args.Feed(call.Arguments)
		whole = call.Custom || args.Whole()
	}
	r.Stop = SettleStop(r.Stop, calls, whole)
}

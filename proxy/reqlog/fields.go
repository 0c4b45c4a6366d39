package reqlog

import (
	"time"

	"squirrel/models"
)

// This file lists the fields of a record, once for writing and reading. New fields go to the end of their list.

// meta is everything of a write but its blobs.
type meta struct {
	written time.Time // by the clock of the writer
	blobs   []blob
	write   *models.LogWrite
}

func codeMeta(c *coder, m *meta) {
	c.time(&m.written)
	list(c, &m.blobs, func(c *coder, b *blob) { b.code(c) })
	section(c, &m.write.Log, codeLog)
	optional(c, &m.write.Detail, codeDetail)
	list(c, &m.write.Attempts, codeAttempt)
}

func codeLog(c *coder, l *models.RequestLog) {
	text(c, &l.ID)
	text(c, &l.Instance)
	c.time(&l.RequestTime)
	optional(c, &l.APIKeyID, number[int64])
	text(c, &l.APIKeyName)
	text(c, &l.UserID)
	text(c, &l.RequestedModel)
	text(c, &l.TargetModel)
	optional(c, &l.RouteID, number[int64])
	optional(c, &l.ProviderID, number[int64])
	text(c, &l.ProviderName)
	text(c, &l.Endpoint)
	text(c, &l.ProtocolIn)
	text(c, &l.ProtocolOut)
	c.bool(&l.IsStream)
	optional(c, &l.ResponseStatus, number[int])
	optional(c, &l.SentStatus, number[int])
	text(c, &l.FinishReason)
	text(c, &l.ErrorCode)
	text(c, &l.ErrorInfo)
	number(c, &l.AttemptCount)
	number(c, &l.RetryCount)
	optional(c, &l.FirstByteDelayMS, float)
	optional(c, &l.TotalTimeMS, float)
	optional(c, &l.GatewayOverheadUS, number[int64])
	optional(c, &l.InputTokens, number[int64])
	optional(c, &l.OutputTokens, number[int64])
	optional(c, &l.CachedInputTokens, number[int64])
	optional(c, &l.CacheWriteTokens, number[int64])
	optional(c, &l.ReasoningTokens, number[int64])
	text(c, &l.UsageSource)
	optional(c, &l.TotalCost, number[models.NanoUSD])
	optional(c, &l.InputCost, number[models.NanoUSD])
	optional(c, &l.OutputCost, number[models.NanoUSD])
	text(c, &l.PriceSource)
	text(c, &l.TraceID)
	text(c, &l.UpstreamID)
	text(c, &l.Client)
	text(c, &l.ClientIP)
	text(c, &l.Source)
	text(c, &l.State)
	optional(c, &l.CacheHourTokens, number[int64])
	optional(c, &l.AudioInputTokens, number[int64])
	optional(c, &l.AudioOutputTokens, number[int64])
}

func codeDetail(c *coder, d *models.LogDetail) { section(c, d, codeDetailFields) }

func codeDetailFields(c *coder, d *models.LogDetail) {
	text(c, &d.UpstreamURL)
	optional(c, &d.Decision, codeDecision)
	list(c, &d.Dropped, codeDropped)
	list(c, &d.CostLines, codeCostLine)
	list(c, &d.Truncated, text[string])
	text(c, &d.Reason)
}

func codeDecision(c *coder, d *models.Decision) { section(c, d, codeDecisionFields) }

func codeDecisionFields(c *coder, d *models.Decision) {
	text(c, &d.Strategy)
	list(c, &d.Order, number[int64])
	list(c, &d.Candidates, codeCandidate)
	list(c, &d.Rules, codeTrace)
}

func codeCandidate(c *coder, v *models.CandidateVerdict) { section(c, v, codeCandidateFields) }

func codeCandidateFields(c *coder, v *models.CandidateVerdict) {
	number(c, &v.RouteID)
	text(c, &v.Provider)
	text(c, &v.TargetModel)
	text(c, &v.Protocol)
	text(c, &v.Verdict)
	text(c, &v.Reason)
	text(c, &v.Health)
	optional(c, &v.EstimatedCost, number[models.NanoUSD])
}

func codeTrace(c *coder, t *models.RuleTrace) { section(c, t, codeTraceFields) }

func codeTraceFields(c *coder, t *models.RuleTrace) {
	number(c, &t.RouteID)
	text(c, &t.Field)
	text(c, &t.Operator)
	text(c, &t.Value)
	text(c, &t.Actual)
	c.bool(&t.Result)
}

func codeDropped(c *coder, d *models.Dropped) {
	text(c, &d.Path)
	text(c, &d.Reason)
}

func codeCostLine(c *coder, l *models.CostLine) {
	text(c, &l.Kind)
	number(c, &l.Count)
	number(c, &l.Price)
	number(c, &l.Amount)
}

func codeAttempt(c *coder, a *models.Attempt) { section(c, a, codeAttemptFields) }

func codeAttemptFields(c *coder, a *models.Attempt) {
	number(c, &a.N)
	number(c, &a.RouteID)
	number(c, &a.ProviderID)
	text(c, &a.Provider)
	text(c, &a.TargetModel)
	text(c, &a.Protocol)
	text(c, &a.URL)
	optional(c, &a.Status, number[int])
	text(c, &a.Error)
	text(c, &a.ErrorKind)
	c.time(&a.StartedAt)
	optional(c, &a.FirstByteMS, float)
	optional(c, &a.TotalMS, float)
	text(c, &a.RetryReason)
	c.bool(&a.Ambiguous)
	text(c, &a.UpstreamRequestID)
}

// eachBlob visits the places where a write keeps large values, under numbers that never change their meaning.
func eachBlob(w *models.LogWrite, visit func(id uint64, b *[]byte)) {
	if d := w.Detail; d != nil {
		visit(0, (*[]byte)(&d.RequestHeaders))
		visit(1, &d.RequestBody)
		visit(2, (*[]byte)(&d.UpstreamHeaders))
		visit(3, &d.UpstreamBody)
		visit(4, (*[]byte)(&d.ResponseHeaders))
		visit(5, &d.UpstreamResponse)
		visit(6, &d.ResponseBody)
		visit(7, &d.StreamEvents)
		visit(8, (*[]byte)(&d.StreamPacing))
	}
	for i := range w.Attempts {
		visit(firstAttemptBlob+uint64(i), &w.Attempts[i].ResponseBody)
	}
}

// namedBody is a body of a detail under the name it has in Truncated.
type namedBody struct {
	name string
	body *[]byte
}

func bodiesOf(d *models.LogDetail) [5]namedBody {
	return [5]namedBody{
		{"request_body", &d.RequestBody},
		{"upstream_body", &d.UpstreamBody},
		{"upstream_response", &d.UpstreamResponse},
		{"response_body", &d.ResponseBody},
		{"stream_events", &d.StreamEvents},
	}
}

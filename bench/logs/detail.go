package main

import (
	"fmt"
	"strings"

	"squirrel/models"
)

// words are what prompts and answers are made of, so that bodies compress as prose does.
var words = strings.Fields(`the squirrel buried an acorn under each oak before winter and forgot where most of them were so that a new
	forest grew while clouds moved over hills rivers and towns whose people asked how many trees it takes to make shade for everyone
	please summarise translate explain compare list write review refactor test measure describe why when which between because however`)

// detail is what is recorded of some requests: headers, and bodies of a few kilobytes.
func (g *generator) detail(l *models.RequestLog) *models.LogDetail {
	if g.r.Float64() >= detailShare {
		return nil
	}
	d := &models.LogDetail{
		RequestHeaders: fmt.Appendf(nil, `{"content-type":"application/json","user-agent":%q,"authorization":"sk-b***0000","x-trace-id":%q}`, l.Client, l.TraceID),
		RequestBody: fmt.Appendf(nil, `{"model":%q,"stream":%t,"messages":[{"role":"system","content":%q},{"role":"user","content":%q}]}`,
			l.RequestedModel, l.IsStream, g.prose(40), g.prose(20+g.r.IntN(300))),
		ResponseHeaders: []byte(`{"content-type":"application/json","server":"squirrel"}`),
	}
	if l.ErrorCode != "" {
		d.ResponseBody = fmt.Appendf(nil, `{"error":{"code":%q,"message":%q}}`, l.ErrorCode, l.ErrorInfo)
		return d
	}
	d.UpstreamURL = "https://" + l.ProviderName + ".example.com/v1"
	d.UpstreamHeaders = []byte(`{"content-type":"application/json","authorization":"sk-p***1111"}`)
	d.ResponseBody = fmt.Appendf(nil, `{"id":%q,"model":%q,"choices":[{"index":0,"message":{"role":"assistant","content":%q},"finish_reason":%q}]}`,
		l.UpstreamID, l.TargetModel, g.prose(20+g.r.IntN(200)), l.FinishReason)
	if l.RouteID != nil {
		d.Decision = &models.Decision{Strategy: models.StrategyPriority, Order: []int64{*l.RouteID}}
	}
	return d
}

func (g *generator) prose(n int) string {
	var b strings.Builder
	for range n {
		b.WriteString(words[g.r.IntN(len(words))])
		b.WriteByte(' ')
	}
	return b.String()
}

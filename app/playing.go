package app

import (
	"context"
	"encoding/json"

	"squirrel/app/admin"
	"squirrel/app/config"
	"squirrel/models"
	"squirrel/proxy"
	"squirrel/proxy/sse"
)

// player sends requests of the playground through the gateway.
type player struct{ app *App }

// Play implements admin.Player.
func (p player) Play(ctx context.Context, in admin.Play, emit func(admin.PlayEvent) error) (admin.Played, error) {
	request := proxy.Internal{Endpoint: in.Endpoint, Body: in.Body, Source: models.SourcePlayground}
	if in.APIKeyID != nil {
		key, err := p.app.store.APIKey(ctx, *in.APIKeyID)
		if err != nil {
			return admin.Played{}, err
		}
		request.Key = &key
	}
	if in.RouteID != nil {
		request.RouteID = *in.RouteID
	}
	done, failure := p.app.gateway.Perform(ctx, request, &listener{parser: sse.NewParser(maxPlayEvent), emit: emit})
	if failure != nil {
		return admin.Played{}, failure
	}
	return admin.Played{
		LogID: done.LogID, Status: done.Status, Provider: done.Provider, Target: done.Target, Body: done.Body,
		FirstByte: done.FirstByte, Total: done.Total,
	}, nil
}

const maxPlayEvent = 4 << 20

// listener takes a stream apart for the playground.
type listener struct {
	parser *sse.Parser
	emit   func(admin.PlayEvent) error
}

// Write implements io.Writer.
func (l *listener) Write(p []byte) (int, error) {
	l.parser.Feed(p)
	for {
		event, ok := l.parser.Next()
		if !ok {
			return len(p), l.parser.Err()
		}
		if len(event.Data) == 0 {
			continue // a heartbeat
		}
		text, reasoning := spoken(event.Data)
		if err := l.emit(admin.PlayEvent{Text: text, Reasoning: reasoning, Raw: string(event.Data)}); err != nil {
			return 0, err
		}
	}
}

// delta holds the places where the three protocols, and completions, have the text of an event.
type delta struct {
	Type    string          `json:"type"`
	Delta   json.RawMessage `json:"delta"` // an object of Anthropic, a string of Responses
	Choices []struct {
		Text  string `json:"text"`
		Delta struct {
			Content          string `json:"content"`
			ReasoningContent string `json:"reasoning_content"`
			Reasoning        string `json:"reasoning"`
			Refusal          string `json:"refusal"`
		} `json:"delta"`
	} `json:"choices"`
}

// spoken is the text of an event, and whether it is reasoning.
func spoken(data []byte) (text string, reasoning bool) {
	var d delta
	if json.Unmarshal(data, &d) != nil {
		return "", false
	}
	if len(d.Choices) > 0 {
		c := d.Choices[0]
		if said := c.Text + c.Delta.Content + c.Delta.Refusal; said != "" {
			return said, false
		}
		return c.Delta.ReasoningContent + c.Delta.Reasoning, true
	}
	switch d.Type {
	case "response.output_text.delta", "response.refusal.delta":
		return quoted(d.Delta), false
	case "response.reasoning_summary_text.delta", "response.reasoning_text.delta":
		return quoted(d.Delta), true
	case "content_block_delta":
		var block struct {
			Text     string `json:"text"`
			Thinking string `json:"thinking"`
		}
		if json.Unmarshal(d.Delta, &block) == nil && block.Text != "" {
			return block.Text, false
		}
		return block.Thinking, true
	}
	return "", false
}

func quoted(raw json.RawMessage) (text string) {
	_ = json.Unmarshal(raw, &text) // what is no string says nothing
	return text
}

// condition tells how the process is doing.
type condition struct{ app *App }

// Report implements admin.System.
func (c condition) Report() admin.SystemReport {
	spool, cfg := c.app.spool.Stats(), &c.app.cfg
	return admin.SystemReport{
		LogState: spool.State.String(), LogReason: spool.Reason, SpoolBytes: spool.Bytes, SpoolLimit: spool.MaxBytes, Lag: c.app.shipper.Lag(),
		Rejected: spool.Rejected, Lost: spool.LostRecords, Dead: uint64(c.app.shipper.Stats().DeadFiles), Running: c.app.gateway.Running(),
		DetailDays: cfg.LogDetailRetentionDays, BodyLimit: cfg.LogBodyMaxBytes, RedactBodies: cfg.LogRedactBody != config.RedactOff,
		StreamEvents: cfg.LogStreamEvents, Dialect: c.app.store.Dialect(), Version: Version,
	}
}

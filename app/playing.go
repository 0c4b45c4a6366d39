package app

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strings"

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
	ctx, leave := context.WithCancel(ctx)
	defer leave()
	heard := &listener{parser: sse.NewParser(maxPlayEvent), emit: emit}
	request := proxy.Internal{Endpoint: in.Endpoint, Body: in.Body, Source: models.SourcePlayground, Answered: heard.answered, Begun: func(id string) {
		if emit(admin.PlayEvent{LogID: id}) != nil {
			leave()
		}
	}}
	if in.Upload != nil {
		request.Upload, request.Header = form(in.Upload)
	}
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
	done, failure := p.app.gateway.Perform(ctx, request, heard)
	if failure != nil {
		return admin.Played{}, failure
	}
	played := admin.Played{
		LogID: done.LogID, Status: done.Status, Provider: done.Provider, Target: done.Target, Type: done.Header.Get("Content-Type"), Body: done.Body,
		FirstByte: done.FirstByte, Total: done.Total,
	}
	if heard.whole {
		played.Body, played.Cut = heard.kept, heard.cut
	}
	return played, nil
}

// form writes an upload as a client would. The file itself is not copied.
func form(in *admin.PlayUpload) (io.Reader, http.Header) {
	var head bytes.Buffer
	w := multipart.NewWriter(&head)
	for _, field := range in.Fields {
		_ = w.WriteField(field[0], field[1]) // a buffer takes everything
	}
	h := textproto.MIMEHeader{"Content-Type": {cmp.Or(in.FileType, "application/octet-stream")}}
	h.Set("Content-Disposition", multipart.FileContentDisposition("file", in.FileName))
	_, _ = w.CreatePart(h)
	tail := strings.NewReader("\r\n--" + w.Boundary() + "--\r\n")
	return io.MultiReader(&head, bytes.NewReader(in.File), tail), http.Header{"Content-Type": {w.FormDataContentType()}}
}

const (
	maxPlayEvent = 4 << 20
	maxPlayBody  = 16 << 20 // of an answer in bytes that is kept
)

// listener takes a stream apart for the playground. One that has no events, such as a sound, it keeps.
type listener struct {
	parser *sse.Parser
	emit   func(admin.PlayEvent) error
	whole  bool
	kept   []byte
	cut    bool
}

// answered is told what kind of stream is to come.
func (l *listener) answered(h http.Header) {
	l.whole = !strings.HasPrefix(h.Get("Content-Type"), "text/event-stream")
}

// Write implements io.Writer.
func (l *listener) Write(p []byte) (int, error) {
	if l.whole {
		room := min(len(p), maxPlayBody-len(l.kept))
		l.kept, l.cut = append(l.kept, p[:room]...), l.cut || room < len(p)
		return len(p), nil
	}
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
	Delta   json.RawMessage `json:"delta"` // an object of Anthropic, a string of Responses and of transcripts
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
	case "response.output_text.delta", "response.refusal.delta", "transcript.text.delta":
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

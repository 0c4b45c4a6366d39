package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"time"

	"squirrel/models"
)

// Player performs requests of the playground as if a client had sent them.
type Player interface {
	// Play returns once the answer is complete. emit first gets the id of the request, before anything is sent to a provider;
	// of a stream then each piece of text as it arrives, and the event itself. An error of emit ends the request as if the
	// client had left.
	Play(ctx context.Context, in Play, emit func(PlayEvent) error) (Played, error)
}

// Play is a request of the playground.
type Play struct {
	Endpoint models.Endpoint
	Body     json.RawMessage
	Upload   *PlayUpload // instead of a body
	APIKeyID *int64      // acts as this key, with its limits; nil = as no key
	RouteID  *int64      // only over this route
}

// PlayUpload is a form with a file.
type PlayUpload struct {
	Fields   [][2]string // names and values, in their order
	FileName string
	FileType string
	File     []byte
}

// PlayEvent is a piece of a streamed answer.
type PlayEvent struct {
	LogID     string // of the request; in the first event only
	Text      string // what was said; empty for other events
	Reasoning bool   // the text is reasoning
	Raw       string // the event as it was sent
}

// Played is what came of a request.
type Played struct {
	LogID     string
	Status    int
	Provider  string
	Target    string
	Type      string // of the body's content
	Body      []byte // of an answer that is no event stream
	Cut       bool   // the body is longer; this is its beginning
	FirstByte time.Duration
	Total     time.Duration
	Log       *models.RequestLog // the record, when it has reached the database in time
}

// CanPlay reports whether there is a playground.
func (s *Service) CanPlay() bool { return s.opts.Player != nil }

// Play sends a request of the playground. emit may be nil when the request asks for no stream.
func (s *Service) Play(ctx context.Context, in Play, emit func(PlayEvent) error) (Played, error) {
	c := check{}
	switch {
	case in.Upload != nil:
		if !in.Endpoint.TakesUpload() {
			c.fail("endpoint", "takes no file")
		}
	case !json.Valid(in.Body):
		c.fail("body", "must be JSON")
	case bytes.TrimSpace(in.Body)[0] != '{':
		c.fail("body", "must be a JSON object")
	}
	if err := c.err(); err != nil {
		return Played{}, err
	}
	if emit == nil {
		emit = func(PlayEvent) error { return nil }
	}
	played, err := s.opts.Player.Play(ctx, in, emit)
	if err == nil {
		played.Log, err = s.awaitLog(context.WithoutCancel(ctx), played.LogID)
	}
	return played, err
}

const (
	logPatience = 2 * time.Second
	logPause    = 50 * time.Millisecond
)

// awaitLog waits a moment for a record on its way to the database: tokens and cost are in it. nil when it takes longer.
func (s *Service) awaitLog(ctx context.Context, id string) (*models.RequestLog, error) {
	ctx, cancel := context.WithTimeout(ctx, logPatience)
	defer cancel()
	for {
		view, err := s.store.LogView(ctx, id)
		switch {
		case err == nil && view.Log.State == models.LogDone:
			return &view.Log, nil
		case err != nil && models.ErrorCode(err) != models.CodeNotFound && !errors.Is(err, context.DeadlineExceeded):
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, nil
		case <-time.After(logPause):
		}
	}
}

// AwaitLog waits a moment until a request that has ended can be read; it is no error when it takes longer.
func (s *Service) AwaitLog(ctx context.Context, id string) error {
	_, err := s.awaitLog(ctx, id)
	return err
}

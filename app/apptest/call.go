package apptest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// Call is one model call from the client's side.
type Call struct {
	ID     string // sent as x-user-id and in the prompt, so that both ledgers can be joined
	Path   string
	Model  string
	Stream bool
}

// Answer is what the client got.
type Answer struct {
	Call
	Status   int    // 0 = no answer began
	LogID    string // of the gateway's record
	Body     string
	Complete bool  // a whole JSON body, or a stream up to its terminator
	Failed   bool  // a stream that ended in an error event
	Err      error // of the transport
}

// Chat and Messages are the paths of model calls.
const (
	Chat     = "/v1/chat/completions"
	Messages = "/v1/messages"
)

// Do makes a call and reads its answer to the end. tune may be nil.
func Do(ctx context.Context, client *http.Client, url, key string, call Call, tune func(*http.Request)) Answer {
	a := Answer{Call: call}
	req, err := call.request(ctx, url, key)
	if err != nil {
		a.Err = err
		return a
	}
	if tune != nil {
		tune(req)
	}
	resp, err := client.Do(req)
	if err != nil {
		a.Err = err
		return a
	}
	defer resp.Body.Close()
	a.Status, a.LogID = resp.StatusCode, resp.Header.Get("X-Squirrel-Request-Id")
	body, err := io.ReadAll(resp.Body)
	a.Body, a.Err = string(body), err
	a.judge(resp.Header.Get("Content-Type"))
	return a
}

func (c Call) request(ctx context.Context, url, key string) (*http.Request, error) {
	body := fmt.Sprintf(`{"model":%q,"stream":%t,"max_tokens":200,"messages":[{"role":"user","content":"call %s"}]}`, c.Model, c.Stream, c.ID)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+c.Path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-User-Id", c.ID)
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	return req, nil
}

func (a *Answer) judge(contentType string) {
	if !strings.HasPrefix(contentType, "text/event-stream") {
		a.Complete = a.Err == nil && json.Valid([]byte(a.Body))
		return
	}
	tail := a.Body[max(0, len(a.Body)-400):]
	a.Complete = strings.Contains(tail, "data: [DONE]") || strings.Contains(tail, "event: message_stop")
	a.Failed = strings.Contains(tail, `"error":{`)
}

// CallID finds the id of a call in the body that a provider got.
func CallID(body []byte) string {
	_, rest, found := strings.Cut(string(body), `"call `)
	if !found {
		return ""
	}
	id, _, _ := strings.Cut(rest, `"`)
	return id
}

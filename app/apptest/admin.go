package apptest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"squirrel/models"
)

// Admin is a client of the admin API.
type Admin struct {
	URL   string // of the gateway, without a path
	Token string // "" = none is sent
	HTTP  *http.Client
}

// StatusError is an answer that is no success.
type StatusError struct {
	Status int
	Code   string // of the error envelope
	Body   string
}

// Error implements error.
func (e *StatusError) Error() string { return fmt.Sprintf("status %d: %s", e.Status, e.Body) }

// Login makes a client with a session of its own.
func Login(ctx context.Context, url, username, password string) (*Admin, error) {
	a := &Admin{URL: url, HTTP: &http.Client{}}
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	err := a.Call(ctx, http.MethodPost, "/api/auth/login", map[string]string{"username": username, "password": password}, &answer)
	a.Token = answer.AccessToken
	return a, err
}

// Call sends in as JSON (nil = no body) and decodes the answer into out (nil = ignored). The error is a *StatusError when
// the gateway answered, but not with success.
func (a *Admin) Call(ctx context.Context, method, path string, in, out any) error {
	resp, err := a.Send(ctx, method, path, in)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	if resp.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("%s %s: %w", method, path, statusError(resp.StatusCode, body))
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(body, out); err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	return nil
}

// Send is Call for those who want the answer as it is. The caller closes its body.
func (a *Admin) Send(ctx context.Context, method, path string, in any) (*http.Response, error) {
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", method, path, err)
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, a.URL+path, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	if a.Token != "" {
		req.Header.Set("Authorization", "Bearer "+a.Token)
	}
	return a.HTTP.Do(req)
}

func statusError(status int, body []byte) *StatusError {
	var envelope struct {
		Error struct {
			Code string `json:"code"`
		} `json:"error"`
	}
	_ = json.Unmarshal(body, &envelope) // an answer that is not JSON has no code
	return &StatusError{Status: status, Code: envelope.Error.Code, Body: string(body)}
}

// Rows reads the whole request log, newest first, through the export.
func (a *Admin) Rows(ctx context.Context) ([]models.RequestLog, error) {
	resp, err := a.Send(ctx, http.MethodGet, "/api/admin/logs/export?format=jsonl", nil)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(resp.Body)
		return nil, statusError(resp.StatusCode, body)
	}
	var rows []models.RequestLog
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var row models.RequestLog
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			return nil, fmt.Errorf("a line of the export: %w", err)
		}
		rows = append(rows, row)
	}
	return rows, lines.Err()
}

// LogState asks readiness for the state of the log, and how far the database is behind it.
func (a *Admin) LogState(ctx context.Context) (state string, behind time.Duration, err error) {
	var answer struct {
		Log struct {
			State string `json:"state"`
			LagMS int64  `json:"lag_ms"`
		} `json:"log"`
	}
	err = a.Call(ctx, http.MethodGet, "/readyz?verbose=1", nil, &answer)
	return answer.Log.State, time.Duration(answer.Log.LagMS) * time.Millisecond, err
}

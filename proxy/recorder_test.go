package proxy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"squirrel/models"
	"squirrel/proxy/reqlog"
)

// recorder keeps log records in memory, in place of the spool.
type recorder struct {
	mu     sync.Mutex
	writes []models.LogWrite
	refuse bool
	hook   func(models.LogWrite)
}

func (r *recorder) add(w models.LogWrite) error {
	if r.hook != nil {
		r.hook(w)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.refuse && w.Kind == models.WriteBegin {
		return reqlog.ErrRejected
	}
	r.writes = append(r.writes, w)
	return nil
}

func (r *recorder) Begin(w models.LogWrite) error   { return r.add(w) }
func (r *recorder) Attempt(w models.LogWrite) error { return r.add(w) }
func (r *recorder) Chunk(w models.LogWrite) error   { return r.add(w) }
func (r *recorder) End(w models.LogWrite) error     { return r.add(w) }

// end waits for the END record of a request; "" means the only one.
func (r *recorder) end(t testing.TB, id string) models.LogWrite {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		r.mu.Lock()
		for _, w := range r.writes {
			if w.Kind == models.WriteEnd && (id == "" || w.Log.ID == id) {
				r.mu.Unlock()
				return w
			}
		}
		r.mu.Unlock()
	}
	t.Fatalf("no END record for %q", id)
	return models.LogWrite{}
}

// accepted counts the records of a kind.
func (r *recorder) accepted(kind models.LogWriteKind) (n int) {
	for _, w := range r.all() {
		if w.Kind == kind {
			n++
		}
	}
	return n
}

func (r *recorder) all() []models.LogWrite {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.writes)
}

// forget drops the bodies of all records.
func (r *recorder) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.writes {
		r.writes[i].Detail = nil
	}
}

// dump is everything the recorder was ever given, as text.
func (r *recorder) dump() string {
	var b strings.Builder
	for _, w := range r.all() {
		row, _ := json.Marshal(w.Log)
		fmt.Fprintf(&b, "%s\n", row)
		for _, a := range w.Attempts {
			fmt.Fprintf(&b, "%+v %s\n", a, a.ResponseBody)
		}
		if d := w.Detail; d != nil {
			for _, part := range [][]byte{
				d.RequestHeaders, d.RequestBody, []byte(d.UpstreamURL), d.UpstreamHeaders, d.UpstreamBody, d.ResponseHeaders, d.UpstreamResponse, d.ResponseBody, d.StreamEvents,
			} {
				fmt.Fprintf(&b, "%s\n", part)
			}
		}
	}
	return b.String()
}

// logBuffer keeps what the gateway logs.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

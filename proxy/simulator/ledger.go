package simulator

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"squirrel/models"
)

// Entry is one request of the ledger.
type Entry struct {
	// ID counts the requests of the server, from 1. RequestID is the id the answer carries in x-request-id or request-id.
	ID        int64
	RequestID string

	Method, Path, Query, Base string
	Endpoint                  models.Endpoint
	Header                    http.Header
	Model                     string
	Stream                    bool
	Hit                       int
	// Body is the request body, nil when it is longer than the ledger keeps; BodySize and BodySum (SHA-256) are always there.
	Body     []byte
	BodySize int
	BodySum  [sha256.Size]byte

	// Received is when the request had been read, Ended when the answer was over (zero: it still goes on).
	Received, Ended time.Time
	// Aborted is when the client left before it had the whole answer (zero: it did not). Closing its sending half is leaving.
	Aborted time.Time
	// Status is 0 when no answer was begun. Sent counts body bytes without framing, Events whole events.
	Status int
	Sent   int64
	Events int
	// Complete says that the whole answer was sent and nothing cut it.
	Complete bool
}

// Ledger is the record of a server's requests. When it is full the oldest go.
type Ledger struct {
	size, bodyLimit int

	mu      sync.Mutex
	entries []*Entry
	last    int64
	bodies  int           // bytes of all bodies that are kept
	bodied  int           // entries before this one have no body any more
	changed chan struct{} // closed at the next change; nil when nobody waits
}

// maxBodies bounds the bytes of all bodies together.
const maxBodies = 64 << 20

func newLedger(size, bodyLimit int) *Ledger {
	return &Ledger{size: size, bodyLimit: bodyLimit}
}

// tracked is an entry that is still being written.
type tracked struct {
	*Entry
	ledger *Ledger
}

func (l *Ledger) open(r *Request, requestID string) *tracked {
	e := &Entry{
		RequestID: requestID, Method: r.Method, Path: r.Path, Query: r.Query, Base: r.Base, Endpoint: r.Endpoint,
		Header: r.Header, Model: r.Model, Stream: r.Stream, Hit: r.Hit, Received: r.Received,
		BodySize: len(r.Body), BodySum: sha256.Sum256(r.Body),
	}
	if len(r.Body) <= l.bodyLimit {
		e.Body = r.Body
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last++
	e.ID = l.last
	l.entries = append(l.entries, e)
	l.bodies += len(e.Body)
	l.shrink()
	l.notify()
	return &tracked{e, l}
}

// shrink drops the oldest bodies and entries until the ledger is within its bounds. The lock is held.
func (l *Ledger) shrink() {
	for ; l.bodies > maxBodies; l.bodied++ {
		l.dropBody(l.entries[l.bodied])
	}
	if surplus := len(l.entries) - l.size; surplus > 0 {
		for _, e := range l.entries[:surplus] {
			l.dropBody(e)
		}
		l.entries = slices.Delete(l.entries, 0, surplus)
		l.bodied = max(0, l.bodied-surplus)
	}
}

func (l *Ledger) dropBody(e *Entry) {
	l.bodies -= len(e.Body)
	e.Body = nil
}

// notify wakes those who wait for a change. The lock is held.
func (l *Ledger) notify() {
	if l.changed != nil {
		close(l.changed)
		l.changed = nil
	}
}

func (t *tracked) abort(at time.Time) {
	t.ledger.mu.Lock()
	defer t.ledger.mu.Unlock()
	if t.Aborted.IsZero() {
		t.Aborted = at
		t.ledger.notify()
	}
}

func (t *tracked) progress(sent int64, events int) {
	t.ledger.mu.Lock()
	defer t.ledger.mu.Unlock()
	t.Sent, t.Events = sent, events
	t.ledger.notify()
}

func (t *tracked) finish(d *delivery, err error) {
	t.ledger.mu.Lock()
	defer t.ledger.mu.Unlock()
	t.Ended = time.Now()
	t.Status, t.Sent, t.Events = d.status, d.sent, d.events
	t.Complete = err == nil && t.Aborted.IsZero()
	t.ledger.notify()
}

func (l *Ledger) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries, l.bodies, l.bodied = nil, 0, 0
	l.notify()
}

// Entries returns copies of the entries that match, oldest first; nil matches all. Headers and bodies are shared with the
// ledger and must not be changed.
func (l *Ledger) Entries(match func(Entry) bool) []Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.matching(match)
}

func (l *Ledger) matching(match func(Entry) bool) []Entry {
	var out []Entry
	for _, e := range l.entries {
		if match == nil || match(*e) {
			out = append(out, *e)
		}
	}
	return out
}

// Total is how many requests the server ever got.
func (l *Ledger) Total() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last
}

// Count is how many requests asked for a model.
func (l *Ledger) Count(model string) int { return len(l.Entries(ForModel(model))) }

// ByID returns the request whose answer carried the given request id.
func (l *Ledger) ByID(requestID string) (Entry, bool) {
	found := l.Entries(func(e Entry) bool { return e.RequestID == requestID })
	if len(found) == 0 {
		return Entry{}, false
	}
	return found[0], true
}

// ForModel matches the requests that ask for a model.
func ForModel(model string) func(Entry) bool {
	return func(e Entry) bool { return e.Model == model }
}

// errNotSeen is returned when what was waited for did not happen in time.
var errNotSeen = errors.New("simulator: not seen")

// Wait waits until n entries match and returns them, the first n.
func (l *Ledger) Wait(ctx context.Context, n int, match func(Entry) bool) ([]Entry, error) {
	for {
		found, changed := l.watch(match)
		if len(found) >= n {
			return found[:n], nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return found, fmt.Errorf("%w: %d of %d requests: %w", errNotSeen, len(found), n, ctx.Err())
		}
	}
}

// watch returns what matches now and a channel that is closed at the next change.
func (l *Ledger) watch(match func(Entry) bool) ([]Entry, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.changed == nil {
		l.changed = make(chan struct{})
	}
	return l.matching(match), l.changed
}

// WaitAborted waits until a client has left one of the requests that match.
func (l *Ledger) WaitAborted(ctx context.Context, match func(Entry) bool) (Entry, error) {
	return l.waitOne(ctx, match, func(e Entry) bool { return !e.Aborted.IsZero() })
}

// WaitEnded waits until one of the requests that match is over.
func (l *Ledger) WaitEnded(ctx context.Context, match func(Entry) bool) (Entry, error) {
	return l.waitOne(ctx, match, func(e Entry) bool { return !e.Ended.IsZero() })
}

func (l *Ledger) waitOne(ctx context.Context, match, state func(Entry) bool) (Entry, error) {
	found, err := l.Wait(ctx, 1, func(e Entry) bool { return state(e) && (match == nil || match(e)) })
	if err != nil {
		return Entry{}, err
	}
	return found[0], nil
}

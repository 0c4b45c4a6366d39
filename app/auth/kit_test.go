package auth

import (
	"context"
	"crypto/sha256"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"squirrel/models"
)

// memory is a Store without a database.
type memory struct {
	mu       sync.Mutex
	admins   map[string]models.Admin
	sessions map[[32]byte]models.Session
	changes  []models.Change
	down     bool
	reads    int
}

func newMemory() *memory {
	return &memory{admins: map[string]models.Admin{}, sessions: map[[32]byte]models.Session{}}
}

func (m *memory) lock() (func(), error) {
	m.mu.Lock()
	m.reads++
	if m.down {
		m.mu.Unlock()
		return nil, models.Errorf(models.CodeUnavailable, "the database is down")
	}
	return m.mu.Unlock, nil
}

func (m *memory) Admins(context.Context) ([]models.Admin, error) {
	unlock, err := m.lock()
	if err != nil {
		return nil, err
	}
	defer unlock()
	var all []models.Admin
	for _, a := range m.admins {
		all = append(all, a)
	}
	return all, nil
}

func (m *memory) AdminByName(_ context.Context, name string) (models.Admin, error) {
	unlock, err := m.lock()
	if err != nil {
		return models.Admin{}, err
	}
	defer unlock()
	a, ok := m.admins[name]
	if !ok {
		return a, models.Errorf(models.CodeNotFound, "no such administrator")
	}
	return a, nil
}

func (m *memory) SaveAdmin(_ context.Context, a *models.Admin) error {
	unlock, err := m.lock()
	if err != nil {
		return err
	}
	defer unlock()
	m.admins[a.Username] = *a
	return nil
}

func (m *memory) CreateFirstAdmin(_ context.Context, a *models.Admin) error {
	unlock, err := m.lock()
	if err != nil {
		return err
	}
	defer unlock()
	if len(m.admins) > 0 {
		return models.Errorf(models.CodeConflict, "an account exists already")
	}
	m.admins[a.Username] = *a
	return nil
}

func (m *memory) CreateSession(_ context.Context, s *models.Session) error {
	unlock, err := m.lock()
	if err != nil {
		return err
	}
	defer unlock()
	m.sessions[s.TokenHash] = *s
	return nil
}

func (m *memory) SessionByHash(_ context.Context, hash [32]byte) (models.Session, error) {
	unlock, err := m.lock()
	if err != nil {
		return models.Session{}, err
	}
	defer unlock()
	s, ok := m.sessions[hash]
	if !ok {
		return s, models.Errorf(models.CodeNotFound, "no such session")
	}
	return s, nil
}

func (m *memory) TouchSession(_ context.Context, hash [32]byte, at time.Time) error {
	unlock, err := m.lock()
	if err != nil {
		return err
	}
	defer unlock()
	s := m.sessions[hash]
	s.LastSeenAt = at
	m.sessions[hash] = s
	return nil
}

func (m *memory) DeleteSession(_ context.Context, hash [32]byte) error {
	unlock, err := m.lock()
	if err != nil {
		return err
	}
	defer unlock()
	delete(m.sessions, hash)
	return nil
}

func (m *memory) DeleteSessionsOf(_ context.Context, name string) error {
	unlock, err := m.lock()
	if err != nil {
		return err
	}
	defer unlock()
	for hash, s := range m.sessions {
		if s.Username == name {
			delete(m.sessions, hash)
		}
	}
	return nil
}

func (m *memory) Sessions(context.Context) ([]models.Session, error) {
	unlock, err := m.lock()
	if err != nil {
		return nil, err
	}
	defer unlock()
	var all []models.Session
	for _, s := range m.sessions {
		all = append(all, s)
	}
	return all, nil
}

func (m *memory) AddChange(_ context.Context, c *models.Change) error {
	unlock, err := m.lock()
	if err != nil {
		return err
	}
	defer unlock()
	m.changes = append(m.changes, *c)
	return nil
}

// clock is a time that tests move.
type clock struct{ nanos atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.nanos.Store(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).UnixNano())
	return c
}

func (c *clock) now() time.Time          { return time.Unix(0, c.nanos.Load()) }
func (c *clock) advance(d time.Duration) { c.nanos.Add(int64(d)) }

type kit struct {
	*Auth
	store  *memory
	clock  *clock
	hashes *atomic.Int64 // argon2id runs since newKit
}

// newKit makes an Auth whose password hash is quick and counted.
func newKit(t *testing.T, opts Options) *kit {
	t.Helper()
	k := &kit{store: newMemory(), clock: newClock(), hashes: &atomic.Int64{}}
	if opts.Store != nil {
		k.store = opts.Store.(*memory)
	}
	opts.Store, opts.Now, opts.Logger = k.store, k.clock.now, slog.New(slog.DiscardHandler)
	if opts.TokenTTL == 0 {
		opts.TokenTTL = 24 * time.Hour
	}
	opts.Key = []byte("0123456789abcdef0123456789abcdef")
	h := newHasher()
	h.derive = func(password, salt []byte, _, _ uint32, _ uint8, _ uint32) []byte {
		k.hashes.Add(1)
		sum := sha256.Sum256(append(append([]byte{}, salt...), password...))
		return sum[:]
	}
	a, err := newAuth(opts, h)
	if err != nil {
		t.Fatal(err)
	}
	k.hashes.Store(0)
	k.Auth = a
	return k
}

func newEnvKit(t *testing.T) *kit {
	return newKit(t, Options{Username: "root", Password: "correct horse"})
}

func (k *kit) mustLogin(t *testing.T) Login {
	t.Helper()
	login, err := k.Login(t.Context(), "root", "correct horse", from("192.0.2.1"))
	if err != nil {
		t.Fatal(err)
	}
	return login
}

func from(ip string) Client { return Client{IP: netip.MustParseAddr(ip), UserAgent: "test"} }

// request makes a request from a peer; headers are name, value pairs.
func request(method, host, peer string, headers ...string) *Request {
	r := &Request{Method: method, Host: host, Peer: netip.MustParseAddr(peer), Header: http.Header{}}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return r
}

func wantCode(t *testing.T, what string, err error, want models.Code) {
	t.Helper()
	if got := models.ErrorCode(err); got != want {
		t.Errorf("%s: code %q (%v), want %q", what, got, err, want)
	}
}

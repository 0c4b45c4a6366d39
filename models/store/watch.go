package store

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	listenBackoff    = time.Second
	maxListenBackoff = 30 * time.Second
)

// WatchConfig calls changed after each change of the config version from the one that the caller has seen, by whomever, until ctx
// ends. A change that could not be taken over is told again, at the pace of the polls, until it could. It hears of own changes at
// once, of those of other replicas by PostgreSQL's LISTEN, and polls besides: a notification is lost while a connection is, and none
// passes through a pooler. Changes in quick succession may be told as one.
func (s *Store) WatchConfig(ctx context.Context, seen int64, changed func() error) {
	signal := make(chan struct{}, 1)
	s.watch(signal, channel)
	defer s.unwatch(signal)

	var listening sync.WaitGroup
	defer listening.Wait()
	if s.listen != nil {
		listening.Go(func() { s.listenForChanges(ctx) })
	}
	poke(signal) // there may have been a change before the watch began
	ticker := time.NewTicker(s.poll)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-signal:
		case <-ticker.C:
		}
		version, err := s.ConfigVersion(ctx)
		if err == nil && version != seen && changed() == nil {
			seen = version
		}
	}
}

// watch makes a signal of what is announced on a channel of PostgreSQL's.
func (h *handle) watch(signal chan struct{}, channel string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.watchers[signal] = channel
}

func (h *handle) unwatch(signal chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.watchers, signal)
}

// wake makes this process's watchers of a channel look.
func (h *handle) wake(channel string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for signal, watched := range h.watchers {
		if watched == channel {
			poke(signal)
		}
	}
}

func poke(signal chan struct{}) {
	select {
	case signal <- struct{}{}:
	default:
	}
}

// listenForChanges keeps a connection of its own open, since LISTEN belongs to a session.
func (s *Store) listenForChanges(ctx context.Context) {
	for wait := listenBackoff; ctx.Err() == nil; wait = min(2*wait, maxListenBackoff) {
		began := time.Now()
		err := s.listenOnce(ctx)
		if ctx.Err() != nil {
			return
		}
		s.log.DebugContext(ctx, "listening for configuration changes was interrupted", "error", err)
		if time.Since(began) > maxListenBackoff {
			wait = listenBackoff
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}

func (s *Store) listenOnce(ctx context.Context) error {
	conn, err := pgx.ConnectConfig(ctx, s.listen.Copy())
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	for _, name := range []string{channel, wishChannel} {
		if _, err := conn.Exec(ctx, "LISTEN "+name); err != nil {
			return err
		}
		s.wake(name) // something may have come before
	}
	for {
		announced, err := conn.WaitForNotification(ctx)
		if err != nil {
			return err
		}
		s.wake(announced.Channel)
	}
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"squirrel/e2e/kit"
)

// scene is what the pictures are taken of: a gateway with a month of requests, and one that is new.
type scene struct {
	full, empty *gateway
	mock        *mock
	cast        cast
	dir         string
	throwAway   bool
	stopRunning context.CancelFunc
}

// cast names what the states speak of. It is kept with the data.
type cast struct {
	MockPort string
	Keys     map[string]string // values of the keys by name
	IDs      map[string]string // of requests and other things, by the names that paths use: "/admin/logs/{failed-over}"
}

const (
	historyRows = "12000"
	historyDays = "30"
)

// startScene builds and starts everything. A directory that holds the data of an earlier time is used again.
func startScene(ctx context.Context, data string) (s *scene, err error) {
	s = &scene{dir: data, cast: cast{MockPort: "0", Keys: map[string]string{}, IDs: map[string]string{}}, stopRunning: func() {}}
	if data == "" {
		s.throwAway = true
		if s.dir, err = os.MkdirTemp("", "squirrel-gallery-*"); err != nil {
			return nil, err
		}
	}
	if s.dir, err = filepath.Abs(s.dir); err == nil {
		err = s.start(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func (s *scene) start(ctx context.Context) error {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return err
	}
	binary, err := kit.Build(ctx, s.dir, ".")
	if err != nil {
		return err
	}
	known := s.recall()
	if s.mock, err = startMock(binary, s.cast.MockPort); err != nil {
		return err
	}
	if s.empty, err = newGateway(binary, filepath.Join(s.dir, "empty")); err != nil {
		return err
	}
	if err := s.empty.start(ctx); err != nil {
		return err
	}
	// Old details are deleted soon after the start, so that some requests have lost theirs.
	s.full, err = newGateway(binary, filepath.Join(s.dir, "full"),
		"LOG_RETENTION_DAYS=90", "LOG_DETAIL_RETENTION_DAYS=5", "LOG_BODY_MAX_BYTES=65536", fmt.Sprintf("LOG_CLEANUP_HOUR=%d", time.Now().UTC().Hour()))
	if err != nil {
		return err
	}
	if !known {
		return s.fill(ctx)
	}
	if err := s.full.start(ctx); err != nil {
		return err
	}
	return s.keepRunning(ctx)
}

// fill makes everything that is kept: the month, the configuration, and a request for each state.
func (s *scene) fill(ctx context.Context) error {
	fmt.Println("gallery: making a month of requests, and one for each state")
	bench, err := kit.Build(ctx, s.dir, "./bench/logs")
	if err != nil {
		return err
	}
	history := exec.CommandContext(ctx, bench, "-rows", historyRows, "-days", historyDays, "-queries", "1", "-retention", "1ms", "-db", databaseURL(s.full.dir))
	if out, err := history.CombinedOutput(); err != nil {
		return fmt.Errorf("bench/logs: %w\n%s", err, out)
	}
	if err := s.full.start(ctx); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{s.configureHistory, s.configureStates, s.sendAll, s.interrupt, s.keepRunning, s.collect} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return s.remember()
}

func (s *scene) castFile() string { return filepath.Join(s.dir, "cast.json") }

// recall reads the cast of an earlier time.
func (s *scene) recall() bool {
	text, err := os.ReadFile(s.castFile())
	return err == nil && json.Unmarshal(text, &s.cast) == nil
}

func (s *scene) remember() error {
	s.cast.MockPort = portOf(s.mock.openAI)
	text, err := json.MarshalIndent(s.cast, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(s.castFile(), text, 0o600)
}

func (s *scene) close() error {
	s.stopRunning()
	for _, g := range []*gateway{s.full, s.empty} {
		if g != nil {
			g.end(syscall.SIGTERM)
		}
	}
	if s.mock != nil {
		s.mock.end()
	}
	if s.throwAway {
		return os.RemoveAll(s.dir)
	}
	return nil
}

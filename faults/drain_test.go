package faults

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"syscall"
	"testing"
	"time"

	"squirrel/app/apptest"
	"squirrel/models"
	"squirrel/proxy/simulator"
)

// streams are calls that run while the gateway is told to stop.
type streams struct {
	all     sync.WaitGroup
	answers []apptest.Answer
}

// begin starts n streams of a model and waits until all of them have reached the provider.
func begin(t *testing.T, p *process, sim *simulator.Server, key, model string, n int) *streams {
	t.Helper()
	s := &streams{answers: make([]apptest.Answer, n)}
	for i := range n {
		call := apptest.Call{ID: fmt.Sprintf("s-%s-%d", model, i), Path: apptest.Chat, Model: model, Stream: true}
		if i%3 == 2 {
			call.Path = apptest.Messages // converted
		}
		s.all.Go(func() { s.answers[i] = apptest.Do(context.Background(), http.DefaultClient, p.url, key, call, nil) })
	}
	ids := map[string]bool{}
	p.eventually("the streams run", func() bool {
		for _, e := range sim.Ledger().Entries(func(e simulator.Entry) bool { return e.Stream && e.Events > 0 }) {
			ids[apptest.CallID(e.Body)] = true
		}
		for i := range n {
			if !ids[fmt.Sprintf("s-%s-%d", model, i)] {
				return false
			}
		}
		return true
	})
	return s
}

func (s *streams) end() []apptest.Answer {
	s.all.Wait()
	return s.answers
}

// TestH02_Drain stops the gateway while streams run: it says at once that it is not ready, takes connections for the delay and
// refuses them afterwards, and ends with status 0 when the streams have ended.
func TestH02_Drain(t *testing.T) {
	t.Parallel()
	sim := newSimulator(t)
	p := newProcess(t, "DRAIN_DELAY_SECONDS=1", "SHUTDOWN_GRACE_SECONDS=20")
	_, key := seeded(t, p, sim)
	running := begin(t, p, sim, key, apptest.Slow, 30)
	kept := begin(t, p, sim, key, apptest.Long, 1)

	p.signal(syscall.SIGTERM)
	told := time.Now()
	p.eventually("readiness says no", func() bool { return p.ready() == http.StatusServiceUnavailable })
	if after := time.Since(told); after > 900*time.Millisecond {
		t.Errorf("not ready after %v, want at once", after)
	}
	in := apptest.Do(context.Background(), http.DefaultClient, p.url, key, apptest.Call{ID: "in the delay", Path: apptest.Chat, Model: apptest.Plain}, nil)
	if in.Status != http.StatusOK {
		t.Errorf("a call in the delay: %d %v", in.Status, in.Err)
	}
	p.eventually("the listener is closed", func() bool { return p.ready() == 0 })
	for _, a := range append(running.end(), kept.end()...) {
		if a.Status != http.StatusOK || !a.Complete || a.Failed {
			t.Errorf("%s: %d, complete %t, %v: …%s", a.ID, a.Status, a.Complete, a.Err, tail(a.Body, 200))
		}
	}
	if status := p.wait(15 * time.Second); status != 0 {
		t.Errorf("exit status %d", status)
	}
	p.startReady()
	admin := p.login()
	p.shipped(admin)
	for _, row := range logRows(t, admin) {
		if row.ResponseStatus == nil || *row.ResponseStatus != http.StatusOK && row.RequestedModel != apptest.Broken {
			t.Errorf("the row of %s: %s", row.UserID, status(row))
		}
	}
}

// TestH02_RefusesOnOldConnections calls over a connection from before while the gateway drains.
func TestH02_RefusesOnOldConnections(t *testing.T) {
	t.Parallel()
	sim := newSimulator(t)
	p := newProcess(t, "SHUTDOWN_GRACE_SECONDS=20")
	_, key := seeded(t, p, sim)
	running := begin(t, p, sim, key, apptest.Slow, 1)
	client := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 1}}
	refused := false
	stop := time.AfterFunc(50*time.Millisecond, func() { p.signal(syscall.SIGTERM) })
	defer stop.Stop()
	for n := 0; ; n++ {
		a := apptest.Do(context.Background(), client, p.url, key, apptest.Call{ID: fmt.Sprint("again-", n), Path: apptest.Chat, Model: apptest.Plain}, nil)
		if a.Status == 0 {
			break // the idle connection is closed, new ones are not taken
		}
		if a.Status == http.StatusServiceUnavailable {
			refused = true
		} else if a.Status != http.StatusOK || refused {
			t.Errorf("call %d: %d %s", n, a.Status, a.Body)
		}
	}
	if a := running.end()[0]; !a.Complete {
		t.Errorf("the stream was cut: %v …%s", a.Err, tail(a.Body, 200))
	}
	if status := p.wait(15 * time.Second); status != 0 {
		t.Errorf("exit status %d", status)
	}
}

// TestH02_Deadline lets streams run longer than the grace.
func TestH02_Deadline(t *testing.T) {
	t.Parallel()
	cutStreams(t, []string{"SHUTDOWN_GRACE_SECONDS=1"}, 1, 5*time.Second)
}

// TestH03_SecondSignal is an operator who does not want to wait for the grace.
func TestH03_SecondSignal(t *testing.T) {
	t.Parallel()
	cutStreams(t, []string{"SHUTDOWN_GRACE_SECONDS=60"}, 2, 5*time.Second)
}

// cutStreams sends so many signals to a gateway with endless streams. Each of them must end with an error event, without a
// terminator, within the limit; the log must say so after the next start.
func cutStreams(t *testing.T, environ []string, signals int, limit time.Duration) {
	t.Helper()
	sim := newSimulator(t)
	p := newProcess(t, environ...)
	_, key := seeded(t, p, sim)
	running := begin(t, p, sim, key, apptest.Long, 12)
	for range signals {
		p.signal(syscall.SIGTERM)
		time.Sleep(300 * time.Millisecond)
	}
	if status := p.wait(limit); status != 0 {
		t.Errorf("exit status %d", status)
	}
	for _, a := range running.end() {
		if a.Complete || !a.Failed {
			t.Errorf("%s: complete %t, error event %t, %v: …%s", a.ID, a.Complete, a.Failed, a.Err, tail(a.Body, 300))
		}
	}
	p.startReady()
	admin := p.login()
	p.shipped(admin)
	found := 0
	for _, row := range logRows(t, admin) {
		if row.RequestedModel != apptest.Long || row.UserID == warmUp {
			continue
		}
		found++
		if row.State != models.LogDone || row.ErrorCode != "shutting_down" || row.ResponseStatus == nil || *row.ResponseStatus != http.StatusServiceUnavailable {
			t.Errorf("the row of %s: %s", row.UserID, status(row))
		}
	}
	if found != len(running.answers) {
		t.Errorf("%d rows of %d streams", found, len(running.answers))
	}
}

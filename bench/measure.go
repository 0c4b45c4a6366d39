package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// result is one round: CPU per request in µs, latencies in ms, and one answer.
type result struct {
	cpu, p50, p99 float64
	answer        []byte
}

// measure sends the load and accounts for the target's CPU from idle to idle. Every answer must equal want.
func measure(ctx context.Context, t *target, s scenario, want []byte) (result, error) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: s.concurrency, DisableCompression: true}}
	defer client.CloseIdleConnections()
	if err := idle(ctx, t); err != nil {
		return result{}, err
	}
	before, err := cpuTime(t.pid)
	if err != nil {
		return result{}, err
	}
	latencies, answer, err := load(ctx, client, t, s, want)
	if err != nil {
		return result{}, err
	}
	if err := idle(ctx, t); err != nil {
		return result{}, err
	}
	after, err := cpuTime(t.pid)
	if err != nil {
		return result{}, err
	}
	slices.Sort(latencies)
	at := func(q float64) float64 { return latencies[int(q*float64(len(latencies)-1))].Seconds() * 1000 }
	return result{cpu: float64((after - before).Microseconds()) / float64(s.requests), p50: at(.5), p99: at(.99), answer: answer}, nil
}

// load runs the closed loop: each worker sends its next request when the last one is answered.
func load(ctx context.Context, client *http.Client, t *target, s scenario, want []byte) ([]time.Duration, []byte, error) {
	var next atomic.Int64
	var mu sync.Mutex
	var all []time.Duration
	var answer []byte
	var failure error
	var workers sync.WaitGroup
	for range s.concurrency {
		workers.Go(func() {
			var mine []time.Duration
			for next.Add(1) <= int64(s.requests) {
				started := time.Now()
				got, err := call(ctx, client, t, s)
				mine = append(mine, time.Since(started))
				if err == nil && want != nil && !bytes.Equal(got, want) {
					err = fmt.Errorf("answer differs: %d bytes, want %d: %.200q", len(got), len(want), got)
				}
				mu.Lock()
				answer = got
				failure = errors.Join(failure, err)
				mu.Unlock()
				if err != nil {
					return
				}
			}
			mu.Lock()
			all = append(all, mine...)
			mu.Unlock()
		})
	}
	workers.Wait()
	return all, answer, failure
}

func call(ctx context.Context, client *http.Client, t *target, s scenario) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.url+s.path, bytes.NewReader(s.body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+t.key)
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %d: %.300s", resp.StatusCode, data)
	}
	return data, err
}

// idle waits until the target's process has used next to no CPU for a while.
func idle(ctx context.Context, t *target) error {
	const window = 300 * time.Millisecond
	last, err := cpuTime(t.pid)
	for range 200 {
		if err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(window):
		}
		var now time.Duration
		if now, err = cpuTime(t.pid); err == nil && now-last <= 10*time.Millisecond {
			return nil
		}
		last = now
	}
	return errors.New(t.name + " does not become idle")
}

// cpuTime is user plus system time of a process, in ticks of 10 ms (proc(5)).
func cpuTime(pid int) (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	user, err1 := strconv.ParseInt(fields[11], 10, 64)
	system, err2 := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * 10 * time.Millisecond, errors.Join(err1, err2)
}

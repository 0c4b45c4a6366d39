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
	first         float64 // to the first byte of the body, median
	gap           float64 // between two reads of a body, 99th percentile
	answer        []byte
}

// timing is when the parts of one answer came.
type timing struct {
	whole, first time.Duration
	gaps         []time.Duration
}

// measure sends the load and accounts for the target's CPU from idle to idle. Every answer must equal want.
func measure(ctx context.Context, r run, s scenario, want []byte) (result, error) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: s.concurrency, DisableCompression: true}}
	defer client.CloseIdleConnections()
	if err := idle(ctx, r.target); err != nil {
		return result{}, err
	}
	before, err := cpuTime(r.pid)
	if err != nil {
		return result{}, err
	}
	timings, answer, err := load(ctx, client, r, s, want)
	if err != nil {
		return result{}, err
	}
	if err := idle(ctx, r.target); err != nil {
		return result{}, err
	}
	after, err := cpuTime(r.pid)
	if err != nil {
		return result{}, err
	}
	var whole, first, gaps []time.Duration
	for i := range timings {
		whole, first, gaps = append(whole, timings[i].whole), append(first, timings[i].first), append(gaps, timings[i].gaps...)
	}
	out := result{cpu: float64((after - before).Microseconds()) / float64(s.requests), answer: answer}
	out.p50, out.p99 = percentile(whole, .5), percentile(whole, .99)
	out.first, out.gap = percentile(first, .5), percentile(gaps, .99)
	return out, nil
}

// percentile is in ms; of nothing it is 0. It sorts what it is given.
func percentile(of []time.Duration, q float64) float64 {
	if len(of) == 0 {
		return 0
	}
	slices.Sort(of)
	return of[int(q*float64(len(of)-1))].Seconds() * 1000
}

// load runs the closed loop: each worker sends its next request when the last one is answered.
func load(ctx context.Context, client *http.Client, r run, s scenario, want []byte) ([]timing, []byte, error) {
	var next atomic.Int64
	var mu sync.Mutex
	var all []timing
	var answer []byte
	var failure error
	var workers sync.WaitGroup
	for range s.concurrency {
		workers.Go(func() {
			var mine []timing
			for next.Add(1) <= int64(s.requests) {
				got, took, err := call(ctx, client, r)
				mine = append(mine, took)
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

func call(ctx context.Context, client *http.Client, r run) (answer []byte, took timing, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.url+r.path, bytes.NewReader(r.body))
	if err != nil {
		return nil, took, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+r.key)
	started := time.Now()
	resp, err := client.Do(req)
	if err != nil {
		return nil, took, err
	}
	defer resp.Body.Close()
	answer, err = readTimed(resp.Body, started, &took)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %d: %.300s", resp.StatusCode, answer)
	}
	return answer, took, err
}

// readTimed reads a body to its end and notes when its parts came.
func readTimed(body io.Reader, started time.Time, took *timing) (all []byte, err error) {
	part := make([]byte, 32<<10)
	for last := started; ; {
		n, err := body.Read(part)
		now := time.Now()
		if n > 0 {
			if len(all) == 0 {
				took.first = now.Sub(started)
			} else {
				took.gaps = append(took.gaps, now.Sub(last))
			}
			all, last = append(all, part[:n]...), now
		}
		if err != nil {
			took.whole = now.Sub(started)
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return all, err
		}
	}
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

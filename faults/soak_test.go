package faults

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"squirrel/app/apptest"
	"squirrel/proxy/simulator"
)

// The tests here are loads with bounds on what they may cost. They are short forms: `make load` runs each for a minute.

// goroutines asks the gateway how many it has.
func (p *process) goroutines() int {
	p.t.Helper()
	resp, err := http.Get(p.url + "/metrics")
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		if text, found := strings.CutPrefix(lines.Text(), "go_goroutines "); found {
			n, _ := strconv.Atoi(text)
			return n
		}
	}
	p.t.Fatal("no go_goroutines among the metrics")
	return 0
}

// most watches a process and keeps the highest figures.
type most struct {
	vitals
	goroutines int
}

// watch looks at the process until the soak is over.
func (p *process) watch() (m most) {
	for end := time.Now().Add(*soak); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		v := p.vitals()
		m.rss, m.descriptors = max(m.rss, v.rss), max(m.descriptors, v.descriptors)
		m.goroutines = max(m.goroutines, p.goroutines())
	}
	return m
}

func (m most) String() string {
	return fmt.Sprintf("at most %d MiB, %d goroutines, %d descriptors", m.rss>>20, m.goroutines, m.descriptors)
}

// addModel makes a model of a seeded gateway and waits until it is served.
func addModel(t *testing.T, p *process, admin *apptest.Admin, key, name, target string) {
	t.Helper()
	if err := admin.AddModel(t.Context(), name, 1, target); err != nil {
		t.Fatal(err)
	}
	p.eventually("the model is served", func() bool {
		req, _ := http.NewRequest(http.MethodGet, p.url+"/v1/models/"+name, nil) // a good URL
		req.Header.Set("Authorization", "Bearer "+key)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
}

// TestLoad_Streams runs 200 streams of ten chunks a second: every one whole, every one on the log once.
func TestLoad_Streams(t *testing.T) {
	t.Parallel()
	const streams = 200
	sim := newSimulator(t)
	p := newProcess(t)
	admin, key := seeded(t, p, sim)
	addModel(t, p, admin, key, "tenth", "fault:slow:100ms")
	idleGoroutines := p.goroutines()
	clients := startLoad(p.url, key, streams, []apptest.Call{
		{Path: apptest.Chat, Model: "tenth", Stream: true}, {Path: apptest.Chat, Model: "tenth", Stream: true}, {Path: apptest.Messages, Model: "tenth", Stream: true},
	})
	m := p.watch()
	answers := clients.stop()
	p.shipped(admin)
	for i := range answers {
		if a := &answers[i]; a.Status != http.StatusOK || !a.Complete {
			t.Errorf("stream %s: %d, complete %t, %v", a.ID, a.Status, a.Complete, a.Err)
		}
	}
	rows := logRows(t, admin)
	r := reckon(t, answers, rows, sim)
	r.sums(admin, rows)
	if m.rss > 400<<20 || m.goroutines > 5*streams+100 || m.descriptors > 2*streams+200 {
		t.Errorf("too much: %s", m)
	}
	p.eventually("the goroutines of streams are gone", func() bool { return p.goroutines() <= idleGoroutines+2*streams+20 }) // idle connections have two each
	t.Logf("%d streams for %v: %s; %s", streams, *soak, r, m)
}

// TestLoad_Faults lets one of two providers fail in every way: clients hardly notice, and the providers get few more calls.
func TestLoad_Faults(t *testing.T) {
	sim := newSimulator(t)
	p := newProcess(t)
	admin, key := seeded(t, p, sim)
	addModel(t, p, admin, key, "shaky", "gpt-4o")
	second := apptest.Route{Model: "shaky", ProviderID: 2, Target: "gpt-4o-mini", Priority: 1, InputPrice: "1", OutputPrice: "2"}
	if err := admin.Call(t.Context(), http.MethodPost, "/api/admin/model-providers", second, nil); err != nil {
		t.Fatal(err)
	}
	for id := 1; id <= 2; id++ {
		if err := admin.Call(t.Context(), http.MethodPut, fmt.Sprintf("/api/admin/providers/%d", id), map[string]any{"first_byte_timeout_seconds": 1, "idle_timeout_seconds": 1}, nil); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(3 * time.Second) // the change is in use
	sim.Script(func(r *simulator.Request) simulator.Fault {
		if r.Model != "gpt-4o" {
			return simulator.Fault{}
		}
		switch n := rand.IntN(100); {
		case n < 5:
			return simulator.MustFault("rst@0")
		case n < 10:
			return simulator.MustFault("status:500")
		case n < 12:
			return simulator.MustFault("stall@2e")
		case n < 13:
			return simulator.MustFault("sse:errorevent")
		}
		return simulator.Fault{}
	})
	before := sim.Ledger().Total()
	clients := startLoad(p.url, key, 16, []apptest.Call{{Path: apptest.Chat, Model: "shaky"}, {Path: apptest.Chat, Model: "shaky", Stream: true}, {Path: apptest.Messages, Model: "shaky"}})
	m := p.watch()
	answers := clients.stop()
	p.shipped(admin)
	refused, broken := 0, 0
	for i := range answers {
		switch a := &answers[i]; {
		case a.Status != http.StatusOK:
			refused++
		case !a.Complete && !a.Failed:
			t.Errorf("%s was cut without a word: …%s", a.ID, a.Body)
		case !a.Complete:
			broken++
		}
	}
	calls := sim.Ledger().Total() - before
	if share := float64(refused) / float64(len(answers)); share > 0.001 {
		t.Errorf("%d of %d requests failed before their first byte", refused, len(answers))
	}
	if float64(calls) > 1.25*float64(len(answers)) {
		t.Errorf("%d calls for %d requests", calls, len(answers))
	}
	r := reckon(t, answers, logRows(t, admin), sim)
	t.Logf("faults for %v: %d requests, %d failed, %d streams broken after their first byte, %.2f calls for each; %s; %s",
		*soak, len(answers), refused, broken, float64(calls)/float64(len(answers)), r, m)
}

// TestLoad_VanishingClients lets half of the clients leave at any moment: their providers are told within a second.
func TestLoad_VanishingClients(t *testing.T) {
	t.Parallel()
	sim := newSimulator(t)
	p := newProcess(t)
	admin, key := seeded(t, p, sim)
	addModel(t, p, admin, key, "tenth", "fault:slow:100ms")
	before := p.goroutines()
	var left sync.Map // when clients left, by the id of the call
	var serial, stayed, gone atomic.Int64
	var all sync.WaitGroup
	end := time.Now().Add(*soak)
	for range 40 {
		all.Go(func() {
			for time.Now().Before(end) {
				n := serial.Add(1)
				call := apptest.Call{ID: fmt.Sprint("v-", n), Path: apptest.Chat, Model: "tenth", Stream: n%3 != 0}
				ctx, leave := context.WithCancel(context.Background())
				if n%2 == 0 {
					timer := time.AfterFunc(time.Duration(rand.IntN(1500))*time.Millisecond, func() { left.Store(call.ID, time.Now()); leave() })
					_ = apptest.Do(ctx, http.DefaultClient, p.url, key, call, nil)
					if timer.Stop() {
						stayed.Add(1)
					} else {
						gone.Add(1)
					}
				} else if a := apptest.Do(ctx, http.DefaultClient, p.url, key, call, nil); a.Status != http.StatusOK || !a.Complete {
					t.Errorf("%s, who stayed: %d, complete %t, %v", call.ID, a.Status, a.Complete, a.Err)
				}
				leave()
			}
		})
	}
	m := p.watch()
	all.Wait()
	p.shipped(admin)
	var late []time.Duration
	for _, e := range sim.Ledger().Entries(nil) {
		at, was := left.Load(apptest.CallID(e.Body))
		switch {
		case e.Aborted.IsZero() && e.Ended.IsZero():
			t.Errorf("the call of %s still goes on", apptest.CallID(e.Body))
		case was && !e.Aborted.IsZero():
			late = append(late, e.Aborted.Sub(at.(time.Time)))
		}
	}
	if len(late) == 0 {
		t.Fatal("nobody was told")
	}
	slices.Sort(late)
	p99 := late[len(late)*99/100]
	if p99 > time.Second {
		t.Errorf("providers were told after %v (p99)", p99)
	}
	p.eventually("the goroutines are gone", func() bool { return p.goroutines() <= before+2*40+20 })
	t.Logf("for %v: %d clients left, providers told after %v (median), %v (p99); %s", *soak, gone.Load(), late[len(late)/2].Round(time.Millisecond), p99.Round(time.Millisecond), m)
}

// TestLoad_SlowReaders lets 100 clients read next to nothing of fast streams: what they don't read costs no memory beyond what is
// recorded of it, and others are served as before.
func TestLoad_SlowReaders(t *testing.T) {
	const readers = 100
	sim := newSimulator(t)
	p := newProcess(t, "LOG_BODY_MAX_BYTES=65536")
	admin, key := seeded(t, p, sim)
	addModel(t, p, admin, key, "flood", "fault:sse:giantline=8MB")
	baseline := slowest(t, p, key)
	conns := make([]net.Conn, 0, readers)
	body := `{"model":"flood","stream":true,"messages":[{"role":"user","content":"call flood"}]}`
	for range readers {
		conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_ = conn.(*net.TCPConn).SetReadBuffer(4 << 10)
		fmt.Fprintf(conn, "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", key, len(body), body)
		conns = append(conns, conn)
	}
	var reading sync.WaitGroup
	stop := make(chan struct{})
	for _, conn := range conns {
		reading.Go(func() {
			for {
				select {
				case <-stop:
					return
				case <-time.After(time.Second):
					_, _ = io.ReadFull(conn, make([]byte, 1<<10)) // the gateway may have cut it
				}
			}
		})
	}
	m := p.watch()
	beside := slowest(t, p, key)
	close(stop)
	for _, conn := range conns {
		conn.Close()
	}
	reading.Wait()
	if m.rss > 300<<20 {
		t.Errorf("too much: %s", m)
	}
	if beside > 2*baseline+100*time.Millisecond {
		t.Errorf("the slowest of 50 calls took %v beside them, %v before", beside, baseline)
	}
	t.Logf("%d slow readers for %v: %s; the slowest of 50 calls %v, before them %v", readers, *soak, m, beside.Round(time.Millisecond), baseline.Round(time.Millisecond))
}

// slowest is the longest of some ordinary calls.
func slowest(t *testing.T, p *process, key string) (longest time.Duration) {
	t.Helper()
	for range 50 {
		began := time.Now()
		if a := apptest.Do(t.Context(), http.DefaultClient, p.url, key, apptest.Call{ID: warmUp, Path: apptest.Chat, Model: apptest.Plain}, nil); a.Status != http.StatusOK {
			t.Errorf("an ordinary call: %d %v", a.Status, a.Err)
		}
		longest = max(longest, time.Since(began))
	}
	return longest
}

// TestLoad_H13_LargeBodies sends more large bodies at once than may be held: the rest is turned away, and the memory stays bounded.
func TestLoad_H13_LargeBodies(t *testing.T) {
	const clients, size, inflight = 20, 30 << 20, 256 << 20
	sim, err := simulator.Start(simulator.Options{LedgerSize: 1 << 10, LedgerBody: 4 << 10})
	if err != nil {
		t.Fatal(err)
	}
	defer sim.Close()
	p := newProcess(t, fmt.Sprint("MAX_INFLIGHT_BYTES=", inflight))
	_, key := seeded(t, p, sim)
	body := `{"model":"plain","messages":[{"role":"user","content":"` + strings.Repeat("acorn ", size/6) + `"}]}`
	var statuses sync.Map
	var all sync.WaitGroup
	end := time.Now().Add(*soak)
	for range clients {
		all.Go(func() {
			for time.Now().Before(end) {
				req, err := http.NewRequest(http.MethodPost, p.url+apptest.Chat, strings.NewReader(body))
				if err != nil {
					t.Error(err)
					return
				}
				req.Header.Set("Authorization", "Bearer "+key)
				resp, err := http.DefaultClient.Do(req)
				if err != nil {
					t.Errorf("no answer: %v", err)
					return
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
				count, _ := statuses.LoadOrStore(resp.StatusCode, new(atomic.Int64))
				count.(*atomic.Int64).Add(1)
			}
		})
	}
	m := p.watch()
	all.Wait()
	told := map[int]int64{}
	statuses.Range(func(status, count any) bool {
		told[status.(int)] = count.(*atomic.Int64).Load()
		return true
	})
	if told[http.StatusOK] == 0 || len(told) > 2 || len(told) == 2 && told[http.StatusServiceUnavailable] == 0 {
		t.Errorf("statuses: %v", told)
	}
	if m.rss > 2*inflight+300<<20 {
		t.Errorf("too much: %s", m)
	}
	t.Logf("%d clients with %d MiB each for %v: %v; %s", clients, size>>20, *soak, told, m)
}

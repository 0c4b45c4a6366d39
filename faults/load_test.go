package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"squirrel/app/apptest"
	"squirrel/proxy/simulator"
)

// steady is what clients ask for when every provider is well; each entry is as likely as the others.
var steady = []apptest.Call{
	{Path: apptest.Chat, Model: apptest.Plain},
	{Path: apptest.Chat, Model: apptest.Plain},
	{Path: apptest.Chat, Model: apptest.Plain, Stream: true},
	{Path: apptest.Chat, Model: apptest.Slow, Stream: true},
	{Path: apptest.Chat, Model: apptest.Broken},
	{Path: apptest.Chat, Model: apptest.Claude},
	{Path: apptest.Messages, Model: apptest.Plain, Stream: true},
	{Path: apptest.Messages, Model: apptest.Claude},
	{Path: apptest.Messages, Model: apptest.Claude, Stream: true},
}

// mixed adds failovers. Just after a kill nothing is known of providers, and a second one that was cut off may be out of favour.
var mixed = append([]apptest.Call{{Path: apptest.Chat, Model: apptest.Flaky}}, steady...)

// load is a set of clients that call without end and remember every answer.
type load struct {
	url, key string
	mix      []apptest.Call
	client   *http.Client
	pace     <-chan time.Time // nil = no pause between calls
	stopped  atomic.Bool
	clients  sync.WaitGroup
	serial   atomic.Int64
	began    time.Time

	mu      sync.Mutex
	answers []apptest.Answer
}

func startLoad(url, key string, workers int, mix []apptest.Call) *load {
	l := &load{url: url, key: key, mix: mix, began: time.Now(), client: &http.Client{
		Transport: &http.Transport{MaxIdleConnsPerHost: workers, IdleConnTimeout: time.Minute}, Timeout: time.Minute,
	}}
	if *rate > 0 {
		l.pace = time.NewTicker(time.Second / time.Duration(*rate)).C
	}
	for range workers {
		l.clients.Go(l.work)
	}
	return l
}

func (l *load) work() {
	for !l.stopped.Load() {
		if l.pace != nil {
			<-l.pace
		}
		call := l.mix[rand.IntN(len(l.mix))]
		call.ID = fmt.Sprintf("c-%06d", l.serial.Add(1))
		answer := apptest.Do(context.Background(), l.client, l.url, l.key, call, nil)
		if answer.Status == 0 {
			time.Sleep(5 * time.Millisecond) // nobody listens at the moment
		}
		answer.Body = tail(answer.Body, 300)
		l.mu.Lock()
		l.answers = append(l.answers, answer)
		l.mu.Unlock()
	}
}

// stop lets running calls end and returns the clients' ledger.
func (l *load) stop() []apptest.Answer {
	l.stopped.Store(true)
	l.clients.Wait()
	l.client.CloseIdleConnections()
	return l.answers
}

// perSecond is how many calls were answered per second until now.
func (l *load) perSecond() float64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	answered := 0
	for i := range l.answers {
		if l.answers[i].Status != 0 {
			answered++
		}
	}
	return float64(answered) / time.Since(l.began).Seconds()
}

// newSimulator remembers every request of a long run, with its body.
func newSimulator(t testing.TB) *simulator.Server {
	t.Helper()
	sim, err := simulator.Start(simulator.Options{LedgerSize: 1 << 20, LedgerBody: 4 << 10})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sim.Close() })
	return sim
}

// seeded starts a gateway with the models of apptest and returns what is needed to use it.
func seeded(t testing.TB, p *process, sim *simulator.Server) (admin *apptest.Admin, key string) {
	t.Helper()
	p.startReady()
	admin = p.login()
	key, err := apptest.Seed(context.Background(), admin, sim)
	if err != nil {
		t.Fatal(err)
	}
	p.eventually("the seed is served", func() bool {
		for _, call := range mixed { // a key or a model may be a moment late
			call.ID = warmUp
			if a := apptest.Do(context.Background(), http.DefaultClient, p.url, key, call, nil); a.Status != 200 && call.Model != apptest.Broken && call.Model != apptest.Flaky {
				return false
			}
		}
		return true
	})
	return admin, key
}

package health

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func (c *clock) allowed(b *Budget, asked int) (allowed int) {
	for range asked {
		if b.Allow(c.now) {
			allowed++
		}
	}
	return allowed
}

func TestA18_RetryBudget(t *testing.T) {
	c, b := newClock(), &Budget{}
	if got := c.allowed(b, 10); got != 3 {
		t.Errorf("%d retries without requests, want 3", got)
	}
	c.after(9 * time.Second)
	if got := c.allowed(b, 10); got != 0 {
		t.Errorf("%d more within 10 s", got)
	}
	c.after(time.Second)
	for range 100 {
		b.Request(c.now)
	}
	if got := c.allowed(b, 100); got != 20 {
		t.Errorf("%d retries for 100 requests, want 20", got)
	}
	c.after(10 * time.Second)
	if got := c.allowed(b, 100); got != 3 {
		t.Errorf("%d retries after 10 s, want 3", got)
	}
	c.after(-24 * time.Hour) // the clock is set back
	if got := c.allowed(b, 100); got != 3 {
		t.Errorf("%d retries after the clock was set back, want 3", got)
	}
}

func TestA18_RetryBudgetUnderConcurrency(t *testing.T) {
	c, b := newClock(), &Budget{}
	var allowed atomic.Int64
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			for range 100 {
				b.Request(c.now)
				if b.Allow(c.now) {
					allowed.Add(1)
				}
			}
		})
	}
	wg.Wait()
	if got := allowed.Load(); got > 400 {
		t.Errorf("%d retries for 2000 requests", got)
	}
}

func TestA18_WhatIsChargedIsNotThereForOthers(t *testing.T) {
	c, b := newClock(), &Budget{}
	for range 5 {
		b.Charge(c.now)
	}
	if got := c.allowed(b, 10); got != 0 {
		t.Errorf("%d retries beside 5 that asked nobody", got)
	}
	c.after(10 * time.Second)
	if got := c.allowed(b, 10); got != 3 {
		t.Errorf("%d retries after 10 s, want 3", got)
	}
}

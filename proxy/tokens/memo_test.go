package tokens

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

// forget empties the memory of an encoder.
func (e *encoder) forget() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.now, e.old = map[piece]int{}, nil
}

// TestEncoder_RemembersWhatItCounted: the same count comes from memory as from the vocabulary, however often and from however many
// goroutines it is asked for, and the memory does not grow.
func TestEncoder_RemembersWhatItCounted(t *testing.T) {
	e := newEncoder(encoders[o200k]().Tiktoken)
	long := strings.Repeat("a turn of a long conversation, sent again ", 4)
	want := len(e.EncodeOrdinary(long))
	var callers sync.WaitGroup
	for caller := range 4 {
		callers.Go(func() {
			for i := range memoGeneration {
				if got := e.count(long); got != want {
					t.Errorf("counted %d, want %d", got, want)
					return
				}
				e.remember(piece{uint64(i), caller}, i) // others' pieces, which push it out of one generation after the other
			}
		})
	}
	callers.Wait()
	if n := len(e.now) + len(e.old); n > 2*memoGeneration {
		t.Errorf("%d pieces are remembered", n)
	}
	if n, known := e.recall(piece{uint64(memoGeneration - 1), 9}); known {
		t.Errorf("what nobody counted is known: %d", n)
	}
	e.forget()
	for i := range 3 * memoGeneration {
		e.remember(piece{uint64(i), 1}, i)
	}
	if _, known := e.recall(piece{0, 1}); known {
		t.Error("what was not asked for in two generations is still there")
	}
	for _, text := range []string{"", "short", long, long + "."} {
		first, again := e.count(text), e.count(text)
		if want := len(e.EncodeOrdinary(text)); first != want || again != want {
			t.Errorf("%.20q: %d and %d, want %d", text, first, again, want)
		}
	}
}

// BenchmarkCountText is a text of 100 KB: new, and as a part of a conversation that was counted before.
func BenchmarkCountText(b *testing.B) {
	var text strings.Builder
	for i := 0; text.Len() < 100<<10; i++ {
		fmt.Fprintf(&text, "Turn %d: the quick brown fox, it jumps over %d lazy dogs.\n", i, i*i)
	}
	for _, again := range []bool{false, true} {
		b.Run(fmt.Sprintf("again=%t", again), func(b *testing.B) {
			e := encoders[o200k]()
			b.SetBytes(int64(text.Len()))
			for b.Loop() {
				if !again {
					e.forget()
				}
				CountText(text.String(), "gpt-4o")
			}
		})
	}
}

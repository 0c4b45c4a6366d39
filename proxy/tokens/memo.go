package tokens

import (
	"hash/maphash"
	"sync"

	"github.com/pkoukk/tiktoken-go"
)

const (
	// memoGeneration is how many pieces a memo takes before it forgets those that were not asked for since the last time.
	memoGeneration = 4096
	// memoFrom is the length in bytes from which on a piece is remembered: shorter ones are soon counted.
	memoFrom = 64
)

// encoder counts the tokens of texts. Agents send their whole history again with every turn, and counting is slow, so it remembers
// the counts of pieces. It is safe for concurrent use.
type encoder struct {
	*tiktoken.Tiktoken
	seed maphash.Seed

	mu       sync.Mutex
	now, old map[piece]int // what was asked for lately, and before that
}

// piece stands for a text. The seed is random, so that nobody can make two texts that are taken for each other.
type piece struct {
	hash uint64
	size int
}

func newEncoder(t *tiktoken.Tiktoken) *encoder {
	return &encoder{Tiktoken: t, seed: maphash.MakeSeed(), now: map[piece]int{}}
}

// count returns how many tokens a text makes.
func (e *encoder) count(text string) int {
	if len(text) < memoFrom {
		return len(e.EncodeOrdinary(text))
	}
	p := piece{maphash.String(e.seed, text), len(text)}
	n, known := e.recall(p)
	if !known {
		n = len(e.EncodeOrdinary(text))
	}
	e.remember(p, n)
	return n
}

func (e *encoder) recall(p piece) (n int, known bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if n, known = e.now[p]; !known {
		n, known = e.old[p]
	}
	return n, known
}

func (e *encoder) remember(p piece, n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.now) >= memoGeneration {
		e.now, e.old = map[piece]int{}, e.now
	}
	e.now[p] = n
}

package strategy

import (
	"cmp"
	"slices"
	"sync"
)

const (
	// maxWeight bounds a weight, so that no sum of weights overflows.
	maxWeight = 1 << 31
	// maxWheels bounds how many sets of candidates a rotor remembers. Rules and health make sets; beyond the bound all
	// start anew, which costs fairness for a moment and nothing else.
	maxWheels = 128
)

// Rotor shares turns among the candidates of one model. Every set of candidates has a wheel of its own: its shares are
// exact whatever other sets rules and health make in between, and a changed weight starts a new wheel. The zero value is
// ready for use; all methods may be called concurrently.
type Rotor struct {
	mu     sync.Mutex
	wheels map[uint64]*wheel
}

// wheel is the state of one set, whose members are always listed in the order of their route ids.
type wheel struct {
	next    uint64  // cyclic: the next start
	current []int64 // weighted: how much each member is owed
}

// Cyclic moves the candidate whose turn it is to the front; the others follow in a circle. Weights are ignored.
func (r *Rotor) Cyclic(set []Candidate, advance bool) {
	if len(set) < 2 {
		return
	}
	slices.SortFunc(set, byRouteID)
	r.mu.Lock()
	w := r.wheel(setKey(set, false), advance)
	start := int(w.next % uint64(len(set)))
	if advance {
		w.next++
	}
	r.mu.Unlock()
	rotate(set, start)
}

// Weighted moves the candidate whose turn it is to the front by smooth weighted round robin: 5:1:1 gives a a b a c a a.
// The others follow by weight. Members without weight are never first while another has some; when none has, all share
// alike.
func (r *Rotor) Weighted(set []Candidate, advance bool) {
	if len(set) < 2 {
		return
	}
	slices.SortFunc(set, byRouteID)
	r.mu.Lock()
	w := r.wheel(setKey(set, true), advance)
	first := w.turn(set, advance)
	r.mu.Unlock()
	set[0], set[first] = set[first], set[0]
	slices.SortFunc(set[1:], byWeight)
}

// turn finds the member that is owed most after each got its weight; ties go to the first.
func (w *wheel) turn(set []Candidate, advance bool) int {
	if len(w.current) != len(set) {
		w.current = make([]int64, len(set))
	}
	var total int64
	for i := range set {
		total += weightOf(&set[i])
	}
	alike := total == 0
	first, most := -1, int64(0)
	for i := range set {
		share := weightOf(&set[i])
		if alike {
			share = 1
		}
		if owed := w.current[i] + share; share > 0 && (first < 0 || owed > most) {
			first, most = i, owed
		}
	}
	if advance {
		w.pay(set, first, alike)
	}
	return first
}

func (w *wheel) pay(set []Candidate, first int, alike bool) {
	for i := range set {
		share := weightOf(&set[i])
		if alike {
			share = 1
		}
		w.current[i] += share
		w.current[first] -= share
	}
}

// wheel needs the lock. Without keep the wheel of an unknown set is not remembered.
func (r *Rotor) wheel(key uint64, keep bool) *wheel {
	if w := r.wheels[key]; w != nil {
		return w
	}
	w := &wheel{}
	if !keep {
		return w
	}
	if r.wheels == nil || len(r.wheels) >= maxWheels {
		r.wheels = make(map[uint64]*wheel)
	}
	r.wheels[key] = w
	return w
}

// setKey identifies a set of candidates, with its weights if they matter, in whatever order it is.
func setKey(set []Candidate, weighted bool) uint64 {
	key := uint64(len(set))
	if weighted {
		key = ^key
	}
	for i := range set {
		h := scramble(uint64(set[i].RouteID))
		if weighted {
			h = scramble(h ^ uint64(weightOf(&set[i])))
		}
		key += h
	}
	return key
}

// scramble is the finaliser of SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
func scramble(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func weightOf(c *Candidate) int64 { return int64(max(0, min(c.Weight, maxWeight))) }

func byRouteID(a, b Candidate) int { return cmp.Compare(a.RouteID, b.RouteID) }

func byWeight(a, b Candidate) int {
	return cmp.Or(cmp.Compare(b.Weight, a.Weight), cmp.Compare(a.Priority, b.Priority), byRouteID(a, b))
}

// rotate turns set so that set[start] comes first, in place.
func rotate(set []Candidate, start int) {
	slices.Reverse(set[:start])
	slices.Reverse(set[start:])
	slices.Reverse(set)
}

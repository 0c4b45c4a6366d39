// Package strategy orders the candidates of a model: the whole failover order at once.
package strategy

import (
	"cmp"
	"slices"

	"squirrel/models"
)

// Candidate is what an order depends on. Index is the caller's: it tells which candidate this is after sorting.
type Candidate struct {
	Index    int
	RouteID  int64
	Priority int // lower first
	Weight   int // 0 or less: only as a fallback
	Cost     models.NanoUSD
	Priced   bool // false: Cost is unknown
}

// Order sorts a group of candidates by a strategy; an unknown strategy is round robin. Only the candidates that will be
// tried first take a turn of the rotor, and only if advance is set: what is not reached uses up no turn.
func Order(name models.StrategyName, group []Candidate, rotor *Rotor, advance bool) {
	switch name {
	case models.StrategyWeighted:
		rotor.Weighted(group, advance)
	case models.StrategyPriority:
		inLevels(group, byPriority, rotor, advance)
	case models.StrategyCostFirst:
		inLevels(group, byCost, rotor, advance)
	default:
		rotor.Cyclic(group, advance)
	}
}

// inLevels sorts, then rotates what is equal.
func inLevels(group []Candidate, compare func(a, b Candidate) int, rotor *Rotor, advance bool) {
	slices.SortStableFunc(group, compare)
	for start := 0; start < len(group); {
		end := start + 1
		for end < len(group) && compare(group[start], group[end]) == 0 {
			end++
		}
		rotor.Weighted(group[start:end], advance && start == 0)
		start = end
	}
}

func byPriority(a, b Candidate) int { return cmp.Compare(a.Priority, b.Priority) }

func byCost(a, b Candidate) int {
	switch {
	case a.Priced != b.Priced:
		if a.Priced {
			return -1
		}
		return 1
	case !a.Priced:
		return 0
	default:
		return cmp.Compare(a.Cost, b.Cost)
	}
}

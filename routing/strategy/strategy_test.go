package strategy

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"squirrel/models"
)

// weighted makes candidates a, b, c … with the given weights.
func weighted(weights ...int) []Candidate {
	group := make([]Candidate, len(weights))
	for i, w := range weights {
		group[i] = Candidate{Index: i, RouteID: int64(i + 1), Weight: w}
	}
	return group
}

// letters spells an order.
func letters(group []Candidate) string {
	var out strings.Builder
	for _, c := range group {
		out.WriteByte(byte('a' + c.RouteID - 1))
	}
	return out.String()
}

// orders spells the next n orders of a group.
func orders(name models.StrategyName, group []Candidate, rotor *Rotor, n int) string {
	var all []string
	for range n {
		Order(name, group, rotor, true)
		all = append(all, letters(group))
	}
	return strings.Join(all, " ")
}

func TestOrder(t *testing.T) {
	levels := weighted(1, 3, 1, 1)
	levels[0].Priority, levels[1].Priority, levels[2].Priority, levels[3].Priority = 1, 1, 0, 2
	costs := weighted(1, 1, 1, 1)
	costs[1].Cost, costs[1].Priced = 5, true
	costs[2].Cost, costs[2].Priced = 0, true
	costs[3].Cost, costs[3].Priced = 0, true
	for _, tc := range []struct {
		strategy models.StrategyName
		group    []Candidate
		want     string
	}{
		{models.StrategyRoundRobin, weighted(9, 0, -1), "abc bca cab abc"},
		{"unknown", weighted(1, 1), "ab ba ab"},
		{models.StrategyWeighted, weighted(5, 1, 1), "abc abc bac abc cab abc abc abc"},
		{models.StrategyWeighted, weighted(1, 0, 2, -5), "cabd acbd cabd cabd"},
		{models.StrategyWeighted, weighted(0, 0), "ab ba ab"},
		{models.StrategyWeighted, weighted(0), "a a"},
		{models.StrategyPriority, levels, "cbad cbad cbad"},
		{models.StrategyCostFirst, costs, "cdba dcba cdba"},
	} {
		if got := orders(tc.strategy, tc.group, &Rotor{}, strings.Count(tc.want, " ")+1); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.strategy, got, tc.want)
		}
	}
	Order(models.StrategyWeighted, nil, &Rotor{}, true) // must not panic
}

// TestOrder_UnreachedKeepTheirTurn: only the level that is tried first takes a turn, and nobody does without advance.
func TestOrder_UnreachedKeepTheirTurn(t *testing.T) {
	group, rotor := weighted(1, 1, 1, 1), &Rotor{}
	group[2].Priority, group[3].Priority = 1, 1
	if got := orders(models.StrategyPriority, group, rotor, 3); got != "abcd bacd abcd" {
		t.Errorf("got %s", got)
	}
	for range 5 {
		if Order(models.StrategyPriority, group, rotor, false); letters(group) != "bacd" {
			t.Errorf("a look at the order gives %s", letters(group))
		}
	}
	if got := orders(models.StrategyPriority, group[2:], rotor, 2); got != "cd dc" {
		t.Errorf("the second level begins with %s", got)
	}
}

// TestOrder_SharesSurviveOtherSets: sets of candidates that rules and health make in between disturb nobody's share, even
// where they follow a pattern that is in step with the turns.
func TestOrder_SharesSurviveOtherSets(t *testing.T) {
	for _, name := range []models.StrategyName{models.StrategyRoundRobin, models.StrategyWeighted} {
		rotor, first := &Rotor{}, map[int64]int{}
		for i := range 3000 {
			group := weighted(1, 1, 1)
			if i%2 == 1 {
				Order(name, group[1:], rotor, true)
				continue
			}
			Order(name, group, rotor, true)
			first[group[0].RouteID]++
		}
		if first[1] != 500 || first[2] != 500 || first[3] != 500 {
			t.Errorf("%s: %v", name, first)
		}
	}
}

// TestA22_Shares draws weights of all sizes and checks the shares over 10,000 orders, exactly and under concurrency.
func TestA22_Shares(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	cases := [][]int{{5, 1, 1}, {1}, {0, 0, 0}, {-1, 0, 3}, {1 << 31, 1}, {math.MaxInt, math.MaxInt, 1}, {math.MinInt, -1}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}}
	for range 20 {
		weights := make([]int, 1+random.IntN(12))
		for i := range weights {
			weights[i] = random.IntN(100)
		}
		cases = append(cases, weights)
	}
	for _, weights := range cases {
		t.Run(fmt.Sprint(weights), func(t *testing.T) {
			checkShares(t, weights, firsts(weights, 10_000))
		})
	}
}

// firsts counts who comes first, with turns taken from several goroutines.
func firsts(weights []int, turns int) []int {
	const workers = 8
	rotor, counts := &Rotor{}, make([]int, len(weights))
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			mine := make([]int, len(weights))
			group := weighted(weights...)
			for range turns / workers {
				rand.Shuffle(len(group), func(i, j int) { group[i], group[j] = group[j], group[i] })
				Order(models.StrategyWeighted, group, rotor, true)
				mine[group[0].Index]++
			}
			mu.Lock()
			defer mu.Unlock()
			for i, n := range mine {
				counts[i] += n
			}
		})
	}
	wg.Wait()
	return counts
}

func checkShares(t *testing.T, weights, counts []int) {
	t.Helper()
	var total, turns float64
	for i := range weights {
		total += float64(weightOf(&Candidate{Weight: weights[i]}))
		turns += float64(counts[i])
	}
	for i, w := range weights {
		want := float64(weightOf(&Candidate{Weight: w})) / total
		if total == 0 {
			want = 1 / float64(len(weights))
		}
		// Smooth weighted round robin is never off by more than one turn for each other member.
		if got := float64(counts[i]); math.Abs(got-want*turns) > float64(len(weights)) || math.Abs(got/turns-want) > 0.01 {
			t.Errorf("weight %d: %d of %.0f turns, want %.4f", w, counts[i], turns, want)
		}
	}
}

// TestA22_AnyInput orders any group by any strategy: it terminates with a permutation of the group.
func TestA22_AnyInput(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	pick := func() int { return []int{0, -1, 1, 1 << 31, math.MaxInt, math.MinInt, random.IntN(5)}[random.IntN(7)] }
	rotor := &Rotor{}
	for range 5000 {
		group := make([]Candidate, random.IntN(10))
		for i := range group {
			group[i] = Candidate{Index: i, RouteID: int64(i), Priority: pick(), Weight: pick(), Cost: models.NanoUSD(pick()), Priced: random.IntN(2) == 0}
		}
		name := []models.StrategyName{models.StrategyRoundRobin, models.StrategyPriority, models.StrategyWeighted, models.StrategyCostFirst, ""}[random.IntN(5)]
		Order(name, group, rotor, random.IntN(2) == 0)
		seen := make([]int, 0, len(group))
		for _, c := range group {
			seen = append(seen, c.Index)
		}
		slices.Sort(seen)
		for i := range seen {
			if seen[i] != i {
				t.Fatalf("%s lost a candidate: %v", name, seen)
			}
		}
	}
	if len(rotor.wheels) > maxWheels {
		t.Errorf("%d wheels are remembered", len(rotor.wheels))
	}
}

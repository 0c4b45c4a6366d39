package config

import (
	"maps"
	"slices"
	"strings"
)

// Short names such as HOST are too near to HOME, POST or PATH to guess from.
const shortestGuess = 6

// typos finds variables that nobody reads but whose names look like one of ours.
func typos(values map[string]string) []Warning {
	var found []Warning
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if known := meant(name); known != "" {
			found = append(found, Warning{name, "is not a setting; did you mean " + known + "?"})
		}
	}
	return found
}

// meant returns the setting that name probably is a misspelling of, or "".
func meant(name string) string {
	if slices.ContainsFunc(settings, func(s setting) bool { return s.Name == name }) {
		return ""
	}
	best, bestDistance := "", 3
	upper := strings.ToUpper(name)
	for i := range settings {
		known := settings[i].Name
		switch {
		case len(known) < shortestGuess:
			continue
		case strings.HasPrefix(known, upper) && len(upper) >= len("DATABASE_"):
			return known
		}
		if d := distance(upper, known); d < bestDistance {
			best, bestDistance = known, d
		}
	}
	return best
}

// distance counts the insertions, deletions, replacements and swaps of neighbours that turn a into b.
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d := min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, rows[i-2][j-2]+1)
			}
			rows[i][j] = d
		}
	}
	return rows[len(a)][len(b)]
}

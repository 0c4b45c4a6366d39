package main

import (
	"regexp"
	"strings"
	"testing"
)

// madeElsewhere are the names in paths that are not those of calls.
var madeElsewhere = regexp.MustCompile(`^(interrupted|expired|running-[123]|provider-.+|key-.+)$`)

// TestStates finds states that overwrite each other's pictures, and those that speak of a request that nobody makes.
func TestStates(t *testing.T) {
	made := map[string]bool{}
	for i := range calls {
		if made[calls[i].name] {
			t.Errorf("two calls are named %s", calls[i].name)
		}
		made[calls[i].name] = true
	}
	seen := map[string]bool{}
	for _, s := range allStates() {
		if seen[s.name] || s.name == "" || strings.Contains(s.name, "--") {
			t.Errorf("the name %q is no good for a file, or taken", s.name)
		}
		seen[s.name] = true
		for _, found := range namedInPath.FindAllStringSubmatch(s.path, -1) {
			if name := found[1]; !made[name] && !madeElsewhere.MatchString(name) {
				t.Errorf("%s: nothing is called {%s}", s.name, name)
			}
		}
	}
}

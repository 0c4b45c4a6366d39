package store

import (
	"database/sql"
	"strings"
	"testing"
)

// FuzzLikeEscape: a filter finds what holds its text, letter for letter, and nothing else. SQLite judges.
func FuzzLikeEscape(f *testing.F) {
	for _, seed := range [][2]string{{"100%", "100%"}, {"100%", "1000"}, {"a_b", "axb"}, {`a\b`, `a\b`}, {`\`, "x"}, {"", "x"}, {"ACORN", "an acorn"}, {"%", ""}, {"é", "É"}, {`\%`, "%"}} {
		f.Add(seed[0], seed[1])
	}
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { db.Close() })
	f.Fuzz(func(t *testing.T, filter, column string) {
		stored, wanted := clean(column, maxName), clean(filter, maxName)
		var found bool
		if err := db.QueryRow(`SELECT ? LIKE ? ESCAPE '\'`, stored, likePattern(filter)).Scan(&found); err != nil {
			t.Fatal(err)
		}
		if want := strings.Contains(lowerASCII(stored), lowerASCII(wanted)); found != want {
			t.Errorf("%q in %q: %t, want %t", wanted, stored, found, want)
		}
	})
}

// lowerASCII is what SQLite's LIKE takes for the same letters.
func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

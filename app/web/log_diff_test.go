package web

import (
	"fmt"
	"strings"
	"testing"
)

// allCompared writes what is told of all parts of a comparison.
func allCompared(t *testing.T, a, b string, raw bool, room int) string {
	t.Helper()
	var told strings.Builder
	from, to := walk(a, raw), walk(b, raw)
	for range 10_000 {
		c := compare(from, to, room)
		for _, l := range c.lines {
			told.WriteString(string(l.Kind) + l.Text + "|")
		}
		if c.next == nil {
			return told.String()
		}
		if c.next[0] == from.at && c.next[1] == to.at {
			t.Fatalf("no progress at %d and %d", from.at, to.at)
		}
		from, to = walk(a, raw).seek(c.next[0]), walk(b, raw).seek(c.next[1])
	}
	t.Fatal("no end")
	return ""
}

func TestCompare(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 5000)
	for _, tt := range []struct{ name, a, b, want string }{
		{"raw", "a\nb\nc\nd\ne\nf\ng", "a\nb\nc\nd\nX\nf\ng", "@1| b| c| d|-e|+X| f| g|"},
		{"equal", "same\n", "same\n", ""},
		{"equal but for white space", `{"a": [1, 2] }`, `{"a":[1,2]}`, ""},
		{"pretty", `{"a":1,"b":[1,2,3],"c":{}}`, `{"a":1,"b":[1,4,3],"c":{}}`, `@1|   "a": 1,|   "b": [|     1,|-    2,|+    4,|     3|   ],|   "c": {}|@1|`},
		{"added at the end", "a\n", "a\nb\n", " a|+b|"},
		{"nothing before", "", "b", "+b|"},
		{"far away", strings.Repeat("x\n", 5000) + "1\n", strings.Repeat("x\n", 5000) + "2\n", "@4997| x| x| x|-1|+2|"},
		{"two places", "1\n" + strings.Repeat("x\n", 20) + "1\n", "2\n" + strings.Repeat("x\n", 20) + "2\n", "-1|+2| x| x| x|@14| x| x| x|-1|+2|"},
		{"in a long line", `{"t":"` + long + `A"}`, `{"t":"` + long + `B"}`, `{|…` + strings.Repeat("x", 80) + `A" (4.89 KB)`},
	} {
		got := allCompared(t, tt.a, tt.b, false, 1<<20)
		if tt.name == "in a long line" {
			if !strings.Contains(got, `xxxA" (`) || !strings.Contains(got, `xxxB" (`) {
				t.Errorf("%s: %s", tt.name, got)
			}
			continue
		}
		if got != tt.want {
			t.Errorf("%s: %s\nwant %s", tt.name, got, tt.want)
		}
	}
}

// TestCompare_Parts: what a comparison tells in small parts is what it tells at once, and lines that are only in one text are each
// told once.
func TestCompare_Parts(t *testing.T) {
	t.Parallel()
	var a, b strings.Builder
	for n := range 4000 {
		fmt.Fprintln(&a, "line", n)
		if n%7 == 0 {
			fmt.Fprintln(&b, "new", n)
		}
		if n%11 != 0 {
			fmt.Fprintln(&b, "line", n)
		}
	}
	for _, room := range []int{4000, 1 << 30} {
		told := allCompared(t, a.String(), b.String(), true, room)
		for n := range 4000 {
			if want := fmt.Sprintf("+new %d|", n); n%7 == 0 && strings.Count(told, want) != 1 {
				t.Fatalf("parts of %d: %q is there %d times", room, want, strings.Count(told, want))
			}
			if want := fmt.Sprintf("-line %d|", n); n%11 == 0 && strings.Count(told, want) != 1 {
				t.Fatalf("parts of %d: %q is there %d times", room, want, strings.Count(told, want))
			}
		}
		if plus, minus := strings.Count(told, "+"), strings.Count(told, "-"); plus != 572 || minus != 364 {
			t.Errorf("parts of %d: %d lines added and %d dropped", room, plus, minus)
		}
	}
}

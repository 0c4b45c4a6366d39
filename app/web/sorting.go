package web

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"squirrel/views/pages"
	"squirrel/views/ui"
)

// sorting compares the rows of a list by the names of its columns.
type sorting[T any] map[string]func(a, b T) int

// sort orders rows as asked: "name", or "-name" for the other way round. It returns what it did; an unknown column is
// the order the rows have.
func (s sorting[T]) sort(rows []T, by string) string {
	compare, known := s[strings.TrimPrefix(by, "-")]
	if !known {
		return ""
	}
	down := strings.HasPrefix(by, "-")
	slices.SortStableFunc(rows, func(a, b T) int {
		if down {
			return compare(b, a)
		}
		return compare(a, b)
	})
	return by
}

// listURL is the URL of a list with the filters that are set, without its order. pairs are names and values.
func listURL(path string, pairs ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// listRows bounds the rows of one page of a list, so that it stays light.
const listRows = 24

// paged cuts the rows of a sorted list to the page that is asked for: what is no page is the first one, what is beyond the last is that.
func paged[T any](rows []T, atOnce int, s pages.Sorting, asked string) ([]T, pages.Paging) {
	last := max((len(rows)+atOnce-1)/atOnce, 1)
	number, _ := strconv.Atoi(asked)
	number = min(max(number, 1), last)
	link := func(number int) string {
		path, query, _ := strings.Cut(s.Self, "?")
		q, _ := url.ParseQuery(query) // it was made here
		if s.By != "" {
			q.Set("sort", s.By)
		}
		if number > 1 {
			q.Set("page", strconv.Itoa(number))
		}
		return queried(path, q)
	}
	from := (number - 1) * atOnce
	to := min(from+atOnce, len(rows))
	p := pages.Paging{From: min(from+1, len(rows)), To: to, Total: len(rows)}
	if number > 1 {
		p.PrevURL = link(number - 1)
	}
	if number < last {
		p.NextURL = link(number + 1)
	}
	return rows[from:to], p
}

// orZero is a value that may be unknown, for comparing: the unknown comes first.
func orZero(f *float64) float64 {
	if f == nil {
		return -1
	}
	return *f
}

func compareNames(a, b string) int { return cmp.Compare(strings.ToLower(a), strings.ToLower(b)) }

// urgency orders conditions, the worst first.
var urgency = map[ui.Tone]int{ui.Err: 0, ui.Warn: 1, ui.OK: 2, ui.Info: 3, ui.Neutral: 4}

func compareStates(a, b pages.State) int {
	return cmp.Or(cmp.Compare(urgency[a.Tone], urgency[b.Tone]), cmp.Compare(a.Text, b.Text))
}

// compareShares compares parts of wholes; nothing of nothing comes first.
func compareShares(partA, wholeA, partB, wholeB int64) int {
	share := func(part, whole int64) float64 {
		if whole == 0 {
			return -1
		}
		return float64(part) / float64(whole)
	}
	return cmp.Compare(share(partA, wholeA), share(partB, wholeB))
}

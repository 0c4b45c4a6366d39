package web

import (
	"strconv"
	"strings"

	"squirrel/views/pages"
)

const (
	maxDiffLines = 1200 // on each side, after what is equal at both ends is left out
	diffContext  = 3
)

// diff compares two texts line by line. Nothing comes out when they are equal; of long texts only that they differ in a stretch.
func diff(a, b string) []pages.DiffLine {
	from, to := strings.Split(a, "\n"), strings.Split(b, "\n")
	head := commonHead(from, to)
	from, to = from[head:], to[head:]
	tail := commonTail(from, to)
	common := from[len(from)-tail:]
	if from, to = from[:len(from)-tail], to[:len(to)-tail]; len(from)+len(to) == 0 {
		return nil
	}
	start := max(head-diffContext, 0)
	lines := skipped(nil, start)
	for _, text := range strings.Split(a, "\n")[start:head] {
		lines = append(lines, pages.DiffLine{Kind: ' ', Text: text})
	}
	lines = append(lines, fold(changes(from[:min(len(from), maxDiffLines)], to[:min(len(to), maxDiffLines)]))...)
	lines = skipped(lines, max(len(from)-maxDiffLines, 0)+max(len(to)-maxDiffLines, 0))
	for _, text := range common[:min(diffContext, len(common))] {
		lines = append(lines, pages.DiffLine{Kind: ' ', Text: text})
	}
	return skipped(lines, len(common)-diffContext)
}

func commonHead(a, b []string) (n int) {
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

func commonTail(a, b []string) (n int) {
	for n < len(a) && n < len(b) && a[len(a)-1-n] == b[len(b)-1-n] {
		n++
	}
	return n
}

func skipped(lines []pages.DiffLine, n int) []pages.DiffLine {
	if n <= 0 {
		return lines
	}
	return append(lines, pages.DiffLine{Kind: '@', Text: strconv.Itoa(n)})
}

// changes finds the longest common subsequence of lines.
func changes(a, b []string) (lines []pages.DiffLine) {
	length := make([][]uint16, len(a)+1)
	for i := range length {
		length[i] = make([]uint16, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				length[i][j] = length[i+1][j+1] + 1
			} else {
				length[i][j] = max(length[i+1][j], length[i][j+1])
			}
		}
	}
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			lines = append(lines, pages.DiffLine{Kind: ' ', Text: a[i]})
			i, j = i+1, j+1
		case i < len(a) && (j == len(b) || length[i+1][j] >= length[i][j+1]):
			lines = append(lines, pages.DiffLine{Kind: '-', Text: a[i]})
			i++
		default:
			lines = append(lines, pages.DiffLine{Kind: '+', Text: b[j]})
			j++
		}
	}
	return lines
}

// fold leaves out long stretches that are equal.
func fold(lines []pages.DiffLine) (folded []pages.DiffLine) {
	for i := 0; i < len(lines); {
		end := i
		for end < len(lines) && lines[end].Kind == ' ' {
			end++
		}
		if equal := end - i; equal > 2*diffContext+1 {
			folded = append(folded, lines[i:i+diffContext]...)
			folded = skipped(folded, equal-2*diffContext)
			folded = append(folded, lines[end-diffContext:end]...)
		} else {
			folded = append(folded, lines[i:end]...)
		}
		if i = end; i < len(lines) {
			folded = append(folded, lines[i])
			i++
		}
	}
	return folded
}

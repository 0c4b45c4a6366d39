package pages

import (
	"strings"

	"squirrel/views/ui"
)

// Sorting is the order of a list and where its column heads lead.
type Sorting struct {
	Self string // the list with its filters, without an order
	By   string // a column; with - in front the other way round
}

// column makes a column sortable. The first click on a number shows the largest first.
func (s Sorting) column(name string, c ui.Column) ui.Column {
	next := name
	if c.Number {
		next = "-" + name
	}
	switch s.By {
	case name:
		c.Sorted, next = "ascending", "-"+name
	case "-" + name:
		c.Sorted, next = "descending", name
	}
	c.SortURL = s.Self + "?sort=" + next
	if strings.Contains(s.Self, "?") {
		c.SortURL = s.Self + "&sort=" + next
	}
	return c
}

// Paging is which rows of a list a page shows, and where the others are.
type Paging struct {
	From, To, Total  int // rows, counted from 1
	PrevURL, NextURL string
}

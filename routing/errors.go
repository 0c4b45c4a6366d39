package routing

import (
	"math"
	"strings"

	"squirrel/models"
)

// Reason says why there is no plan.
type Reason int

// The reasons.
const (
	ModelNotFound Reason = iota + 1
	ModelInactive
	RulesNotMet   // the model's own rules
	NoCandidate   // no route is usable for this request
	WrongEndpoint // routes are usable, but no provider of theirs serves the endpoint
)

// Error says why there is no plan. Message is safe to show to the client.
type Error struct {
	Reason  Reason
	Model   string
	Nearest []string // with ModelNotFound: up to 3 names, nearest first
	Message string
}

// Error implements error.
func (e *Error) Error() string { return e.Message }

func (p *planner) fail(reason Reason, message string) error {
	return &Error{Reason: reason, Model: p.req.Model, Message: message}
}

func (p *planner) noCandidate() error {
	name := "The model '" + p.req.Model + "'"
	switch {
	case p.wrongEndpoint > 0 && p.unmetRules == 0:
		return p.fail(WrongEndpoint, name+" has no provider that serves "+string(p.req.Endpoint)+".")
	case p.unmetRules > 0:
		return p.fail(NoCandidate, name+" has no route whose rules accept this request.")
	default:
		return p.fail(NoCandidate, name+" has no route in service.")
	}
}

func notFound(t *table, req *Request) error {
	e := &Error{Reason: ModelNotFound, Model: req.Model, Nearest: nearest(t, req)}
	e.Message = "The model '" + shorten(req.Model) + "' does not exist."
	if len(e.Nearest) > 0 {
		e.Message += " Did you mean '" + strings.Join(e.Nearest, "', '") + "'?"
	}
	return e
}

// maxName is the longest name a model can have, in characters.
const maxName = 128

func shorten(name string) string {
	if runes := []rune(name[:min(len(name), 4*maxName)]); len(runes) > maxName {
		return string(runes[:maxName]) + "…"
	}
	return name
}

// Nearest names up to three models that are called almost like this, of those a key with this allow-list may use.
func (r *Router) Nearest(name string, allowed []string) []string {
	return nearest(r.table.Load(), &Request{Model: name, Allowed: allowed})
}

// nearest names the servable models whose names are closest to what the client wrote, of those its key may use.
func nearest(t *table, req *Request) []string {
	wanted := strings.ToLower(shorten(req.Model))
	var best [3]struct {
		model    *models.Model
		distance int
	}
	for _, m := range t.servable {
		if !isAllowed(m, req.Allowed) {
			continue
		}
		limit := math.MaxInt
		if last := &best[len(best)-1]; last.model != nil {
			limit = last.distance - 1
		}
		d := distance(wanted, strings.ToLower(m.Name), limit)
		if d > limit {
			continue
		}
		i := len(best) - 1
		for ; i > 0 && (best[i-1].model == nil || best[i-1].distance > d); i-- {
			best[i] = best[i-1]
		}
		best[i].model, best[i].distance = m, d
	}
	var names []string
	for _, b := range best {
		if b.model != nil {
			names = append(names, b.model.Name)
		}
	}
	return names
}

// distance is the number of bytes to insert, delete or replace to make a of b (Levenshtein); more than limit may be
// returned as anything above it, early.
func distance(a, b string, limit int) int {
	if gap := max(len(a)-len(b), len(b)-len(a)); gap > limit {
		return gap
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal, least := row[0], i+1
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
			least = min(least, cost)
		}
		if least > limit {
			return least
		}
	}
	return row[len(b)]
}

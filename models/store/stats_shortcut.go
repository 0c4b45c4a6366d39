package store

import (
	"context"

	"squirrel/models"
)

// Nearly every request is a client's, and nearly every question is about them. Instead of adding up all their series, the sums
// over everything are read and those of the few other requests are taken away: sums are exact, so nothing is lost.

// collectClients adds up what matches a filter for the requests of clients.
func (s *Store) collectClients(ctx context.Context, f *models.LogFilter, t *tally) error {
	everything, others := clientsAs(f)
	if err := s.collect(ctx, everything, t); err != nil {
		return err
	}
	rest := newTally(t.query)
	if err := s.collect(ctx, others, rest); err != nil {
		return err
	}
	t.takeAway(rest)
	return nil
}

// clientsAs is a filter for the requests of clients as two: everything, and what is to be taken away from it.
func clientsAs(f *models.LogFilter) (everything, others *models.LogFilter) {
	all, rest := *f, *f
	all.Source, rest.Source = "", ""
	rest.Except.Source = append(rest.Except.Source[:len(rest.Except.Source):len(rest.Except.Source)], string(models.SourceClient))
	return &all, &rest
}

func (t *tally) takeAway(o *tally) {
	for bucket, u := range o.trend {
		if mine := t.trend[bucket]; mine != nil {
			mine.takeAway(u)
		}
	}
	for key, g := range o.groups {
		if mine := t.groups[key]; mine != nil {
			mine.takeAway(&g.sums)
		}
	}
	t.sumUp()
}

func (u *sums) takeAway(o *sums) {
	u.requests -= o.requests
	u.successes -= o.successes
	u.input -= o.input
	u.output -= o.output
	u.cached -= o.cached
	u.cost -= o.cost
	u.unknownCosts -= o.unknownCosts
	u.firstByte.takeAway(o.firstByte)
	u.totalTime.takeAway(o.totalTime)
}

func (h *histogram) takeAway(other histogram) {
	if len(other.counts) == 0 {
		return
	}
	h.cover(other.first, other.first+len(other.counts)-1)
	for i, n := range other.counts {
		h.counts[other.first-h.first+i] -= n
	}
}

// oneGroup is the filter as one for usage_groups, when it names one dimension and nothing else: there is a row of sums for each
// value of it, and not only one for each combination of all dimensions.
func (s *Store) oneGroup(f *models.LogFilter) (w where, ok bool) {
	named := *f
	switch {
	case f.RequestedModel != "":
		named.RequestedModel = ""
		w.add("dimension = 'model' AND "+s.contains("key"), likePattern(f.RequestedModel))
	case f.TargetModel != "":
		named.TargetModel = ""
		w.add("dimension = 'target_model' AND "+s.contains("key"), likePattern(f.TargetModel))
	case f.APIKeyName != "":
		named.APIKeyName = ""
		w.add("dimension = 'api_key' AND "+s.contains("name"), likePattern(f.APIKeyName))
	case f.ProviderID != nil:
		named.ProviderID = nil
		w.add("dimension = 'provider' AND key = ?", idText(f.ProviderID))
	case f.APIKeyID != nil:
		named.APIKeyID = nil
		w.add("dimension = 'api_key' AND key = ?", idText(f.APIKeyID))
	case f.Endpoint != "":
		named.Endpoint = ""
		w.add("dimension = 'endpoint' AND key = ?", f.Endpoint)
	default:
		return w, false
	}
	return w, len(s.seriesFilter(&named).terms) == 0
}

func namedGroups(filter where) where {
	return where{terms: []string{"series IN (SELECT id FROM usage_groups WHERE " + filter.sql() + ")"}, args: filter.args}
}

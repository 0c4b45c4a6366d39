package store

import (
	"reflect"
	"strconv"

	"squirrel/models"
)

// The indexes of failed and of slow requests on SQLite.
const (
	failedIndex = "request_logs_failed"
	slowIndex   = "request_logs_slow"
)

// slowMS is what a request takes at least that is in the index of the slow ones, in milliseconds.
const slowMS = 20_000

// among is a condition that a row is one of those that an index of failed or of slow requests can tell to match, on SQLite; found is
// false when neither holds them all. Without it, each request in the index is looked up in the table, and most of them in vain.
func (s *Store) among(f *models.LogFilter) (w where, found bool) {
	if s.postgres() || f.State == models.LogRunning {
		return w, false
	}
	index, inIndex := "", models.LogFilter{Start: f.Start, End: f.End, Source: f.Source}
	switch slow := f.TotalTimeMin != nil && *f.TotalTimeMin >= slowMS; {
	case slow && (!wantsFailures(f) || !rare(f)):
		index, inIndex.TotalTimeMin, inIndex.TotalTimeMax = slowIndex, f.TotalTimeMin, f.TotalTimeMax
	case wantsFailures(f):
		failed := true
		index, inIndex.HasError = failedIndex, &failed
		inIndex.Statuses, inIndex.StatusMin, inIndex.StatusMax = f.Statuses, f.StatusMin, f.StatusMax
		inIndex.APIKeyID, inIndex.APIKeyName, inIndex.ProviderID, inIndex.RequestedModel = f.APIKeyID, f.APIKeyName, f.ProviderID, f.RequestedModel
	default:
		return w, false
	}
	rows := s.filter(&inIndex)
	if index == slowIndex {
		rows.add("total_time_ms >= " + strconv.Itoa(slowMS)) // as in the index
	}
	w.byKey = true
	w.add("(request_time, id) IN (SELECT request_time, id FROM request_logs INDEXED BY "+index+" WHERE "+rows.sql()+")", rows.args...)
	return w, true
}

// inFailed reports that the index of failed requests has all that a filter asks of them.
func inFailed(f *models.LogFilter) bool {
	rest := *f
	rest.State, rest.HasError, rest.Start, rest.End, rest.Source, rest.Statuses, rest.StatusMin, rest.StatusMax = "", nil, nil, nil, "", nil, nil, nil
	rest.APIKeyID, rest.APIKeyName, rest.ProviderID, rest.RequestedModel = nil, "", nil, ""
	return reflect.DeepEqual(rest, models.LogFilter{})
}

// rare reports that a page of the list would be long in the finding: few of those that an index tells to match may do so.
func rare(f *models.LogFilter) bool {
	inIndex := f.APIKeyID != nil || f.APIKeyName != "" || f.ProviderID != nil || f.RequestedModel != ""
	return inIndex || !wantsFailures(f) && (f.TargetModel != "" || f.UserID != "" || f.Client != "")
}

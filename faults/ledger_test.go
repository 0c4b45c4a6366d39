package faults

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"squirrel/app/apptest"
	"squirrel/models"
	"squirrel/proxy/simulator"
)

// warmUp marks the calls before the load, which all have the same id.
const warmUp = "warm-up"

// reckoning compares the ledgers of the clients and of the providers with the gateway's log.
type reckoning struct {
	t           testing.TB
	rows        map[string]models.RequestLog // by the id of the call
	hits        map[string]int               // calls of providers, by the id of the call
	finished    int                          // calls that were answered to their last byte
	cut         int                          // answers that ended early
	unanswered  int
	interrupted int // rows of requests that a death of the gateway cut off
}

// reckon checks that the log tells the truth:
//
//	each call that was answered has exactly one row, with the status the client saw, ended if the client saw the end;
//	each call of a provider belongs to a row, and each row to a call of a client.
func reckon(t testing.TB, answers []apptest.Answer, rows []models.RequestLog, sim *simulator.Server) *reckoning {
	t.Helper()
	r := &reckoning{t: t, rows: map[string]models.RequestLog{}, hits: map[string]int{}}
	r.index(rows)
	for _, e := range sim.Ledger().Entries(nil) {
		r.hits[apptest.CallID(e.Body)]++
	}
	calls := map[string]bool{warmUp: true}
	for i := range answers {
		calls[answers[i].ID] = true
		r.check(&answers[i])
	}
	for id := range r.hits {
		if _, found := r.rows[id]; !found && id != warmUp {
			t.Errorf("lost: a provider was called for %s, which has no row", id)
		}
	}
	for id := range r.rows {
		if !calls[id] {
			t.Errorf("made up: a row for %q, which nobody called", id)
		}
	}
	return r
}

func (r *reckoning) index(rows []models.RequestLog) {
	ids := map[string]bool{}
	for i := range rows {
		row := rows[i]
		if ids[row.ID] {
			r.t.Errorf("doubled: row %s is there twice", row.ID)
		}
		ids[row.ID] = true
		if row.UserID == warmUp {
			continue
		}
		if other, found := r.rows[row.UserID]; found {
			r.t.Errorf("doubled: call %s has the rows %s and %s", row.UserID, other.ID, row.ID)
		}
		r.rows[row.UserID] = row
		if row.ErrorCode == "interrupted" {
			r.interrupted++
		}
		if row.State != models.LogDone {
			r.t.Errorf("open: row %s of call %s is %s", row.ID, row.UserID, row.State)
		}
	}
}

func (r *reckoning) check(a *apptest.Answer) {
	row, found := r.rows[a.ID]
	switch {
	case a.Status == 0:
		r.unanswered++
		return
	case !found:
		r.t.Errorf("lost: call %s (%s, stream %t) got %d, complete %t, and has no row", a.ID, a.Model, a.Stream, a.Status, a.Complete)
		return
	case row.ID != a.LogID:
		r.t.Errorf("call %s was told to be %s and is %s", a.ID, a.LogID, row.ID)
	}
	if !a.Complete {
		r.cut++
		r.checkCut(a, row)
		return
	}
	r.finished++
	if row.ResponseStatus == nil || *row.ResponseStatus != a.Status {
		r.t.Errorf("call %s got %d to the last byte, its row says %s", a.ID, a.Status, status(row))
	}
	if a.Status == http.StatusOK && (row.OutputTokens == nil || *row.OutputTokens == 0 || row.TotalCost == nil) {
		r.t.Errorf("call %s (%s): usage or cost is missing", a.ID, a.Model)
	}
	if row.AttemptCount != r.hits[a.ID] {
		r.t.Errorf("call %s: %d attempts recorded, the providers count %d", a.ID, row.AttemptCount, r.hits[a.ID])
	}
}

// checkCut looks at an answer that ended early: the gateway died in the middle, or between the record of the end and the
// last byte; or the provider did, and the client was told. The row must not claim that the client was at fault.
func (r *reckoning) checkCut(a *apptest.Answer, row models.RequestLog) {
	fine := row.ErrorCode == "interrupted" || row.ResponseStatus != nil && *row.ResponseStatus == a.Status || row.ErrorCode == "shutting_down" ||
		a.Failed && row.ResponseStatus != nil && *row.ResponseStatus >= 500
	if !fine {
		r.t.Errorf("call %s (%s, stream %t) was cut, its row says %s", a.ID, a.Model, a.Stream, status(row))
	}
}

func status(row models.RequestLog) string {
	if row.ResponseStatus == nil {
		return fmt.Sprintf("no status, %s %s", row.State, row.ErrorCode)
	}
	return fmt.Sprintf("%d, %s %s", *row.ResponseStatus, row.State, row.ErrorCode)
}

// sums checks that the statistics count every row once.
func (r *reckoning) sums(admin *apptest.Admin, rows []models.RequestLog) {
	r.t.Helper()
	var stats struct {
		Summary struct {
			Requests int64 `json:"request_count"`
			Output   int64 `json:"output_tokens"`
		} `json:"summary"`
	}
	if err := admin.Call(context.Background(), http.MethodGet, "/api/admin/logs/stats?range=24h", nil, &stats); err != nil {
		r.t.Fatal(err)
	}
	var tokens int64
	for i := range rows {
		if rows[i].OutputTokens != nil {
			tokens += *rows[i].OutputTokens
		}
	}
	if stats.Summary.Requests != int64(len(rows)) || stats.Summary.Output != tokens {
		r.t.Errorf("the statistics count %d requests and %d tokens, the rows %d and %d", stats.Summary.Requests, stats.Summary.Output, len(rows), tokens)
	}
}

// String sums up for the log of the test.
func (r *reckoning) String() string {
	return fmt.Sprintf("%d finished, %d cut, %d unanswered calls; %d rows, %d of them interrupted; %d calls reached a provider",
		r.finished, r.cut, r.unanswered, len(r.rows), r.interrupted, len(r.hits))
}

// logRows reads the whole log.
func logRows(t testing.TB, admin *apptest.Admin) []models.RequestLog {
	t.Helper()
	rows, err := admin.Rows(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

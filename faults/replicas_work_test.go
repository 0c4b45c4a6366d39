package faults

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"squirrel/app/apptest"
	"squirrel/models"
)

// rowOf finds the row of a call by its id, nil when there is none yet.
func (r *replicas) rowOf(admin *apptest.Admin, id string) *models.RequestLog {
	var list struct{ Items []models.RequestLog }
	if err := admin.Call(context.Background(), http.MethodGet, "/api/admin/logs?user_id="+id, nil, &list); err != nil || len(list.Items) == 0 {
		return nil
	}
	return &list.Items[0]
}

// stream begins a long stream at a gateway and returns once its row is in the database.
func (r *replicas) stream(p *process, id string) (end func() apptest.Answer) {
	r.t.Helper()
	var answer apptest.Answer
	var all sync.WaitGroup
	all.Go(func() {
		call := apptest.Call{ID: id, Path: apptest.Chat, Model: apptest.Long, Stream: true}
		answer = apptest.Do(context.Background(), http.DefaultClient, p.url, r.key, call, nil)
	})
	p.eventually("the stream has a row", func() bool {
		row := r.rowOf(r.admin, id)
		return row != nil && row.State == models.LogRunning
	})
	return func() apptest.Answer { all.Wait(); return answer }
}

// TestI05_RestartOfAnotherReplica kills and restarts one gateway while a stream runs at another: its row stays open until the
// stream has ended.
func TestI05_RestartOfAnotherReplica(t *testing.T) {
	t.Parallel()
	r := newReplicas(t, 2)
	end := r.stream(r.all[1], "long-lived")
	r.all[0].kill()
	r.all[0].startReady()
	time.Sleep(4 * time.Second) // the restarted one has looked for orphans by now
	if row := r.rowOf(r.admin, "long-lived"); row == nil || row.State != models.LogRunning {
		t.Errorf("the row of a stream that runs elsewhere: %+v", row)
	}
	if a := end(); a.Status != http.StatusOK || !a.Complete {
		t.Errorf("the stream: %d, complete %t, %v", a.Status, a.Complete, a.Err)
	}
	r.all[1].eventually("the stream's end is in the database", func() bool {
		row := r.rowOf(r.admin, "long-lived")
		return row != nil && row.State == models.LogDone && row.ErrorCode == "" && row.OutputTokens != nil
	})
}

// TestI06_DeadReplica kills a gateway in the middle of a stream and loses its disk. When it has been silent for long enough,
// another closes what it left open. The database's clock is turned on by making the row and the last heartbeat older.
func TestI06_DeadReplica(t *testing.T) {
	t.Parallel()
	r := newReplicas(t, 2)
	end := r.stream(r.all[1], "orphan")
	r.all[1].kill()
	end()
	r.all[0].terminate()
	r.sql("UPDATE instances SET heartbeat_at = heartbeat_at - 61000000", "UPDATE request_logs SET request_time = request_time - 61000000 WHERE state = 'running'")
	r.all[0].startReady()
	r.all[0].eventually("the orphan is closed", func() bool {
		row := r.rowOf(r.admin, "orphan")
		return row != nil && row.State == models.LogDone && row.ErrorCode == "interrupted"
	})
	r.admin.Token = r.all[0].login().Token
	rows := logRows(t, r.admin)
	reck := &reckoning{t: t}
	reck.sums(r.admin, rows)
}

// TestI04_OneCleansUp starts two gateways at once whose retention is due, over old rows: one of them does it. Then one has died
// in the middle of a run, two minutes ago: another finishes it.
func TestI04_OneCleansUp(t *testing.T) {
	t.Parallel()
	r := newReplicas(t, 2)
	for i := range 5 {
		r.call(r.all[0], r.key, "old-"+string(rune('a'+i)))
	}
	r.all[0].shipped(r.admin)
	for _, p := range r.all {
		p.terminate()
	}
	old := time.Now().UTC().AddDate(0, 0, -20)
	day := old.Truncate(24 * time.Hour)
	partition := func(table string) string {
		return "CREATE TABLE " + table + "_" + day.Format("20060102") + " PARTITION OF " + table +
			" FOR VALUES FROM (" + micros(day) + ") TO (" + micros(day.AddDate(0, 0, 1)) + ")"
	}
	r.sql("DELETE FROM jobs",
		"CREATE TABLE done (owner TEXT)",
		`CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			IF NEW.name = 'retention' AND NEW.finished_at IS NOT NULL THEN INSERT INTO done VALUES (NEW.owner || NEW.slot); END IF; RETURN NEW; END $$`,
		"CREATE TRIGGER note AFTER UPDATE ON jobs FOR EACH ROW EXECUTE FUNCTION note()",
		partition("request_logs"), partition("request_log_details"), partition("request_attempts"),
		"UPDATE request_logs SET request_time = "+micros(day)+" + request_time % 3600000000 WHERE user_id LIKE 'old-%'")
	for _, p := range r.all {
		p.start("serve")
	}
	finished := func() int64 { return r.sql("SELECT COUNT(*) FROM done") }
	r.all[0].eventually("somebody has cleaned up", func() bool { return finished() > 0 })
	time.Sleep(7 * time.Second) // both have looked by now: within 6 seconds of their start
	if n := finished(); n != 1 {
		t.Errorf("the slot was done %d times", n)
	}
	if n := r.sql("SELECT COUNT(*) FROM request_logs WHERE user_id LIKE 'old-%'"); n != 0 {
		t.Errorf("%d old rows are left", n)
	}
	for _, p := range r.all {
		p.eventually("it is ready", func() bool { return p.ready() == http.StatusOK })
	}

	r.all[1].kill()
	r.all[0].terminate()
	r.sql("UPDATE jobs SET finished_at = NULL, owner = 'dead', claimed_at = claimed_at - 121000000 WHERE name = 'retention'")
	r.all[0].startReady()
	r.all[0].eventually("another takes over from the dead one", func() bool {
		return r.sql("SELECT COUNT(*) FROM jobs WHERE name = 'retention' AND finished_at IS NOT NULL AND owner <> 'dead'") == 1
	})
}

func micros(at time.Time) string { return strconv.FormatInt(at.UnixMicro(), 10) }

// TestI11_CancelElsewhere cancels, at one gateway, requests that run at another: they end within two seconds, also while nobody can
// listen to the database's notifications. When that gateway is gone, the answer says so.
func TestI11_CancelElsewhere(t *testing.T) {
	t.Parallel()
	r := newReplicas(t, 2)
	for _, listening := range []bool{true, false} {
		id := fmt.Sprintf("elsewhere-%t", listening)
		end := r.stream(r.all[1], id)
		row := r.rowOf(r.admin, id)
		if !listening {
			r.sql("SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND query ILIKE 'listen%'")
		}
		var answer struct{ State string }
		asked := time.Now()
		if err := r.admin.Call(t.Context(), http.MethodPost, "/api/admin/logs/"+row.ID+"/cancel", nil, &answer); err != nil || answer.State != "asked" {
			t.Errorf("listening %t: %+v, %v", listening, answer, err)
		}
		a := end()
		if took := time.Since(asked); took > 3*time.Second || a.Complete && !a.Failed { // the interval of 2 s, and the time to end
			t.Errorf("listening %t: it went on for %s, complete %t", listening, took, a.Complete)
		}
		r.all[0].eventually("the row tells who ended it", func() bool {
			row := r.rowOf(r.admin, id)
			return row != nil && row.State == models.LogDone && row.ErrorCode == "cancelled"
		})
	}
	end := r.stream(r.all[1], "of-the-dead")
	row := r.rowOf(r.admin, "of-the-dead")
	r.all[1].kill()
	end()
	r.sql("UPDATE instances SET heartbeat_at = heartbeat_at - 120000000") // two minutes ago; the living one tells again within 10 s
	if err := r.admin.Call(t.Context(), http.MethodPost, "/api/admin/logs/"+row.ID+"/cancel", nil, nil); codeOf(err) != "conflict" {
		t.Errorf("of a gateway that is gone: %v", err)
	}
	again := r.stream(r.all[0], "own")
	row = r.rowOf(r.admin, "own")
	if err := r.admin.Call(t.Context(), http.MethodPost, "/api/admin/logs/"+row.ID+"/cancel", nil, nil); err != nil {
		t.Error(err)
	}
	if a := again(); a.Complete && !a.Failed {
		t.Errorf("a request of its own was cancelled and went on: %s", a.Body)
	}
}

// TestI02_NobodyListens cuts every connection that listens for changes, all the time: a key that is switched off at one gateway
// is refused by the other within the interval in which it asks by itself.
func TestI02_NobodyListens(t *testing.T) {
	t.Parallel()
	r := newReplicas(t, 2)
	stop, cut := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(cut)
		for {
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Millisecond):
				r.sql("SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND query ILIKE 'listen%' AND pid <> pg_backend_pid()")
			}
		}
	}()
	defer func() { close(stop); <-cut }()
	time.Sleep(200 * time.Millisecond)
	for _, step := range []struct {
		active bool
		want   int
	}{{false, http.StatusUnauthorized}, {true, http.StatusOK}} {
		if err := r.admin.Call(t.Context(), http.MethodPut, "/api/admin/api-keys/1", map[string]any{"is_active": step.active}, nil); err != nil {
			t.Fatal(err)
		}
		changed := time.Now()
		r.all[1].eventually("the change arrives", func() bool {
			time.Sleep(50 * time.Millisecond)
			return r.call(r.all[1], r.key, "cut").Status == step.want
		})
		if took := time.Since(changed); took > 3*time.Second { // the interval of 2 s, and the time to load
			t.Errorf("active %t took %s", step.active, took)
		}
	}
}

package faults

import (
	"context"
	"net/http"
	"testing"
	"time"

	"squirrel/app/apptest"
	"squirrel/models/store/pgtest"
)

// TestH06_PostgreSQLRefuses has the server take no more connections, break those that are there, and take no writes, one after the
// other and under load. Each is an outage: clients don't notice, and every row is there in the end, once.
func TestH06_PostgreSQLRefuses(t *testing.T) {
	server := pgtest.New(t)
	database := server.Database(t)
	sim := newSimulator(t)
	owner := &replicas{t: t, database: database}
	owner.sql("CREATE ROLE gateway LOGIN", "GRANT ALL ON SCHEMA public TO gateway")
	p := newProcess(t, postgres(asRole(t, database, "gateway"))...)
	admin, key := seeded(t, p, sim)
	const cut = "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'gateway'"
	clients := startLoad(p.url, key, 8, steady)
	for _, fault := range []struct{ what, begin, end string }{
		{"too many connections", "ALTER ROLE gateway CONNECTION LIMIT 0", "ALTER ROLE gateway CONNECTION LIMIT -1"},
		{"connections break", "SELECT 1", "SELECT 1"},
		{"read-only, as a standby is", "ALTER ROLE gateway SET default_transaction_read_only = on", "ALTER ROLE gateway RESET default_transaction_read_only"},
	} {
		owner.sql(fault.begin, cut)
		time.Sleep(time.Second)
		if _, err := admin.AddKey(t.Context(), fault.what); fault.begin != fault.end && codeOf(err) != "database_unavailable" {
			t.Errorf("%s: a change of the configuration: %v", fault.what, err)
		}
		if ready := p.ready(); ready != http.StatusOK {
			t.Errorf("%s: readiness is %d", fault.what, ready)
		}
		owner.sql(fault.end, cut)
		p.eventually("changes are taken again after: "+fault.what, func() bool {
			_, err := admin.AddKey(context.Background(), "after "+fault.what)
			return err == nil
		})
	}
	answers := clients.stop()
	p.shipped(admin)
	for i := range answers {
		a := &answers[i]
		want := http.StatusOK
		if a.Model == apptest.Broken {
			want = http.StatusBadRequest
		}
		if a.Status != want || !a.Complete {
			t.Errorf("call %s (%s): %d, complete %t, %v: %s", a.ID, a.Model, a.Status, a.Complete, a.Err, a.Body)
		}
	}
	rows := logRows(t, admin)
	rec := reckon(t, answers, rows, sim)
	rec.sums(admin, rows)
	t.Log(rec)
}

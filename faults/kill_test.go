package faults

import (
	"database/sql"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	_ "github.com/glebarez/go-sqlite" // the driver the gateway uses
)

// TestH01_Kill kills the gateway at random moments under mixed load, while it starts as well as while it serves. Afterwards
// the log has exactly one true row for every call that was answered, and the database is intact.
func TestH01_Kill(t *testing.T) {
	sim := newSimulator(t)
	p := newProcess(t)
	_, key := seeded(t, p, sim)
	clients := startLoad(p.url, key, 32, mixed)
	var starts []time.Duration
	for range *kills {
		time.Sleep(time.Duration(50+rand.IntN(900)) * time.Millisecond)
		p.kill()
		if rand.IntN(5) == 0 { // die in the middle of the recovery, too
			p.start("serve")
			time.Sleep(time.Duration(rand.IntN(150)) * time.Millisecond)
			p.kill()
		}
		starts = append(starts, p.startReady())
	}
	time.Sleep(300 * time.Millisecond)
	perSecond := clients.perSecond()
	answers := clients.stop()
	p.terminate()
	p.startReady()
	admin := p.login()
	p.shipped(admin)

	rows := logRows(t, admin)
	r := reckon(t, answers, rows, sim)
	r.sums(admin, rows)
	p.terminate()
	checkIntegrity(t, filepath.Join(p.dir, "data", "gateway.db"))
	slices.Sort(starts)
	t.Logf("%d kills at %.0f calls/s: %s; ready again after %v (median), %v (longest)", *kills, perSecond, r, starts[len(starts)/2].Round(time.Millisecond), starts[len(starts)-1].Round(time.Millisecond))
	if r.finished == 0 || r.interrupted == 0 {
		t.Error("the load was too small to prove anything")
	}
}

// checkIntegrity lets SQLite look for damage.
func checkIntegrity(t testing.TB, file string) {
	t.Helper()
	db := openSQLite(t, file)
	var verdict string
	if err := db.QueryRow("PRAGMA integrity_check").Scan(&verdict); err != nil || verdict != "ok" {
		t.Errorf("integrity_check: %q %v", verdict, err)
	}
}

func openSQLite(t testing.TB, file string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

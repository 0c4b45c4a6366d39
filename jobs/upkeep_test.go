package jobs

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

type fakeStore struct {
	beats   []string
	orphans time.Duration
	summed  time.Duration // ago
	now     time.Time
	expired time.Duration // how far from now the sessions were judged
	err     error
}

// dbClock is how far the database's clock is from this machine's.
const dbClock = -48 * time.Hour

func (f *fakeStore) Now(context.Context) (time.Time, error) { return time.Now().Add(dbClock), f.err }

func (f *fakeStore) Heartbeat(_ context.Context, instance string) error {
	f.beats = append(f.beats, instance)
	return f.err
}

func (f *fakeStore) CloseOrphans(_ context.Context, deadFor time.Duration) (int, error) {
	f.orphans = deadFor
	return 3, f.err
}

func (f *fakeStore) DeleteExpiredSessions(_ context.Context, now time.Time) (int, error) {
	f.expired = time.Until(now)
	return 2, f.err
}

func (f *fakeStore) Sweep(before time.Time) (int, error) {
	f.now = before
	return 1, f.err
}

func (f *fakeStore) SumDays(_ context.Context, before time.Time) (int, error) {
	f.summed = time.Since(before)
	return 4, f.err
}

func TestUpkeepJobs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &fakeStore{}
		states := runFor(t, 2*time.Hour, Heartbeat(store, "me"), Orphans(store), ExpireSessions(store), SumDays(store), SweepSpool(store, 7))
		for name, want := range map[string]Status{
			"heartbeat":   {Runs: 650},
			"orphans":     {Runs: 215, Result: "3 requests closed"},
			"sessions":    {Runs: 10, Result: "2 sessions deleted"},
			"day_sums":    {Runs: 10, Result: "4 days summed up"},
			"spool_sweep": {Runs: 1, Result: "1 files deleted"},
		} {
			if s := states[name]; s.Runs < want.Runs || s.Result != want.Result || s.Failures != 0 {
				t.Errorf("%s: %+v", name, s)
			}
		}
		if store.expired != dbClock { // I08: a machine whose clock has jumped must not log everybody out
			t.Errorf("sessions were judged by a clock %v from now, the database's is %v", store.expired, dbClock)
		}
		if store.beats[0] != "me" || store.orphans != time.Minute || store.summed != time.Hour {
			t.Errorf("beats %v, orphans %v, summed up %v ago", store.beats[0], store.orphans, store.summed)
		}
	})
}

func TestUpkeepErrorsAreReported(t *testing.T) {
	store := &fakeStore{err: errors.New("down")}
	for _, j := range []Job{Heartbeat(store, "me"), Orphans(store), ExpireSessions(store), SumDays(store), SweepSpool(store, 1)} {
		if _, err := j.Run(t.Context()); !errors.Is(err, store.err) {
			t.Errorf("%s: %v", j.Name, err)
		}
	}
	if result, err := SweepSpool(store, 0).Run(t.Context()); err != nil || result != "nothing expires" {
		t.Errorf("%q, %v", result, err)
	}
}

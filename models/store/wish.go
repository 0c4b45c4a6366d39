package store

import (
	"context"
	"database/sql"
	"time"
)

// wishChannel is where PostgreSQL announces wishes.
const wishChannel = "squirrel_wishes"

// wishLife is how long a wish is heard. What it is about has ended long before, or nobody is there to fulfil it.
const wishLife = 2 * time.Minute

// Wish asks whichever gateway it concerns, of all that share the database, for something: see WatchWishes.
func (s *Store) Wish(ctx context.Context, object string) error {
	err := s.inWrite(ctx, func(tx *Store) error {
		if _, err := tx.exec(ctx, "DELETE FROM wishes WHERE wished_at < "+s.clock()+" - ?", wishLife.Microseconds()); err != nil {
			return err
		}
		_, err := tx.exec(ctx, "INSERT INTO wishes (object, wished_at) VALUES (?, "+s.clock()+
			") ON CONFLICT (object) DO UPDATE SET wished_at = excluded.wished_at", clean(object, maxName))
		if err == nil && s.postgres() {
			_, err = tx.exec(ctx, "SELECT pg_notify(?, '')", wishChannel)
		}
		return err
	})
	if err == nil {
		s.wake(wishChannel)
	}
	return fail("ask the other gateways", err)
}

// WatchWishes calls heard with every new wish, until ctx ends. It hears of one at once while WatchConfig listens, and within its
// interval otherwise. Those of the last minutes may be heard again after a restart.
func (s *Store) WatchWishes(ctx context.Context, heard func(object string)) {
	signal := make(chan struct{}, 1)
	s.watch(signal, wishChannel)
	defer s.unwatch(signal)
	known := map[string]int64{} // when they were wished
	ticker := time.NewTicker(s.poll)
	defer ticker.Stop()
	for {
		wishes, err := s.wishes(ctx)
		if err == nil {
			for object, at := range wishes {
				if known[object] < at {
					heard(object)
				}
			}
			known = wishes
		}
		select {
		case <-ctx.Done():
			return
		case <-signal:
		case <-ticker.C:
		}
	}
}

// wishes are those that have not lapsed, with when they were wished.
func (s *Store) wishes(ctx context.Context) (map[string]int64, error) {
	all := map[string]int64{}
	err := s.each(ctx, func(rows *sql.Rows) error {
		var object string
		var at int64
		err := rows.Scan(&object, &at)
		all[object] = at
		return err
	}, "SELECT object, wished_at FROM wishes WHERE wished_at >= "+s.clock()+" - ?", wishLife.Microseconds())
	return all, err
}

package store

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"

	"squirrel/models"
)

// transaction is the state of a write transaction.
type transaction struct {
	db     *gorm.DB
	bumped bool // the config version was raised
}

// errBegin marks that a transaction could not begin, so that nothing of it was done.
type errBegin struct{ error }

func (e errBegin) Unwrap() error { return e.error }

// InTx runs fn with a Store that is one transaction: everything or nothing, and one new config version for all changes.
// A panic rolls back. Called inside a transaction it joins it.
func (s *Store) InTx(ctx context.Context, fn func(*Store) error) error {
	return s.inWrite(ctx, fn)
}

// inWrite runs fn in a write transaction. While another process holds the lock of a SQLite file, it tries again until the busy
// timeout is over.
func (s *Store) inWrite(ctx context.Context, fn func(tx *Store) error) error {
	return s.inWriteOn(ctx, s.writer, fn)
}

// inLogWrite is inWrite for statements on logs and their sums, which there are many of.
func (s *Store) inLogWrite(ctx context.Context, fn func(tx *Store) error) error {
	return s.inWriteOn(ctx, s.logs, fn)
}

func (s *Store) inWriteOn(ctx context.Context, writer *gorm.DB, fn func(tx *Store) error) error {
	if s.tx != nil {
		return fn(s)
	}
	deadline := time.Now().Add(s.busy)
	for {
		err := s.tryWrite(ctx, writer, deadline, fn)
		begin, ok := errors.AsType[errBegin](err)
		if !ok {
			return err
		}
		if s.gate == nil || models.ErrorCode(begin.error) != models.CodeBusy || !time.Now().Before(deadline) || ctx.Err() != nil {
			return begin.error
		}
	}
}

func (s *Store) tryWrite(ctx context.Context, writer *gorm.DB, deadline time.Time, fn func(tx *Store) error) error {
	release, err := s.enter(ctx, deadline)
	if err != nil {
		return err
	}
	defer release()
	db := writer.WithContext(ctx).Begin()
	if db.Error != nil {
		return errBegin{classify(db.Error)}
	}
	tx := &transaction{db: db}
	committed := false
	defer func() {
		if !committed {
			db.Rollback()
		}
	}()
	if err := fn(&Store{handle: s.handle, tx: tx}); err != nil {
		return err
	}
	if err := db.Commit().Error; err != nil {
		return classify(err)
	}
	committed = true
	if tx.bumped {
		s.wake(channel)
	}
	return nil
}

// enter waits for this process's turn to write.
func (s *Store) enter(ctx context.Context, deadline time.Time) (release func(), err error) {
	if s.gate == nil {
		return func() {}, nil
	}
	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	select {
	case s.gate <- struct{}{}:
		return func() { <-s.gate }, nil
	case <-timer.C:
		return nil, busy(errors.New("another write takes too long"))
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// inRead runs fn with a Store that sees one state of everything.
func (s *Store) inRead(ctx context.Context, fn func(tx *Store) error) error {
	if s.tx != nil {
		return fn(s)
	}
	db := s.reader.WithContext(ctx).Begin(s.snapshot())
	if db.Error != nil {
		return classify(db.Error)
	}
	defer db.Rollback()
	return fn(&Store{handle: s.handle, tx: &transaction{db: db}})
}

// on is a Store whose statements run on a pool, each for itself.
func (s *Store) on(db *gorm.DB) *Store {
	return &Store{handle: s.handle, tx: &transaction{db: db}}
}

// retryBusy repeats work until it is no longer refused because of a lock, for as long as a write may wait.
func retryBusy(ctx context.Context, wait time.Duration, work func() error) error {
	deadline := time.Now().Add(wait)
	for {
		err := classify(work())
		if models.ErrorCode(err) != models.CodeBusy || time.Now().After(deadline) || ctx.Err() != nil {
			return err
		}
	}
}

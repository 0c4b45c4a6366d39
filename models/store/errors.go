package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	gosqlite "github.com/glebarez/go-sqlite"
	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"

	"squirrel/migrations"
	"squirrel/models"
)

// ErrWrongKey says that the encryption key is not the one this database was written with.
var ErrWrongKey = errors.New("the encryption key does not belong to this database: give ENCRYPTION_KEY, or the secret key file, it was first started with")

// errBadPostgresURL replaces pgx's own error, which shows a part of the URL.
var errBadPostgresURL = models.Errorf(models.CodeInvalid, "the database URL is not a valid PostgreSQL URL")

// SQLite's primary result codes, https://www.sqlite.org/rescode.html.
const (
	sqliteBusy       = 5
	sqliteLocked     = 6
	sqliteReadOnly   = 8
	sqliteIOErr      = 10
	sqliteCorrupt    = 11
	sqliteFull       = 13
	sqliteCantOpen   = 14
	sqliteConstraint = 19
	sqliteNotADB     = 26

	sqliteConstraintForeignKey = 787
	sqliteConstraintPrimaryKey = 1555
	sqliteConstraintUnique     = 2067
)

// fail adds what was tried to an error and gives it a code. It returns nil for nil.
func fail(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, classify(err))
}

// classify gives driver errors the code of what they mean for the caller. Errors that have a code, and those that say that the
// caller's context ended, stay what they are.
func classify(err error) error {
	switch {
	case err == nil, errors.Is(err, migrations.ErrNewerDatabase), errors.Is(err, ErrWrongKey):
		return err
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, gorm.ErrRecordNotFound):
		return &models.Error{Code: models.CodeNotFound, Message: "not found", Err: err}
	}
	if _, ok := errors.AsType[*models.Error](err); ok {
		return err
	}
	if e, ok := errors.AsType[*gosqlite.Error](err); ok {
		return sqliteError(e.Code(), err)
	}
	if e, ok := errors.AsType[*sqliteFault](err); ok {
		return sqliteError(e.code, err)
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return postgresError(e, err)
	}
	if isConnectionLoss(err) {
		return unavailable(err)
	}
	return &models.Error{Code: models.CodeInternal, Message: "the database refused a statement", Err: err}
}

func sqliteError(code int, cause error) error {
	switch code {
	case sqliteConstraintUnique, sqliteConstraintPrimaryKey:
		return conflict(cause)
	case sqliteConstraintForeignKey:
		return stillInUse(cause)
	}
	switch code & 0xff {
	case sqliteBusy, sqliteLocked:
		return busy(cause)
	case sqliteReadOnly, sqliteIOErr, sqliteCorrupt, sqliteFull, sqliteCantOpen, sqliteNotADB:
		return unavailable(cause)
	case sqliteConstraint:
		return refused(cause)
	}
	return &models.Error{Code: models.CodeInternal, Message: "the database refused a statement", Err: cause}
}

// postgresError goes by SQLSTATE, https://www.postgresql.org/docs/current/errcodes-appendix.html. A standby that can only be
// read is an outage: the connection leads to the wrong server until the failover is over.
func postgresError(e *pgconn.PgError, cause error) error {
	switch e.Code {
	case "23505": // unique_violation
		return conflict(cause)
	case "23503": // foreign_key_violation
		return stillInUse(cause)
	case "55P03", "57014", "40001", "40P01": // lock or statement timeout, serialization, deadlock
		return busy(cause)
	case "25006": // read_only_sql_transaction
		return unavailable(cause)
	}
	switch e.Code[:min(2, len(e.Code))] {
	case "08", "53", "57", "58", "3D", "28": // connection, resources, operator intervention, system, no such database, login
		return unavailable(cause)
	case "22", "23": // data that doesn't fit, other constraints
		return refused(cause)
	}
	return &models.Error{Code: models.CodeInternal, Message: "the database refused a statement", Err: cause}
}

func isConnectionLoss(err error) bool {
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.ErrClosedPipe) || pgconn.SafeToRetry(err)
}

func busy(cause error) error {
	return &models.Error{Code: models.CodeBusy, Message: "the database is busy; try again", Err: cause}
}

func unavailable(cause error) error {
	return &models.Error{Code: models.CodeUnavailable, Message: "the database is not available", Err: cause}
}

func conflict(cause error) error {
	return &models.Error{Code: models.CodeConflict, Message: "there is already one of that name", Err: cause}
}

func stillInUse(cause error) error {
	return &models.Error{Code: models.CodeConflict, Message: "something that is referred to does not exist, or is still in use", Err: cause}
}

func refused(cause error) error {
	return &models.Error{Code: models.CodeInvalid, Message: "the database does not take this value", Err: cause}
}

// notFound says which object is missing.
func notFound(what string, key any) error {
	return models.Errorf(models.CodeNotFound, "there is no %s %v", what, key)
}

// checkVersion refuses to overwrite what somebody else has changed meanwhile.
func checkVersion(what string, stored int64, expected *int64) error {
	if expected != nil && *expected != stored {
		return models.Errorf(models.CodeVersionConflict, "the %s was changed meanwhile: version %d is stored, %d was edited", what, stored, *expected)
	}
	return nil
}

// providerInUse names the models, so that the user knows where to look.
func providerInUse(name string, users []string) error {
	return models.Errorf(models.CodeProviderInUse, "provider %s is used by %s", name, strings.Join(users, ", "))
}

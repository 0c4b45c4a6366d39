package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
)

// Logs are written over a connection that keeps its prepared statements. The driver for everything else parses a statement anew
// each time, and looks for each value in a list: for a wide row, that is several times the work of storing it (docs/adr/0009).

// sqliteConnector opens such connections for database/sql.
type sqliteConnector struct {
	path    string
	pragmas []string // "busy_timeout(500)", in this order
}

// Connect opens the file, which must exist.
func (c *sqliteConnector) Connect(context.Context) (driver.Conn, error) {
	conn := &sqliteConn{tls: libc.NewTLS(), statements: map[string]*sqliteStatement{}}
	if err := conn.open(c.path); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	for _, pragma := range c.pragmas {
		if _, err := conn.run("PRAGMA "+pragma, nil); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
	}
	return conn, nil
}

// Driver implements driver.Connector.
func (c *sqliteConnector) Driver() driver.Driver { return sqliteDriver{} }

// sqliteDriver is what database/sql asks a connector for; connections come from the connector alone.
type sqliteDriver struct{}

var errUseConnector = errors.New("connections are opened by their connector")

// Open implements driver.Driver.
func (sqliteDriver) Open(string) (driver.Conn, error) { return nil, errUseConnector }

// sqliteFault is an error of the library, with its extended result code.
type sqliteFault struct {
	code    int
	message string
}

// Error implements error.
func (e *sqliteFault) Error() string { return fmt.Sprintf("%s (%d)", e.message, e.code) }

// Code is the extended result code.
func (e *sqliteFault) Code() int { return e.code }

// sqliteConn is one connection. database/sql uses it from one goroutine at a time.
type sqliteConn struct {
	tls        *libc.TLS
	db         uintptr
	statements map[string]*sqliteStatement // by their text; a statement in use is not in here
}

var (
	_ driver.ExecerContext  = (*sqliteConn)(nil)
	_ driver.QueryerContext = (*sqliteConn)(nil)
	_ driver.ConnBeginTx    = (*sqliteConn)(nil)
)

func (c *sqliteConn) open(path string) error {
	name, err := libc.CString(path)
	if err != nil {
		return err
	}
	defer libc.Xfree(c.tls, name)
	// Memory that the library writes the handle to must not be Go's.
	handle := lib.Xsqlite3_malloc(c.tls, int32(unsafe.Sizeof(c.db)))
	defer lib.Xsqlite3_free(c.tls, handle)
	code := lib.Xsqlite3_open_v2(c.tls, name, handle, lib.SQLITE_OPEN_READWRITE|lib.SQLITE_OPEN_NOMUTEX, 0)
	c.db = *(*uintptr)(address(handle))
	if code != lib.SQLITE_OK {
		return c.fault()
	}
	lib.Xsqlite3_extended_result_codes(c.tls, c.db, 1)
	return nil
}

// address is the place that the library's number of it means. It is not in Go's memory, so nothing is hidden from the collector.
func address(p uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&p)) }

func (c *sqliteConn) fault() error {
	if c.db == 0 {
		return &sqliteFault{lib.SQLITE_NOMEM, "out of memory"}
	}
	return &sqliteFault{int(lib.Xsqlite3_extended_errcode(c.tls, c.db)), libc.GoString(lib.Xsqlite3_errmsg(c.tls, c.db))}
}

// Close implements driver.Conn.
func (c *sqliteConn) Close() error {
	for _, st := range c.statements {
		st.free()
	}
	c.statements = nil
	code := lib.Xsqlite3_close_v2(c.tls, c.db)
	c.tls.Close()
	if code != lib.SQLITE_OK {
		return &sqliteFault{int(code), "the connection can't be closed"}
	}
	return nil
}

// Prepare implements driver.Conn. Statements are kept anyway, so there is nothing to gain.
func (c *sqliteConn) Prepare(string) (driver.Stmt, error) {
	return nil, errors.New("prepared statements are kept by the connection")
}

// Begin implements driver.Conn.
func (c *sqliteConn) Begin() (driver.Tx, error) {
	return c.BeginTx(context.Background(), driver.TxOptions{})
}

// BeginTx begins to write: a transaction that reads first and writes then would fail when somebody was faster.
func (c *sqliteConn) BeginTx(context.Context, driver.TxOptions) (driver.Tx, error) {
	if _, err := c.run("BEGIN IMMEDIATE", nil); err != nil {
		return nil, err
	}
	return sqliteTx{c}, nil
}

type sqliteTx struct{ conn *sqliteConn }

// Commit implements driver.Tx.
func (t sqliteTx) Commit() error {
	_, err := t.conn.run("COMMIT", nil)
	return err
}

// Rollback implements driver.Tx.
func (t sqliteTx) Rollback() error {
	_, err := t.conn.run("ROLLBACK", nil)
	return err
}

// ExecContext implements driver.ExecerContext. A statement that has begun runs to its end: each is short.
func (c *sqliteConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return c.run(query, args)
}

func (c *sqliteConn) run(query string, args []driver.NamedValue) (driver.Result, error) {
	st, err := c.take(query, args)
	if err != nil {
		return nil, err
	}
	defer c.release(st)
	for {
		switch lib.Xsqlite3_step(c.tls, st.handle) {
		case lib.SQLITE_ROW:
		case lib.SQLITE_DONE:
			return driver.RowsAffected(lib.Xsqlite3_changes(c.tls, c.db)), nil
		default:
			return nil, c.fault()
		}
	}
}

// QueryContext implements driver.QueryerContext.
func (c *sqliteConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	st, err := c.take(query, args)
	if err != nil {
		return nil, err
	}
	return &sqliteRows{conn: c, statement: st}, nil
}

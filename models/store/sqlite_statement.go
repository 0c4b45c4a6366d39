package store

import (
	"database/sql/driver"
	"fmt"
	"io"
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
)

// maxStatements bounds what a connection keeps; the statements of log writing are about fifteen.
const maxStatements = 64

// maxKeptBuffer bounds the memory that a statement keeps for its values.
const maxKeptBuffer = 1 << 18

// sqliteStatement is a prepared statement with the memory its texts and blobs are bound in.
type sqliteStatement struct {
	conn    *sqliteConn
	text    string
	handle  uintptr
	columns []string
	buffer  uintptr
	size    int
}

// take gives a prepared statement with its values bound. It belongs to the caller until release.
func (c *sqliteConn) take(query string, args []driver.NamedValue) (*sqliteStatement, error) {
	st := c.statements[query]
	if st != nil {
		delete(c.statements, query)
	} else {
		var err error
		if st, err = c.prepare(query); err != nil {
			return nil, err
		}
	}
	if err := st.bind(args); err != nil {
		c.release(st)
		return nil, err
	}
	return st, nil
}

// release resets a statement, with which its locks go, and keeps it.
func (c *sqliteConn) release(st *sqliteStatement) {
	lib.Xsqlite3_reset(c.tls, st.handle)
	lib.Xsqlite3_clear_bindings(c.tls, st.handle)
	if st.size > maxKeptBuffer {
		st.freeBuffer()
	}
	if c.statements[st.text] != nil || len(c.statements) >= maxStatements {
		st.free()
		return
	}
	c.statements[st.text] = st
}

func (c *sqliteConn) prepare(query string) (*sqliteStatement, error) {
	text, err := libc.CString(query)
	if err != nil {
		return nil, err
	}
	defer libc.Xfree(c.tls, text)
	st := &sqliteStatement{conn: c, text: query}
	out := lib.Xsqlite3_malloc(c.tls, int32(unsafe.Sizeof(st.handle)))
	defer lib.Xsqlite3_free(c.tls, out)
	if lib.Xsqlite3_prepare_v3(c.tls, c.db, text, -1, lib.SQLITE_PREPARE_PERSISTENT, out, 0) != lib.SQLITE_OK {
		return nil, c.fault()
	}
	st.handle = *(*uintptr)(address(out))
	for i := range lib.Xsqlite3_column_count(c.tls, st.handle) {
		st.columns = append(st.columns, libc.GoString(lib.Xsqlite3_column_name(c.tls, st.handle, i)))
	}
	return st, nil
}

func (st *sqliteStatement) free() {
	st.freeBuffer()
	lib.Xsqlite3_finalize(st.conn.tls, st.handle)
}

func (st *sqliteStatement) freeBuffer() {
	lib.Xsqlite3_free(st.conn.tls, st.buffer)
	st.buffer, st.size = 0, 0
}

// bind gives the values to the statement. Texts and blobs are copied into its buffer, where they stay until release.
func (st *sqliteStatement) bind(args []driver.NamedValue) error {
	if wanted := int(lib.Xsqlite3_bind_parameter_count(st.conn.tls, st.handle)); wanted != len(args) {
		return fmt.Errorf("a statement with %d placeholders got %d values", wanted, len(args))
	}
	need := 1 // an empty text has an address, too: only null has none
	for i := range args {
		switch v := args[i].Value.(type) {
		case string:
			need += len(v)
		case []byte:
			need += len(v)
		}
	}
	if err := st.reserve(need); err != nil {
		return err
	}
	free := unsafe.Slice((*byte)(address(st.buffer)), st.size)
	at := st.buffer
	for i := range args {
		n, err := st.bindOne(int32(i+1), args[i].Value, free, at)
		if err != nil {
			return err
		}
		free, at = free[n:], at+uintptr(n)
	}
	return nil
}

func (st *sqliteStatement) reserve(size int) error {
	if size <= st.size {
		return nil
	}
	st.freeBuffer()
	size = max(size, 1024)
	st.buffer = lib.Xsqlite3_malloc64(st.conn.tls, uint64(size))
	if st.buffer == 0 {
		return &sqliteFault{lib.SQLITE_NOMEM, "out of memory"}
	}
	st.size = size
	return nil
}

// bindOne binds a value, by its copy at the address at, of which free is the memory, and returns the length of that.
func (st *sqliteStatement) bindOne(i int32, value driver.Value, free []byte, at uintptr) (n int, err error) {
	tls, code := st.conn.tls, int32(0)
	switch v := value.(type) {
	case nil:
		code = lib.Xsqlite3_bind_null(tls, st.handle, i)
	case int64:
		code = lib.Xsqlite3_bind_int64(tls, st.handle, i, v)
	case bool:
		number := int64(0)
		if v {
			number = 1
		}
		code = lib.Xsqlite3_bind_int64(tls, st.handle, i, number)
	case float64:
		code = lib.Xsqlite3_bind_double(tls, st.handle, i, v)
	case string:
		n = copy(free, v)
		code = lib.Xsqlite3_bind_text(tls, st.handle, i, at, int32(n), lib.SQLITE_STATIC)
	case []byte:
		if v == nil {
			code = lib.Xsqlite3_bind_null(tls, st.handle, i)
			break
		}
		n = copy(free, v)
		code = lib.Xsqlite3_bind_blob(tls, st.handle, i, at, int32(n), lib.SQLITE_STATIC)
	default:
		return 0, fmt.Errorf("a value of type %T can't be stored", value)
	}
	if code != lib.SQLITE_OK {
		return n, st.conn.fault()
	}
	return n, nil
}

// sqliteRows are the rows of a statement that runs.
type sqliteRows struct {
	conn      *sqliteConn
	statement *sqliteStatement
}

// Columns implements driver.Rows.
func (r *sqliteRows) Columns() []string { return r.statement.columns }

// Close implements driver.Rows.
func (r *sqliteRows) Close() error {
	if r.statement != nil {
		r.conn.release(r.statement)
		r.statement = nil
	}
	return nil
}

// Next implements driver.Rows.
func (r *sqliteRows) Next(values []driver.Value) error {
	switch lib.Xsqlite3_step(r.conn.tls, r.statement.handle) {
	case lib.SQLITE_ROW:
	case lib.SQLITE_DONE:
		return io.EOF
	default:
		return r.conn.fault()
	}
	for i := range values {
		values[i] = r.statement.column(int32(i))
	}
	return nil
}

// column copies a value of the present row.
func (st *sqliteStatement) column(i int32) driver.Value {
	tls := st.conn.tls
	switch lib.Xsqlite3_column_type(tls, st.handle, i) {
	case lib.SQLITE_INTEGER:
		return lib.Xsqlite3_column_int64(tls, st.handle, i)
	case lib.SQLITE_FLOAT:
		return lib.Xsqlite3_column_double(tls, st.handle, i)
	case lib.SQLITE_TEXT:
		at := lib.Xsqlite3_column_text(tls, st.handle, i)
		return string(libc.GoBytes(at, int(lib.Xsqlite3_column_bytes(tls, st.handle, i))))
	case lib.SQLITE_BLOB:
		at := lib.Xsqlite3_column_blob(tls, st.handle, i)
		if n := int(lib.Xsqlite3_column_bytes(tls, st.handle, i)); n > 0 {
			return libc.GoBytes(at, n)
		}
		return []byte{}
	}
	return nil
}

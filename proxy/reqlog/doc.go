// Package reqlog takes request logs from the proxy to the database without ever making a request wait for SQL.
//
// A handler redacts what it wants to keep (Redactor) and hands it to the Spool, which returns as soon as the operating
// system has accepted the record: from then on a killed process loses nothing. The Shipper reads the spool back and
// writes it to the database in batches; what has been committed there is deleted here.
//
//	handler → Redactor → Spool → segment files → Shipper → Sink (database) → checkpoint → segment deleted
//
// Shipping is at-least-once. The Sink makes rows exactly-once, because every row is keyed by the log's own id.
package reqlog

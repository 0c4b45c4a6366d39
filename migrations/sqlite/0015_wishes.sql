-- What one gateway asks of another that shares the database: to end a request, or the recalculation of past costs. They lapse after
-- some minutes.

-- +goose Up
CREATE TABLE wishes (
    object    TEXT    NOT NULL PRIMARY KEY,
    wished_at INTEGER NOT NULL
);

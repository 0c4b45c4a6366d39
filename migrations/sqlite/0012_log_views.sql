-- Filters of the log list under a name, for all administrators.

-- +goose Up
CREATE TABLE log_views (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    name       TEXT    NOT NULL UNIQUE,
    query      TEXT    NOT NULL, -- of the list's URL: filters, order and columns
    author     TEXT    NOT NULL, -- who saved it last
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
);

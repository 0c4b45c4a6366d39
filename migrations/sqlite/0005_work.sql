-- +goose Up
CREATE TABLE jobs (
    name        TEXT    NOT NULL PRIMARY KEY,
    slot        TEXT    NOT NULL,
    owner       TEXT    NOT NULL,
    claimed_at  INTEGER NOT NULL,
    finished_at INTEGER,
    result      TEXT    NOT NULL
);

CREATE TABLE instances (
    id           TEXT    NOT NULL PRIMARY KEY,
    started_at   INTEGER NOT NULL,
    heartbeat_at INTEGER NOT NULL
);

-- +goose Up
CREATE TABLE jobs (
    name        TEXT NOT NULL PRIMARY KEY,
    slot        TEXT NOT NULL,
    owner       TEXT NOT NULL,
    claimed_at  BIGINT NOT NULL,
    finished_at BIGINT,
    result      TEXT NOT NULL
);

CREATE TABLE instances (
    id           TEXT NOT NULL PRIMARY KEY,
    started_at   BIGINT NOT NULL,
    heartbeat_at BIGINT NOT NULL
);

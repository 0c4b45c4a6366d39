-- Forms of the playground under a name, for all administrators.

-- +goose Up
CREATE TABLE playground_presets (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    name       TEXT    NOT NULL UNIQUE,
    query      TEXT    NOT NULL, -- the fields of the form, as in a URL
    author     TEXT    NOT NULL, -- who saved it last
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
);

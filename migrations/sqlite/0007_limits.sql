-- How much of its limits each API key uses, where several gateways share the database.

-- +goose Up
CREATE TABLE limit_states (
    api_key_id INTEGER NOT NULL PRIMARY KEY REFERENCES api_keys (id) ON DELETE CASCADE,
    state      TEXT    NOT NULL -- JSON
);

-- How much of its limits each API key uses, where several gateways share the database. The rows change with every request of
-- such a key and hold a minute, and sums that can be had from the log: they need not survive a crash of the server.

-- +goose Up
CREATE UNLOGGED TABLE limit_states (
    api_key_id BIGINT NOT NULL PRIMARY KEY REFERENCES api_keys (id) ON DELETE CASCADE,
    state      TEXT NOT NULL -- JSON
) WITH (fillfactor = 50);

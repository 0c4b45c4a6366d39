-- Sums of completed requests. A series is one combination of dimensions; the series of 16 zero bytes, which is not in
-- usage_series, sums over all of them.

-- +goose Up
CREATE TABLE usage_series (
    id              BLOB    NOT NULL PRIMARY KEY, -- hash of the dimensions
    requested_model TEXT    NOT NULL,
    target_model    TEXT    NOT NULL,
    provider_id     INTEGER, -- null: none was chosen
    provider_name   TEXT    NOT NULL,
    api_key_id      INTEGER,
    api_key_name    TEXT    NOT NULL,
    endpoint        TEXT    NOT NULL,
    source          TEXT    NOT NULL
) WITHOUT ROWID;

CREATE TABLE usage_rollups (
    grain               INTEGER NOT NULL, -- seconds: 900 or 86400
    slot                INTEGER NOT NULL, -- first microsecond
    series              BLOB    NOT NULL,
    requests            INTEGER NOT NULL,
    successes           INTEGER NOT NULL,
    input_tokens        INTEGER NOT NULL,
    output_tokens       INTEGER NOT NULL,
    cached_input_tokens INTEGER NOT NULL,
    cost                INTEGER NOT NULL, -- nano-USD, of the requests whose cost is known
    unknown_costs       INTEGER NOT NULL,
    first_byte          BLOB, -- latency histograms
    total_time          BLOB,
    PRIMARY KEY (grain, slot, series)
) WITHOUT ROWID;

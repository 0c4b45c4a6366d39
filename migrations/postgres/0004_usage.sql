-- Sums of completed requests. A series is one combination of dimensions; the series of 16 zero bytes, which is not in
-- usage_series, sums over all of them.

-- +goose Up
CREATE TABLE usage_series (
    id              BYTEA NOT NULL PRIMARY KEY, -- hash of the dimensions
    requested_model TEXT NOT NULL,
    target_model    TEXT NOT NULL,
    provider_id     BIGINT, -- null: none was chosen
    provider_name   TEXT NOT NULL,
    api_key_id      BIGINT,
    api_key_name    TEXT NOT NULL,
    endpoint        TEXT NOT NULL,
    source          TEXT NOT NULL
);

CREATE TABLE usage_rollups (
    grain               BIGINT NOT NULL, -- seconds: 900 or 86400
    slot                BIGINT NOT NULL, -- first microsecond
    series              BYTEA NOT NULL,
    requests            BIGINT NOT NULL,
    successes           BIGINT NOT NULL,
    input_tokens        BIGINT NOT NULL,
    output_tokens       BIGINT NOT NULL,
    cached_input_tokens BIGINT NOT NULL,
    cost                BIGINT NOT NULL, -- nano-USD, of the requests whose cost is known
    unknown_costs       BIGINT NOT NULL,
    first_byte          BYTEA, -- latency histograms
    total_time          BYTEA,
    PRIMARY KEY (grain, slot, series)
);

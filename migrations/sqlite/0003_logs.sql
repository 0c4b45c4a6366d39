-- The key of a request is (request_time, id): both are fixed when it begins. Rows lie in the order of the list page, so that
-- a page, a scan of a time range and the deletion of old rows each touch neighbouring pages only.

-- +goose Up
CREATE TABLE request_logs (
    id                  TEXT    NOT NULL CHECK (length(id) BETWEEN 1 AND 64),
    request_time        INTEGER NOT NULL,
    state               TEXT    NOT NULL CHECK (state IN ('running', 'done')),
    failed              BOOLEAN NOT NULL, -- done without a 2xx or 3xx
    provisional         BOOLEAN NOT NULL, -- closed by a sweep; the real end still counts
    has_detail          BOOLEAN NOT NULL, -- details were recorded, and are gone when they can't be found
    instance            TEXT    NOT NULL,
    api_key_id          INTEGER,
    api_key_name        TEXT    NOT NULL,
    user_id             TEXT    NOT NULL,
    requested_model     TEXT    NOT NULL,
    target_model        TEXT    NOT NULL,
    route_id            INTEGER,
    provider_id         INTEGER,
    provider_name       TEXT    NOT NULL,
    endpoint            TEXT    NOT NULL,
    protocol_in         TEXT    NOT NULL,
    protocol_out        TEXT    NOT NULL,
    is_stream           BOOLEAN NOT NULL,
    response_status     INTEGER,
    sent_status         INTEGER,
    finish_reason       TEXT    NOT NULL,
    error_code          TEXT    NOT NULL,
    error_info          TEXT    NOT NULL,
    attempt_count       INTEGER NOT NULL,
    retry_count         INTEGER NOT NULL,
    first_byte_delay_ms REAL,
    total_time_ms       REAL,
    gateway_overhead_us INTEGER,
    input_tokens        INTEGER,
    output_tokens       INTEGER,
    cached_input_tokens INTEGER,
    cache_write_tokens  INTEGER,
    reasoning_tokens    INTEGER,
    usage_source        TEXT    NOT NULL,
    total_cost          INTEGER, -- nano-USD
    input_cost          INTEGER,
    output_cost         INTEGER,
    price_source        TEXT    NOT NULL,
    trace_id            TEXT    NOT NULL,
    upstream_id         TEXT    NOT NULL,
    client              TEXT    NOT NULL,
    client_ip           TEXT    NOT NULL,
    source              TEXT    NOT NULL,
    PRIMARY KEY (request_time, id)
) WITHOUT ROWID;
CREATE INDEX request_logs_key ON request_logs (api_key_id, request_time);
CREATE INDEX request_logs_failed ON request_logs (request_time) WHERE failed;
CREATE INDEX request_logs_running ON request_logs (instance) WHERE state = 'running';

-- Headers and bodies of a request in up to three parts, each an own format compressed with zstd.
CREATE TABLE request_log_details (
    request_time INTEGER NOT NULL,
    log_id       TEXT    NOT NULL,
    part         INTEGER NOT NULL, -- 1 what was asked, 2 the rest, 3 a stream's text so far
    payload      BLOB    NOT NULL
);
CREATE UNIQUE INDEX request_log_details_key ON request_log_details (request_time, log_id, part);

CREATE TABLE request_attempts (
    request_time  INTEGER NOT NULL,
    log_id        TEXT    NOT NULL,
    n             INTEGER NOT NULL,
    route_id      INTEGER NOT NULL,
    provider_id   INTEGER NOT NULL,
    provider      TEXT    NOT NULL,
    target_model  TEXT    NOT NULL,
    protocol      TEXT    NOT NULL,
    url           TEXT    NOT NULL,
    status        INTEGER,
    error         TEXT    NOT NULL,
    error_kind    TEXT    NOT NULL,
    started_at    INTEGER NOT NULL,
    first_byte_ms REAL,
    total_ms      REAL,
    retry_reason  TEXT    NOT NULL,
    ambiguous     BOOLEAN NOT NULL,
    upstream_id   TEXT    NOT NULL,
    response_body BLOB, -- compressed
    PRIMARY KEY (request_time, log_id, n)
) WITHOUT ROWID;
CREATE INDEX request_attempts_bodies ON request_attempts (request_time) WHERE response_body IS NOT NULL;

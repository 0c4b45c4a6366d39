-- The key of a request is (request_time, id): both are fixed when it begins. Tables are partitioned by day (UTC), so that
-- retention drops whole days; the program creates the partitions ahead of their days, and when a row needs one.

-- +goose Up
CREATE TABLE request_logs (
    id                  TEXT COLLATE "C" NOT NULL CHECK (length(id) BETWEEN 1 AND 64),
    request_time        BIGINT NOT NULL,
    state               TEXT NOT NULL CHECK (state IN ('running', 'done')),
    failed              BOOLEAN NOT NULL, -- done without a 2xx or 3xx
    provisional         BOOLEAN NOT NULL, -- closed by a sweep; the real end still counts
    has_detail          BOOLEAN NOT NULL, -- details were recorded, and are gone when they can't be found
    instance            TEXT NOT NULL,
    api_key_id          BIGINT,
    api_key_name        TEXT NOT NULL,
    user_id             TEXT NOT NULL,
    requested_model     TEXT NOT NULL,
    target_model        TEXT NOT NULL,
    route_id            BIGINT,
    provider_id         BIGINT,
    provider_name       TEXT NOT NULL,
    endpoint            TEXT NOT NULL,
    protocol_in         TEXT NOT NULL,
    protocol_out        TEXT NOT NULL,
    is_stream           BOOLEAN NOT NULL,
    response_status     BIGINT,
    sent_status         BIGINT,
    finish_reason       TEXT NOT NULL,
    error_code          TEXT NOT NULL,
    error_info          TEXT NOT NULL,
    attempt_count       BIGINT NOT NULL,
    retry_count         BIGINT NOT NULL,
    first_byte_delay_ms DOUBLE PRECISION,
    total_time_ms       DOUBLE PRECISION,
    gateway_overhead_us BIGINT,
    input_tokens        BIGINT,
    output_tokens       BIGINT,
    cached_input_tokens BIGINT,
    cache_write_tokens  BIGINT,
    reasoning_tokens    BIGINT,
    usage_source        TEXT NOT NULL,
    total_cost          BIGINT, -- nano-USD
    input_cost          BIGINT,
    output_cost         BIGINT,
    price_source        TEXT NOT NULL,
    trace_id            TEXT NOT NULL,
    upstream_id         TEXT NOT NULL,
    client              TEXT NOT NULL,
    client_ip           TEXT NOT NULL,
    source              TEXT NOT NULL,
    PRIMARY KEY (request_time, id)
) PARTITION BY RANGE (request_time);
CREATE INDEX request_logs_key ON request_logs (api_key_id, request_time);
CREATE INDEX request_logs_failed ON request_logs (request_time) WHERE failed;
CREATE INDEX request_logs_running ON request_logs (instance) WHERE state = 'running';

-- Headers and bodies of a request in up to three parts, each an own format compressed with zstd.
CREATE TABLE request_log_details (
    request_time BIGINT NOT NULL,
    log_id       TEXT COLLATE "C" NOT NULL,
    part         BIGINT NOT NULL, -- 1 what was asked, 2 the rest, 3 a stream's text so far
    payload      BYTEA NOT NULL,
    PRIMARY KEY (request_time, log_id, part)
) PARTITION BY RANGE (request_time);
-- The payload is compressed already: PostgreSQL's own compression would only cost time.
ALTER TABLE request_log_details ALTER COLUMN payload SET STORAGE EXTERNAL;

CREATE TABLE request_attempts (
    request_time  BIGINT NOT NULL,
    log_id        TEXT COLLATE "C" NOT NULL,
    n             BIGINT NOT NULL,
    route_id      BIGINT NOT NULL,
    provider_id   BIGINT NOT NULL,
    provider      TEXT NOT NULL,
    target_model  TEXT NOT NULL,
    protocol      TEXT NOT NULL,
    url           TEXT NOT NULL,
    status        BIGINT,
    error         TEXT NOT NULL,
    error_kind    TEXT NOT NULL,
    started_at    BIGINT NOT NULL,
    first_byte_ms DOUBLE PRECISION,
    total_ms      DOUBLE PRECISION,
    retry_reason  TEXT NOT NULL,
    ambiguous     BOOLEAN NOT NULL,
    upstream_id   TEXT NOT NULL,
    response_body BYTEA, -- compressed
    PRIMARY KEY (request_time, log_id, n)
) PARTITION BY RANGE (request_time);
ALTER TABLE request_attempts ALTER COLUMN response_body SET STORAGE EXTERNAL;
CREATE INDEX request_attempts_bodies ON request_attempts (request_time) WHERE response_body IS NOT NULL;

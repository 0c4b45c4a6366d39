-- A search over many requests takes as long as it takes to find their columns in the rows: what lists are filtered by comes first now,
-- and of that what has a fixed width. Days that are there keep their order: a partition may have its own. They are only moved over.

-- +goose Up
-- +goose StatementBegin
DO $$
DECLARE
    days  REGCLASS[];
    spans TEXT[];
BEGIN
    SELECT COALESCE(array_agg(c.oid::regclass ORDER BY c.relname), '{}'), COALESCE(array_agg(pg_get_expr(c.relpartbound, c.oid) ORDER BY c.relname), '{}')
        INTO days, spans FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'request_logs'::regclass;
    FOR i IN 1 .. cardinality(days) LOOP
        EXECUTE format('ALTER TABLE request_logs DETACH PARTITION %s', days[i]);
    END LOOP;
    DROP TABLE request_logs;

    CREATE TABLE request_logs (
        request_time        BIGINT NOT NULL,
        retry_count         BIGINT NOT NULL,
        attempt_count       BIGINT NOT NULL,
        is_stream           BOOLEAN NOT NULL,
        failed              BOOLEAN NOT NULL, -- done without a 2xx or 3xx
        provisional         BOOLEAN NOT NULL, -- closed by a sweep; the real end still counts
        has_detail          BOOLEAN NOT NULL, -- details were recorded, and are gone when they can't be found
        total_time_ms       DOUBLE PRECISION,
        response_status     BIGINT,
        api_key_id          BIGINT,
        provider_id         BIGINT,
        total_cost          BIGINT, -- nano-USD
        input_tokens        BIGINT,
        output_tokens       BIGINT,
        first_byte_delay_ms DOUBLE PRECISION,
        state               TEXT NOT NULL CONSTRAINT request_logs_state_check CHECK (state IN ('running', 'done')),
        finish_reason       TEXT NOT NULL,
        endpoint            TEXT NOT NULL,
        client              TEXT NOT NULL,
        user_id             TEXT NOT NULL,
        requested_model     TEXT NOT NULL,
        target_model        TEXT NOT NULL,
        api_key_name        TEXT NOT NULL,
        source              TEXT NOT NULL,
        error_code          TEXT NOT NULL,
        id                  TEXT COLLATE "C" NOT NULL CONSTRAINT request_logs_id_check CHECK (length(id) BETWEEN 1 AND 64),
        upstream_id         TEXT NOT NULL,
        error_info          TEXT NOT NULL,
        instance            TEXT NOT NULL,
        route_id            BIGINT,
        provider_name       TEXT NOT NULL,
        protocol_in         TEXT NOT NULL,
        protocol_out        TEXT NOT NULL,
        sent_status         BIGINT,
        gateway_overhead_us BIGINT,
        cached_input_tokens BIGINT,
        cache_write_tokens  BIGINT,
        cache_hour_tokens   BIGINT,
        reasoning_tokens    BIGINT,
        audio_input_tokens  BIGINT,
        audio_output_tokens BIGINT,
        usage_source        TEXT NOT NULL,
        input_cost          BIGINT,
        output_cost         BIGINT,
        price_source        TEXT NOT NULL,
        trace_id            TEXT NOT NULL,
        client_ip           TEXT NOT NULL,
        PRIMARY KEY (request_time, id)
    ) PARTITION BY RANGE (request_time);
    CREATE INDEX request_logs_key ON request_logs (api_key_id, request_time);
    CREATE INDEX request_logs_failed ON request_logs (request_time, failed, source, response_status, api_key_id, provider_id, requested_model) WHERE failed;
    CREATE INDEX request_logs_retried ON request_logs (request_time, retry_count, source, failed, state) WHERE retry_count > 0;
    CREATE INDEX request_logs_running ON request_logs (instance) WHERE state = 'running';
    CREATE INDEX request_logs_user ON request_logs (user_id, request_time) WHERE user_id <> '';

    FOR i IN 1 .. cardinality(days) LOOP
        EXECUTE format('ALTER TABLE request_logs ATTACH PARTITION %s %s', days[i], spans[i]);
    END LOOP;
END $$;
-- +goose StatementEnd

-- Failures are counted by status, and requests that were saved by a retry are counted, from these indexes alone.

-- +goose Up
DROP INDEX request_logs_failed;
CREATE INDEX request_logs_failed ON request_logs (request_time, failed, source, response_status, api_key_id, provider_id, requested_model) WHERE failed;
CREATE INDEX request_logs_retried ON request_logs (request_time, retry_count, source, failed, state) WHERE retry_count > 0;

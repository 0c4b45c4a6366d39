-- Parts of a request's tokens with prices of their own, so that past requests can be priced again.

-- +goose Up
ALTER TABLE request_logs ADD COLUMN cache_hour_tokens INTEGER;
ALTER TABLE request_logs ADD COLUMN audio_input_tokens INTEGER;
ALTER TABLE request_logs ADD COLUMN audio_output_tokens INTEGER;

-- The requests of a user, who may be one of many.

-- +goose Up
CREATE INDEX request_logs_user ON request_logs (user_id, request_time) WHERE user_id <> '';

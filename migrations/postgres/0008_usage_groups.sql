-- The sums of each group over everything else: usage_rollups has rows under these ids, too, so that statistics by group need not
-- add up all series. They are filled in when the program starts.

-- +goose Up
CREATE TABLE usage_groups (
    id        BYTEA NOT NULL PRIMARY KEY, -- hash of the other columns
    dimension TEXT NOT NULL, -- model, target_model, provider, api_key or endpoint
    key       TEXT NOT NULL,
    name      TEXT NOT NULL
);

-- Sums per quarter of an hour are kept for some months, sums per day for ever. Which days have lost their quarters is noted, so that
-- statistics can say what they no longer know.

-- +goose Up
ALTER TABLE usage_days ADD COLUMN thinned SMALLINT NOT NULL DEFAULT 0; -- 0 no, 1 begun, 2 all its quarters are gone

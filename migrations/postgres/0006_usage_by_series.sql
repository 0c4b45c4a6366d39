-- Statistics ask for stretches of time of one or a few series: the index is in that order.

-- +goose Up
ALTER TABLE usage_rollups DROP CONSTRAINT usage_rollups_pkey, ADD PRIMARY KEY (grain, series, slot);

-- The order of columns matters to PostgreSQL, see there. SQLite reads a row up to the last column it needs either way, and its indexes
-- hold what searches filter by.

-- +goose Up
SELECT 1;

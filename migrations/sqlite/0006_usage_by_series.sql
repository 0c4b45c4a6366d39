-- Statistics ask for stretches of time of one or a few series: rows lie in that order.

-- +goose Up
CREATE TABLE usage_rollups_by_series (
    grain               INTEGER NOT NULL, -- seconds: 900 or 86400
    slot                INTEGER NOT NULL, -- first microsecond
    series              BLOB    NOT NULL,
    requests            INTEGER NOT NULL,
    successes           INTEGER NOT NULL,
    input_tokens        INTEGER NOT NULL,
    output_tokens       INTEGER NOT NULL,
    cached_input_tokens INTEGER NOT NULL,
    cost                INTEGER NOT NULL, -- nano-USD, of the requests whose cost is known
    unknown_costs       INTEGER NOT NULL,
    first_byte          BLOB, -- latency histograms
    total_time          BLOB,
    PRIMARY KEY (grain, series, slot)
) WITHOUT ROWID;
INSERT INTO usage_rollups_by_series SELECT * FROM usage_rollups ORDER BY grain, series, slot;
DROP TABLE usage_rollups;
ALTER TABLE usage_rollups_by_series RENAME TO usage_rollups;

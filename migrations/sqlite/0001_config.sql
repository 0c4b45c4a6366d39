-- Times are microseconds since 1970 in UTC, here and everywhere.

-- +goose Up
CREATE TABLE config_state (
    id           INTEGER PRIMARY KEY CHECK (id = 1),
    version      INTEGER NOT NULL, -- rises with every change of what follows
    updated_at   INTEGER NOT NULL,
    cipher_check BLOB              -- a known text, sealed with the encryption key of this database
);
INSERT INTO config_state (id, version, updated_at) VALUES (1, 1, 0);

CREATE TABLE providers (
    id                 INTEGER PRIMARY KEY AUTOINCREMENT, -- never used again: logs and ciphertexts refer to it
    name               TEXT    NOT NULL UNIQUE,
    remark             TEXT    NOT NULL,
    base_url           TEXT    NOT NULL,
    protocol           TEXT    NOT NULL,
    api_key            BLOB, -- sealed
    extra_headers      BLOB, -- sealed JSON object
    proxy_url          BLOB, -- sealed
    default_parameters TEXT, -- JSON object
    response_timeout   INTEGER NOT NULL, -- seconds
    connect_timeout    INTEGER NOT NULL,
    first_byte_timeout INTEGER NOT NULL,
    idle_timeout       INTEGER NOT NULL,
    is_active          BOOLEAN NOT NULL,
    created_at         INTEGER NOT NULL,
    updated_at         INTEGER NOT NULL,
    version            INTEGER NOT NULL
);

CREATE TABLE models (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    name         TEXT    NOT NULL UNIQUE,
    strategy     TEXT    NOT NULL,
    type         TEXT    NOT NULL,
    rules        TEXT, -- JSON
    capabilities TEXT, -- JSON object
    prices       TEXT    NOT NULL, -- JSON
    is_active    BOOLEAN NOT NULL,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    version      INTEGER NOT NULL
);

CREATE TABLE model_aliases (
    name     TEXT    NOT NULL PRIMARY KEY,
    model_id INTEGER NOT NULL REFERENCES models (id) ON DELETE CASCADE,
    position INTEGER NOT NULL
);
CREATE INDEX model_aliases_model ON model_aliases (model_id);

CREATE TABLE routes (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    model_id     INTEGER NOT NULL REFERENCES models (id) ON DELETE CASCADE,
    provider_id  INTEGER NOT NULL REFERENCES providers (id) ON DELETE RESTRICT,
    target_model TEXT    NOT NULL,
    rules        TEXT, -- JSON
    priority     INTEGER NOT NULL,
    weight       INTEGER NOT NULL,
    on_loss      TEXT    NOT NULL,
    is_active    BOOLEAN NOT NULL,
    paused_until INTEGER,
    prices       TEXT    NOT NULL, -- JSON
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    version      INTEGER NOT NULL
);
CREATE INDEX routes_model ON routes (model_id);
CREATE INDEX routes_provider ON routes (provider_id);

CREATE TABLE api_keys (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    name           TEXT    NOT NULL UNIQUE,
    hash           BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32), -- SHA-256 of the whole value
    mask           TEXT    NOT NULL,
    is_active      BOOLEAN NOT NULL,
    expires_at     INTEGER,
    allowed_models TEXT    NOT NULL, -- JSON array
    record_details BOOLEAN NOT NULL,
    rpm_limit      INTEGER,
    tpm_limit      INTEGER,
    budget         INTEGER, -- nano-USD
    budget_period  TEXT    NOT NULL,
    tags           TEXT    NOT NULL, -- JSON array
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL,
    last_used_at   INTEGER,
    version        INTEGER NOT NULL
);

CREATE TABLE price_overrides (
    target_model TEXT    NOT NULL PRIMARY KEY,
    prices       TEXT    NOT NULL, -- JSON
    updated_at   INTEGER NOT NULL,
    version      INTEGER NOT NULL
);

CREATE TABLE price_versions (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    at        INTEGER NOT NULL,
    actor     TEXT    NOT NULL,
    label     TEXT    NOT NULL,
    catalogue BLOB    NOT NULL -- the whole imported catalogue, compressed
);

CREATE TABLE routing_samples (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    name           TEXT    NOT NULL UNIQUE,
    request        BLOB    NOT NULL, -- JSON
    expected_route INTEGER, -- no foreign key: a sample whose route is gone shall fail, not vanish
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL
);

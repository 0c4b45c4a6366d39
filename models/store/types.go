package store

import (
	"encoding/json"
	"time"

	"squirrel/models"
)

// SizeReport tells how much the database holds.
type SizeReport struct {
	DatabaseBytes int64      // all of it, on disk
	FreeBytes     int64      // SQLite: of these, free for new rows
	Logs          int64      // rows; an estimate on PostgreSQL
	Details       int64      // parts of details; an estimate on PostgreSQL
	OldestLog     *time.Time // nil without logs
}

// Job is the last claim of a job that replicas share.
type Job struct {
	Name       string     `json:"name"`
	Slot       string     `json:"slot"`
	Owner      string     `json:"owner"`
	ClaimedAt  time.Time  `json:"claimed_at"`
	FinishedAt *time.Time `json:"finished_at"` // nil while it runs, or when its owner died
	Result     string     `json:"result"`
}

// Instance is a gateway process that writes to this database.
type Instance struct {
	ID          string    `json:"id"`
	StartedAt   time.Time `json:"started_at"`
	HeartbeatAt time.Time `json:"heartbeat_at"`
}

// CostFix is a new cost of one finished request. Nil amounts mean that the cost is unknown.
type CostFix struct {
	ID                   string
	RequestTime          time.Time
	Total, Input, Output *models.NanoUSD
	Source               models.PriceSource
}

// PriceOverride replaces the catalogue's prices of one target model.
type PriceOverride struct {
	TargetModel string        `json:"target_model"`
	Prices      models.Prices `json:"prices"`
	UpdatedAt   time.Time     `json:"updated_at"`
	Version     int64         `json:"version"`
}

// PriceVersion is an imported catalogue of prices.
type PriceVersion struct {
	ID        int64     `json:"id"`
	At        time.Time `json:"at"`
	Actor     string    `json:"actor"`
	Label     string    `json:"label"` // where it is from and its date
	Catalogue []byte    `json:"-"`
}

// RoutingSample is a request that is kept to see where it would go after a change of the configuration.
type RoutingSample struct {
	ID            int64           `json:"id"`
	Name          string          `json:"name"` // unique
	Request       json.RawMessage `json:"request"`
	ExpectedRoute *int64          `json:"expected_route"` // nil: nothing is expected
	CreatedAt     time.Time       `json:"created_at"`
	UpdatedAt     time.Time       `json:"updated_at"`
}

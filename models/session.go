package models

import "time"

// Admin is an administrator's account. PasswordHash is an encoded argon2id hash.
type Admin struct {
	ID           int64
	Username     string
	PasswordHash string
	CreatedAt    time.Time
	UpdatedAt    time.Time
}

// Session is a login. Only the SHA-256 of its token is kept.
type Session struct {
	TokenHash  [32]byte
	Username   string
	CreatedAt  time.Time
	ExpiresAt  time.Time
	LastSeenAt time.Time
	ClientIP   string
	UserAgent  string
}

// Change is one entry of the audit trail: who changed what, before and after (secrets masked).
type Change struct {
	ID        int64
	At        time.Time
	Actor     string // user name, "local" for the loopback mode, "import", …
	Action    string // create, update, delete, import, restore, login, …
	Object    string // provider, model, route, api_key, …
	ObjectKey string // its name or id
	Before    []byte // JSON, nil on create
	After     []byte // JSON, nil on delete
}

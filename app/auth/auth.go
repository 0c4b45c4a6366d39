// Package auth decides who may use the admin: accounts, logins, the set-up of the first account, and where a request
// may come from. Everything is decided on plain net/http types; fiber.go holds the edge.
//
// While there is no account, a true loopback client is let in and everyone else needs the set-up token. Once an account
// exists, everyone logs in. An error of the store never opens anything.
package auth

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"squirrel/models"
)

// Store keeps accounts and sessions. Its errors are *models.Error; a missing object is models.CodeNotFound.
type Store interface {
	Admins(ctx context.Context) ([]models.Admin, error)
	AdminByName(ctx context.Context, username string) (models.Admin, error)
	SaveAdmin(ctx context.Context, admin *models.Admin) error
	CreateFirstAdmin(ctx context.Context, admin *models.Admin) error
	CreateSession(ctx context.Context, session *models.Session) error
	SessionByHash(ctx context.Context, hash [32]byte) (models.Session, error)
	TouchSession(ctx context.Context, hash [32]byte, at time.Time) error
	DeleteSession(ctx context.Context, hash [32]byte) error
	DeleteSessionsOf(ctx context.Context, username string) error
	Sessions(ctx context.Context) ([]models.Session, error)
	AddChange(ctx context.Context, change *models.Change) error
}

// Options configure New.
type Options struct {
	Store Store
	// Username and Password are the account of the environment; both or none. With them, no other account is valid.
	Username, Password string
	// Key binds the sessions of the environment's account to its password; 32 bytes.
	Key       []byte
	TokenTTL  time.Duration
	PublicURL string // https makes cookies Secure; its origin may send forms
	Trusted   []netip.Prefix
	Logger    *slog.Logger
	Now       func() time.Time // nil = time.Now
}

// Auth is safe for concurrent use.
type Auth struct {
	store    Store
	ttl      time.Duration
	secure   bool
	trusted  []netip.Prefix
	log      *slog.Logger
	now      func() time.Time
	origins  *http.CrossOriginProtection
	hasher   *hasher
	throttle *throttle
	setup    setupToken
	env      *models.Admin // the account of the environment, nil = accounts are in the store
	epoch    []byte        // part of every session hash of env; changes with its password
	decoy    string        // hash to check passwords of unknown users against
	settled  atomic.Bool   // an account exists in the store; accounts are never deleted
}

// New hashes the password of the environment's account (about 40 ms); the caller may forget it afterwards.
func New(opts Options) (*Auth, error) { return newAuth(opts, newHasher()) }

func newAuth(opts Options, h *hasher) (*Auth, error) {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	a := &Auth{
		store: opts.Store, ttl: opts.TokenTTL, trusted: opts.Trusted, log: opts.Logger, now: opts.Now,
		secure:   strings.HasPrefix(opts.PublicURL, "https://"),
		origins:  http.NewCrossOriginProtection(),
		hasher:   h,
		throttle: newThrottle(opts.Now),
		setup:    newSetupToken(opts.Now()),
	}
	if origin := originOf(opts.PublicURL); origin != "" {
		if err := a.origins.AddTrustedOrigin(origin); err != nil {
			return nil, err
		}
	}
	a.decoy = decoy()
	if opts.Username != "" {
		a.env = &models.Admin{Username: opts.Username, PasswordHash: a.hasher.hash(opts.Password)}
		a.epoch = epochOf(opts.Key, opts.Username, opts.Password)
	}
	return a, nil
}

// epochOf changes whenever the name, the password or the key changes, and tells nothing about them without the key.
func epochOf(key []byte, username, password string) []byte {
	mac := hmac.New(sha256.New, key)
	name := sha256.Sum256([]byte(username))
	mac.Write([]byte("admin session epoch"))
	mac.Write(name[:])
	mac.Write([]byte(password))
	return mac.Sum(nil)
}

// HasAccount reports whether anyone can log in. False means that the set-up of the first account is still to be done.
func (a *Auth) HasAccount(ctx context.Context) (bool, error) {
	if a.env != nil || a.settled.Load() {
		return true, nil
	}
	admins, err := a.store.Admins(ctx)
	if err != nil {
		return false, err
	}
	if len(admins) > 0 {
		a.settled.Store(true)
	}
	return len(admins) > 0, nil
}

// FromEnvironment reports whether the account is the environment's, whose password can't be changed on a page.
func (a *Auth) FromEnvironment() bool { return a.env != nil }

// account finds the account of a name. ok is false for unknown names; the returned account then holds a decoy hash, so
// that checking a password against it is the same work.
func (a *Auth) account(ctx context.Context, username string) (admin models.Admin, ok bool, err error) {
	if a.env != nil {
		given, want := sha256.Sum256([]byte(username)), sha256.Sum256([]byte(a.env.Username))
		return *a.env, subtle.ConstantTimeCompare(given[:], want[:]) == 1, nil
	}
	admin, err = a.store.AdminByName(ctx, username)
	if models.ErrorCode(err) == models.CodeNotFound {
		return models.Admin{PasswordHash: a.decoy}, false, nil
	}
	return admin, err == nil, err
}

package auth

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/netip"
	"slices"
	"strings"
	"time"

	"squirrel/models"
)

const (
	tokenPrefix    = "sqs_"
	tokenBytes     = 32
	sessionsPerOne = 20          // logins of one user; the oldest is ended
	touchEvery     = time.Minute // how exact LastSeenAt is
	userAgentLimit = 256
)

// Client is where a login comes from.
type Client struct {
	IP        netip.Addr
	UserAgent string
}

// Login is a new session. Token is shown to its owner once and kept nowhere.
type Login struct {
	Token     models.Secret
	Username  string
	ExpiresAt time.Time
	TTL       time.Duration
}

// Login checks a name and a password. A wrong one of either is models.CodeUnauthorized with the same message after the
// same work; too many tries are models.CodeRateLimited (see RetryAfter); without any account models.CodeSetupRequired.
func (a *Auth) Login(ctx context.Context, username, password string, client Client) (Login, error) {
	exists, err := a.HasAccount(ctx)
	if err != nil {
		return Login{}, err
	}
	if !exists {
		return Login{}, errSetupRequired()
	}
	familiar := func() bool { return a.hasSessionFrom(ctx, username, client.IP) }
	if wait := a.throttle.begin(client.IP, username, familiar); wait > 0 {
		a.log.WarnContext(ctx, "login throttled", "client_ip", client.IP.String())
		return Login{}, tooMany(wait)
	}
	known, err := a.checkPassword(ctx, username, password)
	if err != nil {
		a.log.WarnContext(ctx, "login refused", "client_ip", client.IP.String(), "code", models.ErrorCode(err))
		a.record(ctx, actionRefused, known, client)
		return Login{}, err
	}
	a.throttle.succeed(client.IP, username)
	login, err := a.startSession(ctx, username, client)
	if err == nil {
		a.record(ctx, actionLogin, username, client)
	}
	return login, err
}

// checkPassword returns the name when there is such an account, whether or not the password is its.
func (a *Auth) checkPassword(ctx context.Context, username, password string) (known string, err error) {
	admin, found, err := a.account(ctx, username)
	if err != nil {
		return "", err
	}
	if found {
		known = admin.Username
	}
	if len(password) > MaxPassword {
		password, found = "", false
	}
	matches, err := a.hasher.verify(ctx, password, admin.PasswordHash)
	if err != nil {
		return known, err
	}
	if !found || !matches {
		return known, models.Errorf(models.CodeUnauthorized, "wrong user name or password")
	}
	return known, nil
}

// startSession always makes a new random token: nothing a client sent before can become a session.
func (a *Auth) startSession(ctx context.Context, username string, client Client) (Login, error) {
	token := tokenPrefix + rawToken()
	now := a.now().UTC()
	session := &models.Session{
		TokenHash: a.hashToken(token), Username: username, CreatedAt: now, LastSeenAt: now, ExpiresAt: now.Add(a.ttl),
		ClientIP: client.IP.String(), UserAgent: clip(client.UserAgent, userAgentLimit),
	}
	if err := a.store.CreateSession(ctx, session); err != nil {
		return Login{}, err
	}
	a.log.InfoContext(ctx, "login", "username", username, "client_ip", session.ClientIP)
	if err := a.endOldest(ctx, username); err != nil {
		a.log.WarnContext(ctx, "old sessions were not ended", "error", err)
	}
	return Login{models.Secret(token), username, session.ExpiresAt, a.ttl}, nil
}

func (a *Auth) endOldest(ctx context.Context, username string) error {
	own, err := a.SessionsOf(ctx, username)
	if err != nil {
		return err
	}
	for _, old := range own[min(sessionsPerOne, len(own)):] {
		if err := a.store.DeleteSession(ctx, old.TokenHash); err != nil {
			return err
		}
	}
	return nil
}

// SessionsOf lists the logins of a user, newest first.
func (a *Auth) SessionsOf(ctx context.Context, username string) ([]models.Session, error) {
	all, err := a.store.Sessions(ctx)
	if err != nil {
		return nil, err
	}
	own := slices.DeleteFunc(all, func(s models.Session) bool { return s.Username != username })
	slices.SortFunc(own, func(x, y models.Session) int { return cmp.Compare(y.CreatedAt.UnixNano(), x.CreatedAt.UnixNano()) })
	return own, nil
}

// EndSession logs one session out. An unknown one is no error.
func (a *Auth) EndSession(ctx context.Context, hash [32]byte) error {
	if err := a.store.DeleteSession(ctx, hash); models.ErrorCode(err) != models.CodeNotFound {
		return err
	}
	return nil
}

// EndSessionsOf logs a user out everywhere.
func (a *Auth) EndSessionsOf(ctx context.Context, username string) error {
	return a.store.DeleteSessionsOf(ctx, username)
}

// ChangePassword replaces the password of an account in the store and ends all its sessions.
func (a *Auth) ChangePassword(ctx context.Context, username, old, password string, client Client) error {
	if a.env != nil {
		return models.Errorf(models.CodeForbidden, "the account comes from the environment: change ADMIN_PASSWORD and restart")
	}
	if err := checkNewPassword("new_password", password); err != nil {
		return err
	}
	if wait := a.throttle.begin(client.IP, username, func() bool { return true }); wait > 0 {
		return tooMany(wait)
	}
	if _, err := a.checkPassword(ctx, username, old); err != nil {
		return err
	}
	a.throttle.succeed(client.IP, username)
	admin, _, err := a.account(ctx, username)
	if err != nil {
		return err
	}
	admin.PasswordHash = a.hasher.hash(password)
	if err := a.store.SaveAdmin(ctx, &admin); err != nil {
		return err
	}
	a.record(ctx, actionPassword, username, client)
	return a.store.DeleteSessionsOf(ctx, username)
}

// session finds the valid session of a token. Everything that isn't one is models.CodeUnauthorized; what can't be a
// token doesn't reach the store.
func (a *Auth) session(ctx context.Context, token string) (models.Session, error) {
	if !looksLikeToken(token) {
		return models.Session{}, errUnauthorized()
	}
	session, err := a.store.SessionByHash(ctx, a.hashToken(token))
	if models.ErrorCode(err) == models.CodeNotFound {
		return models.Session{}, errUnauthorized()
	}
	if err != nil {
		return models.Session{}, err
	}
	now := a.now()
	if !now.Before(session.ExpiresAt) {
		return models.Session{}, errUnauthorized()
	}
	if _, found, err := a.account(ctx, session.Username); err != nil || !found {
		return models.Session{}, cmp.Or(err, error(errUnauthorized()))
	}
	if now.Sub(session.LastSeenAt) >= touchEvery {
		if err := a.store.TouchSession(ctx, session.TokenHash, now.UTC()); err != nil {
			a.log.WarnContext(ctx, "session was not touched", "error", err)
		}
	}
	return session, nil
}

const knownFor = 7 * 24 * time.Hour

// hasSessionFrom reports whether the user has lately been logged in from ip.
func (a *Auth) hasSessionFrom(ctx context.Context, username string, ip netip.Addr) bool {
	own, err := a.SessionsOf(ctx, username)
	return err == nil && slices.ContainsFunc(own, func(s models.Session) bool {
		return s.ClientIP == ip.String() && a.now().Sub(s.LastSeenAt) < knownFor
	})
}

// hashToken is SHA-256 of the token, followed by the epoch when the account is the environment's: with another password
// none of its earlier tokens is found.
func (a *Auth) hashToken(token string) [32]byte {
	return sha256.Sum256(append([]byte(token), a.epoch...))
}

func rawToken() string {
	b := make([]byte, tokenBytes)
	rand.Read(b) // never fails: crypto/rand ends the process instead
	return base64.RawURLEncoding.EncodeToString(b)
}

func looksLikeToken(token string) bool {
	rest, ok := strings.CutPrefix(token, tokenPrefix)
	if !ok || len(rest) != base64.RawURLEncoding.EncodedLen(tokenBytes) {
		return false
	}
	_, err := base64.RawURLEncoding.DecodeString(rest)
	return err == nil
}

func clip(text string, limit int) string {
	if len(text) > limit {
		text = text[:limit]
	}
	return strings.ToValidUTF8(text, "")
}

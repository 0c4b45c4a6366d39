package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"net/netip"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"squirrel/models"
)

const (
	setupTokenBytes = 16
	setupTokenTTL   = 30 * time.Minute
	maxUsername     = 100
)

// setupToken lets whoever can read the server's log create the first account from anywhere.
type setupToken struct {
	text    string
	expires time.Time
}

func newSetupToken(now time.Time) setupToken {
	b := make([]byte, setupTokenBytes)
	rand.Read(b) // never fails: crypto/rand ends the process instead
	return setupToken{hex.EncodeToString(b), now.Add(setupTokenTTL)}
}

func (s setupToken) matches(token string, now time.Time) bool {
	given, want := sha256.Sum256([]byte(strings.TrimSpace(token))), sha256.Sum256([]byte(s.text))
	return subtle.ConstantTimeCompare(given[:], want[:]) == 1 && now.Before(s.expires)
}

// SetupToken returns the one-time token of this process and when it ends. The caller prints it when HasAccount is false.
func (a *Auth) SetupToken() (token string, expires time.Time) { return a.setup.text, a.setup.expires }

// Setup is the first account. Token is not needed on true loopback.
type Setup struct {
	Token    string
	Username string
	Password string
	Local    bool // the request is from true loopback, see Request.Loopback
}

// CreateFirst makes the first account and logs it in. After that it is models.CodeConflict for ever.
func (a *Auth) CreateFirst(ctx context.Context, s Setup, client Client) (Login, error) {
	exists, err := a.HasAccount(ctx)
	if err != nil {
		return Login{}, err
	}
	if exists {
		return Login{}, models.Errorf(models.CodeConflict, "an account exists already")
	}
	if !s.Local {
		if err := a.redeem(s.Token, client.IP); err != nil {
			return Login{}, err
		}
	}
	if err := checkNewAccount(s); err != nil {
		return Login{}, err
	}
	admin := &models.Admin{Username: s.Username, PasswordHash: a.hasher.hash(s.Password)}
	if err := a.store.CreateFirstAdmin(ctx, admin); err != nil {
		return Login{}, err
	}
	a.settled.Store(true)
	a.log.InfoContext(ctx, "first account created", "username", s.Username, "client_ip", client.IP.String())
	a.record(ctx, actionSetup, s.Username, client)
	return a.startSession(ctx, s.Username, client)
}

func (a *Auth) redeem(token string, ip netip.Addr) error {
	const nobody = "" // no user name is empty, so this counts apart from all of them
	if wait := a.throttle.begin(ip, nobody, func() bool { return true }); wait > 0 {
		return tooMany(wait)
	}
	if !a.setup.matches(token, a.now()) {
		return models.Invalid("token", "is wrong or has expired; restart the gateway to get a new one in its log")
	}
	a.throttle.succeed(ip, nobody)
	return nil
}

func checkNewAccount(s Setup) error {
	fields := map[string]string{}
	switch {
	case s.Username == "" || strings.TrimSpace(s.Username) != s.Username:
		fields["username"] = "must not be empty or begin or end with a space"
	case utf8.RuneCountInString(s.Username) > maxUsername:
		fields["username"] = "must have at most 100 characters"
	case !utf8.ValidString(s.Username) || strings.ContainsFunc(s.Username, func(r rune) bool { return !unicode.IsPrint(r) }):
		fields["username"] = "must have printable characters only"
	}
	var problem *models.Error
	if errors.As(checkNewPassword("password", s.Password), &problem) {
		fields["password"] = problem.Fields["password"]
	}
	if len(fields) > 0 {
		return &models.Error{Code: models.CodeValidation, Message: "the account is not valid", Fields: fields}
	}
	return nil
}

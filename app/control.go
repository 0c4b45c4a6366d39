package app

import (
	"context"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/gofiber/fiber/v2"

	"squirrel/app/admin"
	"squirrel/app/api"
	"squirrel/app/auth"
	"squirrel/app/web"
	"squirrel/proxy/probe"
	"squirrel/proxy/reqlog"
	"squirrel/proxy/upstream"
)

// buildControl builds the control plane on the store and the data plane.
func (a *App) buildControl() (err error) {
	policy := upstream.NetPolicy(a.cfg.ProviderNetwork)
	a.admin = admin.New(admin.Options{
		Store: a.store, CheckHost: policy.CheckHost, Health: a.healthOf,
		Prober: probes{probe.New(a.client, policy, func(s string) string { return a.redact.Text(s) })}, Simulator: planner{a}, Tester: tester{a}, Replayer: tester{a},
		Canceller: canceller{a}, Player: player{a}, System: condition{a}, Keep: a.keep, Instance: a.spool.Instance(), KeyPrefix: a.cfg.APIKeyPrefix, KeyLength: a.cfg.APIKeyLength, RetentionDays: a.cfg.LogRetentionDays,
		Zone: a.cfg.ReportingTZ, Logger: a.logger,
	})
	a.auth, err = auth.New(auth.Options{
		Store: a.store, Username: a.cfg.AdminUsername, Password: a.cfg.AdminPassword.Reveal(), Key: a.cfg.EncryptionKey, TokenTTL: a.cfg.AdminTokenTTL,
		PublicURL: a.cfg.PublicURL, Trusted: a.cfg.TrustedProxies, Logger: a.logger,
	})
	return err
}

// keep is what the log keeps of a body of a request.
func (a *App) keep(body []byte) (kept []byte, cut bool) {
	return reqlog.CutMiddle(a.redact.Body(body), a.cfg.LogBodyMaxBytes)
}

// takeEffect wraps the control plane: what it has changed is in use on this gateway before it answers. Other gateways hear of it
// from the database.
func (a *App) takeEffect(c *fiber.Ctx) error {
	err := c.Next()
	if err == nil && c.Method() != fiber.MethodGet && c.Method() != fiber.MethodHead && c.Response().StatusCode() < fiber.StatusBadRequest {
		ctx, cancel := context.WithTimeout(context.Background(), effectTimeout) // also when the client leaves meanwhile
		defer cancel()
		_ = a.reloadChanged(ctx) // it was logged, and is tried again
	}
	return err
}

// effectTimeout bounds how long an answer waits for its change to take effect.
const effectTimeout = 5 * time.Second

// registerControl adds the routes of the control plane.
func (a *App) registerControl(app *fiber.App) {
	app.Use([]string{"/api/admin", "/admin"}, a.takeEffect)
	api.New(a.admin, a.auth, a.logger).Register(app)
	web.New(web.Options{
		Auth: a.auth, Admin: a.admin, AppName: a.cfg.AppName, Version: Version, PublicURL: a.cfg.PublicURL, Zone: a.cfg.ReportingTZ, Logger: a.logger,
		Settings: effective(a.cfg), Getenv: os.Getenv, InContainer: inContainer(),
	}).Register(app)
}

// inContainer reports whether this process runs in a container of Docker.
func inContainer() bool {
	_, err := os.Stat("/.dockerenv")
	return err == nil
}

func (a *App) isAdmin(c *fiber.Ctx) bool {
	_, err := a.auth.Authenticate(c.UserContext(), auth.FromFiber(c))
	return err == nil
}

func (a *App) healthOf(routeID int64) admin.Health {
	h := a.router.Health(routeID)
	return admin.Health{State: string(h.State), Samples: h.Samples, FailureRate: h.FailureRate, Until: h.Until}
}

// announceSetup prints the one-time token that creates the first account from another machine. It goes to the terminal only:
// the structured log may be shipped elsewhere.
func (a *App) announceSetup(ctx context.Context) {
	if exists, err := a.auth.HasAccount(ctx); err != nil || exists {
		return
	}
	token, expires := a.auth.SetupToken()
	_, port, _ := net.SplitHostPort(a.Addr())
	fmt.Fprintf(a.terminal, "\nNo administrator yet. From this machine: http://localhost:%s/admin\nFrom elsewhere: open /admin and give this token, valid until %s:\n\n  %s\n\n",
		port, expires.UTC().Format(time.TimeOnly+" UTC"), token)
}

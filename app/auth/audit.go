package auth

import (
	"context"
	"encoding/json"

	"squirrel/models"
)

// What the audit trail says about access.
const (
	actionLogin    = "login"
	actionRefused  = "login_refused"
	actionLogout   = "logout"
	actionSetup    = "setup"
	actionPassword = "change_password"
)

// record writes an entry of the audit trail. Access doesn't depend on it: a failure is only logged. What was typed as a
// user name is recorded only when there is such an account; it might be a password in the wrong field.
func (a *Auth) record(ctx context.Context, action, username string, client Client) {
	details, err := json.Marshal(map[string]string{"client_ip": client.IP.String(), "user_agent": clip(client.UserAgent, userAgentLimit)})
	if err == nil {
		err = a.store.AddChange(ctx, &models.Change{
			At: a.now().UTC(), Actor: username, Action: action, Object: "session", ObjectKey: client.IP.String(), After: details,
		})
	}
	if err != nil {
		a.log.WarnContext(ctx, "audit entry was not written", "action", action, "error", err)
	}
}

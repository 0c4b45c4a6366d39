package web

import (
	"net/http"
	"strings"
	"testing"

	"squirrel/app/auth"
)

func TestLogin(t *testing.T) {
	k := newKitWith(t, auth.Options{Username: testUser, Password: testPassword})
	k.get("/admin/login?next=/admin/keys").want(t, "form", http.StatusOK, `value="/admin/keys"`, `autocomplete="current-password"`)
	k.get("/admin/login?next=//evil.example").want(t, "next elsewhere", http.StatusOK, `name="next" value="/admin"`)
	wrong := k.post("/admin/login", "username", `"><script>alert(1)</script>`, "password", "wrong")
	wrong.want(t, "wrong password", http.StatusUnauthorized, "wrong user name or password", "&lt;script&gt;", "!<script>alert")
	k.post("/admin/login", "username", testUser, "password", testPassword, "next", "/admin/keys").wantRedirect(t, "login", "/admin/keys")
	k.get("/admin/login").wantRedirect(t, "login when logged in", "/admin")
	k.get("/admin/keys").want(t, "inside", http.StatusOK, testUser)
	session := k.cookies["sq_sess"]
	k.post("/admin/logout").wantRedirect(t, "logout", "/admin/login")
	k.get("/admin/login").want(t, "after logout", http.StatusOK, "You are signed out.")
	k.cookies["sq_sess"] = session
	if got := k.get("/admin/keys"); got.status != http.StatusSeeOther {
		t.Errorf("the session lives on after logout: %d", got.status)
	}
}

func TestLoginIsThrottled(t *testing.T) {
	k := newKitWith(t, auth.Options{Username: testUser, Password: testPassword})
	var last reply
	for range 7 {
		last = k.post("/admin/login", "username", testUser, "password", "wrong")
	}
	last.want(t, "many tries", http.StatusTooManyRequests, "too many tries")
	if last.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
}

func TestSetup(t *testing.T) {
	k := newKitWith(t, auth.Options{})
	k.get("/admin/providers").wantRedirect(t, "before", "/admin/setup")
	k.get("/admin/login").wantRedirect(t, "login before", "/admin/setup")
	k.get("/admin/setup").want(t, "form", http.StatusOK, `name="token"`, "30 minutes")
	token, _ := k.auth.SetupToken()
	k.post("/admin/setup", "token", "guess", "username", "ann", "password", "long enough").want(t, "wrong token", http.StatusUnprocessableEntity, "is wrong or has expired", `value="ann"`, "!long enough")
	k.post("/admin/setup", "token", token, "username", "ann", "password", "short").want(t, "short password", http.StatusUnprocessableEntity, "at least 8 characters")
	k.post("/admin/setup", "token", token, "username", "ann", "password", "long enough").wantRedirect(t, "set-up", "/admin")
	k.get("/admin/account").want(t, "logged in", http.StatusOK, "Welcome, ann.", "this session")
	k.get("/admin/setup").wantRedirect(t, "set-up again", "/admin/login")
	k.post("/admin/setup", "token", token, "username", "eve", "password", "long enough").wantRedirect(t, "second account", "/admin/login")
}

func TestAccount(t *testing.T) {
	k := newKitWith(t, auth.Options{})
	token, _ := k.auth.SetupToken()
	k.post("/admin/setup", "token", token, "username", "ann", "password", "long enough")
	first := k.cookies["sq_sess"]
	delete(k.cookies, "sq_sess")
	k.login("ann", "long enough")
	page := k.get("/admin/account")
	if n := strings.Count(page.body, `data-testid="session"`); n != 2 {
		t.Errorf("%d sessions are shown", n)
	}
	k.post("/admin/account/sessions/end", "which", "others").wantRedirect(t, "end others", "/admin/account")
	k.get("/admin/account").want(t, "after", http.StatusOK, "The session is ended.")
	second := k.cookies["sq_sess"]
	k.cookies["sq_sess"] = first
	if got := k.get("/admin/account").status; got != http.StatusSeeOther {
		t.Errorf("the other session lives on: %d", got)
	}
	k.cookies["sq_sess"] = second
	k.post("/admin/account/password", "old_password", "nonsense", "new_password", "longer still").want(t, "wrong old password", http.StatusUnprocessableEntity, `id="old_password-error"`)
	k.post("/admin/account/password", "old_password", "long enough", "new_password", "x").want(t, "short new password", http.StatusUnprocessableEntity, `id="new_password-error"`)
	k.post("/admin/account/password", "old_password", "long enough", "new_password", "longer still").wantRedirect(t, "change", "/admin/login")
	k.login("ann", "longer still")
}

func TestEnvironmentAccountHasNoPasswordForm(t *testing.T) {
	k := newKit(t)
	k.get("/admin/account").want(t, "account", http.StatusOK, "ADMIN_PASSWORD", "!old_password")
	k.post("/admin/account/password", "old_password", testPassword, "new_password", "longer still").want(t, "change", http.StatusForbidden)
}

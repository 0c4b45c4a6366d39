package auth

import (
	"testing"
	"time"

	"squirrel/models"
)

func TestF10_F12_F13_OnlyTrueLoopbackIsOpen(t *testing.T) {
	k := newKit(t, Options{})
	cases := []struct {
		name string
		r    *Request
		want models.Code
	}{
		{"from the network", request("GET", "gw.example:8000", "192.0.2.1"), models.CodeSetupRequired},
		{"from the network, Host of loopback", request("GET", "localhost:8000", "192.0.2.1"), models.CodeSetupRequired},
		{"from Docker's bridge", request("GET", "localhost:8000", "172.17.0.1"), models.CodeSetupRequired},
		{"F13 rebinding", request("GET", "evil.com", "127.0.0.1"), models.CodeSetupRequired},
		{"F13 rebinding with a port", request("GET", "evil.com:8000", "127.0.0.1"), models.CodeSetupRequired},
		{"look-alike host", request("GET", "localhost.evil.com", "127.0.0.1"), models.CodeSetupRequired},
		{"look-alike address", request("GET", "127.0.0.1.evil.com", "127.0.0.1"), models.CodeSetupRequired},
		{"no host", request("GET", "", "127.0.0.1"), models.CodeSetupRequired},
		{"F12 X-Forwarded-For", request("GET", "localhost", "127.0.0.1", "X-Forwarded-For", "192.0.2.1"), models.CodeSetupRequired},
		{"F12 even if it says loopback", request("GET", "localhost", "127.0.0.1", "X-Forwarded-For", "127.0.0.1"), models.CodeSetupRequired},
		{"F12 X-Forwarded-Proto", request("GET", "localhost", "127.0.0.1", "X-Forwarded-Proto", "https"), models.CodeSetupRequired},
		{"F12 Forwarded", request("GET", "localhost", "127.0.0.1", "Forwarded", "for=192.0.2.1"), models.CodeSetupRequired},
		{"F12 Via", request("GET", "localhost", "127.0.0.1", "Via", "1.1 proxy"), models.CodeSetupRequired},
		{"F12 X-Real-IP", request("GET", "localhost", "127.0.0.1", "X-Real-Ip", "192.0.2.1"), models.CodeSetupRequired},
		{"foreign origin", request("GET", "localhost", "127.0.0.1", "Origin", "http://evil.com"), models.CodeSetupRequired},
		{"null origin", request("POST", "localhost", "127.0.0.1", "Origin", "null"), models.CodeSetupRequired},
		{"cross-site form", request("POST", "localhost", "127.0.0.1", "Sec-Fetch-Site", "cross-site"), CodeCSRF},
		{"local", request("GET", "localhost:8000", "127.0.0.1"), ""},
		{"local, address", request("GET", "127.0.0.1:8000", "127.0.0.53"), ""},
		{"local, IPv6", request("GET", "[::1]:8000", "::1"), ""},
		{"local, mapped", request("GET", "[::1]", "::ffff:127.0.0.1"), ""},
		{"local form", request("POST", "localhost:8000", "127.0.0.1", "Origin", "http://localhost:8000", "Sec-Fetch-Site", "same-origin"), ""},
		{"link from another site", request("GET", "localhost:8000", "127.0.0.1", "Sec-Fetch-Site", "cross-site"), ""},
	}
	for _, c := range cases {
		id, err := k.Authenticate(t.Context(), c.r)
		wantCode(t, c.name, err, c.want)
		if err == nil && (!id.Local || id.Username != LocalActor) {
			t.Errorf("%s: identity %+v", c.name, id)
		}
	}
}

func TestF17_CookieRequestsOfOtherSites(t *testing.T) {
	k := newKit(t, Options{Username: "root", Password: "correct horse", PublicURL: "http://public.example"})
	token := k.mustLogin(t).Token.Reveal()
	const cookie, bearer = "Cookie", "Authorization"
	cases := []struct {
		name, method, credential string
		headers                  []string
		want                     models.Code
	}{
		{"cross-site form", "POST", cookie, []string{"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.com"}, CodeCSRF},
		{"sub-domain", "POST", cookie, []string{"Sec-Fetch-Site", "same-site", "Origin", "http://x.gw.example"}, CodeCSRF},
		{"old browser, foreign origin", "DELETE", cookie, []string{"Origin", "https://evil.com"}, CodeCSRF},
		{"null origin", "POST", cookie, []string{"Origin", "null"}, CodeCSRF},
		{"text/plain JSON", "PUT", cookie, []string{"Origin", "https://evil.com", "Content-Type", "text/plain"}, CodeCSRF},
		{"other port", "POST", cookie, []string{"Origin", "http://gw.example:81"}, CodeCSRF},
		{"same origin", "POST", cookie, []string{"Sec-Fetch-Site", "same-origin"}, ""},
		{"same origin, old browser", "POST", cookie, []string{"Origin", "http://gw.example"}, ""},
		{"origin of PUBLIC_URL", "POST", cookie, []string{"Origin", "http://public.example"}, ""},
		{"a script without a browser", "POST", cookie, nil, ""},
		{"reading is always allowed", "GET", cookie, []string{"Sec-Fetch-Site", "cross-site"}, ""},
		{"bearer is exempt", "POST", bearer, []string{"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.com"}, ""},
	}
	for _, c := range cases {
		value := map[string]string{cookie: "sq_sess=" + token, bearer: "Bearer " + token}[c.credential]
		_, err := k.Authenticate(t.Context(), request(c.method, "gw.example", "192.0.2.1", append(c.headers, c.credential, value)...))
		wantCode(t, c.name, err, c.want)
	}
	_, err := k.Authenticate(t.Context(), request("POST", "gw.example", "192.0.2.1", "Cookie", "sq_sess="+token, "Authorization", "Bearer wrong"))
	wantCode(t, "a wrong bearer makes the cookie void", err, models.CodeUnauthorized)
	_, err = k.Authenticate(t.Context(), request("GET", "gw.example", "192.0.2.1", "Cookie", "sq_sess="+token, "Authorization", "Basic dTpw"))
	wantCode(t, "a proxy's basic credentials don't matter", err, "")
	r := request("GET", "gw.example", "192.0.2.1", "Authorization", "Bearer "+token, "Authorization", "Bearer "+token)
	_, err = k.Authenticate(t.Context(), r)
	wantCode(t, "two bearers", err, models.CodeUnauthorized)
}

func TestSetupToken(t *testing.T) {
	k := newKit(t, Options{})
	token, expires := k.SetupToken()
	if len(token) != 32 || !expires.Equal(k.clock.now().Add(30*time.Minute)) {
		t.Errorf("token of %d characters until %v", len(token), expires)
	}
	if other, _ := newKit(t, Options{}).SetupToken(); other == token {
		t.Error("the token is the same at each start")
	}
	create := func(s Setup) (Login, error) { return k.CreateFirst(t.Context(), s, from("192.0.2.1")) }
	_, err := k.Login(t.Context(), "root", "x", from("192.0.2.1"))
	wantCode(t, "login before set-up", err, models.CodeSetupRequired)
	for name, s := range map[string]Setup{
		"wrong token":    {Token: "0", Username: "root", Password: "correct horse"},
		"no token":       {Username: "root", Password: "correct horse"},
		"short password": {Token: token, Username: "root", Password: "1234567"},
		"no name":        {Token: token, Password: "correct horse"},
		"control in it":  {Token: token, Username: "ro\x00ot", Password: "correct horse"},
	} {
		_, err := create(s)
		wantCode(t, name, err, models.CodeValidation)
	}
	login, err := create(Setup{Token: " " + token + "\n", Username: "root", Password: "correct horse"})
	wantCode(t, "right token", err, "")
	_, err = k.Authenticate(t.Context(), request("GET", "gw", "192.0.2.1", "Authorization", "Bearer "+login.Token.Reveal()))
	wantCode(t, "logged in by set-up", err, "")
	_, err = create(Setup{Token: token, Username: "second", Password: "correct horse"})
	wantCode(t, "second account", err, models.CodeConflict)
	_, err = k.Authenticate(t.Context(), request("GET", "localhost", "127.0.0.1"))
	wantCode(t, "loopback after set-up", err, models.CodeUnauthorized)
}

func TestSetupTokenExpiresAndIsThrottled(t *testing.T) {
	k := newKit(t, Options{})
	token, _ := k.SetupToken()
	k.clock.advance(30 * time.Minute)
	_, err := k.CreateFirst(t.Context(), Setup{Token: token, Username: "root", Password: "correct horse"}, from("192.0.2.1"))
	wantCode(t, "after 30 minutes", err, models.CodeValidation)
	for range freeTries {
		_, err = k.CreateFirst(t.Context(), Setup{Token: "guess"}, from("192.0.2.1"))
	}
	wantCode(t, "guessing", err, models.CodeRateLimited)
}

func TestStatus(t *testing.T) {
	local, remote := request("GET", "localhost", "127.0.0.1"), request("GET", "gw", "192.0.2.1")
	fresh, env := newKit(t, Options{}), newEnvKit(t)
	loggedIn := request("GET", "gw", "192.0.2.1", "Cookie", "sq_sess="+env.mustLogin(t).Token.Reveal())
	for _, c := range []struct {
		name string
		k    *kit
		r    *Request
		want Status
	}{
		{"fresh, remote", fresh, remote, Status{SetupRequired: true}},
		{"fresh, local", fresh, local, Status{Authenticated: true}},
		{"account, remote", env, remote, Status{Enabled: true}},
		{"account, local", env, local, Status{Enabled: true}},
		{"account, logged in", env, loggedIn, Status{Enabled: true, Authenticated: true}},
	} {
		if got, err := c.k.Status(t.Context(), c.r); err != nil || got != c.want {
			t.Errorf("%s: %+v, %v, want %+v", c.name, got, err, c.want)
		}
	}
}

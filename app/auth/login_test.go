package auth

import (
	"crypto/sha256"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"squirrel/models"
)

func TestF09_SameAnswerAndWorkForEveryWrongLogin(t *testing.T) {
	inStore := newKit(t, Options{})
	inStore.store.admins["root"] = models.Admin{Username: "root", PasswordHash: inStore.hasher.hash("correct horse")}
	for name, k := range map[string]*kit{"environment": newEnvKit(t), "store": inStore} {
		var message string
		for i, try := range []struct{ user, password string }{
			{"root", "wrong"}, {"nobody", "wrong"}, {"nobody", "correct horse"}, {"", ""}, {"root", strings.Repeat("x", 5000)},
		} {
			k.hashes.Store(0)
			k.clock.advance(time.Hour)
			_, err := k.Login(t.Context(), try.user, try.password, from("192.0.2.1"))
			wantCode(t, name, err, models.CodeUnauthorized)
			if k.hashes.Load() != 1 {
				t.Errorf("%s, try %d: %d hashes, want 1", name, i, k.hashes.Load())
			}
			if message == "" {
				message = err.Error()
			}
			if err.Error() != message || strings.Contains(message, "root") {
				t.Errorf("%s, try %d: %q differs from %q", name, i, err, message)
			}
		}
	}
}

func TestPasswordsAreNotCutAt72Bytes(t *testing.T) {
	h := newHasher()
	long := strings.Repeat("p", 72)
	encoded := h.hash(long + "a")
	if !strings.HasPrefix(encoded, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("hash is %q", encoded)
	}
	for password, want := range map[string]bool{long + "a": true, long + "b": false, long: false} {
		if ok, err := h.verify(t.Context(), password, encoded); ok != want || err != nil {
			t.Errorf("password of %d bytes: %v, %v", len(password), ok, err)
		}
	}
}

func TestDamagedHashesAreRefused(t *testing.T) {
	h := newHasher()
	good := h.hash("x")
	for _, bad := range []string{
		"", "plain", "$argon2i" + good[9:], strings.Replace(good, "v=19", "v=16", 1), strings.Replace(good, "m=19456", "m=4000000", 1),
		strings.Replace(good, "t=2", "t=200", 1), strings.Replace(good, "p=1", "p=0", 1), good[:len(good)-30], good + "$",
	} {
		if ok, err := h.verify(t.Context(), "x", bad); ok || models.ErrorCode(err) != models.CodeInternal {
			t.Errorf("%q: %v, %v", bad, ok, err)
		}
	}
}

func TestF14_AtMostTwoHashesAtOnce(t *testing.T) {
	h := newHasher()
	encoded := h.hash("x")
	var mu sync.Mutex
	running, most := 0, 0
	h.derive = func([]byte, []byte, uint32, uint32, uint8, uint32) []byte {
		mu.Lock()
		running++
		most = max(most, running)
		mu.Unlock()
		time.Sleep(time.Millisecond)
		mu.Lock()
		running--
		mu.Unlock()
		return make([]byte, 32)
	}
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := h.verify(t.Context(), "x", encoded); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if most > parallelHashes {
		t.Errorf("%d hashes ran at once", most)
	}
	h.slots <- struct{}{}
	h.slots <- struct{}{}
	_, err := h.verify(t.Context(), "x", encoded)
	wantCode(t, "no slot for a second", err, models.CodeRateLimited)
}

func TestF15_LoginAlwaysMakesANewToken(t *testing.T) {
	k := newEnvKit(t)
	planted := "sqs_" + strings.Repeat("A", 43)
	before := request("GET", "gw.example", "192.0.2.1", "Cookie", "sq_sess="+planted)
	first, second := k.mustLogin(t), k.mustLogin(t)
	if first.Token == second.Token || first.Token.Reveal() == planted {
		t.Error("tokens are not fresh")
	}
	_, err := k.Authenticate(t.Context(), before)
	wantCode(t, "planted cookie", err, models.CodeUnauthorized)
	for hash := range k.store.sessions {
		if hash == sha256.Sum256([]byte(planted)) {
			t.Error("the planted token became a session")
		}
	}
}

func TestF16_LogoutReallyEnds(t *testing.T) {
	for _, header := range []string{"Authorization", "Cookie"} {
		k := newEnvKit(t)
		token := k.mustLogin(t).Token.Reveal()
		value := map[string]string{"Authorization": "Bearer " + token, "Cookie": "sq_sess=" + token}[header]
		r := request("POST", "gw.example", "192.0.2.1", header, value)
		if _, err := k.Authenticate(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		if err := k.Logout(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		_, err := k.Authenticate(t.Context(), r)
		wantCode(t, header+" after logout", err, models.CodeUnauthorized)
		if err := k.Logout(t.Context(), r); err != nil {
			t.Errorf("a second logout: %v", err)
		}
	}
}

func TestF16_AnotherPasswordOrNameInTheEnvironmentEndsSessions(t *testing.T) {
	store := newMemory()
	k := newKit(t, Options{Store: store, Username: "root", Password: "correct horse"})
	r := request("GET", "gw.example", "192.0.2.1", "Authorization", "Bearer "+k.mustLogin(t).Token.Reveal())
	for name, c := range map[string]struct {
		opts Options
		want models.Code
	}{
		"same":             {Options{Username: "root", Password: "correct horse"}, ""},
		"another password": {Options{Username: "root", Password: "battery staple"}, models.CodeUnauthorized},
		"another name":     {Options{Username: "boss", Password: "correct horse"}, models.CodeUnauthorized},
		"taken out":        {Options{}, models.CodeSetupRequired},
	} {
		c.opts.Store = store
		_, err := newKit(t, c.opts).Authenticate(t.Context(), r)
		wantCode(t, name, err, c.want)
	}
}

func TestChangePasswordEndsAllSessions(t *testing.T) {
	k := newKit(t, Options{})
	first, err := k.CreateFirst(t.Context(), Setup{Username: "root", Password: "correct horse", Local: true}, from("127.0.0.1"))
	if err != nil {
		t.Fatal(err)
	}
	change := func(old, password string) error {
		return k.ChangePassword(t.Context(), "root", old, password, from("127.0.0.1"))
	}
	wantCode(t, "too short", change("correct horse", "short"), models.CodeValidation)
	wantCode(t, "wrong old one", change("wrong", "battery staple"), models.CodeUnauthorized)
	wantCode(t, "right", change("correct horse", "battery staple"), "")
	_, err = k.Authenticate(t.Context(), request("GET", "gw", "192.0.2.1", "Authorization", "Bearer "+first.Token.Reveal()))
	wantCode(t, "old session", err, models.CodeUnauthorized)
	_, err = k.Login(t.Context(), "root", "battery staple", from("127.0.0.1"))
	wantCode(t, "new password", err, "")
	wantCode(t, "environment's account", newEnvKit(t).ChangePassword(t.Context(), "root", "correct horse", "battery staple", from("::1")), models.CodeForbidden)
}

func TestSessionsEndAndAreCapped(t *testing.T) {
	k := newEnvKit(t)
	var tokens []string
	for range sessionsPerOne + 2 {
		k.clock.advance(time.Second)
		tokens = append(tokens, k.mustLogin(t).Token.Reveal())
	}
	check := func(token string) models.Code {
		_, err := k.Authenticate(t.Context(), request("GET", "gw", "192.0.2.1", "Authorization", "Bearer "+token))
		return models.ErrorCode(err)
	}
	if check(tokens[0]) == "" || check(tokens[1]) == "" || check(tokens[2]) != "" {
		t.Error("not the two oldest sessions were ended")
	}
	k.clock.advance(-time.Hour)
	if check(tokens[2]) != "" {
		t.Error("I08: a clock that jumps back ended a session")
	}
	k.clock.advance(25 * time.Hour)
	if check(tokens[2]) != models.CodeUnauthorized {
		t.Error("a session outlived its time")
	}
}

func TestMalformedTokensNeverReachTheStore(t *testing.T) {
	k := newEnvKit(t)
	for _, token := range []string{
		"", "lgw-abcdefghijklmnopqrstuvwxyz012345", "' OR '1'='1", "sqs_", "sqs_" + strings.Repeat("A", 1<<20), "sqs_" + strings.Repeat("é", 22) + "A",
	} {
		k.store.reads = 0
		_, err := k.Authenticate(t.Context(), request("GET", "gw", "192.0.2.1", "Authorization", "Bearer "+token))
		wantCode(t, "malformed token", err, models.CodeUnauthorized)
		if k.store.reads != 0 {
			t.Errorf("%.20q caused %d reads", token, k.store.reads)
		}
	}
}

func TestStoreFailureOpensNothing(t *testing.T) {
	k := newKit(t, Options{})
	k.store.down = true
	_, err := k.Authenticate(t.Context(), request("GET", "localhost", "127.0.0.1"))
	wantCode(t, "loopback while the database is down", err, models.CodeUnavailable)
	_, err = k.Status(t.Context(), request("GET", "localhost", "127.0.0.1"))
	wantCode(t, "status while the database is down", err, models.CodeUnavailable)
	if _, ok := errors.AsType[*models.Error](err); !ok {
		t.Errorf("not a coded error: %v", err)
	}
}

func TestF09_AuditNamesOnlyAccountsThatExist(t *testing.T) {
	k := newEnvKit(t)
	for _, user := range []string{"root", "hunter2-my-password"} {
		if _, err := k.Login(t.Context(), user, "wrong", from("192.0.2.1")); err == nil {
			t.Fatal("logged in")
		}
	}
	token := k.mustLogin(t).Token.Reveal()
	if err := k.Logout(t.Context(), request("POST", "gw", "192.0.2.1", "Authorization", "Bearer "+token)); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range k.store.changes {
		got = append(got, c.Action+" "+c.Actor)
		if strings.Contains(string(c.After), "hunter2") || strings.Contains(string(c.After), token) {
			t.Errorf("a secret is in %s", c.After)
		}
	}
	if want := "login_refused root, login_refused , login root, logout root"; strings.Join(got, ", ") != want {
		t.Errorf("audit: %s, want %s", strings.Join(got, ", "), want)
	}
}

// TestI08_LoginsOutliveAWrongClock: nobody is logged out because a machine's clock is set back, and one that was a day ahead has ended
// nothing for good.
func TestI08_LoginsOutliveAWrongClock(t *testing.T) {
	k := newEnvKit(t)
	login := k.mustLogin(t)
	for _, step := range []struct {
		what string
		set  time.Duration
		want bool
	}{{"an hour back", -time.Hour, true}, {"and right again", time.Hour, true}, {"a month ahead", 30 * 24 * time.Hour, false}, {"and right again", -30 * 24 * time.Hour, true}} {
		k.clock.advance(step.set)
		if _, err := k.session(t.Context(), login.Token.Reveal()); (err == nil) != step.want {
			t.Errorf("%s: %v", step.what, err)
		}
	}
}

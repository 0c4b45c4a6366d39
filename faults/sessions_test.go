package faults

import (
	"context"
	"net/http"
	"testing"
	"time"

	"squirrel/app/apptest"
)

// TestI07_ALoginHoldsEverywhere: who logged in at one gateway is known at the other, and within two seconds of the logout at one, or
// of a new login's end, no longer at any.
func TestI07_ALoginHoldsEverywhere(t *testing.T) {
	t.Parallel()
	r := newReplicas(t, 2)
	a, b := r.all[0], r.all[1]
	at := func(p *process, login *apptest.Admin) *apptest.Admin {
		return &apptest.Admin{URL: p.url, Token: login.Token, HTTP: http.DefaultClient}
	}
	known := func(p *process, login *apptest.Admin) bool {
		err := at(p, login).Call(context.Background(), http.MethodGet, "/api/admin/providers", nil, nil)
		if err != nil && codeOf(err) != "unauthorized" {
			t.Errorf("%v", err)
		}
		return err == nil
	}
	first, second := a.login(), b.login()
	for _, login := range []*apptest.Admin{first, second} {
		if !known(a, login) || !known(b, login) {
			t.Fatalf("known at the first %t, at the second %t", known(a, login), known(b, login))
		}
	}
	for _, leave := range []struct {
		login    *apptest.Admin
		at, then *process
	}{{first, a, b}, {second, a, b}} { // the second logs out where it did not log in
		ended := time.Now()
		if err := at(leave.at, leave.login).Call(t.Context(), http.MethodPost, "/api/auth/logout", nil, nil); err != nil {
			t.Fatal(err)
		}
		for known(leave.then, leave.login) {
			if time.Since(ended) > 2*time.Second {
				t.Fatal("a login that was ended at one gateway is still good at the other after two seconds")
			}
			time.Sleep(20 * time.Millisecond)
		}
		if known(leave.at, leave.login) {
			t.Error("a login that was ended is good where it was ended")
		}
	}
	if !known(b, r.admin) {
		t.Error("another login has ended, too")
	}
}

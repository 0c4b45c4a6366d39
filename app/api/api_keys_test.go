package api

import (
	"crypto/sha256"
	"encoding/json"
	"regexp"
	"testing"

	"squirrel/app/admin"
)

func TestAPIKeys(t *testing.T) {
	k := newKit(t)
	const path, one = "/api/admin/api-keys", "/api/admin/api-keys/1"
	k.run([]scenario{
		{name: "anonymous", method: "GET", path: path, anonymous: true, status: 401},
		{name: "anonymous create", method: "POST", path: path, body: `{"key_name":"a"}`, anonymous: true, status: 401},
		{name: "create", method: "POST", path: path, body: `{"key_name":"app","tags":["prod","prod"],"allowed_models":["gpt-4o"],"rpm_limit":60,"budget_usd":"12.50","budget_period":"day"}`, status: 201, has: []string{
			`"id":1,"key_name":"app","key_value":"lgw-`, `"is_active":true,"expires_at":null,"allowed_models":["gpt-4o"],"record_details":true,"rpm_limit":60,"tpm_limit":null,"budget_usd":"12.5","budget_period":"day","monthly_cost":"0","tags":["prod"]`, `"last_used_at":null,"version":1`,
		}},
		{name: "same name", method: "POST", path: path, body: `{"key_name":"app"}`, status: 409, has: []string{`"key_name":"is taken"`}},
		{name: "F22 mass assignment", method: "POST", path: path, body: `{"id":9,"key_name":"x","key_hash":"00","key_value":"lgw-mine","is_admin":true,"created_at":"2020-01-01T00:00:00Z"}`, status: 422, has: []string{`"id":`, `"key_hash":`, `"key_value":`, `"is_admin":`, `"created_at":`}},
		{name: "problems", method: "POST", path: path, body: `{"key_name":"","expires_at":"2020-01-01T00:00:00Z","rpm_limit":0,"tpm_limit":-1,"budget_usd":-1,"budget_period":"year","allowed_models":["a b"]}`, status: 422, has: []string{`"key_name":`, `"expires_at":`, `"rpm_limit":`, `"tpm_limit":`, `"budget_usd":`, `"budget_period":`, `"allowed_models":`}},
		{name: "D07 hidden characters", method: "POST", path: path, body: `{"key_name":"abc\u202Egpj"}`, status: 422},
		{name: "masked", method: "GET", path: one, status: 200, has: []string{"…"}},
		{name: "list", method: "GET", path: path + "?q=prod&is_active=true", status: 200, has: []string{`"total":1`, "…"}},
		{name: "F20 injection", method: "GET", path: path + "/1%20or%201=1", status: 422},
		{name: "update", method: "PUT", path: one, body: `{"is_active":false,"record_details":false,"rpm_limit":null,"expires_at":"2030-01-01T00:00:00Z","version":1}`, status: 200, has: []string{`"is_active":false,"expires_at":"2030-01-01T00:00:00Z"`, `"record_details":false,"rpm_limit":null`, `"version":2`}},
		{name: "F23 stale version", method: "PUT", path: one, body: `{"is_active":true,"version":1}`, status: 409, has: []string{"version_conflict"}},
		{name: "delete", method: "DELETE", path: one, status: 204},
		{name: "gone", method: "GET", path: one, status: 404},
	})
}

func TestKeyValueIsShownOnce(t *testing.T) {
	k := newKit(t)
	var created, rotated, read admin.APIKeyView
	unmarshal := func(body string, into *admin.APIKeyView) {
		t.Helper()
		if err := json.Unmarshal([]byte(body), into); err != nil {
			t.Fatal(err)
		}
	}
	unmarshal(k.must("POST", "/api/admin/api-keys", `{"key_name":"app"}`), &created)
	whole := regexp.MustCompile(`^lgw-[0-9A-Za-z]{32}$`)
	unmarshal(k.must("POST", "/api/admin/api-keys/1/rotate", ""), &rotated)
	unmarshal(k.must("GET", "/api/admin/api-keys/1", ""), &read)
	if !whole.MatchString(created.Value) || !whole.MatchString(rotated.Value) || created.Value == rotated.Value {
		t.Errorf("values %q and %q", created.Value, rotated.Value)
	}
	if want := rotated.Value[:8] + "…" + rotated.Value[32:]; read.Value != want {
		t.Errorf("mask %q, want %q", read.Value, want)
	}
	stored, err := k.store.APIKey(t.Context(), 1)
	if err != nil || stored.Hash != sha256.Sum256([]byte(rotated.Value)) {
		t.Errorf("the hash isn't that of the new value: %v", err)
	}
	back, _ := json.Marshal(read)
	unmarshal(k.must("PUT", "/api/admin/api-keys/1", string(back)), &read)
	if again, err := k.store.APIKey(t.Context(), 1); err != nil || again.Hash != stored.Hash {
		t.Errorf("sending the mask back changed the key: %v", err)
	}
}

func TestKeysShowWhatTheySpentThisMonth(t *testing.T) {
	k := newKit(t)
	k.must("POST", "/api/admin/api-keys", `{"key_name":"app"}`)
	k.record(0, nil)
	k.record(60*24*3, nil) // three days ago, last month
	k.run([]scenario{
		{name: "one", method: "GET", path: "/api/admin/api-keys/1", status: 200, has: []string{`"monthly_cost":"0.0075"`}},
		{name: "list", method: "GET", path: "/api/admin/api-keys", status: 200, has: []string{`"monthly_cost":"0.0075"`}},
	})
}

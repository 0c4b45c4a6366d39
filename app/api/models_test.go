package api

import (
	"strings"
	"testing"
)

func TestModels(t *testing.T) {
	k := newKit(t)
	const path = "/api/admin/models"
	deep := strings.Repeat(`{"logic":"AND","rules":[`, 6) + `{"field":"model","operator":"eq","value":"a"}` + strings.Repeat(`]}`, 6)
	k.run([]scenario{
		{name: "anonymous", method: "GET", path: path, anonymous: true, status: 401},
		{name: "anonymous create", method: "POST", path: path, body: gpt4o, anonymous: true, status: 401},
		{name: "create", method: "POST", path: path, body: gpt4o, status: 201, has: []string{
			`"requested_model":"gpt-4o","aliases":[],"strategy":"round_robin","model_type":"chat","matching_rules":null,"capabilities":null,"is_active":true`,
			`"billing_mode":"token_flat","input_price":"2.5","output_price":"10","cached_input_price":null`, `"tiered_pricing":[]`,
			`"provider_count":0,"active_provider_count":0`, `"version":1`,
		}},
		{name: "same name", method: "POST", path: path, body: gpt4o, status: 409, has: []string{`"requested_model":"is taken`}},
		{name: "alias is a name", method: "POST", path: path, body: `{"requested_model":"b","aliases":["gpt-4o"]}`, status: 409, has: []string{`"aliases":"is taken`}},
		{name: "problems", method: "POST", path: path, body: `{"requested_model":"a b","strategy":"x","model_type":"y","billing_mode":"token_tiered"}`, status: 422, has: []string{`"requested_model":`, `"strategy":`, `"model_type":`, `"tiered_pricing":`}},
		{name: "bad rule", method: "POST", path: path, body: `{"requested_model":"b","matching_rules":{"rules":[{"field":"model","operator":"regex","value":"("}]}}`, status: 422, has: []string{`"matching_rules.rules[0].value"`}},
		{name: "deep rule", method: "POST", path: path, body: `{"requested_model":"b","matching_rules":` + deep + `}`, status: 422},
		{name: "unknown field", method: "POST", path: path, body: `{"requested_model":"b","providers":[]}`, status: 422},
		{name: "name with slash, colon and at", method: "POST", path: path, body: `{"requested_model":"anthropic/claude@2:x.y","aliases":["claude"],"matching_rules":{"rules":[]}}`, status: 201, has: []string{`"matching_rules":null`}},
		{name: "raw", method: "GET", path: path + "/anthropic/claude@2:x.y", status: 200, has: []string{`"requested_model":"anthropic/claude@2:x.y"`}},
		{name: "escaped", method: "GET", path: path + "/anthropic%2Fclaude%402%3Ax.y", status: 200, has: []string{`"requested_model":"anthropic/claude@2:x.y"`}},
		{name: "by alias", method: "GET", path: path + "/claude", status: 200, has: []string{`"requested_model":"anthropic/claude@2:x.y"`}},
		{name: "unknown", method: "GET", path: path + "/nope", status: 404},
		{name: "list", method: "GET", path: path + "?q=GPT&strategy=round_robin&model_type=chat", status: 200, has: []string{`"total":1`, "gpt-4o"}, hasNot: []string{"claude"}},
		{name: "update", method: "PUT", path: path + "/gpt-4o", body: `{"strategy":"weighted","aliases":["gpt4"],"version":1}`, status: 200, has: []string{`"strategy":"weighted"`, `"aliases":["gpt4"]`, `"input_price":"2.5"`}},
		{name: "F23 stale version", method: "PUT", path: path + "/gpt-4o", body: `{"strategy":"priority","version":1}`, status: 409, has: []string{"version_conflict"}},
		{name: "inherit prices", method: "PUT", path: path + "/gpt-4o", body: `{"billing_mode":null}`, status: 200, has: []string{`"billing_mode":null`}},
		{name: "rename", method: "PUT", path: path + "/gpt-4o", body: `{"requested_model":"gpt/4o"}`, status: 200, has: []string{`"requested_model":"gpt/4o"`}},
		{name: "old name", method: "GET", path: path + "/gpt-4o", status: 404},
		{name: "match", method: "POST", path: path + "/gpt/4o/match", body: `{"stream":true,"body":{"messages":[]}}`, status: 200, has: []string{`"requested_model":"gpt/4o","matched":true`}},
		{name: "match, escaped", method: "POST", path: path + "/gpt%2F4o/match", status: 200, has: []string{`"requested_model":"gpt/4o"`}},
		{name: "match, no object", method: "POST", path: path + "/gpt/4o/match", body: `{"body":[1]}`, status: 422},
		{name: "test", method: "POST", path: path + "/gpt/4o/test", status: 200, has: []string{`"target_model":"gpt/4o"`}},
		{name: "test of nothing", method: "POST", path: path + "/nope/test", status: 404},
		{name: "no action", method: "POST", path: path + "/gpt/4o", status: 404},
		{name: "delete by alias", method: "DELETE", path: path + "/claude", status: 404},
		{name: "delete", method: "DELETE", path: path + "/anthropic%2Fclaude%402%3Ax.y", status: 204},
		{name: "gone", method: "GET", path: path + "/claude", status: 404},
	})
}

func TestRoutes(t *testing.T) {
	k := newKit(t)
	k.must("POST", "/api/admin/providers", openAI)
	k.must("POST", "/api/admin/models", `{"requested_model":"gpt-4o","aliases":["gpt4"]}`)
	const path = "/api/admin/model-providers"
	k.run([]scenario{
		{name: "anonymous", method: "GET", path: path, anonymous: true, status: 401},
		{name: "create", method: "POST", path: path, body: `{"requested_model":"gpt4","provider_id":1,"target_model_name":"gpt-4o"}`, status: 201, has: []string{
			`"id":1,"requested_model":"gpt-4o","provider_id":1,"provider_name":"OpenAI","provider_protocol":"openai","target_model_name":"gpt-4o","provider_rules":null,"priority":0,"weight":1,"on_loss":"allow","is_active":true,"paused_until":null,"billing_mode":null`,
			`"health":{"state":"healthy","samples":0,"failure_rate":0,"until":null}`, `"version":1`,
		}},
		{name: "problems", method: "POST", path: path, body: `{"requested_model":"x","provider_id":9,"weight":-1,"provider_rules":{"rules":[{"field":"nope","operator":"eq","value":1}]}}`, status: 422, has: []string{`"requested_model":"does not exist"`, `"provider_id":"does not exist"`, `"target_model_name":`, `"weight":`, `"provider_rules.rules[0]`}},
		{name: "same provider, other target", method: "POST", path: path, body: `{"requested_model":"gpt-4o","provider_id":1,"target_model_name":"gpt-4o-mini","weight":0,"input_price":"0.15","output_price":"0.6"}`, status: 201, has: []string{`"input_price":"0.15"`}},
		{name: "update", method: "PUT", path: path + "/1", body: `{"priority":2,"paused_until":"2026-03-01T13:00:00Z","provider_rules":{"logic":"OR","rules":[{"field":"stream","operator":"eq","value":true}]}}`, status: 200, has: []string{`"priority":2`, `"paused_until":"2026-03-01T13:00:00Z"`, `"operator":"eq"`}},
		{name: "unpause", method: "PUT", path: path + "/1", body: `{"paused_until":null,"provider_rules":null}`, status: 200, has: []string{`"paused_until":null`, `"provider_rules":null`}},
		{name: "F23 stale version", method: "PUT", path: path + "/1", body: `{"priority":3,"version":1}`, status: 409, has: []string{"version_conflict"}},
		{name: "list", method: "GET", path: path + "?requested_model=gpt-4o&provider_id=1&q=mini", status: 200, has: []string{`"total":1`, "gpt-4o-mini"}},
		{name: "F20 provider", method: "GET", path: path + "?provider_id=1%20or%201", status: 422},
		{name: "model shows its routes", method: "GET", path: "/api/admin/models/gpt-4o", status: 200, has: []string{`"provider_count":2,"active_provider_count":2`, `"providers":[{"id":`}},
		{name: "bulk upgrade, dry run", method: "POST", path: path + "/bulk-upgrade", body: `{"current_target_model_name":"gpt-4o","new_target_model_name":"gpt-5","dry_run":true}`, status: 200, has: []string{`"dry_run":true,"updated_count":1`, `"target_model_name":"gpt-5"`}},
		{name: "nothing changed", method: "GET", path: path + "/1", status: 200, has: []string{`"target_model_name":"gpt-4o"`}},
		{name: "bulk upgrade", method: "POST", path: path + "/bulk-upgrade", body: `{"provider_id":1,"current_target_model_name":"gpt-4o","new_target_model_name":"gpt-5"}`, status: 200, has: []string{`"updated_count":1`}},
		{name: "changed", method: "GET", path: path + "/1", status: 200, has: []string{`"target_model_name":"gpt-5"`}},
		{name: "bulk upgrade of nothing", method: "POST", path: path + "/bulk-upgrade", body: `{"provider_id":2,"current_target_model_name":"gpt-5","new_target_model_name":"gpt-6"}`, status: 200, has: []string{`"updated_count":0,"items":[]`}},
		{name: "bulk upgrade without names", method: "POST", path: path + "/bulk-upgrade", body: `{}`, status: 422},
		{name: "delete", method: "DELETE", path: path + "/1", status: 204},
		{name: "gone", method: "GET", path: path + "/1", status: 404},
	})
}

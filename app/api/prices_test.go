package api

import "testing"

func TestPrices(t *testing.T) {
	k := newKit(t)
	const path = "/api/admin/prices"
	list := `{"catalogue":{"acme/big":{"litellm_provider":"acme","mode":"chat","input_cost_per_token":1e-06,"output_cost_per_token":2e-06}},"as_of":"2026-02-01"}`
	k.run([]scenario{
		{name: "anonymous", method: "GET", path: path, anonymous: true, status: 401},
		{name: "anonymous change", method: "PUT", path: path, body: `{}`, anonymous: true, status: 401},
		{name: "search", method: "GET", path: path + "?q=gpt-4o&page_size=5", status: 200, has: []string{`"model":"gpt-4o`, `"as_of":"20`, `"sources":{`, `"page_size":5`}},
		{name: "override", method: "PUT", path: path, body: `{"target_model":"my-llm","input_price":"0.1","output_price":"0.2"}`, status: 200, has: []string{`"overridden":1`}},
		{name: "shown first", method: "GET", path: path + "?page_size=1", status: 200, has: []string{`"model":"my-llm"`, `"source":"override"`, `"input_price":"0.1"`, `"version":1`}},
		{name: "change", method: "PUT", path: path, body: `{"target_model":"my-llm","output_price":"0.3","version":1}`, status: 200},
		{name: "stale version", method: "PUT", path: path, body: `{"target_model":"my-llm","output_price":"0.4","version":1}`, status: 409, has: []string{"version_conflict"}},
		{name: "changed", method: "GET", path: path + "?q=my-llm", status: 200, has: []string{`"input_price":"0.1","output_price":"0.3"`}},
		{name: "no mode", method: "PUT", path: path, body: `{"target_model":"x"}`, status: 422, has: []string{`"billing_mode":`}},
		{name: "no name", method: "PUT", path: path, body: `{"input_price":1,"output_price":1}`, status: 422, has: []string{`"target_model":`}},
		{name: "negative", method: "PUT", path: path, body: `{"target_model":"x","input_price":-1,"output_price":1}`, status: 422, has: []string{`"input_price":`}},
		{name: "too exact", method: "PUT", path: path, body: `{"target_model":"x","input_price":"0.0000000001","output_price":1}`, status: 422, has: []string{`"input_price":"is not an amount`}},
		{name: "remove", method: "PUT", path: path, body: `{"target_model":"my-llm","billing_mode":null}`, status: 200, has: []string{`"removed":1`}},
		{name: "removed", method: "GET", path: path + "?q=my-llm", status: 200, has: []string{`"total":0`}},
		{name: "import", method: "PUT", path: path, body: list, status: 200, has: []string{`"imported":1,"skipped":[]`}},
		{name: "imported", method: "GET", path: path + "?q=acme", status: 200, has: []string{`"total":1`, `"input_price":"1","output_price":"2"`, `"as_of":"2026-02-01"`}},
		{name: "no list", method: "PUT", path: path, body: `{"catalogue":{"a":1}}`, status: 422, has: []string{`"catalogue":`}},
		{name: "no date", method: "PUT", path: path, body: `{"catalogue":{},"as_of":"soon"}`, status: 422, has: []string{`"as_of":`}},
	})
}

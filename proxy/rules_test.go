package proxy

import (
	"encoding/json"
	"testing"

	"squirrel/models"
)

// TestTheRecordTellsWhatRulesSaw: each condition that was looked at, with its value then, without secrets; and nothing of a request
// whose key keeps details out of the log.
func TestTheRecordTellsWhatRulesSaw(t *testing.T) {
	for name, recorded := range map[string]bool{"recorded": true, "not recorded": false} {
		t.Run(name, func(t *testing.T) {
			s := setup{
				providers: []models.Provider{{Name: "one", Protocol: models.ProtocolOpenAI}, {Name: "two", Protocol: models.ProtocolOpenAI}},
				key:       func(k *models.APIKey) { k.RecordDetails = recorded },
			}
			s.models = []models.Model{{
				Name: "m", Strategy: models.StrategyPriority, Type: models.ModelChat,
				Rules: &models.Rule{Field: "messages.any", Operator: "contains", Value: json.RawMessage(`"acorns"`)},
				Routes: []models.Route{
					{ProviderID: 1, TargetModel: "gpt-4o", Weight: 1, Rules: &models.Rule{Field: "headers.x-tier", Operator: "eq", Value: json.RawMessage(`"gold"`)}},
					{ProviderID: 2, TargetModel: "gpt-4o", Weight: 1, Rules: &models.Rule{Field: "headers.authorization", Operator: "exists", Value: json.RawMessage(`true`)}},
				},
			}}
			g := newTestGateway(t, s)
			if resp := g.post("/v1/chat/completions", chat("m", "acorns for "+providerKey, false), "X-Tier", "silver"); resp.StatusCode != 200 {
				t.Fatalf("%d %s", resp.StatusCode, readAll(t, resp))
			}
			d := g.rec.end(t, "").Detail.Decision
			got, _ := json.Marshal(d.Rules)
			want := `[{"field":"messages.any","operator":"contains","value":"acorns","actual":["acorns for sim-***0001"],"result":true},` +
				`{"route":1,"field":"headers.x-tier","operator":"eq","value":"gold","actual":"silver","result":false},` +
				`{"route":2,"field":"headers.authorization","operator":"exists","value":"***","actual":"***","result":true}]`
			if !recorded {
				want = "null"
			}
			if string(got) != want || len(d.Candidates) != 2 {
				t.Errorf("got  %s\nwant %s", got, want)
			}
			noTrace(t, g, providerKey)
			noTrace(t, g, testKey)
		})
	}
}

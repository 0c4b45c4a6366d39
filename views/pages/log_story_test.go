package pages

import (
	"strings"
	"testing"

	"squirrel/models"
	"squirrel/views/i18n"
)

func storyLog(status, sent int, code string) models.RequestLog {
	id := int64(3)
	l := models.RequestLog{State: models.LogDone, ResponseStatus: &status, ErrorCode: code, ProviderName: "Acorn", ProviderID: &id, TargetModel: "gpt-4o", APIKeyID: &id, APIKeyName: "prod", AttemptCount: 1}
	if sent != 0 {
		l.SentStatus = &sent
	}
	return l
}

func tried(kind, answer string) []LogAttempt {
	return []LogAttempt{{Attempt: models.Attempt{N: 1, ProviderID: 3, Provider: "Acorn", ErrorKind: kind}, Body: answer}}
}

// TestStories has the endings that a gateway in a test can't be brought to easily.
func TestStories(t *testing.T) {
	zh := i18n.With(t.Context(), i18n.Viewer{Lang: i18n.Chinese})
	none := storyLog(503, 503, "overloaded")
	none.AttemptCount = 0
	for name, tt := range map[string]struct {
		log       models.RequestLog
		attempts  []LogAttempt
		what, who string
		todo, url string
	}{
		"shutdown":        {storyLog(503, 200, "shutting_down"), tried("", ""), "shut down while it sent the answer", "the gateway", "SHUTDOWN_GRACE_SECONDS", ""},
		"shutdown early":  {storyLog(503, 503, "shutting_down"), tried("shutting_down", ""), "shut down before an answer", "the gateway", "once the gateway is back", ""},
		"cancelled":       {storyLog(503, 200, "cancelled"), tried("", ""), "An administrator cancelled this request while", "an administrator", "", ""},
		"cancelled early": {storyLog(503, 503, "cancelled"), tried("", ""), "before an answer had begun", "an administrator", "", ""},
		"context":         {storyLog(400, 400, "invalid_request"), tried("status", `{"error":{"code":"context_length_exceeded"}}`), "longer than the context window of gpt-4o", "the client", "larger context window", ""},
		"context, claude": {storyLog(400, 400, "invalid_request"), tried("status", `{"error":{"message":"prompt is too long: 210000 tokens"}}`), "longer than the context window", "the client", "shorter conversation", ""},
		"policy":          {storyLog(400, 400, "invalid_request"), tried("status", `{"error":{"code":"content_policy_violation"}}`), "content policy", "the client", "Change the prompt", ""},
		"certificate":     {storyLog(502, 502, "upstream_connect_error"), tried("tls", ""), "its certificate or TLS version", "the provider Acorn", "Check the provider's certificate", "/admin/providers/3"},
		"address":         {storyLog(502, 502, "upstream_connect_error"), tried("refused_by_policy", ""), "not allowed by PROVIDER_NETWORK", "the gateway's configuration", "Correct the base URL", "/admin/providers/3"},
		"overload":        {none, nil, "more requests at once than it takes", "the gateway", "Send the request again later", ""},
		"a good answer":   {storyLog(200, 200, ""), tried("", ""), "Acorn answered with gpt-4o.", "", "", ""},
		"an unknown code": {storyLog(599, 599, "something_new"), tried("", ""), "Acorn failed with 599", "the provider Acorn", "send it again later", "/admin/providers/3"},
	} {
		s := StoryOf(t.Context(), tt.log, tt.attempts)
		if !strings.Contains(s.What, tt.what) || s.Who != tt.who || !strings.Contains(s.Todo, tt.todo) || tt.todo == "" && s.Todo != "" || s.URL != tt.url {
			t.Errorf("%s: %+v", name, s)
		}
		if c := StoryOf(zh, tt.log, tt.attempts); c.What == s.What || strings.Contains(c.What+c.Who+c.Todo, "{") || strings.Contains(c.What, "log.") {
			t.Errorf("%s, in Chinese: %+v", name, c)
		}
	}
}

// TestUntriedCandidates: those of the order that were not called are named, but not when nobody could have gone on.
func TestUntriedCandidates(t *testing.T) {
	decision := &models.Decision{Candidates: []models.CandidateVerdict{
		{RouteID: 1, Provider: "Acorn", TargetModel: "a", Verdict: models.VerdictSelected}, {RouteID: 2, Provider: "Birch", TargetModel: "b", Verdict: models.VerdictSelected},
		{RouteID: 3, Provider: "Walnut", TargetModel: "c", Verdict: models.VerdictExcluded},
	}}
	attempts := tried("status", "")
	attempts[0].RouteID = 1
	failed := Log{RequestLog: storyLog(503, 503, "upstream_error"), Decision: decision, Attempts: attempts}
	if got := untried(failed); len(got) != 1 || got[0] != "Birch → b" {
		t.Errorf("not called: %q", got)
	}
	cut := Log{RequestLog: storyLog(502, 200, "stream_interrupted"), Decision: decision, Attempts: attempts}
	if got := untried(cut); len(got) != 0 {
		t.Errorf("after the answer began: %q", got)
	}
}

package pages

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"squirrel/models"
	"squirrel/views/i18n"
)

// Story tells how a request ended so that somebody who has not seen it before understands: what happened, whose fault it was,
// and what can be done about it.
type Story struct {
	What string
	Who  string // empty = nobody failed
	Todo string // empty = nothing is to be done
	URL  string // where it can be done; empty = not in the admin
}

// StoryOf tells the story of a request. Answers of failed attempts say more than their status; failed is that of the attempt
// that the outcome stands for, empty when it is not known.
func StoryOf(ctx context.Context, l models.RequestLog, attempts []LogAttempt) Story {
	decisive := decisiveAttempt(l, attempts)
	key := storyKey(l, decisive)
	args := []any{
		"provider", orDash(l.ProviderName), "target", orDash(l.TargetModel), "model", orDash(l.RequestedModel), "key", orDash(l.APIKeyName),
		"n", l.AttemptCount, "status", statusOf(l), "kept", keptOf(ctx, l), "endpoint", string(l.Endpoint),
	}
	s := Story{What: i18n.T(ctx, "log.outcome."+key, args...)}
	if who := storyWho(key); who != "" {
		s.Who = i18n.T(ctx, "log.who."+who, args...)
	}
	if i18n.Has("log.todo." + key) {
		s.Todo = i18n.T(ctx, "log.todo."+key, args...)
		s.URL = storyURL(key, l)
	}
	return s
}

// decisiveAttempt is the attempt whose failure the client got: the last one at the provider that the request is booked on.
func decisiveAttempt(l models.RequestLog, attempts []LogAttempt) *LogAttempt {
	for i := len(attempts) - 1; i >= 0; i-- {
		if a := &attempts[i]; l.ProviderID == nil || a.ProviderID == *l.ProviderID {
			return a
		}
	}
	return nil
}

func keptOf(ctx context.Context, l models.RequestLog) string {
	if l.OutputTokens == nil {
		return i18n.T(ctx, "log.kept.unknown")
	}
	if *l.OutputTokens == 0 {
		return i18n.T(ctx, "log.kept.nothing")
	}
	return i18n.T(ctx, "log.kept.tokens", "n", exactCount(l.OutputTokens))
}

func storyKey(l models.RequestLog, a *LogAttempt) string {
	status := statusOf(l)
	began := l.SentStatus != nil && *l.SentStatus == http.StatusOK
	switch {
	case l.State == models.LogRunning:
		return "running"
	case l.ErrorCode == "interrupted":
		return "interrupted"
	case status == statusClientGone && !began:
		return "gone_early"
	case status == statusClientGone:
		return "gone"
	case status >= 200 && status < 400 && l.RetryCount > 0:
		return "ok_after"
	case status >= 200 && status < 400:
		return "ok"
	case began:
		return cutKey(l.ErrorCode)
	case l.ErrorCode == "cancelled", l.ErrorCode == "shutting_down":
		return l.ErrorCode
	case l.AttemptCount == 0 || a != nil && a.ErrorKind == "conversion":
		return refusedKey(l.ErrorCode, status)
	}
	return failedKey(l, a)
}

// cutKey is how an answer ended that the client had already got a part of.
func cutKey(code string) string {
	switch code {
	case "upstream_timeout":
		return "stalled"
	case "shutting_down":
		return "cut_shutdown"
	case "cancelled":
		return "cut_cancelled"
	case "upstream_error":
		return "cut_error"
	}
	return "cut"
}

// refusedKey is why the gateway answered by itself.
func refusedKey(code string, status int) string {
	switch code {
	case "model_not_found", "model_not_allowed", "no_available_provider", "budget_exceeded", "request_too_large", "unsupported_conversion",
		"request_timeout", "overloaded", "log_store_unavailable", "internal_error", "invalid_json", "missing_model":
		return code
	case "rate_limit_exceeded":
		return "key_limit"
	}
	if status < http.StatusInternalServerError {
		return "gateway_refused"
	}
	return "gateway_failed"
}

// failedKey is how the provider failed.
func failedKey(l models.RequestLog, a *LogAttempt) string {
	if a == nil {
		a = &LogAttempt{}
	}
	answered := 0
	if a.Status != nil {
		answered = *a.Status
	}
	switch {
	case l.ErrorCode == "rate_limit_exceeded":
		return "provider_limited"
	case l.ErrorCode == "invalid_request":
		return refusalKey(a.Body)
	case l.ErrorCode == "upstream_timeout":
		return "provider_timeout"
	case a.ErrorKind == "redirect":
		return "provider_redirect"
	case l.ErrorCode == "upstream_bad_response":
		return "provider_garbled"
	case l.ErrorCode == "upstream_connect_error":
		return connectKey(a.ErrorKind)
	case a.ErrorKind == "stream_error":
		return "provider_stream"
	case answered == http.StatusUnauthorized || answered == http.StatusForbidden:
		return "provider_credential"
	case answered == http.StatusPaymentRequired:
		return "provider_unpaid"
	case answered == http.StatusNotFound:
		return "provider_unknown_model"
	case statusOf(l) < http.StatusInternalServerError:
		return "provider_refused"
	}
	return "provider_failed"
}

// refusalKey tells the two refusals apart that call for something else than a look at the request's fields.
func refusalKey(answer string) string {
	answer = strings.ToLower(answer)
	for key, signs := range map[string][]string{
		"context_too_long": {"context_length_exceeded", "maximum context length", "prompt is too long"},
		"content_policy":   {"content_policy_violation", "content_filter", "responsibleaipolicyviolation", "content management policy", "safety system"},
	} {
		for _, sign := range signs {
			if strings.Contains(answer, sign) {
				return key
			}
		}
	}
	return "provider_refused"
}

func connectKey(kind string) string {
	switch kind {
	case "dns", "tls", "reset", "refused_by_policy":
		return "connect_" + kind
	}
	return "connect_dial"
}

// storyWho is who failed: the client, the key's limits, the gateway, its configuration, the provider, or an administrator's wish.
func storyWho(key string) string {
	switch key {
	case "running", "ok", "ok_after":
		return ""
	case "gone_early", "gone", "model_not_found", "gateway_refused", "request_too_large", "invalid_json", "missing_model", "request_timeout",
		"provider_refused", "context_too_long", "content_policy":
		return "client"
	case "key_limit", "budget_exceeded", "model_not_allowed":
		return "key"
	case "provider_credential", "provider_unknown_model", "provider_unpaid", "provider_redirect", "connect_refused_by_policy", "unsupported_conversion":
		return "configuration"
	case "interrupted", "shutting_down", "cut_shutdown", "overloaded", "log_store_unavailable", "internal_error", "gateway_failed":
		return "gateway"
	case "cancelled", "cut_cancelled":
		return "admin"
	case "no_available_provider":
		return "nobody_left"
	}
	return "provider"
}

// storyURL is the page where the advice can be followed.
func storyURL(key string, l models.RequestLog) string {
	switch who := storyWho(key); {
	case who == "key" && l.APIKeyID != nil:
		return "/admin/keys/" + strconv.FormatInt(*l.APIKeyID, 10)
	case key == "model_not_found":
		return "/admin/models"
	case (who == "configuration" || who == "provider") && l.ProviderID != nil:
		return "/admin/providers/" + strconv.FormatInt(*l.ProviderID, 10)
	}
	return ""
}

// todoLink names the page where the advice can be followed.
func todoLink(ctx context.Context, url string) string {
	for prefix, key := range map[string]string{"/admin/keys/": "log.todo.open.key", "/admin/models": "log.todo.open.models", "/admin/providers/": "log.todo.open.provider"} {
		if strings.HasPrefix(url, prefix) {
			return i18n.T(ctx, key)
		}
	}
	return i18n.T(ctx, "log.todo.open")
}

// untried names the candidates that stood in the order, but were not called before the gateway gave up.
func untried(p Log) []string {
	if p.Decision == nil || p.State == models.LogRunning || statusOf(p.RequestLog) < http.StatusBadRequest || p.AttemptCount == 0 || storyWho(storyKey(p.RequestLog, decisiveAttempt(p.RequestLog, p.Attempts))) != "provider" {
		return nil
	}
	if p.SentStatus != nil && *p.SentStatus == http.StatusOK {
		return nil // once an answer has begun, nobody else can go on with it
	}
	called := map[int64]bool{}
	for i := range p.Attempts {
		called[p.Attempts[i].RouteID] = true
	}
	var names []string
	for _, c := range p.Decision.Candidates {
		if c.Verdict == models.VerdictSelected && !called[c.RouteID] {
			names = append(names, arrow(c.Provider, c.TargetModel))
		}
	}
	return names
}

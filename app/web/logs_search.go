package web

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"squirrel/app/admin"
)

// searchWords are the words of the search box that stand for a filter of their own.
var searchWords = map[string]string{
	"model": "requested_model", "target": "target_model", "key": "api_key_name", "user": "user_id", "client": "client", "endpoint": "endpoint",
	"status": "status", "error": "error_code", "finish": "finish_reason", "source": "source", "state": "state", "stream": "is_stream",
	"failover": "failover", "provider": "provider_id",
}

// searchBounds are the words that are compared with a number.
var searchBounds = map[string]string{
	"cost": "cost", "ttft": "first_byte", "total": "total_time", "in": "input_tokens", "out": "output_tokens", "retries": "retry_count",
}

var bound = regexp.MustCompile(`^([a-z]+)(>=|<=|>|<)(.+)$`)

// expandSearch takes the filters out of a search text: model:gpt-4o status:5xx cost>0.05 ttft>2s. The rest is searched for.
func expandSearch(v url.Values, problems map[string]string) {
	var rest []string
	for _, token := range searchTokens(v.Get("q")) {
		if !searchFilter(v, token, problems) {
			rest = append(rest, strings.Trim(token, `"`))
		}
	}
	if v.Del("q"); len(rest) > 0 {
		v.Set("q", strings.Join(rest, " "))
	}
}

func searchFilter(v url.Values, token string, problems map[string]string) bool {
	word, value, found := strings.Cut(token, ":")
	if name, known := searchWords[strings.TrimPrefix(word, "-")]; found && known && value != "" {
		if strings.HasPrefix(word, "-") {
			if !admin.CanExcept(name) {
				problems["q"] = "can't leave requests out by " + strings.TrimPrefix(word, "-")
				return true
			}
			v.Add("-"+name, strings.Trim(value, `"`))
			return true
		}
		if value = strings.Trim(value, `"`); name == "status" {
			v.Add(name, value)
		} else {
			v.Set(name, value)
		}
		return true
	}
	parts := bound.FindStringSubmatch(token)
	if parts == nil {
		return false
	}
	name, known := searchBounds[parts[1]]
	if !known {
		if !strings.ContainsAny(parts[3][:1], "$.0123456789") {
			return false
		}
		problems["q"] = parts[1] + " can't be compared; what can is cost, ttft, total, in, out and retries"
		return true
	}
	edge := "_min"
	if strings.HasPrefix(parts[2], "<") {
		edge = "_max"
	}
	v.Set(name+edge, searchAmount(name, parts[3]))
	return true
}

// searchAmount reads "2s" as milliseconds and "$0.05" as dollars; what it can't read is refused later, by the filter.
func searchAmount(name, text string) string {
	switch name {
	case "first_byte", "total_time":
		if d, err := time.ParseDuration(text); err == nil {
			return strconv.FormatFloat(float64(d)/float64(time.Millisecond), 'f', -1, 64)
		}
	case "cost":
		return strings.TrimPrefix(text, "$")
	case "input_tokens", "output_tokens":
		if n, ok := strings.CutSuffix(strings.ToLower(text), "k"); ok {
			return n + "000"
		}
	}
	return text
}

// searchTokens cuts a text at spaces that don't stand between quotes.
func searchTokens(text string) []string {
	quoted := false
	return strings.FieldsFunc(text, func(r rune) bool {
		if r == '"' {
			quoted = !quoted
		}
		return unicode.IsSpace(r) && !quoted
	})
}

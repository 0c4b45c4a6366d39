package admin

import (
	"context"
	"encoding/json"
	"errors"
	"net/textproto"
	"slices"
	"strings"
	"time"

	"squirrel/models"
	"squirrel/routing/rules"
)

// RuleTest is what a rule says about one request.
type RuleTest struct {
	Matched   bool
	Leaves    []models.RuleTrace // every condition, in the order of the tree
	Fault     string             // why the rule could not be evaluated; such a rule doesn't match
	Estimated bool               // input tokens were estimated from the size of the body
}

// bytesPerToken is a rough average, for rules that are tested without a tokeniser.
const bytesPerToken = 4

// TestRule evaluates a rule, saved or not, on a request.
func (s *Service) TestRule(ctx context.Context, rule *models.Rule, in DryRun) (RuleTest, error) {
	compiled, err := CompileRule("rule", rule)
	if err != nil {
		return RuleTest{}, err
	}
	c := check{}
	c.object("body", &in.Body)
	if err := c.err(); err != nil {
		return RuleTest{}, err
	}
	source, err := s.ruleSource(ctx, in)
	if err != nil {
		return RuleTest{}, err
	}
	test := RuleTest{}
	source.InputTokens = func() int64 {
		if in.InputTokens != nil {
			return *in.InputTokens
		}
		test.Estimated = true
		return int64(len(in.Body)) / bytesPerToken
	}
	matched, leaves, fault := compiled.Trace(rules.NewFacts(source), s.Now().In(s.Zone()))
	test.Matched, test.Leaves = matched, leaves
	if fault != nil {
		test.Fault = fault.Error()
	}
	return test, nil
}

func (s *Service) ruleSource(ctx context.Context, in DryRun) (rules.Source, error) {
	headers := make(map[string]string, len(in.Headers))
	for name, value := range in.Headers {
		headers[strings.ToLower(name)] = value
	}
	if in.Endpoint == "" {
		in.Endpoint = models.EndpointChat
	}
	source := rules.Source{
		Model: in.Model, Endpoint: in.Endpoint, Protocol: protocolOf(in.Endpoint), Stream: in.Stream, RequestID: "test", UserID: in.UserID,
		UserAgent: headers["user-agent"], Body: in.Body,
		Header: func(name string) (string, bool) { value, ok := headers[name]; return value, ok },
	}
	if in.APIKeyID != nil {
		key, err := s.store.APIKey(ctx, *in.APIKeyID)
		if err != nil {
			return rules.Source{}, err
		}
		source.APIKeyName, source.APIKeyTags = key.Name, key.Tags
	}
	return source, nil
}

// protocolOf is the dialect of an endpoint.
func protocolOf(e models.Endpoint) models.Protocol {
	switch e {
	case models.EndpointMessages, models.EndpointCountTokens:
		return models.ProtocolAnthropic
	case models.EndpointResponses:
		return models.ProtocolResponses
	}
	return models.ProtocolOpenAI
}

// CompileRule checks a rule; what is wrong is a validation error with the paths below field.
func CompileRule(field string, rule *models.Rule) (*rules.Rule, error) {
	compiled, err := rules.Compile(rule)
	if e, ok := errors.AsType[*rules.Error](err); ok {
		return nil, invalidFields(e.Fields(field))
	}
	return compiled, err
}

// LoggedRequest is a recorded request as a dry run. Its headers are those that were recorded: secrets are masks.
func (s *Service) LoggedRequest(ctx context.Context, id string) (DryRun, error) {
	view, err := s.store.LogView(ctx, id)
	if err != nil {
		return DryRun{}, err
	}
	log := &view.Log
	in := DryRun{
		Model: log.RequestedModel, Endpoint: log.Endpoint, Stream: log.IsStream, APIKeyID: log.APIKeyID, UserID: log.UserID, InputTokens: log.InputTokens,
	}
	if in.APIKeyID != nil {
		if _, err := s.store.APIKey(ctx, *in.APIKeyID); models.ErrorCode(err) == models.CodeNotFound {
			in.APIKeyID = nil
		} else if err != nil {
			return DryRun{}, err
		}
	}
	if view.Detail != nil {
		in.Headers = recordedHeaders(view.Detail.RequestHeaders)
		if json.Valid(view.Detail.RequestBody) {
			in.Body = view.Detail.RequestBody
		}
	}
	return in, nil
}

// recordedHeaders reads headers as the log holds them: a text, or a list of texts, for each name. Those that belong to the
// connection are left out.
func recordedHeaders(data json.RawMessage) map[string]string {
	var fields map[string]json.RawMessage
	if json.Unmarshal(data, &fields) != nil {
		return nil
	}
	headers := make(map[string]string, len(fields))
	for name, raw := range fields {
		if slices.Contains(ownHeaders, textproto.CanonicalMIMEHeaderKey(name)) {
			continue
		}
		var values []string
		if raw[0] == '"' {
			raw = slices.Concat([]byte{'['}, raw, []byte{']'})
		}
		if json.Unmarshal(raw, &values) == nil {
			headers[name] = strings.Join(values, ", ")
		}
	}
	return headers
}

// PausedUntil is when a pause that begins now and lasts for d ends, to the second.
func (s *Service) PausedUntil(d time.Duration) time.Time { return s.Now().Add(d).Truncate(time.Second) }

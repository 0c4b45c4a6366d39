package proxy

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"squirrel/models"
	"squirrel/proxy/simulator"
)

// TestE12_WhatAPromptLinksToIsNotFetched, also when it has to be translated. That is the provider's business.
func TestE12_WhatAPromptLinksToIsNotFetched(t *testing.T) {
	var fetched atomic.Int64
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { fetched.Add(1) }))
	defer elsewhere.Close()
	for _, d := range dialects {
		for _, provider := range []models.Protocol{models.ProtocolOpenAI, models.ProtocolResponses, models.ProtocolAnthropic} {
			g := newTestGateway(t, setup{providers: []models.Provider{{Name: "p", Protocol: provider}}})
			link := elsewhere.URL + "/x.png"
			part := map[models.Protocol]string{
				models.ProtocolOpenAI:    `{"type":"image_url","image_url":{"url":"` + link + `"}}`,
				models.ProtocolResponses: `{"type":"input_image","image_url":"` + link + `"},{"type":"input_file","file_url":"` + link + `"}`,
				models.ProtocolAnthropic: `{"type":"image","source":{"type":"url","url":"` + link + `"}},{"type":"document","source":{"type":"url","url":"` + link + `"}}`,
			}[d.protocol]
			member, extra := "messages", ""
			if d.protocol == models.ProtocolResponses {
				member = "input"
			} else if d.protocol == models.ProtocolAnthropic {
				extra = `"max_tokens":100,`
			}
			resp := g.post(d.path, fmt.Sprintf(`{"model":"m",%s%q:[{"role":"user","content":[%s]}]}`, extra, member, part))
			if body := readAll(t, resp); resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusUnprocessableEntity {
				t.Errorf("%s to %s: %d %s", d.protocol, provider, resp.StatusCode, body)
			}
		}
	}
	if n := fetched.Load(); n != 0 {
		t.Errorf("%d links were followed", n)
	}
}

// TestD14_ATargetModelIsNoPath: whatever its name holds, the call goes to the endpoint's path and the name into the body.
func TestD14_ATargetModelIsNoPath(t *testing.T) {
	for _, target := range []string{"../../admin", "a/b?x=1#y", "%2e%2e/%00", "a\r\nX-Evil: 1", "deployments/x"} {
		s := one(target)
		s.sim = simulator.Options{Script: func(*simulator.Request) simulator.Fault {
			return simulator.Fault{Body: []byte(`{"id":"x","object":"chat.completion","choices":[]}`), ContentType: "application/json"}
		}}
		g := newTestGateway(t, s)
		resp := g.post("/v1/chat/completions", chat("m", "x", false))
		if body := readAll(t, resp); resp.StatusCode != http.StatusOK {
			t.Errorf("%q: %d %s", target, resp.StatusCode, body)
		}
		call := g.sim.Ledger().Entries(nil)[0]
		if call.Endpoint != models.EndpointChat || call.Query != "" || call.Header.Get("X-Evil") != "" || call.Model != target {
			t.Errorf("%q: called %s?%s for %q", target, call.Path, call.Query, call.Model)
		}
		if name := resp.Header.Get("X-Squirrel-Model"); name == "" || strings.ContainsAny(name, "\r\n") || resp.Header.Get("X-Evil") != "" {
			t.Errorf("%q: x-squirrel-model is %q", target, name)
		}
	}
}

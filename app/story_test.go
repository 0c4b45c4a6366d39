package app

import (
	"context"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"squirrel/app/apptest"
	"squirrel/proxy/simulator"
)

// mishap is a request that goes wrong, and the words by which somebody who sees nothing but its page knows what happened.
type mishap struct {
	name   string
	fault  string // of the first candidate: the target model of its route
	stream bool
	body   string // instead of the usual one; %s is the model
	what   string
	who    string
	todo   string
	more   []string // further words that the page must have
	zh     string   // of what happened
}

var mishaps = []mishap{
	{name: "status-500", fault: "fault:status:500", what: "acorn failed with 500, and no other candidate answered", who: "the provider acorn", todo: "send it again later", zh: "acorn 以 500 失败"},
	{name: "status-503", fault: "fault:status:503", stream: true, what: "acorn failed with 503", who: "the provider acorn", todo: "Add a route to another provider", zh: "acorn 以 503 失败"},
	{name: "status-429", fault: "fault:status:429", what: "acorn was asked too often and answered 429", who: "the provider acorn", todo: "a higher limit", zh: "过于频繁返回 429"},
	{name: "status-401", fault: "fault:status:401", what: "acorn did not accept the gateway's key", who: "the gateway's configuration", todo: "Enter a valid key at this provider", zh: "不接受网关用于它的密钥"},
	{name: "status-402", fault: "fault:status:402", what: "acorn wants to be paid (402)", who: "the gateway's configuration", todo: "Top up the account", zh: "要求付款"},
	{name: "status-404", fault: "fault:status:404", what: "acorn does not know the model fault:status:404", who: "the gateway's configuration", todo: "Correct the target model", zh: "没有模型 fault:status:404"},
	{name: "status-400", fault: "fault:status:400", what: "acorn refused the request with 400: something in it", who: "the client", todo: "Read the provider's words", zh: "以 400 拒绝了该请求"},
	{name: "connection-reset", fault: "fault:rst", what: "The connection to acorn was lost before it answered", who: "the provider acorn", todo: "proxy or firewall", more: []string{"may have been carried out, and billed"}, zh: "的连接在它回答前中断"},
	{name: "no-first-byte", fault: "fault:blackhole", what: "acorn did not answer in time", who: "the provider acorn", todo: "raise the provider's time-outs", zh: "没有及时回答"},
	{name: "truncated", fault: "fault:json:truncated", what: "acorn sent an answer that can't be read: it is empty, cut short or no JSON", who: "the provider acorn", todo: "A web page there means that the base URL is wrong", zh: "无法读取的回答"},
	{name: "web-page", fault: "fault:json:html", what: "acorn sent an answer that can't be read", who: "the provider acorn", todo: "base URL is wrong", more: []string{"<html"}, zh: "无法读取的回答"},
	{name: "empty", fault: "fault:json:empty", what: "acorn sent an answer that can't be read", who: "the provider acorn", todo: "Details of the attempt", zh: "无法读取的回答"},
	{name: "redirect", fault: "fault:redirect:http://127.0.0.1:1/", what: "acorn answered with a redirect, which the gateway does not follow", who: "the gateway's configuration", todo: "the address that the redirect leads to", zh: "返回了重定向"},
	{name: "first-event-error", fault: "fault:firststreamerror", stream: true, what: "acorn began its stream with an error", who: "the provider acorn", todo: "Details of the attempt", zh: "流以错误开始"},
	{name: "cut-stream", fault: "fault:rst@3e", stream: true, what: "acorn broke off its answer after it had begun; the client got an incomplete stream", who: "the provider acorn", todo: "send the request again", more: []string{"is kept below", "broken off", "Status sent to the client"}, zh: "在回答开始后中断"},
	{name: "ended-early", fault: "fault:fin@3e", stream: true, what: "acorn broke off its answer after it had begun", who: "the provider acorn", todo: "send the request again", zh: "在回答开始后中断"},
	{name: "error-in-stream", fault: "fault:midstreamerror@3", stream: true, what: "acorn reported an error in the middle of its answer", who: "the provider acorn", todo: "Read the provider's error", zh: "在回答中途报告了错误"},
	{name: "stalled", fault: "fault:stall@3", stream: true, what: "acorn stopped sending in the middle of its answer", who: "the provider acorn", todo: "raise its idle time-out", zh: "在回答中途停止发送"},
	{name: "unknown-model", body: `{"model":"no-such-model","messages":[]}`, what: "asked for the model “no-such-model”, which does not exist", who: "the client", todo: "one of the names of the models page", zh: "在本网关上不存在"},
	{name: "broken-json", body: `{"model":`, what: "The client's request is not valid JSON", who: "the client", todo: "Mend the client", more: []string{"at byte 9"}, zh: "不是有效的 JSON"},
	{name: "no-model", body: `{"messages":[]}`, what: "names no model", who: "the client", todo: "Send the field “model”", zh: "没有指定模型"},
	{name: "too-large", body: `{"model":"%s","messages":[{"role":"user","content":"` + strings.Repeat("x", 1<<17) + `"}]}`, fault: "gpt-4o-mini", what: "larger than the gateway accepts", who: "the client", todo: "MAX_REQUEST_BYTES", zh: "超过网关接受的大小"},
	{name: "no-conversion", fault: "claude-haiku-4-5", body: `{"model":"%s","n":3,"max_tokens":9,"messages":[{"role":"user","content":"Hi"}]}`, what: "can't be converted without losing its meaning", who: "the gateway's configuration", todo: "speaks the client's protocol", zh: "无法在不失去含义的情况下转换"},
}

// storyKit is a gateway whose providers are impatient, and a browser's session at its pages.
type storyKit struct {
	*kit
	admin     *apptest.Admin
	sim       *simulator.Server
	key       string
	providers map[string]int64
	pages     *http.Client
}

func newStoryKit(t *testing.T) *storyKit {
	t.Helper()
	k := &storyKit{kit: newKit(t, "MAX_REQUEST_BYTES=65536", "RETRY_MAX_ATTEMPTS=2"), providers: map[string]int64{}}
	var err error
	if k.sim, err = simulator.Start(simulator.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { k.sim.Close() })
	k.admin = k.login()
	for name, protocol := range map[string]string{"acorn": "openai", "walnut": "anthropic"} {
		k.addProvider(name, protocol, map[string]string{"openai": k.sim.OpenAIBase(), "anthropic": k.sim.AnthropicBase()}[protocol])
	}
	if k.key, err = k.admin.AddKey(t.Context(), "tests"); err != nil {
		t.Fatal(err)
	}
	jar, _ := cookiejar.New(nil) // it has no options that could be wrong
	k.pages = &http.Client{Jar: jar}
	resp, err := k.pages.PostForm(k.url+"/admin/login", url.Values{"username": {adminName}, "password": {adminPassword}})
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("login to the pages: %d", resp.StatusCode)
	}
	return k
}

func (k *storyKit) addProvider(name, protocol, base string) {
	k.t.Helper()
	var made struct {
		ID int64 `json:"id"`
	}
	err := k.admin.Call(k.t.Context(), http.MethodPost, "/api/admin/providers", map[string]any{
		"name": name, "protocol": protocol, "base_url": base, "api_key": apptest.ProviderKey, "first_byte_timeout_seconds": 1, "idle_timeout_seconds": 1,
	}, &made)
	if err != nil {
		k.t.Fatal(err)
	}
	k.providers[name] = made.ID
}

func (k *storyKit) addModel(name, provider, target string) {
	k.t.Helper()
	if err := k.admin.AddModel(k.t.Context(), name, k.providers[provider], target); err != nil {
		k.t.Fatal(err)
	}
}

// ask sends a request and returns the id of its record.
func (k *storyKit) ask(ctx context.Context, path, key, body string) string {
	k.t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, k.url+path, strings.NewReader(body))
	if err != nil {
		k.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+key)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return ""
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body) // broken answers are what this is about
	return resp.Header.Get("X-Squirrel-Request-Id")
}

// page reads the page of a request once its record has ended.
func (k *storyKit) page(id, query string) string {
	k.t.Helper()
	var body string
	k.eventually("the record of "+id, func() bool {
		resp, err := k.pages.Get(k.url + "/admin/logs/" + id + query)
		if err != nil {
			k.t.Fatal(err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		body = html.UnescapeString(string(text))
		return err == nil && resp.StatusCode == http.StatusOK && strings.Contains(body, `data-state="done"`)
	})
	return body
}

var tag = regexp.MustCompile(`<[^>]*>`)

// part is the text of the element with a test id.
func part(page, id string) string {
	_, rest, found := strings.Cut(page, `data-testid="`+id+`">`)
	if !found {
		return ""
	}
	text, _, _ := strings.Cut(rest, "</p>")
	if id != "outcome" {
		text, _, _ = strings.Cut(rest, "</span>")
	}
	return tag.ReplaceAllString(text, "")
}

func (k *storyKit) check(m mishap, id string) {
	k.t.Helper()
	if id == "" {
		k.t.Fatal("the answer names no record")
	}
	page := k.page(id, "?lang=en")
	for name, want := range map[string]string{"outcome": m.what, "who": m.who, "todo": m.todo} {
		if got := part(page, name); !strings.Contains(got, want) {
			k.t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	for _, want := range m.more {
		if !strings.Contains(page, want) {
			k.t.Errorf("the page does not say %q", want)
		}
	}
	if got := part(k.page(id, "?lang=zh"), "outcome"); !strings.Contains(got, m.zh) {
		k.t.Errorf("in Chinese: %q, want %q", got, m.zh)
	}
}

// TestEveryMishapIsExplained makes requests go wrong in all the ways there are. The page of each says by itself what happened,
// who failed and what to do.
func TestEveryMishapIsExplained(t *testing.T) {
	k := newStoryKit(t)
	for _, m := range mishaps {
		if m.fault != "" {
			k.addModel(m.name, map[bool]string{true: "walnut", false: "acorn"}[strings.HasPrefix(m.fault, "claude")], m.fault)
		}
	}
	k.eventually("the models are served", func() bool { return len(k.router.Models(nil)) >= 19 })
	for _, m := range mishaps {
		t.Run(m.name, func(t *testing.T) {
			own := *k.kit
			own.t = t
			at := *k
			at.kit = &own
			body := m.body
			if body == "" {
				body = fmt.Sprintf(`{"model":"%%s","stream":%t,"messages":[{"role":"user","content":"Hello"}]}`, m.stream)
			}
			if strings.Contains(body, "%s") {
				body = fmt.Sprintf(body, m.name)
			}
			at.check(m, at.ask(t.Context(), apptest.Chat, k.key, body))
		})
	}
}

// TestRefusalsOfKeysAreExplained: a key's limits and permissions, and the client that leaves.
func TestRefusalsOfKeysAreExplained(t *testing.T) {
	k := newStoryKit(t)
	k.addModel("plain", "acorn", "gpt-4o-mini")
	k.addModel("slow", "acorn", "fault:delayhdr:900ms+slow:300ms")
	key := func(settings map[string]any) string {
		var made struct {
			Value string `json:"key_value"`
		}
		if err := k.admin.Call(t.Context(), http.MethodPost, "/api/admin/api-keys", settings, &made); err != nil {
			t.Fatal(err)
		}
		return made.Value
	}
	limited := key(map[string]any{"key_name": "limited", "rpm_limit": 1})
	poor := key(map[string]any{"key_name": "poor", "budget_usd": "0.0000001", "budget_period": "day"})
	narrow := key(map[string]any{"key_name": "narrow", "allowed_models": []string{"slow"}})
	const hello = `{"model":"plain","messages":[{"role":"user","content":"Hello"}]}`
	k.serves(limited, "plain")
	k.serves(poor, "plain")
	k.serves(narrow, "slow")
	k.ask(t.Context(), apptest.Chat, limited, hello) // the one it may make

	k.check(mishap{what: "The API key limited had reached its limit", who: "a limit of the API key limited", todo: "raise the key's limits", zh: "已达到每分钟"}, k.ask(t.Context(), apptest.Chat, limited, hello))
	k.check(mishap{what: "The API key poor had spent its budget", who: "a limit of the API key poor", todo: "Raise the key's budget", zh: "预算已用完"}, k.ask(t.Context(), apptest.Chat, poor, hello))
	k.check(mishap{what: "The API key narrow may not use the model plain", who: "a limit of the API key narrow", todo: "Add the model to those the key may use", zh: "不能使用模型 plain"}, k.ask(t.Context(), apptest.Chat, narrow, hello))

	seen := ""
	for _, m := range []struct {
		patience time.Duration
		mishap
	}{
		{400 * time.Millisecond, mishap{what: "The client closed the connection before the answer began", who: "the client", todo: "Nothing on this side", zh: "在回答开始前关闭了连接"}},
		{1500 * time.Millisecond, mishap{what: "The client closed the connection while the answer was being sent", who: "the client", todo: "Nothing on this side", more: []string{"is kept below"}, zh: "在回答发送过程中关闭了连接"}},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), m.patience)
		k.ask(ctx, apptest.Chat, k.key, `{"model":"slow","stream":true,"messages":[{"role":"user","content":"Hello"}]}`)
		cancel()
		seen = k.newest("status=499", seen)
		k.check(m.mishap, seen)
	}
}

// serves waits until a key and a model it may use are in effect.
func (k *storyKit) serves(key, model string) {
	k.t.Helper()
	k.eventually("the gateway serves "+model, func() bool {
		req, err := http.NewRequestWithContext(k.t.Context(), http.MethodGet, k.url+"/v1/models/"+model, nil)
		if err != nil {
			k.t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+key)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return false
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			time.Sleep(200 * time.Millisecond) // who tries unknown keys in a hurry is slowed down
		}
		return resp.StatusCode == http.StatusOK
	})
}

// newest is the id of the latest record that matches, once it is another than seen.
func (k *storyKit) newest(filter, seen string) (id string) {
	k.t.Helper()
	k.eventually("a record with "+filter, func() bool {
		var list struct {
			Items []struct {
				ID string `json:"id"`
			} `json:"items"`
		}
		if err := k.admin.Call(k.t.Context(), http.MethodGet, "/api/admin/logs?page_size=1&"+filter, nil, &list); err != nil {
			k.t.Fatal(err)
		}
		if len(list.Items) == 0 || list.Items[0].ID == seen {
			return false
		}
		id = list.Items[0].ID
		return true
	})
	return id
}

// TestDeadProvidersAreExplained: nothing listens, no such host, all candidates down, and none left to call.
func TestDeadProvidersAreExplained(t *testing.T) {
	k := newStoryKit(t)
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	k.addProvider("closed", "openai", "http://"+closed.Addr().String()+"/v1")
	k.addProvider("nowhere", "openai", "http://nowhere.invalid/v1")
	k.addModel("refused", "closed", "gpt-4o-mini")
	k.addModel("nameless", "nowhere", "gpt-4o-mini")
	k.addModel("all-down", "acorn", "fault:status:503")
	second := apptest.Route{Model: "all-down", ProviderID: k.providers["closed"], Target: "gpt-4o-mini", Priority: 1, InputPrice: "1", OutputPrice: "2"}
	if err := k.admin.Call(t.Context(), http.MethodPost, "/api/admin/model-providers", second, nil); err != nil {
		t.Fatal(err)
	}
	if err := k.admin.Call(t.Context(), http.MethodPost, "/api/admin/models", map[string]any{"requested_model": "unserved", "strategy": "priority"}, nil); err != nil {
		t.Fatal(err)
	}
	off := map[string]any{"requested_model": "unserved", "provider_id": k.providers["acorn"], "target_model_name": "gpt-4o-mini", "is_active": false}
	if err := k.admin.Call(t.Context(), http.MethodPost, "/api/admin/model-providers", off, nil); err != nil {
		t.Fatal(err)
	}
	k.eventually("the models are served", func() bool { return len(k.router.Models(nil)) >= 3 })
	for _, m := range []mishap{
		{name: "refused", what: "closed could not be reached: the connection was refused or timed out", who: "the provider closed", todo: "Check the provider's base URL and port", zh: "连接被拒绝或超时"},
		{name: "nameless", what: "nowhere could not be reached: the name of its host has no address", who: "the provider nowhere", todo: "name server", zh: "其主机名没有对应的地址"},
		{name: "all-down", what: "acorn failed with 503, and no other candidate answered. Attempts: 3", who: "the provider acorn", todo: "send it again later", more: []string{"connection to the provider failed"}, zh: "没有其他候选作出回答"},
		{name: "unserved", what: "No route of the model unserved could serve this request", who: "no route could be used", todo: "Read the reason of each candidate", zh: "没有路由能处理该请求"},
	} {
		k.check(m, k.ask(t.Context(), apptest.Chat, k.key, `{"model":"`+m.name+`","messages":[{"role":"user","content":"Hello"}]}`))
	}
}

package web

import (
	"encoding/json"
	"fmt"
	"html"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"squirrel/models"
)

// agentHistory is what an agent asks in its n-th round: a system prompt, and n calls of tools with their results.
func agentHistory(n, resultSize int) []byte {
	type m = map[string]any
	messages := []m{{"role": "system", "content": strings.Repeat("You are \"helpful\" & <good>.\n", 300)}}
	for i := range n {
		call := m{"id": fmt.Sprint("call_", i), "type": "function", "function": m{"name": "read_file", "arguments": fmt.Sprintf(`{"path":"/src/%d.go"}`, i)}}
		line := fmt.Sprintf("result %d of func main() { fmt.Println(\"hi\") } // 例\n", i)
		messages = append(messages, m{"role": "assistant", "content": nil, "tool_calls": []m{call}},
			m{"role": "tool", "tool_call_id": fmt.Sprint("call_", i), "content": strings.Repeat(line, 1+resultSize/len(line))})
	}
	out, err := json.Marshal(m{"model": "smart", "messages": messages, "tools": []m{{"type": "function", "function": m{"name": "read_file"}}}})
	if err != nil {
		panic(err)
	}
	return out
}

// heavy gives a request as much of everything as a page may have to show.
func heavy(body []byte) func(*models.LogWrite) {
	return func(w *models.LogWrite) {
		d := w.Detail
		d.RequestBody = body
		d.UpstreamBody = []byte(strings.ReplaceAll(strings.Replace(string(body), "smart", "gpt-4o", 1), "fmt.", "FMT."))
		d.ResponseBody = []byte(`{"choices":[{"message":{"role":"assistant","content":"` + strings.Repeat("<said> ", 3000) + `the end"},"finish_reason":"stop"}]}`)
		var events, headers strings.Builder
		for e := range 3000 {
			fmt.Fprintf(&events, "event: delta\ndata: {\"n\":%d,\"text\":\"%s\"}\n\n", e, strings.Repeat("x<", 200))
		}
		d.StreamEvents, w.Log.IsStream = []byte(events.String()), true
		for h := range 100 {
			fmt.Fprintf(&headers, `"x-header-%d":["%s"],`, h, strings.Repeat("<&", 1000))
		}
		d.RequestHeaders = json.RawMessage("{" + headers.String() + `"x":"y"}`)
		began := w.Attempts[0].StartedAt
		w.Attempts = nil
		for n := range 60 {
			w.Attempts = append(w.Attempts, models.Attempt{N: n + 1, RouteID: int64(n), Provider: fmt.Sprintf("provider of the west %d", n), TargetModel: "gpt-4o-2026-05-13", URL: "https://provider.example/v1/chat/completions", Status: ptr(503),
				Error: "it is overloaded", ErrorKind: "status", RetryReason: "status_503", StartedAt: began, TotalMS: ptr(10.0), ResponseBody: []byte(strings.Repeat("<busy> ", 9000)), UpstreamRequestID: "req_0123456789"})
			d.Decision.Candidates = append(d.Decision.Candidates, models.CandidateVerdict{RouteID: int64(n), Provider: fmt.Sprintf("provider of the west %d", n), TargetModel: "gpt-4o-2026-05-13", Verdict: models.VerdictSelected, Health: "healthy"})
			for range 5 {
				d.Decision.Rules = append(d.Decision.Rules, models.RuleTrace{RouteID: int64(n), Field: "token_usage", Operator: "gte", Value: json.RawMessage("8000"), Actual: json.RawMessage("512")})
				d.Dropped = append(d.Dropped, models.Dropped{Path: fmt.Sprintf("messages.%d.content.1.cache_control", n), Reason: "the target protocol has no place for it"})
			}
		}
		w.Log.AttemptCount, w.Log.RouteID = 60, ptr(int64(40))
	}
}

// TestPageSize_LogDetail: whatever was recorded, each page of a request is small, and leads to what it does not show.
func TestPageSize_LogDetail(t *testing.T) {
	k, _ := newLogKit(t)
	var numbers strings.Builder
	numbers.WriteString(`{"messages":[{"role":"user","content":"x"}],"embedding":[0.5`)
	for numbers.Len() < 3<<20 {
		numbers.WriteString(`,0.0123456`)
	}
	numbers.WriteString(`]}`)
	parts := `{"messages":[{"role":"user","content":[{"type":"text","text":"first of all"}` + strings.Repeat(`,{"type":"text","text":"\"a\" & <b>"}`, 3000) + `]}]}`
	for i, body := range [][]byte{agentHistory(200, 5000), agentHistory(1, 10<<20), []byte(numbers.String()), []byte(parts), []byte(strings.Repeat("<&' plain\n", 100_000)), []byte(strings.Repeat("x", 3<<20))} {
		id := k.seedLog(i, heavy(body))
		for _, query := range []string{
			"tab=chat", "tab=chat&from=0", "tab=chat&until=3.0", "tab=chat&whole=2.0", "tab=request", "tab=request&part=7", "tab=request&view=raw", "tab=request&side=upstream&part=999999", "tab=request&side=diff",
			"tab=request&side=diff&part=5000-5000", "tab=response", "tab=response&view=raw", "tab=stream&event=2999", "tab=headers", "attempt=1", "candidate=60", "range=all&q=" + strings.Repeat("long+words+", 35),
		} {
			path := "/admin/logs/" + id + "?" + query
			page := k.get(path)
			page.want(t, path, 200, `id="parts"`, " of 60", "Candidates ")
			page.wantSmall(t, path)
		}
		for _, path := range []string{"/admin/logs?open=" + id, "/admin/logs?peek=" + id, "/admin/logs/" + id + "/replay?with=" + id} {
			page := k.get(path)
			page.want(t, path, 200)
			page.wantSmall(t, path)
		}
	}
	k.get("/admin/logs/"+logIDOf(0)+"?attempt=1").want(t, "the first attempts", 200, "Attempts 1–8 of 60", "provider of the west 0<", "!west 50<", `/body/attempt-3"`)
	if body := k.get("/admin/logs/" + logIDOf(0) + "/body/attempt-3").body; body != strings.Repeat("<busy> ", 9000) {
		t.Errorf("the answer of an attempt has %d bytes", len(body))
	}
}

var partsLink = regexp.MustCompile(`href="([^"]+#parts)" class="btn btn-secondary btn-sm" rel="(next|prev)"`)

// leafParts follows the links of a part of a page to its end.
func (k *kit) leafParts(t *testing.T, path, way string, seen func(body string)) (last string) {
	t.Helper()
	for range 500 {
		page := k.get(path)
		page.want(t, path, 200)
		seen(page.body)
		next := ""
		for _, link := range partsLink.FindAllStringSubmatch(page.body, -1) {
			if link[2] == way {
				next = strings.TrimSuffix(html.UnescapeString(link[1]), "#parts")
			}
		}
		if next == "" {
			return path
		}
		path = next
	}
	t.Fatal("no end")
	return ""
}

// TestLogConversation_Parts leafs through an agent's long history: every message is shown once, newest first and oldest first, and
// results lead to their calls.
func TestLogConversation_Parts(t *testing.T) {
	k, _ := newLogKit(t)
	const calls = 120
	id := k.seedLog(0, func(w *models.LogWrite) { w.Detail.RequestBody = agentHistory(calls, 3000) })
	page := "/admin/logs/" + id + "?tab=chat"
	newest := k.get(page)
	newest.want(t, "the newest", 200, "Messages ", "–242 of 242", ">Hi</div>", "result 119 of", "!result 3 of", `href="#call-call_119"`)
	for _, way := range []string{"prev", "next"} {
		count := map[string]int{}
		begin := page
		if way == "next" {
			begin += "&from=0"
		}
		k.leafParts(t, begin, way, func(body string) {
			for n := range calls {
				count[fmt.Sprint("call ", n)] += strings.Count(body, fmt.Sprintf(`id="call-call_%d"`, n))
				count[fmt.Sprint("result ", n)] += strings.Count(body, fmt.Sprintf("data-testid=\"tool-result\"><p class=\"mb-1 text-sm\">Tool result <code>read_file</code> <a class=\"link\" href=\"#call-call_%d\"", n))
			}
		})
		for what, n := range count {
			if strings.HasPrefix(what, "call") && n != 1 {
				t.Errorf("%s: %s is there %d times", way, what, n)
			}
		}
	}
	k.get(page+"&from=2").want(t, "a result whose call is on another page", 200, "read_file", `from=1&amp;`, `#call-call_0"`)
	whole := k.get(page + "&whole=2.0")
	whole.want(t, "one result", 200, "result 0 of", "!result 1 of", "Back to the conversation")
	if n := strings.Count(whole.body, "result 0 of"); n < 50 {
		t.Errorf("%d lines of a long result", n)
	}
}

// TestLogBody_Parts puts a body together again that is shown in parts.
func TestLogBody_Parts(t *testing.T) {
	k, _ := newLogKit(t)
	body := agentHistory(40, 3000)
	id := k.seedLog(0, func(w *models.LogWrite) { w.Detail.RequestBody = body })
	shown := regexp.MustCompile(`(?s)data-testid="body"><div class="code"><pre[^>]*><code>(.*?)</code></pre>`)
	for _, view := range []string{"", "&view=raw"} {
		var whole []string
		k.leafParts(t, "/admin/logs/"+id+"?tab=request"+view, "next", func(page string) {
			whole = append(whole, html.UnescapeString(shown.FindStringSubmatch(page)[1]))
		})
		got, want := strings.Join(whole, ""), string(body)
		if view == "" {
			got, want = strings.ReplaceAll(strings.Join(whole, "\n"), "\n", ""), strings.ReplaceAll(pretty(want), "\n", "")
		}
		if len(whole) < 3 || got != want {
			t.Errorf("%q: %d parts with %d bytes, want %d", view, len(whole), len(got), len(want))
		}
	}
}

// BenchmarkLogDetail tells how long the server takes for the pages of a request with bodies of 10 MB.
func BenchmarkLogDetail(b *testing.B) {
	k, _ := newLogKit(b)
	for i, body := range [][]byte{agentHistory(2000, 5000), agentHistory(1, 10<<20), agentHistory(40_000, 100)} {
		id := k.seedLog(i, heavy(body))
		for _, query := range []string{"tab=chat", "tab=chat&from=0", "tab=chat&whole=2.0", "tab=request", "tab=request&part=50", "tab=request&view=raw&part=50", "tab=request&side=diff", "tab=stream&event=2000"} {
			b.Run(fmt.Sprintf("%d/%s", i, query), func(b *testing.B) {
				took := make([]time.Duration, 0, b.N)
				for b.Loop() {
					began := time.Now()
					k.get("/admin/logs/"+id+"?"+query).want(b, query, 200)
					took = append(took, time.Since(began))
				}
				slices.Sort(took)
				b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
			})
		}
	}
}

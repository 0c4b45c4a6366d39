package web

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"squirrel/app/admin"
	"squirrel/models"
	"squirrel/views/pages"
)

func TestLogDetail(t *testing.T) {
	k, _ := newLogKit(t)
	ids := []string{k.seedLog(0, nil), k.seedLog(1, failing(400, "invalid_request")), k.seedLog(2, nil)}
	page := k.get("/admin/logs/" + ids[0] + "?range=all")
	page.want(t, "a request", 200, "Acorn answered with gpt-4o.", "price of the model", "$0.00123", "its rules do not hold", "token_usage gte 8000", "512", "Hello",
		"Authorization: Bearer $SQUIRREL_API_KEY", "https://llm.example/v1/chat/completions", "Replay", "/admin/playground?log=")
	if len(page.body) > 100_000 {
		t.Errorf("the page has %d bytes", len(page.body))
	}
	k.get("/admin/logs/"+ids[1]).want(t, "between", 200, "Acorn refused the request with 400:", "the client", "Read the provider&#39;s words", ids[0], ids[2], "The cost is unknown")
	k.get("/admin/logs/"+ids[0]+"?status=2xx").want(t, "within the filter", 200, ids[2], "!"+ids[1], `data-testid="older"`, `!data-testid="newer"`)
	k.get("/admin/logs/"+ids[0]+"?tab=request").want(t, "request", 200, "12345678901234567890")
	k.get("/admin/logs/"+ids[0]+"?tab=request&side=diff").want(t, "no difference", 200, "saw the same bytes")
	k.get("/admin/logs/"+ids[0]+"?tab=headers").want(t, "headers", 200, "lgw-***", "Content-Type")
	k.get("/admin/logs/"+ids[0]+"?tab=stream").want(t, "no stream", 200, "asked for no stream")
	k.get("/admin/logs/01KJM9TD00000000000000zzzz").want(t, "none", http.StatusNotFound, `data-testid="error"`)
	raw := k.get("/admin/logs/" + ids[0] + "/body/request_body")
	raw.want(t, "download", 200, `"seed":12345678901234567890`)
	if got := raw.header.Get("Content-Type") + raw.header.Get("Content-Disposition"); !strings.HasPrefix(got, "text/plain; charset=utf-8attachment;") {
		t.Errorf("a download is %q", got)
	}
	k.get("/admin/logs/"+ids[0]+"/body/nonsense").want(t, "no such body", http.StatusNotFound)
}

func TestLogStates(t *testing.T) {
	k, _ := newLogKit(t)
	for name, tt := range map[string]struct {
		change func(*models.LogWrite)
		words  []string
	}{
		"running":      {func(w *models.LogWrite) { w.Log.State, w.Log.ResponseStatus = models.LogRunning, nil }, []string{"the answer is not complete yet", `data-testid="cancel"`, "sq:tick", "!Replay"}},
		"not recorded": {func(w *models.LogWrite) { w.Detail = nil }, []string{"were not recorded", "!Replay"}},
		"opted out":    {func(w *models.LogWrite) { w.Detail = &models.LogDetail{Reason: "key_opted_out"} }, []string{"recording of details turned off"}},
		"cut":          {func(w *models.LogWrite) { w.Detail.Truncated = []string{"request_body:5242880"} }, []string{"The middle of “Request of the client” was not recorded: it has 5.0 MiB", "!Replay"}},
		"aborted":      {func(w *models.LogWrite) { w.Log.ResponseStatus = ptr(499) }, []string{"The client closed the connection while the answer was being sent", "499 cancelled"}},
		"interrupted":  {failing(502, "interrupted"), []string{"The gateway process ended while this request ran", "502 interrupted"}},
		"no provider": {func(w *models.LogWrite) {
			failing(503, "no_available_provider")(w)
			w.Log.AttemptCount, w.Attempts = 0, nil
		}, []string{"no provider was called"}},
		"broken off":  {func(w *models.LogWrite) { failing(502, "stream_error")(w); w.Log.SentStatus = ptr(200) }, []string{"the client got an incomplete stream", "Status sent to the client"}},
		"failed over": {func(w *models.LogWrite) { w.Log.AttemptCount, w.Log.RetryCount = 2, 1 }, []string{"after 2 attempts"}},
		"ambiguous":   {func(w *models.LogWrite) { w.Attempts[0].Ambiguous = true }, []string{"and billed, by Acorn"}},
		"lossy": {func(w *models.LogWrite) {
			w.Detail.Dropped = []models.Dropped{{Path: "logit_bias", Reason: "unknown there"}}
		}, []string{"Lost in conversion", "logit_bias"}},
		"converted": {func(w *models.LogWrite) {
			w.Detail.UpstreamBody, w.Log.ProtocolOut = []byte(`{"model":"claude","max_tokens":4}`), models.ProtocolAnthropic
		}, []string{"openai → anthropic"}},
	} {
		t.Run(name, func(t *testing.T) {
			n := len(name) * 7
			for _, letter := range name {
				n += int(letter)
			}
			id := k.seedLog(n, tt.change)
			k.get("/admin/logs/"+id).want(t, name, 200, tt.words...)
			if name == "converted" {
				k.get("/admin/logs/"+id+"?tab=request&side=diff").want(t, "difference", 200, "-   &#34;model&#34;: &#34;smart&#34;,", "+   &#34;model&#34;: &#34;claude&#34;,")
			}
		})
	}
}

func TestLogActions(t *testing.T) {
	k, d := newLogKit(t)
	id := k.seedLog(0, nil)
	k.post("/admin/logs/"+id+"/cancel", "back", "/admin/logs?state=running").wantRedirect(t, "cancel", "/admin/logs?state=running")
	k.get("/admin").want(t, "told", 200, "is being stopped")
	k.post("/admin/logs/"+id+"/cancel", "back", "https://evil.example").wantRedirect(t, "cancel twice", "/admin")
	if len(d.cancelled) != 2 {
		t.Errorf("%d cancelled", len(d.cancelled))
	}
	k.get("/admin").want(t, "nobody runs it", 200, "the gateway that runs it does not answer")
	elsewhere := k.seedLog(1, func(w *models.LogWrite) {
		w.Log.State, w.Log.Instance, w.Log.ResponseStatus = models.LogRunning, "there", nil
	})
	if err := k.store.Heartbeat(t.Context(), "there"); err != nil {
		t.Fatal(err)
	}
	k.post("/admin/logs/"+elsewhere+"/cancel", "back", "/admin/logs/"+elsewhere).wantRedirect(t, "cancel elsewhere", "/admin/logs/"+elsewhere)
	k.get("/admin").want(t, "asked", 200, "runs on another gateway, which was asked to stop it")
	k.post("/admin/logs/"+id+"/replay").wantRedirect(t, "replay", "/admin/logs/"+id+"/replay?with="+id)
	for _, path := range []string{"/cancel", "/replay"} {
		if answer := k.postForm("/admin/logs/"+id+path, nil, "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"); answer.status != http.StatusForbidden {
			t.Errorf("%s from elsewhere: %d", path, answer.status)
		}
	}
}

func TestF18_ForeignTextOfRequestsStaysText(t *testing.T) {
	k, _ := newLogKit(t)
	for i, text := range hostile {
		quoted, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		id := k.seedLog(i, func(w *models.LogWrite) {
			l := &w.Log
			l.RequestedModel, l.TargetModel, l.ProviderName, l.APIKeyName, l.UserID, l.Client = text, text+"2", text, text, text, text
			l.ErrorCode, l.ErrorInfo, l.FinishReason, l.TraceID, l.UpstreamID, l.ResponseStatus = text, text, text, text, text, ptr(500)
			w.Attempts[0].Error, w.Attempts[0].RetryReason, w.Attempts[0].URL, w.Attempts[0].ResponseBody = text, text, text, []byte(text)
			d := w.Detail
			d.RequestBody = []byte(`{"messages":[{"role":` + string(quoted) + `,"content":[{"type":` + string(quoted) + `},{"type":"image_url","image_url":{"url":` + string(quoted) + `}}],"tool_calls":[{"id":` + string(quoted) + `,"function":{"name":` + string(quoted) + `}}]},{"tool_call_id":` + string(quoted) + `}]}`)
			d.ResponseBody, d.UpstreamResponse, d.StreamEvents = []byte(text), []byte(text+"\n"), []byte("event: "+text+"\ndata: "+text+"\n\n")
			d.ResponseHeaders, d.Dropped = json.RawMessage(`{`+string(quoted)+`:`+string(quoted)+`}`), []models.Dropped{{Path: text, Reason: text}}
			d.Decision.Candidates[0].Reason, d.Decision.Strategy, d.Decision.Rules[0].Actual = text, models.StrategyName(text), quoted
		})
		paths := []string{"/admin/logs?open=" + id, "/admin", "/admin/usage?group_by=user", "/admin/playground?log=" + id, "/admin/logs/" + id}
		for _, tab := range []string{"request", "response", "response&side=diff", "stream", "headers", "request&view=raw"} {
			paths = append(paths, "/admin/logs/"+id+"?tab="+tab)
		}
		for _, path := range paths {
			answer := k.get(path)
			answer.want(t, path, 200)
			checkInert(t, path, answer.body)
		}
	}
}

func TestConversation(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/conversation/*.json")
	if err != nil || len(files) < 3 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var tt struct {
			Endpoint          models.Endpoint
			Request, Response json.RawMessage
			Want              []string
		}
		if err := json.Unmarshal(data, &tt); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		request, response := string(tt.Request), string(tt.Response)
		chat := conversation(&admin.LogView{RequestLog: models.RequestLog{Endpoint: tt.Endpoint}, RequestBody: &request, ResponseBody: &response})
		if got := told(chat); !slices.Equal(got, tt.Want) || chat.Problem != "" {
			t.Errorf("%s:\n%s\nwant\n%s", file, strings.Join(got, "\n"), strings.Join(tt.Want, "\n"))
		}
	}
}

func told(chat *pages.Chat) (lines []string) {
	for _, m := range chat.Messages {
		for _, p := range m.Parts {
			lines = append(lines, strings.Join(strings.Fields(m.Role+" "+p.Kind+" "+p.Name+" "+p.ID+": "+p.Text), " "))
		}
	}
	return lines
}

func FuzzConversation(f *testing.F) {
	f.Add(`{"messages":[{"role":"user","content":"x"}]}`, `{"choices":[{"message":{"content":null}}]}`)
	f.Add(`{"input":[{"type":"reasoning","summary":[]}]}`, `{"output":[null,{}]}`)
	f.Fuzz(func(_ *testing.T, request, response string) {
		for _, endpoint := range []models.Endpoint{models.EndpointChat, models.EndpointResponses, models.EndpointMessages} {
			conversation(&admin.LogView{RequestLog: models.RequestLog{Endpoint: endpoint}, RequestBody: &request, ResponseBody: &response})
		}
	})
}

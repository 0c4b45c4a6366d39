package web

import (
	"net/http"
	"net/url"
	"testing"

	"squirrel/models"
)

func TestReplayIsComparedWithTheOriginal(t *testing.T) {
	k, d := newLogKit(t)
	p := k.provider("Acorn", "https://one.example/v1", "")
	k.route("smart", "gpt-<b>4o", p.ID)
	first := k.seedLog(0, func(w *models.LogWrite) {
		w.Detail.ResponseBody = []byte(`{"choices":[{"message":{"content":"Hi there\n<script>x</script>\nBye"},"finish_reason":"stop"}]}`)
	})
	d.again = k.seedLog(1, func(w *models.LogWrite) {
		w.Log.Source, w.Log.ProviderName, w.Log.TargetModel, w.Log.TotalCost, w.Log.FinishReason = models.SourceReplay, "Birch", "<i>odd", nil, "length"
		w.Log.FirstByteDelayMS, w.Log.OutputTokens = ptr(340.0), nil
		w.Detail.ResponseBody = []byte(`{"choices":[{"message":{"content":"Hi there\n<script>y</script>\nBye"},"finish_reason":"length"}]}`)
	})
	k.get("/admin/logs/"+first).want(t, "the offer", 200, `data-testid="replay-form"`, "Acorn → gpt-&lt;b&gt;4o", `data-testid="send-again"`)
	side := "/admin/logs/" + first + "/replay?with=" + d.again
	k.post("/admin/logs/"+first+"/replay").wantRedirect(t, "as routed", side)
	k.post("/admin/logs/"+first+"/replay", "route_id", "1").wantRedirect(t, "over a route", side)
	if len(d.replayed) != 2 || d.replayed[0] != nil || *d.replayed[1] != 1 {
		t.Errorf("sent over %v", d.replayed)
	}
	page := k.get(side)
	page.want(t, "side by side", 200, "Acorn → gpt-4o", "Birch → &lt;i&gt;odd", "120 ms", "340 ms", "$0.00123", "1,200", "stop", "length",
		"- &lt;script&gt;x&lt;/script&gt;", "+ &lt;script&gt;y&lt;/script&gt;", "/admin/logs/"+first+"?", "/admin/logs/"+d.again+"?", `data-testid="replay-form"`)
	checkInert(t, side, page.body)
	k.get("/admin/logs/"+first+"/replay?with="+first).want(t, "the same text", 200, `data-testid="replay-same"`)
	k.get("/admin/logs/"+first+"/replay?with="+logIDOf(9)).want(t, "not there yet", 200, "The replay is not in the log yet", "Look again")
	k.get("/admin/logs/"+first+"/replay").wantRedirect(t, "a reload", "/admin/logs/"+first)
	k.get("/admin/logs/"+logIDOf(9)+"/replay?with="+first).want(t, "no such request", http.StatusNotFound)
}

func TestReplayRefused(t *testing.T) {
	k, d := newLogKit(t)
	k.route("smart", "gpt-4o", k.provider("Acorn", "https://one.example/v1", "").ID)
	good := k.seedLog(0, nil)
	for i, tt := range []struct {
		change func(*models.LogWrite)
		word   string
	}{
		{func(w *models.LogWrite) { w.Detail = nil }, "its body was not recorded"},
		{func(w *models.LogWrite) { w.Detail.Truncated = []string{"request_body:99999"} }, "the middle of its body was not recorded"},
		{func(w *models.LogWrite) { w.Log.Endpoint = models.EndpointTranscriptions }, "the file of an upload is not recorded"},
		{func(w *models.LogWrite) { w.Log.State, w.Log.ResponseStatus = models.LogRunning, nil }, ""},
	} {
		id := k.seedLog(i+1, tt.change)
		k.get("/admin/logs/"+id).want(t, tt.word, 200, tt.word, `!data-testid="replay`, `!data-testid="send-again"`)
		k.post("/admin/logs/"+id+"/replay").wantRedirect(t, tt.word, "/admin/logs/"+id)
	}
	answerCut := k.seedLog(8, func(w *models.LogWrite) { w.Detail.Truncated = []string{"response_body:99999"} })
	k.get("/admin/logs/"+answerCut).want(t, "only the answer is cut", 200, `data-testid="replay-form"`)
	for _, route := range []string{"2", "1<b>", "-1"} {
		k.post("/admin/logs/"+good+"/replay", "route_id", route).wantRedirect(t, "route "+route, "/admin/logs/"+good)
		k.get("/admin/logs/"+good).want(t, "route "+route, 200, "not an active route of the request&#39;s model")
	}
	k.postForm("/admin/logs/"+good+"/replay", url.Values{}, "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example").want(t, "from elsewhere", http.StatusForbidden)
	if len(d.replayed) > 0 {
		t.Errorf("%d requests went out", len(d.replayed))
	}
	k.cookies = map[string]string{}
	k.post("/admin/logs/"+good+"/replay").want(t, "without a login", http.StatusSeeOther)
	if len(d.replayed) > 0 {
		t.Error("a stranger sent a request")
	}
}

package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func columnsForm(more ...string) url.Values {
	form := url.Values{
		"mode": {"chat"}, "op": {"send"}, "endpoint": {"/v1/chat/completions"}, "model": {"smart"}, "role": {"user"}, "text": {"Hello"},
		"model_2": {"<b>fast"}, "route_id_2": {""}, "model_3": {""}, "route_id_3": {"1"},
	}
	for i := 0; i+1 < len(more); i += 2 {
		form.Set(more[i], more[i+1])
	}
	return form
}

func TestPlaygroundColumns(t *testing.T) {
	k, d := newLogKit(t)
	id := k.seedLog(0, nil)
	k.route("smart", "gpt-<i>4o", k.provider("Acorn", "https://one.example/v1", "").ID)
	k.get("/admin/playground").want(t, "the form", 200, `name="model_2"`, `name="route_id_3"`, "!model_4")
	whole := k.postForm("/admin/playground", columnsForm())
	whole.want(t, "whole answers", 200, `data-testid="play-columns"`, "&lt;b&gt;Hi&lt;/b&gt; there", "30 ms", "$0.00123", "/admin/logs/"+id, `value="&lt;b&gt;fast"`, "<bdi>smart → Acorn / gpt-&lt;i&gt;4o</bdi>", "</html>")
	if n := strings.Count(whole.body, `data-testid="play-column"`); n != 3 {
		t.Errorf("%d columns", n)
	}
	checkInert(t, "whole", whole.body)
	sent := map[string]int{}
	for _, in := range d.played {
		sent[string(in.Body)]++
		if in.RouteID != nil && *in.RouteID == 1 {
			sent["over the route"]++
		}
	}
	smart := `{"model":"smart","messages":[{"role":"user","content":"Hello"}]}`
	if len(d.played) != 3 || sent[smart] != 2 || sent[strings.Replace(smart, "smart", `\u003cb\u003efast`, 1)] != 1 || sent["over the route"] != 1 {
		t.Errorf("sent %v", sent)
	}

	d.said = []string{"Once ", "<script>x</script>", " upon"}
	streamed := k.postForm("/admin/playground", columnsForm("stream", "true"))
	streamed.want(t, "streams", 200, `<data value="0">Once </data>`, `<data value="2">&lt;script&gt;x&lt;/script&gt;</data>`, "/static/columns.", "</html>")
	_, columns, _ := strings.Cut(streamed.body, `id="play-columns"`)
	if n := strings.Count(columns, "Once &lt;script&gt;x&lt;/script&gt; upon"); n != 3 {
		t.Errorf("%d answers whole in their columns: %s", n, columns)
	}
	checkInert(t, "streams", streamed.body)
}

func TestPlaygroundColumnsRefused(t *testing.T) {
	k, d := newLogKit(t)
	k.postForm("/admin/playground", columnsForm("model", "")).want(t, "no model", http.StatusUnprocessableEntity, "must not be empty", `value="&lt;b&gt;fast"`)
	k.postForm("/admin/playground", columnsForm(), "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example").want(t, "from elsewhere", http.StatusForbidden)
	k.cookies = map[string]string{}
	k.postForm("/admin/playground", columnsForm()).want(t, "without a login", http.StatusSeeOther)
	if len(d.played) > 0 {
		t.Errorf("%d requests went out", len(d.played))
	}
}

// TestPlaygroundColumnsFailAlone: what goes wrong with one answer is said in its column, in words that hold no internals.
func TestPlaygroundColumnsFailAlone(t *testing.T) {
	k, d := newLogKit(t)
	k.seedLog(0, nil)
	d.panicsOn = "fast"
	answer := k.postForm("/admin/playground", columnsForm())
	answer.want(t, "one fails", 200, "the request could not be sent", "&lt;b&gt;Hi&lt;/b&gt; there", "!boom", "</html>")
	if n := strings.Count(answer.body, `data-testid="play-figures"`); n != 2 {
		t.Errorf("%d columns have figures", n)
	}
}

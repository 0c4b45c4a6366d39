package app

import (
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
)

// TestReplayOverAChosenRoute sends a recorded request again: as routed, and only over the other route.
func TestReplayOverAChosenRoute(t *testing.T) {
	k := newStoryKit(t)
	k.addModel("twice", "acorn", "gpt-4o-mini")
	var second struct {
		ID int64 `json:"id"`
	}
	err := k.admin.Call(t.Context(), http.MethodPost, "/api/admin/model-providers", map[string]any{
		"requested_model": "twice", "provider_id": k.providers["walnut"], "target_model_name": "claude-haiku-4-5", "priority": 5,
	}, &second)
	if err != nil {
		t.Fatal(err)
	}
	k.addModel("later", "acorn", "gpt-4o-mini")
	k.eventually("what was made before is in effect", func() bool {
		status, _ := k.send(http.MethodPost, "/v1/chat/completions", `{"model":"later","messages":[{"role":"user","content":"Hello"}]}`, "Authorization", "Bearer "+k.key)
		return status == http.StatusOK
	})
	id := k.ask(t.Context(), "/v1/chat/completions", k.key, `{"model":"twice","stream":true,"messages":[{"role":"user","content":"Hello"}]}`)
	k.page(id, "")
	chosen := strconv.FormatInt(second.ID, 10)
	for _, route := range []string{"", chosen, chosen} { // routes take turns: two in a row are no accident
		resp, err := k.pages.PostForm(k.url+"/admin/logs/"+id+"/replay", url.Values{"route_id": {route}})
		if err != nil {
			t.Fatal(err)
		}
		page, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		_, figures, _ := strings.Cut(string(page), `data-testid="replay-figures"`)
		figures, _, _ = strings.Cut(figures, "</table>")
		if resp.StatusCode != http.StatusOK || !strings.HasPrefix(resp.Request.URL.Path, "/admin/logs/"+id+"/replay") || strings.Count(figures, "<td") < 20 {
			t.Fatalf("route %q: %d at %s: %s", route, resp.StatusCode, resp.Request.URL, figures)
		}
		provider := figures[strings.Index(figures, "Provider"):]
		provider, _, _ = strings.Cut(provider, "</tr>")
		if cells := strings.Split(provider, "<td"); len(cells) != 3 || !strings.Contains(cells[1], " → ") || !strings.Contains(cells[2], " → ") || route != "" && !strings.Contains(cells[2], "walnut → claude-haiku-4-5") {
			t.Errorf("route %q: %s", route, figures)
		}
	}
}

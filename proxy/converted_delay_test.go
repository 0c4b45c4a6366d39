package proxy

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

// TestConvertedStreamsArriveAsTheyAreSent: each piece of a translated answer is at the client shortly after the provider sent it.
func TestConvertedStreamsArriveAsTheyAreSent(t *testing.T) {
	const pieces, pace = 300, 3 * time.Millisecond
	// A server that has just started builds its vocabularies before it is ready; here the first count does.
	readAll(t, newTestGateway(t, dialects[0].on(good)).post("/v1/messages/count_tokens", `{"model":"m","messages":[{"role":"user","content":"warm"}]}`))
	marks := []string{`"content":"`, `"response.output_text.delta"`, `"text_delta"`}
	for i, in := range dialects {
		for j, out := range dialects {
			if i == j {
				continue
			}
			g := newTestGateway(t, out.on(fmt.Sprintf("bench-stream-%d@%s", pieces, pace)))
			resp := in.post(g, "acorns", true)
			heard, behind := 0, 0
			for r := bufio.NewReader(resp.Body); ; {
				line, err := r.ReadString('\n')
				if strings.HasPrefix(line, "data:") && strings.Contains(line, marks[i]) && !strings.Contains(line, `"content":""`) {
					heard++
					if ahead := g.sim.Ledger().Entries(nil)[0].Events - heard; time.Duration(ahead)*pace > 60*time.Millisecond {
						behind++
					}
				}
				if errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					t.Fatal(err)
				}
			}
			if heard != pieces || behind > pieces/20 {
				t.Errorf("%s over %s: %d pieces of %d, %d of them more than 60 ms behind the provider", in.protocol, out.protocol, heard, pieces, behind)
			}
		}
	}
}

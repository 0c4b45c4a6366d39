package sdktest

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

var (
	randomSeed  = flag.Uint64("seed", 1, "seed of the random requests; 0 = by the clock")
	randomCount = flag.Int("requests", 2400, "how many random requests are sent")
)

// job is one random request and what has to come of it. The Node SDKs get the same jobs as the Go SDKs.
type job struct {
	N          int      `json:"n"`
	Client     string   `json:"client"` // chat, messages, responses
	Model      string   `json:"model"`
	Stream     bool     `json:"stream"`
	Twice      bool     `json:"twice"`  // ask both ways and compare
	Expect     string   `json:"expect"` // answer, error, any
	Recorded   bool     `json:"recorded"`
	Structured bool     `json:"structured"` // the answer has to be JSON
	Tools      []string `json:"tools"`
	Body       object   `json:"body"`
}

// target is a provider's model: what the simulator makes of its name is its dialect.
type target struct {
	name, expect string
	stream       int // 1 streams only, -1 whole answers only
	recorded     bool
}

// dialects are the ways of answering that every protocol's provider is tried with.
var dialects = []target{
	{name: "gpt-4o"}, {name: "claude-sonnet-4-5"}, {name: "deepseek-reasoner"}, {name: "refusal-model"},
	{name: "fault:sse:crlf"}, {name: "fault:sse:cr"}, {name: "fault:sse:bom"}, {name: "fault:sse:nospace"}, {name: "fault:sse:multiline"}, {name: "fault:sse:comment"},
	{name: "fault:sse:splitutf8"}, {name: "fault:sse:dupdone"}, {name: "fault:seg=7"},
	{name: "fault:status:400", expect: "error"}, {name: "fault:status:429", expect: "error"}, {name: "fault:status:529", expect: "error"}, {name: "fault:json:html", expect: "error", stream: -1},
	{name: "fault:midstreamerror@3", expect: "error", stream: 1}, {name: "fault:rst@4e", expect: "error", stream: 1}, {name: "fault:firststreamerror:429", expect: "error", stream: 1},
}

// recordedErrors are the recordings that end in an error.
var recordedErrors = map[string]bool{
	"pd-openrouter-errors-raised-0": true, "pd-openai-o1-mini-system-role-system": true, "pd-openai-web-search-tool-model-not-supported": true,
}

// customTool is a recording that calls a custom tool, which no random request defines.
const customTool = "replay:va-openai-custom-tool-1-stream"

// world is what the random requests go to: every target over every protocol.
type world map[string][]target // by provider protocol; the model's name is modelName of both

func modelName(protocol string, t target) string {
	return "random/" + protocol + "/" + strings.ReplaceAll(t.name, "=", "-") // no name of a model holds "="
}

// build adds the providers and models to the demo.
func build(t *testing.T) world {
	t.Helper()
	bases := demo.simulator(t)
	w := world{}
	var all []object
	for protocol, folder := range map[string]string{"openai": "chat", "openai_responses": "responses", "anthropic": "anthropic"} {
		// What fails on purpose has a provider of its own, so that it costs the others nothing.
		for _, name := range []string{"random " + protocol, "failing " + protocol} {
			demo.addProvider(t, name, protocol, bases[protocol])
		}
		w[protocol] = append(append(w[protocol], dialects...), recordings(t, folder)...)
		for _, target := range w[protocol] {
			provider := "random " + protocol
			if target.expect != "" {
				provider = "failing " + protocol
			}
			all = append(all, object{"requested_model": modelName(protocol, target), "providers": []object{{"provider": provider, "target_model_name": target.name}}})
		}
	}
	demo.admin(t, http.MethodPost, "/api/admin/models/import", object{"models": all}, nil)
	demo.waitFor(t, all[len(all)-1]["requested_model"].(string))
	return w
}

// recordings are the recorded answers of live services that the simulator can replay.
func recordings(t *testing.T, folder string) (list []target) {
	t.Helper()
	files, err := filepath.Glob("../proxy/simulator/recordings/" + folder + "/*")
	if err != nil || len(files) < 50 {
		t.Fatalf("%d recordings in %s, %v", len(files), folder, err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
		one := target{name: "replay:" + name, recorded: true, stream: -1}
		if filepath.Ext(file) == ".sse" {
			one.stream = 1
		}
		if recordedErrors[name] {
			one.expect = "error"
		}
		list = append(list, one)
	}
	return list
}

var clientNames = []string{"chat", "messages", "responses"}
var protocolNames = []string{"openai", "openai_responses", "anthropic"}
var ownProtocol = map[string]string{"chat": "openai", "responses": "openai_responses", "messages": "anthropic"}

// job makes the n-th request. It depends on the seed and n only.
func (w world) job(seed uint64, n int) job {
	a := &asker{Rand: rand.New(rand.NewPCG(seed, uint64(n)))}
	protocol := pick(a, protocolNames...)
	j := job{N: n, Client: pick(a, clientNames...), Stream: a.chance(60)}
	to := pick(a, w[protocol]...)
	if unchanged := ownProtocol[j.Client] == protocol; to.recorded && (unchanged || a.chance(50)) || unchanged && to.name == "fault:sse:cr" || j.Client == "chat" && to.name == customTool {
		// What passes unchanged is as good as the vendor sent it: some recordings, and lines that end in CR, no SDK can read. And
		// the chat SDKs' stream helpers know no custom tools at all.
		to = dialects[a.IntN(4)]
	}
	if to.expect != "" && a.chance(70) { // failures are tried again, which takes its time
		to = dialects[a.IntN(4)]
	}
	if to.stream != 0 {
		j.Stream = to.stream > 0
	}
	j.Model, j.Expect, j.Recorded = modelName(protocol, to), to.expect, to.recorded
	if j.Expect == "" {
		j.Expect = "answer"
	}
	j.Twice = j.Expect == "answer" && !to.recorded && a.chance(25)
	switch j.Client {
	case "chat":
		j.Body = a.chat()
		format, _ := j.Body["response_format"].(object)
		j.Structured = format["type"] == "json_schema"
	case "messages":
		j.Body = a.messages()
	default:
		j.Body = a.responses()
		text, _ := j.Body["text"].(object)
		format, _ := text["format"].(object)
		j.Structured = format["type"] == "json_schema"
	}
	j.Body["model"] = j.Model
	j.Tools = slices.Concat(a.tools, []string{"apply_patch", "list_issues"})
	return j
}

// TestRandom_NoSDKThrows sends random requests through the official SDKs, over all nine directions, and expects that every answer
// is understood: no exception, calls of tools the client knows with arguments that can be parsed, the same said in a stream and
// whole, and errors that are the SDK's own.
func TestRandom_NoSDKThrows(t *testing.T) {
	seed := *randomSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	w := build(t)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("again: go test -run TestRandom . -args -seed=%d", seed)
		}
	})
	t.Run("Node", func(t *testing.T) {
		t.Parallel()
		var lines strings.Builder
		enc := json.NewEncoder(&lines)
		for n := 0; n < *randomCount; n += 2 {
			if err := enc.Encode(w.job(seed, n)); err != nil {
				t.Fatal(err)
			}
		}
		path := filepath.Join(t.TempDir(), "jobs")
		if err := os.WriteFile(path, []byte(lines.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("node", "random.mjs", path)
		cmd.Dir = "node"
		cmd.Env = append(os.Environ(), "SQUIRREL_URL="+demo.url, "SQUIRREL_KEY="+demo.key)
		out, err := cmd.CombinedOutput()
		if want := fmt.Sprintf("%d answered as expected", *randomCount/2); err != nil || !strings.Contains(string(out), want) {
			t.Errorf("%v\n%.20000s", err, out)
		}
	})
	t.Run("Go", func(t *testing.T) {
		t.Parallel()
		jobs := make(chan job)
		var workers sync.WaitGroup
		for range 6 {
			workers.Go(func() {
				for j := range jobs {
					if problem := j.run(t.Context()); problem != "" {
						body, _ := json.Marshal(j.Body)
						t.Errorf("request %d, %s over %s, stream %t: %s\n%.2000s", j.N, j.Client, j.Model, j.Stream, problem, body)
					}
				}
			})
		}
		for n := 1; n < *randomCount; n += 2 {
			jobs <- w.job(seed, n)
		}
		close(jobs)
		workers.Wait()
	})
}

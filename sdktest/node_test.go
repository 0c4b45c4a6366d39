package sdktest

import (
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"testing"
)

// runNodeTests runs a test file of the folder node against the demo.
func runNodeTests(t *testing.T, file string) {
	t.Helper()
	if _, err := os.Stat("node/node_modules"); err != nil {
		t.Fatal("the Node packages are not installed: make setup")
	}
	cmd := exec.Command("node", "--test", file)
	cmd.Dir = "node"
	cmd.Env = append(os.Environ(), "SQUIRREL_URL="+demo.url, "SQUIRREL_KEY="+demo.key)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	passed := nodePassed.FindStringSubmatch(string(out))
	if passed == nil {
		t.Fatalf("no test ran:\n%s", out)
	}
	t.Logf("%s tests of %s passed", passed[1], file)
}

var nodePassed = regexp.MustCompile(`(?m)^(?:#|ℹ) pass ([1-9]\d*)$`)

// TestNodeSDKs runs the official Node SDKs (openai, @anthropic-ai/sdk) against the same gateway.
func TestNodeSDKs(t *testing.T) { runNodeTests(t, "sdk.test.mjs") }

// TestVercelAISDK runs the Vercel AI SDK over a provider of each protocol.
func TestVercelAISDK(t *testing.T) {
	bases := demo.simulator(t)
	var all []object
	for protocol, base := range bases {
		demo.addProvider(t, "vercel "+protocol, protocol, base)
		for _, target := range []string{"gpt-4o", "deepseek-reasoner"} {
			all = append(all, object{"requested_model": "vercel/" + protocol + "/" + target, "providers": []object{{"provider": "vercel " + protocol, "target_model_name": target}}})
		}
	}
	demo.admin(t, http.MethodPost, "/api/admin/models/import", object{"models": all}, nil)
	demo.waitFor(t, all[len(all)-1]["requested_model"].(string))
	runNodeTests(t, "vercel.test.mjs")
}

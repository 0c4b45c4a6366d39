package sdktest

import (
	"os"
	"os/exec"
	"testing"
)

// TestNodeSDKs runs the official Node SDKs (openai, @anthropic-ai/sdk) against the same gateway.
func TestNodeSDKs(t *testing.T) {
	if _, err := os.Stat("node/node_modules"); err != nil {
		t.Fatal("the Node packages are not installed: make setup")
	}
	cmd := exec.Command("node", "--test", "sdk.test.mjs")
	cmd.Dir = "node"
	cmd.Env = append(os.Environ(), "SQUIRREL_URL="+demo.url, "SQUIRREL_KEY="+demo.key)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

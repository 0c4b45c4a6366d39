package app

import (
	"strings"
	"testing"
)

// What the page of the storage shows of a text is what the log keeps of a body, by the settings in effect.
func TestKept(t *testing.T) {
	const body = `{"password":"open sesame","note":"hello"}`
	for setting, want := range map[string]string{"secrets": `{"password":"***","note":"hello"}`, "off": body} {
		k := newKit(t, "LOG_REDACT_BODY="+setting, "LOG_BODY_MAX_BYTES=1024")
		if kept, cut, known := k.admin.Kept(body); kept != want || cut || !known {
			t.Errorf("%s: %q, cut %v, known %v, want %q", setting, kept, cut, known, want)
		}
		if kept, cut, _ := k.admin.Kept(strings.Repeat("x", 2000)); !cut || len(kept) > 1024 {
			t.Errorf("%s: a long body: %d bytes, cut %v", setting, len(kept), cut)
		}
	}
}

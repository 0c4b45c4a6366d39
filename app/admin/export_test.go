package admin

import (
	"testing"
	"time"
)

func TestF21_FormulasAreDefused(t *testing.T) {
	for text, want := range map[string]string{
		"=cmd|' /C calc'!A0": "'=cmd|' /C calc'!A0", "+1": "'+1", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)", "\t=1": "'\t=1", "\r=1": "'\r=1",
		"\n=1": "'\n=1", "\x00=1": "'\x00=1", "＝1": "'＝1", "  =1": "'  =1", "": "", "gpt-4o": "gpt-4o", "a=b": "a=b", `"quoted"`: `"quoted"`,
	} {
		if got := safeCell(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

func TestE07_TestsAreNoPortScanner(t *testing.T) {
	now := noon
	p := newPace(func() time.Time { return now })
	passed := 0
	for range 100 {
		if p.take() == 0 {
			passed++
		}
	}
	if passed != paceBurst {
		t.Errorf("%d passed at once", passed)
	}
	now = now.Add(3 * time.Second)
	for range 100 {
		if p.take() == 0 {
			passed++
		}
	}
	if passed != paceBurst+3 {
		t.Errorf("%d passed after three seconds", passed)
	}
}

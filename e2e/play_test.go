package e2e

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// onePixel is a red PNG.
const onePixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

// aFileOf writes a file to be uploaded.
func aFileOf(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func anImage(t *testing.T) string {
	t.Helper()
	data, err := base64.StdEncoding.DecodeString(onePixel)
	if err != nil {
		t.Fatal(err)
	}
	return aFileOf(t, "red.png", data)
}

// openPlayground is a browser that stands at the playground, with scripts or without.
func openPlayground(t *testing.T, d *demo, scripts bool) *browser {
	t.Helper()
	b := openBrowser(t, d)
	b.look(1280, "light")
	b.run(emulation.SetScriptExecutionDisabled(!scripts))
	b.login(d)
	return b
}

// answered sends the form and waits for the whole page. It returns what the answer says.
func (b *browser) answered() string {
	b.t.Helper()
	b.run(chromedp.Click(`[data-testid=send]`, chromedp.ByQuery), chromedp.WaitVisible(`[data-testid=play-figures]`, chromedp.ByQuery))
	var text string
	b.run(chromedp.Text(`#answer`, &text, chromedp.ByQuery))
	return text
}

// playModes sends a request in each mode and looks at what comes back.
func playModes(t *testing.T, b *browser, look func(name string)) {
	t.Helper()
	b.open("/admin/playground?model=smart")
	b.run(
		chromedp.SendKeys(`#text-0`, "What is it?", chromedp.ByQuery),
		chromedp.Click(`[data-message] summary`, chromedp.ByQuery),
		chromedp.SetUploadFiles(`#image_0`, []string{anImage(t)}, chromedp.ByQuery),
	)
	look("play-chat-before")
	if said := b.answered(); !strings.Contains(said, "I see an image.") {
		t.Errorf("vision: %s", said)
	}
	b.run(chromedp.WaitVisible(`[data-testid=thumb] img`, chromedp.ByQuery))
	look("play-chat")

	b.open("/admin/playground?mode=embeddings&model=vectors")
	b.run(chromedp.SendKeys(`#input`, "one\ntwo", chromedp.ByQuery))
	if said := b.answered(); !strings.Contains(said, "1536 dimensions") {
		t.Errorf("embeddings: %s", said)
	}
	look("play-embeddings")

	b.open("/admin/playground?mode=images&model=paint")
	b.run(chromedp.SendKeys(`#prompt`, "a nut", chromedp.ByQuery))
	b.answered()
	b.run(chromedp.WaitVisible(`[data-testid=media] img`, chromedp.ByQuery), chromedp.WaitVisible(`a[download="image-1.png"]`, chromedp.ByQuery))
	look("play-images")

	b.open("/admin/playground?mode=speech&model=voice")
	b.run(chromedp.SendKeys(`#input`, "Hello, squirrel!", chromedp.ByQuery))
	if said := b.answered(); !strings.Contains(said, "audio/wav") || !strings.Contains(said, "$0.002") {
		t.Errorf("speech: %s", said)
	}
	b.run(chromedp.WaitVisible(`audio[controls]`, chromedp.ByQuery), chromedp.WaitVisible(`a[download="speech.wav"]`, chromedp.ByQuery))
	look("play-speech")

	b.open("/admin/playground?mode=transcription&model=scribe")
	b.run(chromedp.SetUploadFiles(`#file`, []string{aFileOf(t, "dawn.wav", []byte("RIFF"))}, chromedp.ByQuery))
	if said := b.answered(); !strings.Contains(said, "Transcript of dawn.wav (4 bytes): squirrels sing at dawn.") {
		t.Errorf("transcription: %s", said)
	}
	look("play-transcription")

	b.open("/admin/playground?mode=raw&model=smart")
	if said := b.answered(); !strings.Contains(said, "You said") {
		t.Errorf("raw: %s", said)
	}
	look("play-raw")
}

// TestPlaygroundModes plays in every mode, looks at each answer in both themes, wide and narrow, and hears the sound.
func TestPlaygroundModes(t *testing.T) {
	d := startDemo(t)
	b := openPlayground(t, d, true)
	playModes(t, b, func(name string) {
		looks(t, b, name)
		if name != "play-speech" {
			return
		}
		b.until(`document.querySelector('audio').readyState > 0`)
		if length := eval[float64](b, `document.querySelector('audio').duration`); length < 0.1 || length > 1 {
			t.Errorf("the sound lasts %v s", length)
		}
	})
	b.open("/admin/account?lang=zh")
	for _, mode := range []string{"chat", "embeddings", "images", "speech", "transcription", "raw"} {
		b.open("/admin/playground?mode=" + mode)
		looks(t, b, "play-zh-"+mode)
	}
}

// TestPlaygroundWithoutScripts does the same in a browser that runs none, stops an answer and keeps a preset.
func TestPlaygroundWithoutScripts(t *testing.T) {
	d := startDemo(t)
	b := openPlayground(t, d, false)
	playModes(t, b, func(string) {})

	b.open("/admin/playground?model=smart")
	b.run(
		chromedp.SendKeys(`#text-0`, "Hello", chromedp.ByQuery),
		chromedp.Click(`//summary[contains(., 'Presets')]`, chromedp.BySearch),
		chromedp.SendKeys(`#preset_name`, "greeting", chromedp.ByQuery),
		chromedp.Click(`[data-testid=save-preset]`, chromedp.ByQuery),
		chromedp.WaitVisible(`a[aria-current=true][href*="preset="]`, chromedp.ByQuery),
	)
	var text string
	b.run(chromedp.Value(`#text-0`, &text, chromedp.ByQuery))
	if text != "Hello" {
		t.Errorf("the preset holds %q", text)
	}
	b.run(
		chromedp.Click(`[data-testid=presets] form button`, chromedp.ByQuery),
		chromedp.WaitNotPresent(`[data-testid=presets] form button`, chromedp.ByQuery),
	)
	report(t, b, "without scripts")
}

// stopping sends a request that takes long, stops it in its middle and returns what the page says then.
func stopping(b *browser) (said string) {
	b.t.Helper()
	b.open("/admin/playground?model=dawdle")
	b.run(
		chromedp.SendKeys(`#text-0`, "Hello", chromedp.ByQuery),
		chromedp.Click(`[data-testid=send]`, chromedp.ByQuery),
		chromedp.WaitVisible(`[data-testid=stop]`, chromedp.ByQuery),
	)
	b.run(chromedp.WaitVisible(`[data-testid=streamed] > div[dir]`, chromedp.ByQuery))
	b.shoot("play-running")
	b.run(
		chromedp.Click(`[data-testid=stop]`, chromedp.ByQuery),
		chromedp.WaitVisible(`[data-testid=play-figures]`, chromedp.ByQuery),
		chromedp.WaitNotVisible(`[data-testid=stop]`, chromedp.ByQuery),
		chromedp.Text(`#answer`, &said, chromedp.ByQuery),
	)
	return said
}

// TestPlaygroundStop ends an answer in its middle, with a script and without: the page stays and tells who ended it.
func TestPlaygroundStop(t *testing.T) {
	d := startDemo(t)
	for name, scripts := range map[string]bool{"with scripts": true, "without scripts": false} {
		t.Run(name, func(t *testing.T) {
			b := openPlayground(t, d, scripts)
			b.addSlowModel()
			if said := stopping(b); !strings.Contains(said, "An administrator") && !strings.Contains(said, "administrator cancelled") {
				t.Errorf("the page says %s", said)
			}
			if scripts {
				looks(t, b, "play-stopped")
			}
			report(t, b, name)
		})
	}
}

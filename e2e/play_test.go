package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
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
	b.look(375, "light")
	b.open("/admin/playground?mode=raw&lang=en")
	if !eval[bool](b, `(r => r.left >= 0 && r.right <= innerWidth)(document.querySelector('.tab[aria-current]').getBoundingClientRect())`) {
		t.Error("on a phone the current tab is out of sight")
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
	b.open("/admin/playground?mode=transcription&model=scribe")
	b.run(
		chromedp.SendKeys(`#prompt`, "Nutkin", chromedp.ByQuery),
		chromedp.SetUploadFiles(`#file`, []string{aFileOf(t, "long.wav", make([]byte, 40<<20))}, chromedp.ByQuery),
		chromedp.Click(`[data-testid=send]`, chromedp.ByQuery),
		chromedp.WaitVisible(`[data-testid=error-summary]`, chromedp.ByQuery),
		chromedp.Text(`[data-testid=error-summary]`, &text, chromedp.ByQuery),
	)
	if typed := eval[string](b, `document.getElementById('prompt').value`); !strings.Contains(text, "25 MB") || typed != "Nutkin" {
		t.Errorf("of a file that is too large the page says %q and keeps %q", text, typed)
	}
	for _, problem := range b.take() {
		if !strings.Contains(problem, "status of 422") { // what the form was refused with
			t.Errorf("without scripts: %s", problem)
		}
	}
}

// dropScript lets go of an image over a message, or pastes it into one.
const dropScript = `((kind) => {
  const bytes = Uint8Array.from(atob('` + onePixel + `'), c => c.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([bytes], kind + '.png', {type: 'image/png'}));
  data.items.add(new File(['text'], 'notes.txt', {type: 'text/plain'}));
  const event = kind === 'drop' ? new DragEvent('drop', {dataTransfer: data, bubbles: true, cancelable: true}) : new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true});
  document.getElementById('text-0').dispatchEvent(event);
  return document.getElementById('image_0').files.length;
})`

// TestPlaygroundDrop drops an image on a message, pastes another and sends both with Ctrl+Enter.
func TestPlaygroundDrop(t *testing.T) {
	d := startDemo(t)
	b := openPlayground(t, d, true)
	b.open("/admin/playground?model=smart")
	if one, two := eval[int](b, dropScript+`('drop')`), eval[int](b, dropScript+`('paste')`); one != 1 || two != 2 {
		t.Errorf("%d files after dropping, %d after pasting", one, two)
	}
	b.until(`document.querySelectorAll('.thumb img').length === 2 && Array.from(document.querySelectorAll('.thumb img')).every(i => i.naturalWidth === 1)`)
	var said string
	b.run(
		chromedp.SendKeys(`#text-0`, "What are they?", chromedp.ByQuery),
		chromedp.KeyEvent("\r", chromedp.KeyModifiers(input.ModifierCtrl)),
		chromedp.WaitVisible(`[data-testid=play-figures]`, chromedp.ByQuery),
		chromedp.Text(`#answer`, &said, chromedp.ByQuery),
	)
	if n := eval[int](b, `document.querySelectorAll('[data-testid=thumb] img').length`); n != 2 || !strings.Contains(said, "I see 2 images.") {
		t.Errorf("%d images are kept, the answer says %s", n, said)
	}
	b.run(chromedp.Click(`//button[contains(., 'Add a message')]`, chromedp.BySearch), chromedp.WaitVisible(`#text-1`, chromedp.ByQuery))
	if at := eval[string](b, `document.activeElement.id`); at != "text-1" {
		t.Errorf("after a message was added the focus is on %q", at)
	}
	b.run(chromedp.SendKeys(`#text-1`, "Two nuts", chromedp.ByQuery), chromedp.Click(`#up-1`, chromedp.ByQuery), chromedp.WaitEnabled(`#up-1`, chromedp.ByQuery))
	b.until(`document.getElementById('text-0').value === 'Two nuts' && document.querySelectorAll('[data-previews=image_1] img').length === 2`)
	b.run(chromedp.Click(`#del-0`, chromedp.ByQuery), chromedp.WaitNotPresent(`#text-1`, chromedp.ByQuery))
	if text := eval[string](b, `document.getElementById('text-0').value`); text != "What are they?" {
		t.Errorf("the message that is left says %q", text)
	}
	b.run(chromedp.SetUploadFiles(`#image_0`, []string{aFileOf(t, "large.png", make([]byte, 5<<20))}, chromedp.ByQuery))
	b.until(`document.getElementById('image_0').validationMessage.includes('large.png: is larger than 4 MB')`)
	report(t, b, "dropped images")
}

// addSlowModel makes a model that sends a word each half second.
func (d *demo) addSlowModel(t *testing.T) {
	t.Helper()
	var session struct {
		Token string `json:"access_token"`
	}
	call := func(path string, in, out any) {
		body, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, d.url+path, bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", "Bearer "+session.Token)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode >= 300 {
			t.Fatalf("%s: %d %s %v", path, resp.StatusCode, text, err)
		}
		if out != nil {
			if err := json.Unmarshal(text, out); err != nil {
				t.Fatal(err)
			}
		}
	}
	call("/api/auth/login", map[string]string{"username": d.user, "password": d.password}, &session)
	call("/api/admin/models", map[string]any{"requested_model": "dawdle"}, nil)
	call("/api/admin/model-providers", map[string]any{"requested_model": "dawdle", "provider_id": 1, "target_model_name": "fault:slow:500ms"}, nil)
}

// dawdling sends a request that takes long and waits for the first of its words.
func dawdling(b *browser) {
	b.t.Helper()
	b.open("/admin/playground?model=dawdle")
	b.run(
		chromedp.SendKeys(`#text-0`, "Hello", chromedp.ByQuery),
		chromedp.Click(`[data-testid=send]`, chromedp.ByQuery),
		chromedp.WaitVisible(`[data-testid=streamed] > div[dir]`, chromedp.ByQuery),
		chromedp.WaitVisible(`[data-testid=stop]`, chromedp.ByQuery),
	)
}

// TestPlaygroundStop ends an answer in its middle: the page stays and tells who ended it. Without a script the record does.
func TestPlaygroundStop(t *testing.T) {
	d := startDemo(t)
	d.addSlowModel(t)
	b := openPlayground(t, d, true)
	dawdling(b)
	b.shoot("play-running")
	var said string
	b.run(
		chromedp.Click(`[data-testid=stop]`, chromedp.ByQuery),
		chromedp.WaitVisible(`[data-testid=play-figures]`, chromedp.ByQuery),
		chromedp.WaitNotVisible(`[data-testid=stop]`, chromedp.ByQuery),
		chromedp.Text(`#answer`, &said, chromedp.ByQuery),
	)
	if !strings.Contains(said, "administrator") {
		t.Errorf("the page says %s", said)
	}
	looks(t, b, "play-stopped")

	b.open("/admin/playground?model=dawdle")
	b.run(
		chromedp.SendKeys(`#text-0`, "Hello", chromedp.ByQuery),
		chromedp.Click(`//summary[contains(., 'Compare')]`, chromedp.BySearch),
		chromedp.SendKeys(`#model_2`, "smart", chromedp.ByQuery),
		chromedp.Click(`[data-testid=send]`, chromedp.ByQuery),
		chromedp.WaitVisible(`#live-columns [data-live] span`, chromedp.ByQuery),
	)
	b.run(chromedp.WaitNotVisible(`#live-columns > :last-child [data-testid=stop]`, chromedp.ByQuery)) // its answer is whole
	b.shoot("play-columns-running")
	b.run(chromedp.Click(`#live-columns > :first-child [data-testid=stop]`, chromedp.ByQuery), chromedp.WaitVisible(`[data-testid=play-columns]`, chromedp.ByQuery))
	if both := eval[string](b, `document.querySelector('[data-testid=play-columns]').textContent`); !strings.Contains(both, "administrator") || !strings.Contains(both, "stop") {
		t.Errorf("the columns say %s", both)
	}
	report(t, b, "with a script")

	b.run(emulation.SetScriptExecutionDisabled(true))
	dawdling(b)
	b.run(chromedp.Click(`[data-testid=stop]`, chromedp.ByQuery), chromedp.WaitVisible(`[data-testid=outcome]`, chromedp.ByQuery), chromedp.Text(`[data-testid=outcome]`, &said, chromedp.ByQuery))
	if !strings.Contains(said, "administrator") {
		t.Errorf("the record says %s", said)
	}
	report(t, b, "without a script")
}

package main

import (
	"time"

	"github.com/chromedp/chromedp"
)

// playStates are the playground in its modes.
var playStates = []state{
	{name: "play", path: "/admin/playground", zh: true},
	{name: "play-messages", path: "/admin/playground?model=assistant", zh: true, steps: steps(
		write(`#text-0`, "Which nuts keep longest?"), click(`[name=op][value=add]`), waitFor(`#text-1`), write(`#text-1`, "Acorns, if they are dry."), click(`[name=op][value=add]`), waitFor(`#text-2`))},
	{name: "play-params", path: "/admin/playground?model=assistant", steps: steps(unfold(`#play-form details`))},
	{name: "play-refused", path: "/admin/playground", zh: true, steps: steps(
		unfold(`#play-form details`), write(`#temperature`, "warm"), write(`#tools`, "{"), set(`#model`, ""), sendAnyway, waitFor(`[data-testid=error-summary]`))},
	{name: "play-answer", path: "/admin/playground?model=assistant", zh: true, steps: asked("Which nuts keep longest?")},
	{name: "play-failed", path: "/admin/playground?model=down", steps: asked("Is anybody there?")},
	{name: "play-no-model", path: "/admin/playground?model=nothing-like-it", steps: asked("Is anybody there?")},
	{name: "play-running", path: "/admin/playground?model=slow", wide: true, steps: steps(write(`#text-0`, "Take your time"), click(`[data-testid=send]`), waitFor(`[data-testid=stop]`))},
	{name: "play-stopped", path: "/admin/playground?model=slow", zh: true, steps: steps(
		write(`#text-0`, "Take your time"), click(`[data-testid=send]`), waitFor(`[data-testid=stop]`), pause(1500*time.Millisecond), click(`[data-testid=stop]`), waitFor(`[data-testid=play-figures]`))},
	{name: "play-columns", path: "/admin/playground?model=assistant", steps: append(
		steps(unfold(`#play-form details`), write(`#model_2`, "claude"), write(`#model_3`, "down")), asked("Which nuts keep longest?")...)},
	{name: "play-code", path: "/admin/playground?model=assistant", zh: true, steps: steps(write(`#text-0`, "Which nuts keep longest?"), click(`[data-testid=code]`), waitFor(`[data-testid=play-code]`))},
	{name: "play-raw", path: "/admin/playground?mode=raw&model=assistant"},
	{name: "play-raw-invalid", path: "/admin/playground?mode=raw&model=assistant", steps: steps(set(`#body`, `{"model": `), click(`[data-testid=send]`), waitFor(`[data-testid=error-summary]`))},
	{name: "play-from-log", path: "/admin/playground?log={tools}", zh: true},
	{name: "play-from-log-cut", path: "/admin/playground?log={long-body}", steps: steps(set(`#body`, `{ … }`))},
	{name: "play-from-log-bare", path: "/admin/playground?log={not-recorded}"},
	{name: "play-from-log-sound", path: "/admin/playground?log={transcription}"},
	{name: "play-embeddings", path: "/admin/playground?mode=embeddings&model=vectors", steps: steps(write(`#input`, "acorn\nhazelnut"), click(`[data-testid=send]`), waitFor(`[data-testid=play-figures]`))},
	{name: "play-images", path: "/admin/playground?mode=images&model=paint", steps: steps(write(`#prompt`, "A nut"), click(`[data-testid=send]`), waitFor(`[data-testid=play-figures]`))},
	{name: "play-speech", path: "/admin/playground?mode=speech&model=voice", steps: steps(write(`#input`, "Hello"), click(`[data-testid=send]`), waitFor(`[data-testid=play-figures]`))},
	{name: "play-transcription", path: "/admin/playground?mode=transcription&model=scribe", zh: true},
	{name: "play-no-js", path: "/admin/playground", plain: true},
	{name: "play-new", path: "/admin/playground", empty: true},
}

// sendAnyway sends a form past what the browser checks.
var sendAnyway = chromedp.Evaluate(`(f => { f.noValidate = true; f.requestSubmit(f.querySelector('[data-testid=send]')) })(document.getElementById('play-form'))`, nil)

// asked sends a message and waits for the answer.
func asked(text string) []chromedp.Action {
	return steps(write(`#text-0`, text), click(`[data-testid=send]`), waitFor(`[data-testid=play-figures]`))
}

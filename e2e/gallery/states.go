package main

import (
	"fmt"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// state is a page as it is to be seen. Names become those of the files.
type state struct {
	name string
	// path is where it is; names in braces stand for what the scene's cast knows by them.
	path string
	// steps are done when the page is there, before the pictures.
	steps []chromedp.Action
	// zh asks for pictures in Chinese as well, window for the window instead of the whole page, empty for the new gateway,
	// plain for a browser without scripts.
	zh, window, empty, plain bool
	// wide leaves out the narrow pictures, for what is there only on wide windows.
	wide bool
}

// allStates are the tables of all files.
func allStates() []state {
	var all []state
	for _, table := range [][]state{overviewStates, logsStates, logStates, usageStates, playStates, providerStates, modelStates, keyStates, simulateStates, systemStates} {
		all = append(all, table...)
	}
	return all
}

// click presses what a selector finds.
func click(selector string) chromedp.Action { return chromedp.Click(selector, chromedp.ByQuery) }

// waitFor waits until something can be seen.
func waitFor(selector string) chromedp.Action {
	return chromedp.WaitVisible(selector, chromedp.ByQuery)
}

// write types into a field.
func write(selector, text string) chromedp.Action {
	return chromedp.SendKeys(selector, text, chromedp.ByQuery)
}

// set gives a field its value without typing.
func set(selector, value string) chromedp.Action {
	return chromedp.Evaluate(fmt.Sprintf(`document.querySelector(%q).value = %q`, selector, value), nil)
}

// unfold opens everything foldable that a selector finds.
func unfold(selector string) chromedp.Action {
	return chromedp.Evaluate(fmt.Sprintf(`document.querySelectorAll(%q).forEach(e => { e.open = true })`, selector), nil)
}

// pause waits a moment.
func pause(d time.Duration) chromedp.Action { return chromedp.Sleep(d) }

func scripts(off bool) chromedp.Action { return emulation.SetScriptExecutionDisabled(off) }

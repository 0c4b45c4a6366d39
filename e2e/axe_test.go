package e2e

import (
	"os"
	"testing"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// axeScript runs axe-core over the page and tells the serious and critical problems in sentences.
const axeScript = `(only => axe.run(document, {resultTypes: ['violations'], preload: false, runOnly: only})
  .then(r => r.violations.filter(v => v.impact === 'serious' || v.impact === 'critical')
    .flatMap(v => v.nodes.map(n => 'axe ' + v.id + ': ' + n.target.join(' ') + ' ' + n.html.slice(0, 160) + ' ' + (n.failureSummary || '').split('\n').slice(1, 3).join(' ')))))`

// What axe is asked for: the success criteria of WCAG 2.2 AA and what it calls best practices, and of another theme those
// that have to do with colours, as nothing else differs.
const (
	axeAll     = `(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])`
	axeColours = `({type: 'rule', values: ['color-contrast', 'link-in-text-block']})`
)

// readAxe reads axe-core. The driver puts it into the pages, so their content policy need not allow it.
func readAxe(t *testing.T) string {
	t.Helper()
	script, err := os.ReadFile("node/node_modules/axe-core/axe.min.js")
	if err != nil {
		t.Fatalf("axe-core is not installed: make setup (%v)", err)
	}
	return string(script)
}

// axeFindings runs some of axe-core, which was put into the page before.
func axeFindings(b *browser, only string) []string {
	b.t.Helper()
	var found []string
	b.run(chromedp.Evaluate(axeScript+only, &found, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
	return found
}

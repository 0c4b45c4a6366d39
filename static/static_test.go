package static

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
)

func TestAssetsAreServedByExactName(t *testing.T) {
	for name := range assets().byName {
		asset, ok := Lookup(URL(name))
		if !ok || asset.ContentType == "" || len(asset.Body) == 0 || len(asset.Gzip) == 0 {
			t.Errorf("%s: %+v, %v", name, asset.Path, ok)
		}
	}
	for _, other := range []string{"", "/static/", "/static/app.css", "/static/../static.go", "/static/static.go", URL("app.css") + "/", strings.ToUpper(URL("app.css"))} {
		if _, ok := Lookup(other); ok {
			t.Errorf("%q is served", other)
		}
	}
}

func TestPathHoldsTheContent(t *testing.T) {
	sum := sha256.Sum256(assets().byName["app.css"].Body)
	if !strings.Contains(URL("app.css"), hex.EncodeToString(sum[:6])) {
		t.Errorf("%s does not hold the hash of its content", URL("app.css"))
	}
	if Build() == "" {
		t.Error("the build has no name")
	}
}

func TestUnknownNamePanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	URL("no.such.css")
}

// TestVendoredFiles compares the sums of VENDOR.md with the files.
func TestVendoredFiles(t *testing.T) {
	table, err := os.ReadFile("VENDOR.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile("(?m)^\\| `([^`]+)` \\|.*`([0-9a-f]{64})` \\|$").FindAllStringSubmatch(string(table), -1)
	if len(rows) == 0 {
		t.Fatal("no rows found")
	}
	for _, row := range rows {
		sum := sha256.Sum256(assets().byName[row[1]].Body)
		if got := hex.EncodeToString(sum[:]); got != row[2] {
			t.Errorf("%s has sum %s, the table says %s", row[1], got, row[2])
		}
	}
}

func TestWeight(t *testing.T) {
	weight := map[string]int{}
	for name, asset := range assets().byName {
		weight[path.Ext(name)] += len(asset.Gzip)
	}
	for ext, limit := range map[string]int{".js": 30 << 10, ".css": 15 << 10} {
		if weight[ext] > limit {
			t.Errorf("%s files weigh %d bytes packed, more than %d", ext, weight[ext], limit)
		}
	}
}

// TestNothingIsLoadedFromElsewhere: the only addresses in our files are the name of SVG's namespace and the generator's banner.
func TestNothingIsLoadedFromElsewhere(t *testing.T) {
	address := regexp.MustCompile(`(?:https?:)?//[a-zA-Z0-9.-]+\.[a-z]+`)
	for _, name := range []string{"app.css", "app.js", "columns.js", "logs.js", "playground.js", "favicon.svg"} {
		for _, found := range address.FindAllString(string(assets().byName[name].Body), -1) {
			if found != "http://www.w3.org" && found != "https://tailwindcss.com" {
				t.Errorf("%s holds %s", name, found)
			}
		}
	}
}

// TestScriptKeepsThePolicy: what the content policy forbids must not be tried.
func TestScriptKeepsThePolicy(t *testing.T) {
	script := ""
	for _, name := range []string{"app.js", "columns.js", "playground.js"} {
		script += string(assets().byName[name].Body)
	}
	for _, forbidden := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "setAttribute(\"style\"", "localStorage"} {
		if strings.Contains(script, forbidden) {
			t.Errorf("a script uses %s", forbidden)
		}
	}
}
